/**
 * The transport: play, stop, to the start, tempo, metre, and a counter that runs between the messages.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 */

import { freshWord } from "../asking.js";
import { button, byId, h, say } from "../dom.js";
import { leads, may } from "../may.js";
import { barAt, bpmText } from "../music.js";
import { beatAt, transportAt } from "../time.js";
import { noticeAt } from "./notice.js";

const METERS = ["2/4", "3/4", "4/4", "5/4", "6/8", "7/8", "9/8", "12/8"];
/** More pulses than this are not drawn as lamps. */
const MOST_LAMPS = 16;
const WHERE = "transport";
const ALONG = "Have an engine play along with what is played live";

/**
 * @param {Studio} studio
 * @param {() => void} enable  turns sound on, as a click may
 */
export function transportBar(studio, enable) {
  const give = (/** @type {Record<string, any>} */ message) => studio.give(message, WHERE);
  const start = button("Back to the start", () => give({ type: "transport.locate", beat: 0 }), { icon: "start", only: true });
  const play = button("Play the session", () => give({ type: "transport.play" }), { icon: "play", only: true });
  const stop = button("Stop the session", () => give({ type: "transport.stop" }), { icon: "stop", only: true });
  play.id = "session-play";
  stop.id = "session-stop";
  const along = button(ALONG, accompany, { icon: "along", only: true });
  const lamps = h("div", { class: "lamps", "aria-hidden": "true" });
  const count = h("output", { class: "counter mono", "aria-label": "Bar and beat" }, "–");
  const bpm = h("input", {
    type: "number", class: "tempo mono", min: 40, max: 240, step: "any", "aria-label": "Tempo in beats a minute", onchange: () => bpm.value && give({ type: "transport.tempo", bpm: Number(bpm.value) }),
  });
  const meter = h("input", {
    class: "metre mono", list: "metres", "aria-label": "Metre, as in 7/8", maxlength: 5, onchange: () => give({ type: "transport.meter", meter: meter.value.trim() }),
  });
  const meters = h("datalist", { id: "metres" }, METERS.map((value) => h("option", { value })));
  const notice = noticeAt(studio, () => WHERE);
  byId("transport").append(start, play, stop, along, h("div", { class: "clock" }, count, lamps), h("span", { class: "unit" }, bpm, h("span", { class: "unit-word" }, "bpm")), meter, meters, notice.el);

  /** Asks for company, or ends it. */
  function accompany() {
    const { accompaniment: going, me } = studio.state;
    if (going) return give({ type: "live.rest", id: going.member === me.member ? going.id : `${going.member}/${going.id}` });
    enable();
    give({ type: "live.accompany", id: `along-${freshWord()}` });
  }

  let lit = -1;
  /** @type {import("../time.js").Transport | null} */
  let shown = null;

  /** @param {State} state */
  function update(state) {
    start.hidden = !may(state, "transport.locate");
    play.hidden = !may(state, "transport.play");
    stop.hidden = !may(state, "transport.stop");
    const going = state.accompaniment;
    along.hidden = !may(state, "live.accompany") || (going !== null && going.member !== state.me.member && !leads(state));
    along.setAttribute("aria-pressed", String(going !== null));
    along.setAttribute("aria-label", going ? "End what plays along" : ALONG);
    along.title = going ? `End what plays along with ${going.member}: ${going.parts}` : ALONG;
    bpm.disabled = !may(state, "transport.tempo");
    meter.disabled = !may(state, "transport.meter");
    notice.update(state);
    frame();
  }

  /** @param {import("../time.js").Transport} transport */
  function show(transport) {
    play.setAttribute("aria-pressed", String(transport.playing));
    if (document.activeElement !== bpm) bpm.value = bpmText(transport.bpm);
    if (document.activeElement !== meter) meter.value = `${transport.n}/${transport.d}`;
    if (shown?.n !== transport.n) {
      lamps.replaceChildren(...Array.from({ length: Math.min(transport.n, MOST_LAMPS) }, () => h("i")));
      lit = -1;
    }
    shown = transport;
  }

  function frame() {
    const now_us = studio.clock.nowUs();
    const transport = transportAt(studio.state.transports, now_us);
    if (!transport) return;
    if (transport !== shown) show(transport);
    const beat = beatAt(transport, now_us);
    const at = barAt(Math.max(0, beat), transport);
    say(count, `${at.bar}.${at.pulse}`);
    const lamp = transport.playing ? at.pulse - 1 : -1;
    if (lamp === lit) return;
    lamps.children[lit]?.classList.remove("on");
    lamps.children[lamp]?.classList.add("on");
    lit = lamp;
  }

  return { update, frame, playing: () => Boolean(shown?.playing) };
}
