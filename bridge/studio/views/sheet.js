/**
 * One sheet of notes on the page: its window scrolls and zooms, a playhead runs over it, bars are selected in its ruler and notes
 * are touched. It knows one section at a time and nothing of the session; the piano roll and the comparison are made of it.
 *
 * Only what the window shows is drawn, so a sheet can be as wide as it likes.
 *
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../state/sections.js").Note} Note
 * @typedef {import("../roll/bars.js").Bars} Bars
 * @typedef {import("../roll/layout.js").Layout} Layout
 * @typedef {import("../roll/zoom.js").Zoom} Zoom
 * @typedef {import("../roll/steps.js").Place} Place
 * @typedef {import("../roll/steps.js").Step} Step
 * @typedef {{ onnote?: (place: Place) => void, onbars?: (bars: Bars | null) => void, onzoom?: (zoom: Zoom) => void, id?: string, label: string }} Wishes
 */

import { h } from "../dom.js";
import { gliding } from "../glide.js";
import { secondsOf } from "../music.js";
import { extended, oneBar, stepped } from "../roll/bars.js";
import { drawGutter, drawRoll, PLAIN_LOOK } from "../roll/ink.js";
import { barAtX, describeRoll, GUTTER, layout, noteAt, yOf } from "../roll/layout.js";
import { stepped as noteStepped } from "../roll/steps.js";
import { FIT, keptAt, pinched, STEP, wheelFactor, zoomed } from "../roll/zoom.js";
import { shapeOf } from "../state/sections.js";
import { inkOf, typeSize, whenInkChanges } from "./ink.js";

