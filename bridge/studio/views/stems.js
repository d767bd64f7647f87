/**
 * The mixer: one row a stem with its waveform, solo, mute and volume; listening alone, playing to everybody, and downloads.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/sections.js").Section} Section
 */

import { button, byId, h, icon, keyed, say } from "../dom.js";
import { METER_FALL, METER_MS, paced } from "../frames.js";
import { gliding } from "../glide.js";
import { may } from "../may.js";
import { clockText } from "../music.js";
import { durationOf, Player } from "../sound/player.js";
import { LOUDEST, peaks } from "../sound/levels.js";
import { COLUMNS } from "../sound/previews.js";
import { carryButton } from "./carry.js";
import { noticeAt } from "./notice.js";
import { inkName, inkOf, whenInkChanges } from "./ink.js";

/** What stands in the place of the stems while there are none. */
const HINTS = /** @type {Record<string, string>} */ ({
  waiting: "The stems come once the leader has said yes and the notes are written.",
  queued: "The stems come when the notes are written.",
  working: "The stems come when the notes are written.",
  done: "This take has no stems: it was asked for without sound. Its MIDI is here.",
});

/** @param {Studio} studio @param {Player} player */
export function mixer(studio, player) {
  const section = () => studio.state.sections[studio.state.selected];
  const where = () => `stems:${studio.state.selected}`;
  const listen = button("Listen", toggle, { icon: "play", class: "primary", title: "You alone hear it; the session goes on without you" });
  listen.id = "listen";
  const loop = button("Loop", toggleLoop, { icon: "loop", title: "Again and again, when you listen" });
  loop.id = "loop";
  loop.setAttribute("aria-pressed", "false");
  const time = h("span", { class: "mono soft time" });
  const forAll = button("Play to all", () => playToAll("take.play"), { icon: "play", title: "Everybody hears it, from the next bar on" });
  forAll.id = "play-next-bar";
  const loopAll = button("Loop to all", () => playToAll("take.loop"), { icon: "loop", title: "Everybody hears it, again and again, from the next bar on" });
  const stopAll = button("Stop for all", () => withTake((take) => studio.give({ type: "take.stop", take }, where())), { icon: "stop" });
  byId("stems-head").append(time, listen, loop, forAll, loopAll, stopAll);

  const rows = h("ul", { class: "stem-rows" });
  const hint = h("p", { class: "soft" });
  const notice = noticeAt(studio, where);
  const mix = fileButton("Mix", "mix.wav", "wav");
  const files = h("div", { class: "files", role: "group", "aria-label": "Downloads" }, h("span", { class: "label" }, "Download"), [
    fileButton("MIDI", "midi", "mid"), mix, fileButton("Certificate", "certificate", "certificate.json"),
  ]);
  byId("stems-body").append(notice.el, rows, hint, files);

  function toggle() {
    const one = section();
    if (!one) return;
    if (player.listening === one.key) player.hush();
    else void player.listen(one, loop.getAttribute("aria-pressed") === "true");
  }

  function toggleLoop() {
    const on = loop.getAttribute("aria-pressed") !== "true";
    loop.setAttribute("aria-pressed", String(on));
    const one = section();
    if (one && player.listening === one.key && !player.bars) void player.listen(one, on);
  }

  /** @param {string} type */
  function playToAll(type) {
    void player.enable();
    withTake((take) => studio.give({ type, take, at: "next-bar" }, where()));
  }

  /** @param {(take: string) => void} act */
  function withTake(act) {
    const take = section()?.take;
    if (take) act(take);
  }

  /** @param {string} label @param {string} file @param {string} ending */
  function fileButton(label, file, ending) {
    return button(label, () => withTake((take) => void save(take, file, `${take}.${ending}`)), { icon: "down", class: "small" });
  }

  /** @param {string} take @param {string} file @param {string} name */
  function save(take, file, name) {
    return studio.attempt(where(), (api) => api.save(api.takePath(take, file), `${studio.state.me.session}-${name}`));
  }

  /** @param {string} part */
  function stemFile(part) {
    const take = section()?.take ?? "";
    const name = `${studio.state.me.session}-${take}-${part}.wav`;
    return { path: studio.api?.takePath(take, `stems/${part}.wav`) ?? "", name, mime: "audio/wav", where: where() };
  }

  /** @param {string} part */
  function createRow(part) {
    const key = () => studio.state.selected;
    const change = (/** @type {Partial<import("../sound/levels.js").Level>} */ to) => player.setLevel(key(), part, to);
    const solo = h("button", { type: "button", class: "small key", onclick: () => change({ solo: !player.level(key(), part).solo }), "aria-label": `Solo ${part}`, title: "Solo" }, "S");
    const mute = h("button", { type: "button", class: "small key", onclick: () => change({ mute: !player.level(key(), part).mute }), "aria-label": `Mute ${part}`, title: "Mute" }, "M");
    const volume = h("input", { type: "range", min: 0, max: LOUDEST, step: 0.01, "aria-label": `Volume of ${part}`, oninput: () => change({ volume: Number(volume.value) }) });
    const wave = h("canvas", { class: "wave", "aria-hidden": "true" });
    const head = h("div", { class: "playhead", hidden: true });
    const glide = gliding(head);
    let wide = 0;
    const failed = h("span", { class: "small stem-failed" });
    const note = h("span", { class: "small soft stem-note", title: "It is still being made; until then you hear what stands in for it" });
    const bar = h("div", { class: "stem-made", "aria-hidden": "true" });
    const down = carryButton(studio, `Download the ${part} stem`, () => stemFile(part), { only: true, class: "small quiet carry" });
    const meter = h("div", { class: "stem-level" });
    const el = h("li", { class: "stem", "data-part": part }, h("span", { class: "stem-name" }, part), h("div", { class: "keys" }, solo, mute), h("div", { class: "stem-volume" }, volume, h("div", { class: "stem-meter", "aria-hidden": "true" }, meter)), h("div", { class: "wave-box" }, wave, bar, head, note, failed), down);
    let drawn = "";
    let shown = 0;
    return {
      el,
      part,
      /** @param {number | null} seconds @param {number} total */
      place: (seconds, total) => glide(seconds, { seconds: total, px: wide }),
      /** @param {number} peak */
      measure(peak) {
        shown = Math.max(peak, shown * METER_FALL);
        const scale = `scaleX(${Math.min(1, shown).toFixed(2)})`;
        if (meter.style.transform !== scale) meter.style.transform = scale;
      },
      update() {
        const one = section();
        if (!one) return;
        const level = player.level(one.key, part);
        solo.setAttribute("aria-pressed", String(level.solo));
        mute.setAttribute("aria-pressed", String(level.mute));
        if (document.activeElement !== volume) volume.value = String(level.volume);
        volume.setAttribute("aria-valuetext", `${Math.round(level.volume * 100)} %`);
        down.disabled = !one.take;
        say(failed, player.shelf.failure(one, part));
        const final = Boolean(one.stems[part]);
        const buffer = player.shelf.buffer(one, part) ?? player.previews.buffer(one, part);
        const outline = final ? null : player.previews.outline(one, part);
        const preview = one.previews[part];
        el.classList.toggle("for-now", !final);
        say(note, final ? "" : outline ? `${preview?.by ?? ""} ${Math.round(outline.share * 100)} %` : "stand-in");
        wide = wave.clientWidth;
        bar.style.width = outline ? `${outline.share * 100}%` : "0";
        const look = `${one.key}|${final}|${Boolean(buffer)}|${outline?.version}|${outline?.share}|${wide}|${inkName()}`;
        if (look === drawn) return;
        drawn = look;
        drawWave(wave, outline?.share ? outline.columns : buffer ? columnsOf(buffer, wide) : null, inkOf()[part] ?? "");
      },
    };
  }

  const due = paced(METER_MS);
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  const made = new Map();
  let loaded = "";
  new ResizeObserver(() => update(studio.state)).observe(rows);
  whenInkChanges(() => update(studio.state));

  /** @param {State} state */
  function update(state) {
    const one = state.sections[state.selected];
    byId("stems").hidden = !one;
    if (!one) return;
    const parts = Player.parts(one);
    const versions = Object.values(one.previews).map((preview) => preview.version);
    const wanted = `${one.key}|${parts.join()}|${Object.keys(one.stems).join()}|${versions.join()}|${one.take}`;
    if (wanted !== loaded) {
      loaded = wanted;
      void player.load(one);
    }
    keyed(rows, parts, (part) => part, (part) => {
      const row = createRow(part);
      made.set(part, row);
      return row;
    });
    for (const part of made.keys()) if (!parts.includes(part)) made.delete(part);
    const unheard = state.takes[one.take]?.unheard;
    say(hint, unheard ? `Not all of its sound is here: ${unheard}. Its notes are, and its MIDI.` : parts.length ? "" : HINTS[one.status] ?? "It has no stems.");
    hint.hidden = parts.length > 0 && !unheard;
    files.hidden = !one.take;
    mix.hidden = parts.length === 0;
    const listening = player.listening === one.key;
    listen.replaceChildren(icon(listening ? "stop" : "play"), h("span", {}, listening ? "Stop" : "Listen"));
    listen.disabled = parts.length === 0;
    const playing = Boolean(one.take && state.sounding[one.take]);
    forAll.hidden = playing || !one.take || !may(state, "take.play", one.request.parts);
    loopAll.hidden = playing || !one.take || !may(state, "take.loop", one.request.parts);
    stopAll.hidden = !playing || !may(state, "take.stop", one.request.parts);
    notice.update(state);
  }

  function frame() {
    const one = section();
    if (!one) return;
    const seconds = player.position(one);
    const total = durationOf(one);
    say(time, `${clockText(seconds ?? 0)} / ${clockText(total)}`);
    const now = due();
    for (const { part, place, measure } of made.values()) {
      if (now) measure(player.peak(one, part));
      place(seconds, total);
    }
  }

  return { update, frame };
}

/** @param {AudioBuffer} buffer @param {number} width */
function columnsOf(buffer, width) {
  const columns = Math.min(COLUMNS, Math.max(1, Math.floor(width)));
  return peaks(Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i)), columns);
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array | null} outline @param {string} colour */
function drawWave(canvas, outline, colour) {
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(scale, scale);
  context.fillStyle = colour;
  const middle = height / 2;
  if (!outline) {
    context.globalAlpha = 0.3;
    context.fillRect(0, middle - 0.5, width, 1);
    return;
  }
  const columns = outline.length;
  outline.forEach((peak, i) => {
    const tall = Math.max(1, Math.min(1, peak) * (height - 2));
    context.fillRect((i * width) / columns, middle - tall / 2, Math.max(0.6, width / columns - 0.35), tall);
  });
}
