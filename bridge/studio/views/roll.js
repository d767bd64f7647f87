/**
 * The piano roll on the page: which section is shown, how far it is, its parts, its bars, and the notes heard as a sketch.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../roll/bars.js").Bars} Bars
 * @typedef {import("../sound/sketch.js").Sketch} Sketch
 * @typedef {import("../roll/ink.js").Look} Look
 * @typedef {{ redo: (take: string, bars: import("../roll/bars.js").Bars) => void }} Acts
 */

import { button, byId, h, icon, keyed, say } from "../dom.js";
import { may, reach } from "../may.js";
import { bpmText, plural } from "../music.js";
import { barsText } from "../roll/bars.js";
import { noteText } from "../roll/steps.js";
import { STEP } from "../roll/zoom.js";
import { Player } from "../sound/player.js";
import { isOver, partsOf, shapeOf, writtenShare } from "../state/sections.js";
import { newestFirst } from "../state/takes.js";
import { words } from "./form.js";
import { noteSheet } from "./sheet.js";

/** @param {Studio} studio @param {Player} player @param {Sketch} sketch @param {Acts} acts */
export function pianoRoll(studio, player, sketch, acts) {
  const { store } = studio;
  const current = () => studio.state.sections[studio.state.selected];
  const barsOf = (/** @type {State} */ state) => (state.bars?.key === state.selected ? state.bars : null);
  const sheet = noteSheet({
    id: "roll-canvas",
    label: "Piano roll: arrows go from note to note and from part to part, comma and full stop select a bar, plus and minus zoom",
    onnote: touch,
    onbars: (bars) => store.dispatch({ type: "page.bars", bars }),
    onzoom: (zoom) => ((zoomOut.disabled = zoom.across === 1), (fit.disabled = zoom.across === 1 && zoom.tall === 1)),
  });

  const picker = h("select", { id: "roll-picker", "aria-label": "Section shown", onchange: () => store.dispatch({ type: "page.select", key: picker.value }) });
  const hear = button("Hear the notes", () => hearNotes(), { icon: "along", only: true, class: "small", title: "Hear the notes as plain tones, without stems" });
  hear.id = "hear-notes";
  const zoomOut = button("Zoom out", () => sheet.zoomBy({ across: 1 / STEP }), { icon: "minus", only: true, class: "small" });
  const zoomIn = button("Zoom in", () => sheet.zoomBy({ across: STEP }), { icon: "plus", only: true, class: "small" });
  const taller = button("Taller rows", () => sheet.zoomBy({ tall: STEP }), { icon: "taller", only: true, class: "small" });
  const fit = button("Show all of it", () => sheet.fit(), { icon: "fit", only: true, class: "small" });
  zoomOut.disabled = fit.disabled = true;
  const tools = h("div", { class: "tool-row", role: "group", "aria-label": "View" }, hear, zoomOut, zoomIn, taller, fit);
  byId("roll-head").append(picker, tools);

  const facts = h("p", { class: "facts" });
  const status = h("p", { class: "soft small roll-status" });
  const fill = h("div", { class: "progress-fill" });
  const progress = h("div", { class: "progress", role: "progressbar", "aria-label": "Written", "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const legend = h("ul", { class: "legend", "aria-label": "Parts shown" });
  const told = h("p", { class: "small note-told", role: "status" });
  const picked = h("span", { class: "picked", role: "status" });
  const redo = button("Write anew", redoBars, { class: "small", title: "Ask for these bars again; the others stay as they are" });
  redo.id = "redo-bars";
  const hearBars = button("Listen", () => listenToBars(), { icon: "loop", class: "small", title: "You alone hear these bars, again and again" });
  hearBars.id = "hear-bars";
  const none = button("Select no bars", () => store.dispatch({ type: "page.bars", bars: null }), { icon: "cross", only: true, class: "small quiet" });
  const barTools = h("div", { class: "bar-tools", hidden: true }, picked, hearBars, redo, none);
  const hint = h("p", { class: "soft" });
  const toAsk = button("Ask for a section", () => store.dispatch({ type: "page.view", view: "ask" }), { class: "primary to-ask" });
  const empty = h("div", { class: "empty" }, h("p", {}, "Nothing here yet."), hint, toAsk);
  byId("roll-body").append(h("div", { class: "roll-facts" }, facts, legend, told, status, barTools), progress, sheet.el, empty);

  /** @type {ReadonlySet<string>} */
  let hidden = new Set();
  /** @type {Look} */
  let look = { hidden, bars: null };
  let toldOf = "";
  /** The selection that was turned to last: its stems may be on their way. @type {Bars | null | undefined} */
  let followed;

  /** A note was touched, or gone to by a key: it is heard, and said. @param {import("../roll/steps.js").Place} place */
  function touch(place) {
    const section = /** @type {Section} */ (current());
    void sketch.touch(place.part, place.note, shapeOf(section).bpm);
    toldOf = section.key;
    say(told, noteText(place, section));
    update(studio.state);
  }

  function hearNotes() {
    const section = current();
    if (!section) return;
    const on = sketch.playing === "";
    if (on) player.hush();
    if (on) void sketch.play(section, barsOf(studio.state)).then(() => update(studio.state));
    else sketch.stop();
    update(studio.state);
  }

  /** The bars as they are, or their notes where there is no sound yet. */
  function listenToBars() {
    const section = current();
    const bars = barsOf(studio.state);
    if (!section || !bars) return;
    if (isHeard(section)) player.listening ? player.hush() : sketch.stop();
    else if (Player.parts(section).length) void player.listen(section, true, (followed = bars));
    else hearNotes();
    update(studio.state);
  }

  /** Whether these bars are heard just now. @param {Section} section */
  function isHeard(section) {
    return sketch.playing === section.key || (player.listening === section.key && player.bars !== null);
  }

  /** What one listens to follows the selection. @param {Section} section @param {Bars | null} bars */
  function follow(section, bars) {
    const heard = player.listening === section.key ? player.bars : null;
    if (!heard || bars === followed || (heard.from === bars?.from && heard.to === bars.to)) return;
    followed = bars;
    if (bars) void player.listen(section, true, bars);
    else player.hush();
  }

  function redoBars() {
    const bars = barsOf(studio.state);
    const take = current()?.take;
    if (bars && take) acts.redo(take, bars);
  }

  /** @param {string} part @param {boolean} alone  puts all others aside; once more brings them back */
  function toggle(part, alone) {
    const others = partsOf(/** @type {Section} */ (current())).filter((one) => one !== part);
    const isAlone = !hidden.has(part) && others.every((one) => hidden.has(one));
    const next = alone ? new Set(isAlone ? [] : others) : new Set(hidden);
    if (!alone && !next.delete(part)) next.add(part);
    sketch.hidden = hidden = next;
    update(studio.state);
  }

  /** @param {State} state */
  function update(state) {
    const sections = Object.values(state.sections);
    const done = newestFirst(state.takes).flatMap((take) => state.sections[take.section] ?? []);
    const order = [...sections.filter((one) => !isOver(one)), ...done];
    const shown = state.sections[state.selected] ?? order[0];
    if (shown && !order.includes(shown)) order.unshift(shown);
    if (shown && shown.key !== state.selected) {
      store.dispatch({ type: "page.select", key: shown.key, follow: true });
      return;
    }
    keyed(picker, order, (section) => section.key, () => {
      const el = h("option");
      return { el, update: (/** @type {Section} */ section) => ((el.value = section.key), say(el, titleOf(section))) };
    });
    picker.hidden = tools.hidden = !order.length;
    if (shown && picker.value !== shown.key) picker.value = shown.key;
    empty.hidden = Boolean(shown);
    toAsk.hidden = reach(state, "section.request") === false;
    say(hint, toAsk.hidden ? "What the band asks for appears here, bar by bar." : "Ask for a section, and its notes appear bar by bar.");
    byId("roll").classList.toggle("blank", !shown);
    if (shown) showFacts(shown, state);
    const bars = barsOf(state);
    if (bars !== look.bars || hidden !== look.hidden) look = { hidden, bars };
    sheet.show(shown ?? null, look);
  }

  /** @param {Section} section @param {State} state */
  function showFacts(section, state) {
    const { request } = section;
    const { bars, meter, bpm } = shapeOf(section);
    const known = Object.keys(request).length > 0;
    say(facts, known ? [request.kind, request.style, plural(bars, "bar"), `${meter.n}/${meter.d}`, `${bpmText(bpm)} bpm`, request.key].filter(Boolean).join(" · ") : "");
    say(status, `${words(section)} Asked by ${section.member}.`);
    const share = section.status === "done" ? 1 : Math.max(writtenShare(section) * 0.5 + (section.stage === "composing" ? 0 : section.done * 0.5), 0);
    progress.hidden = isOver(section);
    progress.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    fill.style.width = `${Math.round(share * 100)}%`;
    keyed(legend, partsOf(section), (part) => part, legendRow);
    showBars(section, state);
    const on = sketch.playing === section.key;
    hear.setAttribute("aria-pressed", String(on));
    hear.disabled = !Object.values(section.notes).some((notes) => notes.length);
  }

  /** @param {Section} section @param {State} state */
  function showBars(section, state) {
    const bars = barsOf(state);
    barTools.hidden = !bars;
    follow(section, bars);
    if (toldOf !== section.key) say(told, "");
    status.hidden = Boolean(bars || told.textContent);
    if (!bars) return;
    say(picked, barsText(bars));
    const heard = isHeard(section);
    hearBars.replaceChildren(icon(heard ? "stop" : "loop"), h("span", {}, heard ? "Stop" : "Listen"));
    redo.hidden = !section.take || reach(state, "section.request") === false;
    redo.disabled = !may(state, "section.request", partsOf(section));
  }

  /** @param {string} part */
  function legendRow(part) {
    const el = h("button", { type: "button", class: "legend-part", "data-part": part, onclick: (/** @type {MouseEvent} */ event) => toggle(part, event.shiftKey), title: `Show or put aside the ${part}; with Shift, see and hear it alone` }, part);
    return { el: h("li", {}, el), update: () => (el.setAttribute("aria-pressed", String(!hidden.has(part))), (el.disabled = part === "texture")) };
  }

  function frame() {
    const section = current();
    sheet.frame(section ? (sketch.position(section) ?? player.position(section)) : null);
  }

  /** Shows the section so many places further down the list. @param {number} by */
  function step(by) {
    const next = picker.options[picker.selectedIndex + by];
    if (next) store.dispatch({ type: "page.select", key: next.value });
  }

  return { update, frame, sheet, step, listenToBars };
}

/** @param {Section} section */
export function titleOf(section) {
  const kind = section.request.kind ?? section.id;
  const name = section.take || (section.status === "waiting" ? "waiting" : section.status === "done" ? "done" : section.status);
  return `${name}: ${kind}${section.request.style ? `, ${section.request.style}` : ""} (${section.member})`;
}
