/**
 * Playing live: keys and pads on the page, the computer's keyboard, MIDI devices in and out.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../sound/player.js").Player} Player
 */

import { button, byId, h, keyed, say } from "../dom.js";
import { may, reach } from "../may.js";
import { isBlackKey, PARTS, pitchName } from "../music.js";
import { Devices } from "../play/devices.js";
import { Hands } from "../play/hands.js";
import { PADS, pitchOfKey, readMessage } from "../play/messages.js";
import { Others } from "../play/others.js";
import { Send } from "../play/send.js";
import { noticeAt } from "./notice.js";

const KEYS = 24;
const OCTAVES = { least: 1, usual: 3, most: 6 };
/** How hard the page's own keys strike. */
const VELOCITY = 92;
const NO_MIDI = "This browser has no Web MIDI. Chrome, Edge, Opera and Firefox have it; keys and pads work here as well.";

/** @param {Studio} studio @param {Player} player */
export function playPanel(studio, player) {
  const hands = new Hands(studio, player.output);
  const devices = new Devices((data) => fromDevice(data), () => update(studio.state));
  const send = new Send(studio, player, devices);
  const others = new Others(studio, player.output, (note) => send.live(note));
  let octave = OCTAVES.usual;
  let typing = false;

  const part = h("select", { id: "play-part", "aria-label": "Your part", onchange: () => choose(part.value) });
  const lower = button("An octave lower", () => shift(-1), { icon: "minus", only: true, class: "small" });
  const higher = button("An octave higher", () => shift(1), { icon: "plus", only: true, class: "small" });
  const type = button("Computer keys", () => type_(!typing), { class: "small", title: "Play with the letters of your keyboard; Esc ends it" });
  const hear = button("Hear the others", () => listen(!others.hearing), { class: "small" });
  hear.setAttribute("aria-pressed", "true");
  const keys = h("div", { class: "piano", role: "group", "aria-label": "Keys: arrows go from one to the next", onkeydown: walk });
  const midi = button("Use MIDI devices", () => void ask(), { class: "small" });
  midi.id = "use-midi";
  const inputs = h("p", { class: "soft small", role: "status" });
  const out = h("select", { id: "midi-out", onchange: () => (devices.out = out.value) });
  const outField = h("div", { class: "field", hidden: true }, h("label", { for: "midi-out" }, "Send takes and live notes to"), out);
  const notice = noticeAt(studio, () => "play");
  byId("play").append(h("div", { class: "play-row" }, part, lower, higher), keys, h("div", { class: "play-row" }, type, hear, midi), inputs, outField, notice.el);
  document.addEventListener("keydown", strike, true);
  document.addEventListener("keyup", (event) => lift(event), true);

  /** @param {string} wanted */
  function choose(wanted) {
    hands.releaseAll();
    hands.part = wanted;
    void player.enable();
    build();
  }

  /** @param {number} by */
  function shift(by) {
    hands.releaseAll();
    octave = Math.min(OCTAVES.most, Math.max(OCTAVES.least, octave + by));
    build();
  }

  /** @param {boolean} on */
  function type_(on) {
    typing = on;
    type.setAttribute("aria-pressed", String(on));
    hands.releaseAll();
    if (on) void player.enable();
  }

  /** @param {boolean} on */
  function listen(on) {
    others.hearing = on;
    hear.setAttribute("aria-pressed", String(on));
    if (!on) others.hush();
  }

  async function ask() {
    void player.enable();
    if (!Devices.supported) return studio.notice("play", NO_MIDI);
    try {
      await devices.ask();
    } catch {
      studio.notice("play", "The browser did not give this page its MIDI devices: allow them beside the address, then press again.");
    }
    update(studio.state);
  }

  /** @param {Uint8Array} data */
  function fromDevice(data) {
    const touch = readMessage(data);
    if (!touch || !may(studio.state, "live.note", hands.part)) return;
    if (touch.velocity) hands.press(touch.pitch, touch.velocity);
    else hands.release(touch.pitch);
    show();
  }

  /** Comes before the shortcuts: while one plays, letters are notes. @param {KeyboardEvent} event */
  function strike(event) {
    if (!typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/** @type {HTMLElement} */ (event.target).matches("input, select, textarea") || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return type_(false);
    const pitch = pitchOfKey(event.code, hands.part, octave);
    if (pitch === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) hands.press(pitch, VELOCITY);
    show();
  }

  /** @param {KeyboardEvent} event */
  function lift(event) {
    const pitch = typing ? pitchOfKey(event.code, hands.part, octave) : null;
    if (pitch === null) return;
    hands.release(pitch);
    show();
  }

  /** Keys or pads, as the part wants them. */
  function build() {
    const drums = hands.part === "drums";
    const low = (octave + 1) * 12;
    const all = drums ? PADS.map(([pitch, name]) => ({ pitch, name })) : Array.from({ length: KEYS + 1 }, (_, i) => ({ pitch: low + i, name: pitchName(low + i) }));
    keys.classList.toggle("pads", drums);
    keys.dataset.part = hands.part;
    keys.replaceChildren(...all.filter(({ pitch }) => pitch <= 127).map(({ pitch, name }, i) => key(pitch, name, drums, i === 0)));
    lower.disabled = drums || octave === OCTAVES.least;
    higher.disabled = drums || octave === OCTAVES.most;
  }

  /** All keys are one stop of the Tab key; arrows go through them. @param {KeyboardEvent} event */
  function walk(event) {
    const all = /** @type {HTMLElement[]} */ ([...keys.children]).filter((el) => el.checkVisibility());
    const at = all.indexOf(/** @type {HTMLElement} */ (event.target));
    const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: all.length - 1 }[event.key];
    const next = to === undefined ? undefined : all[to];
    if (!next) return;
    event.preventDefault();
    for (const el of all) el.tabIndex = el === next ? 0 : -1;
    next.focus();
  }

  /** @param {number} pitch @param {string} name @param {boolean} drums @param {boolean} first */
  function key(pitch, name, drums, first) {
    const shown = drums || pitch % 12 === 0 ? name : "";
    const el = h("button", { type: "button", class: !drums && isBlackKey(pitch) ? "key-black" : drums ? "pad" : "key-white", "data-pitch": pitch, "aria-label": name, tabindex: first ? 0 : -1 }, shown);
    const up = () => (hands.release(pitch), show());
    el.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      el.setPointerCapture(event.pointerId);
      void player.enable();
      hands.press(pitch, VELOCITY);
      show();
    });
    for (const end of ["pointerup", "pointercancel"]) el.addEventListener(end, up);
    el.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      if (event.detail) return; // a pointer's click was played when it went down
      hands.press(pitch, VELOCITY);
      setTimeout(up, 250);
    });
    return el;
  }

  function show() {
    for (const el of keys.children) el.classList.toggle("down", hands.holds(Number(el.dataset.pitch)));
  }

  let offered = "";
  /** @param {State} state */
  function update(state) {
    const found = reach(state, "live.note");
    const parts = found === true ? PARTS : found || [];
    byId("tab-play").hidden = parts.length === 0;
    const mine = parts.filter((one) => one !== "texture");
    if (mine.join() !== offered) {
      offered = mine.join();
      part.replaceChildren(...mine.map((one) => h("option", { value: one }, one)));
      hands.part = mine.includes(hands.part) ? hands.part : (mine.find((one) => one === "melody") ?? mine[0] ?? "");
      part.value = hands.part;
      build();
    }
    midi.hidden = devices.open;
    outField.hidden = !devices.open;
    const names = devices.inputs().map((one) => one.name);
    say(inputs, devices.open ? (names.length ? `You play ${hands.part} with ${names.join(", ")}.` : "No MIDI keyboard is connected; plug one in and it is heard at once.") : "");
    keyed(out, [{ id: "", name: "nothing" }, ...devices.outputs()], (one) => one.id, (one) => ({ el: h("option", { value: one.id }, one.name) }));
    out.value = devices.out;
    notice.update(state);
  }

  return { update, hands, others, send, devices };
}
