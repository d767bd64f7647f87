/**
 * The piano roll on the page: which section is shown, how far it is, zoom, and the playhead.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../sound/player.js").Player} Player
 * @typedef {import("../roll.js").Layout} Layout
 * @typedef {import("../roll.js").Ink} Ink
 */

import { button, byId, h, keyed, say } from "../dom.js";
import { bpmText, secondsOf } from "../music.js";
import { describeRoll, drawGutter, drawRoll, GUTTER, layout } from "../roll.js";
import { isOver, partsOf, shapeOf, writtenShare } from "../state/sections.js";
import { words } from "./form.js";

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16];
/** A canvas wider than this is more than some browsers can hold. */
const MOST_PIXELS = 16_000;

/** @param {Studio} studio @param {Player} player */
export function pianoRoll(studio, player) {
  const picker = h("select", { id: "roll-picker", "aria-label": "Section shown", onchange: () => studio.store.dispatch({ type: "page.select", key: picker.value }) });
  const zoomOut = button("Zoom out", () => zoomTo(zoom - 1), { icon: "minus", only: true, class: "small" });
  const zoomIn = button("Zoom in", () => zoomTo(zoom + 1), { icon: "plus", only: true, class: "small" });
  byId("roll-head").append(picker, zoomOut, zoomIn);

  const facts = h("p", { class: "facts" });
  const status = h("p", { class: "soft small roll-status", role: "status" });
  const fill = h("div", { class: "progress-fill" });
  const progress = h("div", { class: "progress", role: "progressbar", "aria-label": "Written", "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const legend = h("ul", { class: "legend", "aria-hidden": "true" });
  const gutter = h("canvas", { class: "gutter", "aria-hidden": "true" });
  const canvas = h("canvas", { class: "grid", id: "roll-canvas", role: "img" });
  const head = h("div", { class: "playhead", hidden: true });
  const scroller = h("div", { class: "scroller", tabindex: 0, "aria-label": "Piano roll, scrolls sideways" }, h("div", { class: "sheet" }, canvas, head));
  const empty = h("div", { class: "empty" }, h("p", {}, "Nothing here yet."), h("p", { class: "soft" }, "Ask for a section, and its notes appear bar by bar."));
  byId("roll-body").append(h("div", { class: "roll-facts" }, facts, legend, status), progress, h("div", { class: "roll-area" }, gutter, scroller), empty);

  let zoom = 0;
  /** @type {Section | undefined} */
  let drawn;
  /** @type {Layout | null} */
  let at = null;
  let stale = true;

  new ResizeObserver(() => redraw()).observe(scroller);
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => redraw());

  /** @param {number} step */
  function zoomTo(step) {
    zoom = Math.min(ZOOMS.length - 1, Math.max(0, step));
    redraw();
  }

  function redraw() {
    stale = true;
    draw(studio.state.sections[studio.state.selected]);
  }

  /** @param {Section | undefined} section */
  function draw(section) {
    if (section === drawn && !stale) return;
    drawn = section;
    stale = false;
    zoomOut.disabled = zoom === 0;
    zoomIn.disabled = zoom === ZOOMS.length - 1;
    if (!section || !scroller.clientWidth) return;
    const ink = inkOf();
    at = layout(section, scroller.clientWidth - 1, scroller.clientHeight, /** @type {number} */ (ZOOMS[zoom]));
    const scale = Math.min(devicePixelRatio || 1, MOST_PIXELS / at.width);
    drawRoll(sized(canvas, at.width, at.height, scale), section, at, ink);
    drawGutter(sized(gutter, GUTTER, at.height, devicePixelRatio || 1), at, ink);
    canvas.setAttribute("aria-label", describeRoll(section));
  }

  /** @param {State} state */
  function update(state) {
    const sections = Object.values(state.sections);
    const order = [...sections.filter((one) => !isOver(one)), ...sections.filter((one) => one.status === "done").reverse()];
    const shown = state.sections[state.selected] ?? order[0];
    if (shown && !order.includes(shown)) order.unshift(shown);
    if (shown && shown.key !== state.selected) {
      studio.store.dispatch({ type: "page.select", key: shown.key, follow: true });
      return;
    }
    keyed(picker, order, (section) => section.key, () => {
      const el = h("option");
      return { el, update: (/** @type {Section} */ section) => ((el.value = section.key), say(el, titleOf(section))) };
    });
    picker.hidden = !order.length;
    if (shown && picker.value !== shown.key) picker.value = shown.key;
    empty.hidden = Boolean(shown);
    byId("roll").classList.toggle("blank", !shown);
    if (shown) showFacts(shown);
    draw(shown);
  }

  /** @param {Section} section */
  function showFacts(section) {
    const { request } = section;
    const { bars, meter, bpm } = shapeOf(section);
    const known = Object.keys(request).length > 0;
    say(facts, known ? [request.kind, request.style, `${bars} bars`, `${meter.n}/${meter.d}`, `${bpmText(bpm)} bpm`, request.key].filter(Boolean).join(" · ") : "");
    say(status, `${words(section)} Asked by ${section.member}.`);
    const share = section.status === "done" ? 1 : Math.max(writtenShare(section) * 0.5 + (section.stage === "composing" ? 0 : section.done * 0.5), 0);
    progress.hidden = isOver(section);
    progress.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    fill.style.width = `${Math.round(share * 100)}%`;
    keyed(legend, partsOf(section), (part) => part, (part) => ({ el: h("li", { "data-part": part }, part) }));
  }

  function frame() {
    const section = drawn;
    const seconds = section ? player.position(section) : null;
    if (!section || seconds === null || !at) {
      head.hidden = true;
      return;
    }
    const x = (seconds / secondsOf(1, shapeOf(section).bpm)) * at.perBeat;
    head.hidden = false;
    head.style.transform = `translateX(${x.toFixed(1)}px)`;
    const left = scroller.scrollLeft;
    if (at.width > scroller.clientWidth && (x < left || x > left + scroller.clientWidth - 40)) scroller.scrollLeft = Math.max(0, x - 40);
  }

  return { update, frame };
}

/** @param {Section} section */
function titleOf(section) {
  const kind = section.request.kind ?? section.id;
  const name = section.take || (section.status === "waiting" ? "waiting" : section.status === "done" ? "done" : section.status);
  return `${name}: ${kind}${section.request.style ? `, ${section.request.style}` : ""} (${section.member})`;
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height @param {number} scale */
function sized(canvas, width, height, scale) {
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(scale, scale);
  return context;
}

/** The page's colours, as they are now. @returns {Ink} */
export function inkOf() {
  const style = getComputedStyle(document.documentElement);
  const read = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    back: read("roll-back"), black: read("roll-black"), bar: read("roll-bar"), beat: read("roll-beat"), pulse: read("roll-pulse"), panel: read("panel"),
    soft: read("soft"), text: read("text"), accent: read("accent"), keyWhite: read("raised"), keyBlack: read("roll-bar"), drums: read("drums"),
    bass: read("bass"), harmony: read("harmony"), melody: read("melody"), texture: read("texture"),
  };
}