/** Who scrolled by hand wants to look there: the playhead is not followed for so long. */
const LOOKING_MS = 3_000;
/** The playhead is brought back to here, and before it comes so near to the edge. */
const MARGIN_PX = 40;
/** Keys that go through the notes. */
const NOTE_STEPS = /** @type {Record<string, Step>} */ ({ ArrowRight: "next", ArrowLeft: "before", ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" });

/** @param {Wishes} wishes */
export function noteSheet(wishes) {
  const gutter = h("canvas", { class: "gutter", "aria-hidden": "true" });
  const canvas = h("canvas", { class: "grid", id: wishes.id ?? null, role: "img" });
  const head = h("div", { class: "playhead", hidden: true });
  const glide = gliding(head);
  const ruler = h("div", { class: "ruler" });
  const sheet = h("div", { class: "sheet" }, ruler, head);
  const scroller = h("div", { class: "scroller", tabindex: 0, role: wishes.onnote ? "application" : "group", "aria-label": wishes.label, onkeydown: press, onscroll: plan, onclick: touch }, sheet);
  const el = h("div", { class: "roll-area" }, gutter, h("div", { class: "roll-window" }, canvas, scroller));

  /** @type {Section | null} */
  let section = null;
  /** @type {Layout | null} */
  let at = null;
  let zoom = FIT;
  let look = PLAIN_LOOK;
  /** The note that was touched last, by a finger or by a key. @type {Place | null} */
  let touched = null;
  let due = false;
  let looked_ms = -Infinity;

  new ResizeObserver(() => lay()).observe(scroller);
  whenInkChanges(() => plan());
  scroller.addEventListener("wheel", turn, { passive: false });
  scroller.addEventListener("pointerdown", () => (looked_ms = performance.now()));
  pinching();
  selecting();

  /** Works out where things are; what is drawn follows with the next frame. */
  function lay() {
    if (!section || !scroller.clientWidth) return;
    at = layout(section, scroller.clientWidth, scroller.clientHeight, zoom, typeSize());
    sheet.style.width = `${at.width}px`;
    sheet.style.height = `${at.height}px`;
    ruler.style.height = `${at.ruler}px`;
    plan();
  }

  function plan() {
    if (due) return;
    due = true;
    requestAnimationFrame(draw);
  }

  function draw() {
    due = false;
    if (!section || !at || !scroller.clientWidth) return;
    const ink = inkOf();
    const window = { left: scroller.scrollLeft, top: scroller.scrollTop, width: scroller.clientWidth, height: scroller.clientHeight };
    drawRoll(sized(canvas, window.width, window.height), section, at, ink, window, { ...look, touched: touched?.note ?? null });
    drawGutter(sized(gutter, GUTTER * at.type, window.height), at, ink, window);
  }

  // -- size --------------------------------------------------------------------------------------------------------

  /**
   * @param {Partial<Zoom>} by
   * @param {{ x: number, y: number }} [pointer]  what is under it stays there; by default what is in the middle
   */
  function zoomBy(by, pointer = { x: scroller.clientWidth / 2, y: scroller.clientHeight / 2 }) {
    const before = at;
    zoom = zoomed(zoom, by);
    const { scrollLeft, scrollTop } = scroller;
    lay();
    if (before && at) {
      scroller.scrollLeft = keptAt(scrollLeft, pointer.x, before.width, at.width);
      scroller.scrollTop = keptAt(scrollTop, pointer.y, before.height, at.height, at.ruler);
    }
    wishes.onzoom?.(zoom);
  }

  function fit() {
    zoomBy({ across: 0, tall: 0 });
  }

  /** @param {{ clientX: number, clientY: number }} event */
  function pointerOf(event) {
    const box = scroller.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {WheelEvent} event */
  function turn(event) {
    looked_ms = performance.now();
    if (!event.ctrlKey && !event.metaKey && !event.altKey) return;
    event.preventDefault();
    const factor = wheelFactor(event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1));
    zoomBy(event.altKey ? { tall: factor } : { across: factor }, pointerOf(event));
  }

  function pinching() {
    /** @type {{ x: number, y: number }[]} */
    let before = [];
    const fingers = (/** @type {TouchEvent} */ event) => [...event.touches].map(pointerOf);
    scroller.addEventListener("touchstart", (/** @type {TouchEvent} */ event) => (before = fingers(event)), { passive: true });
    scroller.addEventListener("touchmove", (/** @type {TouchEvent} */ event) => {
      const now = fingers(event);
      if (now.length !== 2 || before.length !== 2) return;
      event.preventDefault();
      const [one, other] = now;
      if (one && other) zoomBy(pinched(before, now), { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
      before = now;
    }, { passive: false });
  }

  /** Selects bars, here at once: the next key may come before the next frame. @param {Bars | null} bars */
  function choose(bars) {
    look = { ...look, bars };
    plan();
    wishes.onbars?.(bars);
  }

  // -- bars and notes ----------------------------------------------------------------------------------------------

  function selecting() {
    ruler.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (!at || event.button || !wishes.onbars) return;
      const bar = barUnder(event);
      const again = look.bars && look.bars.from === bar && look.bars.to === bar && !event.shiftKey;
      choose(again ? null : event.shiftKey ? extended(look.bars, bar) : oneBar(bar));
      if (again) return;
      ruler.setPointerCapture(event.pointerId);
      ruler.onpointermove = (/** @type {PointerEvent} */ moved) => choose(extended(look.bars, barUnder(moved)));
      ruler.onpointerup = ruler.onpointercancel = () => (ruler.onpointermove = null);
    });
  }

  /** @param {{ clientX: number, clientY: number }} event */
  function barUnder(event) {
    return at ? barAtX(at, pointerOf(event).x + scroller.scrollLeft) : 1;
  }

  /** @param {MouseEvent} event */
  function touch(event) {
    if (!section || !at || event.target === ruler) return;
    const { x, y } = pointerOf(event);
    const found = noteAt(section, at, x + scroller.scrollLeft, y + scroller.scrollTop, look.hidden);
    if (found) touchIt(found);
  }

  /** @param {Place} place */
  function touchIt(place) {
    touched = place;
    plan();
    wishes.onnote?.(place);
  }

  /** Goes to another note, and hears it. @param {Step | null} step  null: hear the same again */
  function go(step) {
    if (!section || !at || !wishes.onnote) return;
    const place = step || !touched ? noteStepped(section, touched, step ?? "next", { hidden: look.hidden, bar: look.bars?.from ?? 1 }) : touched;
    if (!place) return;
    looked_ms = performance.now();
    const [x, y] = [place.note.start * at.perBeat, place.part === "drums" ? (at.lanes.find((one) => one.pitch === place.note.pitch)?.y ?? 0) : yOf(at, place.note.pitch)];
    if (x < scroller.scrollLeft || x > scroller.scrollLeft + scroller.clientWidth - MARGIN_PX) scroller.scrollLeft = x - MARGIN_PX;
    if (y < scroller.scrollTop + at.ruler || y > scroller.scrollTop + scroller.clientHeight - MARGIN_PX) scroller.scrollTop = y - scroller.clientHeight / 2;
    touchIt(place);
  }

  /** Scrolls to where the playhead is, once it comes near the edge. @param {number} x */
  function follow(x) {
    const left = scroller.scrollLeft;
    if (x < left || x > left + scroller.clientWidth - MARGIN_PX) scroller.scrollLeft = Math.max(0, x - MARGIN_PX);
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !at) return;
    const bars = at.bars;
    const move = (/** @type {1 | -1} */ step, /** @type {boolean} */ extend) => choose(stepped(look.bars, step, extend, bars));
    const acts = /** @type {Record<string, () => void>} */ ({
      "+": () => zoomBy({ across: STEP }), "=": () => zoomBy({ across: STEP }), "-": () => zoomBy({ across: 1 / STEP }), 0: fit,
      ".": () => move(1, false), ",": () => move(-1, false), ">": () => move(1, true), "<": () => move(-1, true), Escape: () => ((touched = null), choose(null)), Enter: () => go(null),
      ...(event.shiftKey ? { ArrowRight: () => move(1, true), ArrowLeft: () => move(-1, true), ArrowUp: () => zoomBy({ tall: STEP }), ArrowDown: () => zoomBy({ tall: 1 / STEP }) } : {}),
    });
    const step = event.shiftKey ? undefined : NOTE_STEPS[event.key];
    const act = acts[event.key] ?? (step && wishes.onnote && (() => go(step)));
    if (!act) return;
    event.preventDefault();
    act();
  }

  return {
    el,
    scroller,
    zoomBy,
    fit,
    get zoom() {
      return zoom;
    },
    /**
     * @param {Section | null} wanted
     * @param {import("../roll/ink.js").Look} [how]
     */
    show(wanted, how = PLAIN_LOOK) {
      const same = wanted === section && how === look;
      if (same) return;
      if (wanted?.key !== section?.key) {
        scroller.scrollTo(0, 0);
        touched = null;
      }
      if (wanted && wanted !== section) canvas.setAttribute("aria-label", describeRoll(wanted));
      section = wanted;
      look = how;
      lay();
    },
    /** Puts the playhead; null takes it away. @param {number | null} seconds */
    frame(seconds) {
      if (seconds === null || !at || !section) return glide(null);
      const perSecond = at.perBeat / secondsOf(1, shapeOf(section).bpm);
      glide(seconds, { seconds: at.width / perSecond, px: at.width });
      if (zoom.across > 1 && performance.now() - looked_ms > LOOKING_MS) follow(seconds * perSecond);
    },
  };
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
function sized(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  const [wide, tall] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide || canvas.height !== tall) {
    canvas.width = wide;
    canvas.height = tall;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}
