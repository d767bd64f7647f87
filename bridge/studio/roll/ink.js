/**
 * The piano roll as ink: draws the part of a layout that a window shows. The ruler and the names stay, the rest scrolls.
 *
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Lane} Lane
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../state/sections.js").Note} Note
 * @typedef {import("./bars.js").Bars} Bars
 * @typedef {Record<string, string>} Ink  colours by name: parts, and those of the grid
 * @typedef {{ left: number, top: number, width: number, height: number }} Window  of the sheet, in its pixels
 * @typedef {{ hidden: ReadonlySet<string>, bars: Bars | null, touched?: Note | null }} Look  parts put aside, bars selected, the note that is heard
 * @typedef {CanvasRenderingContext2D} Canvas
 */

import { chordSpans, isBlackKey, pitchName } from "../music.js";
import { GUTTER, hitSize, RULER, STRIP, yOf } from "./layout.js";

/** The room that a chord's name needs at the least, and how far a long one is squeezed into it. */
const LEAST_CHORD = 12;
const MOST_SQUEEZED = 1.5;
const LABEL_PX = 11;
const FACE = "system-ui, sans-serif";
/** How much is left to see of a part that was put aside. */
const ASIDE = 0.13;
/** How wide the keys are that stand beside the names. */
const KEYS = 18;
/** Names of all white keys, not of octaves alone, from this row's height on. */
const NAMED_KEY_PX = 11;

/** Lines of bars that are so close together stand back, but for every fourth. */
const DENSE_BAR_PX = 16;

/** @type {Look} */
export const PLAIN_LOOK = { hidden: new Set(), bars: null };

/**
 * Draws everything that moves with time.
 * @param {Canvas} canvas
 * @param {Section} section
 * @param {Layout} at
 * @param {Ink} ink
 * @param {Window} window
 * @param {Look} look
 */
export function drawRoll(canvas, section, at, ink, window, look) {
  canvas.clearRect(0, 0, window.width, window.height);
  canvas.save();
  canvas.beginPath();
  canvas.rect(0, at.ruler, window.width, window.height);
  canvas.clip();
  canvas.translate(-window.left, -window.top);
  drawGround(canvas, at, ink);
  drawGrid(canvas, at, ink, window);
  drawBars(canvas, at, ink, look.bars);
  const parts = [...at.parts].sort((a, b) => Number(look.hidden.has(b)) - Number(look.hidden.has(a)));
  for (const part of parts) drawNotes(canvas, section.notes[part] ?? [], part, at, ink, window, look);
  canvas.restore();
  canvas.save();
  canvas.translate(-window.left, 0);
  drawRuler(canvas, section, at, ink, look.bars);
  canvas.restore();
}

/** @param {Canvas} canvas @param {Layout} at @param {Ink} ink */
function drawGround(canvas, at, ink) {
  canvas.fillStyle = ink.back ?? "";
  canvas.fillRect(0, 0, at.width, at.height);
  canvas.fillStyle = ink.black ?? "";
  for (let pitch = at.low; pitch <= at.high && at.rollHeight; pitch++) {
    if (isBlackKey(pitch)) canvas.fillRect(0, yOf(at, pitch), at.width, at.keyHeight);
  }
  at.lanes.forEach((lane, i) => {
    if (i % 2) canvas.fillRect(0, lane.y, at.width, lane.height);
  });
}

/** @param {Canvas} canvas @param {Layout} at @param {Ink} ink @param {Window} window */
function drawGrid(canvas, at, ink, window) {
  const step = at.pulse * at.perBeat < 5 ? at.perBar : at.pulse * at.perBeat > 90 ? at.pulse / 4 : at.pulse;
  const strong = at.perBar * at.perBeat < DENSE_BAR_PX ? at.perBar * 4 : at.perBar;
  const last = Math.min(at.total, (window.left + window.width) / at.perBeat + step);
  for (let i = Math.max(0, Math.floor(window.left / at.perBeat / step)); i * step <= last + 1e-6; i++) {
    const beat = i * step;
    canvas.fillStyle = (isWhole(beat / strong) ? ink.bar : isWhole(beat) ? ink.beat : ink.pulse) ?? "";
    canvas.fillRect(Math.round(beat * at.perBeat), 0, 1, at.height);
  }
  canvas.fillStyle = ink.beat ?? "";
  for (let pitch = at.low; pitch <= at.high && at.rollHeight; pitch++) {
    if (pitch % 12 === 0) canvas.fillRect(0, Math.round(yOf(at, pitch - 1)), at.width, 1);
  }
  if (at.lanes[0] && at.rollHeight) canvas.fillRect(0, at.lanes[0].y - 4, at.width, 1);
}

/** @param {number} value */
function isWhole(value) {
  return Math.abs(value - Math.round(value)) < 1e-6;
}

/** @param {Canvas} canvas @param {Layout} at @param {Ink} ink @param {Bars | null} bars */
function drawBars(canvas, at, ink, bars) {
  if (!bars) return;
  const wide = at.perBar * at.perBeat;
  const from = (bars.from - 1) * wide;
  const width = (bars.to - bars.from + 1) * wide;
  canvas.fillStyle = ink.accent ?? "";
  canvas.globalAlpha = 0.1;
  canvas.fillRect(from, 0, width, at.height);
  canvas.globalAlpha = 1;
  canvas.fillRect(from, 0, 1.5, at.height);
  canvas.fillRect(from + width - 1, 0, 1.5, at.height);
}

/** @param {Canvas} canvas @param {Section} section @param {Layout} at @param {Ink} ink @param {Bars | null} bars */
function drawRuler(canvas, section, at, ink, bars) {
  const barWidth = at.perBar * at.perBeat;
  const every = barWidth > 22 * at.type ? 1 : barWidth > 11 * at.type ? 2 : 4;
  canvas.fillStyle = ink.back ?? "";
  canvas.fillRect(0, 0, at.width, at.ruler);
  if (bars) {
    canvas.fillStyle = ink.accent ?? "";
    canvas.globalAlpha = 0.24;
    canvas.fillRect((bars.from - 1) * barWidth, 0, (bars.to - bars.from + 1) * barWidth, at.ruler);
    canvas.globalAlpha = 1;
  }
  canvas.textBaseline = "top";
  canvas.font = `600 ${LABEL_PX * at.type}px ${FACE}`;
  for (let bar = 1; bar <= at.bars; bar++) {
    canvas.fillStyle = ink.bar ?? "";
    canvas.fillRect(Math.round((bar - 1) * barWidth), 0, 1, at.ruler);
    if ((bar - 1) % every) continue;
    canvas.fillStyle = ink.soft ?? "";
    canvas.fillText(String(bar), (bar - 1) * barWidth + 4, 4);
  }
  canvas.fillStyle = ink.text ?? "";
  for (const span of chordSpans(section.chords || section.request.chords, at.perBar, at.total)) {
    const room = (span.end - span.start) * at.perBeat - 6;
    const fits = room > LEAST_CHORD && canvas.measureText(span.name).width <= room * MOST_SQUEEZED;
    if (fits) canvas.fillText(span.name, span.start * at.perBeat + 4, 18 * at.type, room);
  }
  at.parts.forEach((part, row) => {
    canvas.fillStyle = ink[part] ?? ink.soft ?? "";
    for (const bar of section.closed[part] ?? []) canvas.fillRect((bar - 1) * barWidth + 2, RULER * at.type + row * STRIP, barWidth - 3, STRIP - 1);
  });
  canvas.fillStyle = ink.beat ?? "";
  canvas.fillRect(0, at.ruler - 1, at.width, 1);
}

/**
 * @param {Canvas} canvas
 * @param {Note[]} notes
 * @param {string} part
 * @param {Layout} at
 * @param {Ink} ink
 * @param {Window} window
 * @param {Look} look
 */
function drawNotes(canvas, notes, part, at, ink, window, look) {
  const lanes = new Map(at.lanes.map((lane) => [lane.pitch, lane]));
  const aside = look.hidden.has(part);
  for (const note of notes) {
    const x = note.start * at.perBeat;
    const width = Math.max(3, note.length * at.perBeat - 1);
    if (x > window.left + window.width || x + Math.max(width, 14) < window.left) continue;
    canvas.globalAlpha = aside ? ASIDE : note === look.touched ? 1 : 0.5 + 0.5 * (note.velocity / 127);
    canvas.fillStyle = (note === look.touched ? ink.text : (ink[part] ?? ink.text)) ?? "";
    const lane = lanes.get(note.pitch);
    if (part === "drums") {
      if (lane) drawHit(canvas, x, lane, hitSize(lane, at.perBeat));
    } else {
      const height = Math.max(3, at.keyHeight - (at.keyHeight > 6 ? 1 : 0));
      canvas.beginPath();
      canvas.roundRect(x + 0.5, yOf(at, note.pitch) + (at.keyHeight - height) / 2, width, height, Math.min(2.5, height / 2, width / 2));
      canvas.fill();
    }
  }
  canvas.globalAlpha = 1;
}

/** @param {Canvas} canvas @param {number} x @param {Lane} lane @param {number} size */
function drawHit(canvas, x, lane, size) {
  const y = lane.y + lane.height / 2;
  canvas.beginPath();
  canvas.moveTo(x, y - size / 2);
  canvas.lineTo(x + size * 0.85, y);
  canvas.lineTo(x, y + size / 2);
  canvas.closePath();
  canvas.fill();
}

/**
 * Draws the gutter: names of octaves and drums.
 * @param {Canvas} canvas
 * @param {Layout} at
 * @param {Ink} ink
 * @param {Window} window
 */
export function drawGutter(canvas, at, ink, window) {
  const [wide, keys] = [GUTTER * at.type, KEYS * at.type];
  canvas.clearRect(0, 0, wide, window.height);
  canvas.fillStyle = ink.panel ?? "";
  canvas.fillRect(0, 0, wide, window.height);
  canvas.save();
  canvas.translate(0, -window.top);
  canvas.textBaseline = "middle";
  canvas.textAlign = "right";
  canvas.font = `${LABEL_PX * at.type}px ${FACE}`;
  for (let pitch = at.low; pitch <= at.high && at.rollHeight; pitch++) {
    const y = yOf(at, pitch);
    canvas.fillStyle = (isBlackKey(pitch) ? ink.keyBlack : ink.keyWhite) ?? "";
    canvas.fillRect(wide - keys, y, keys, Math.max(1, at.keyHeight - 0.5));
    if (pitch % 12 !== 0 && (isBlackKey(pitch) || at.keyHeight < NAMED_KEY_PX * at.type)) continue;
    canvas.fillStyle = ink.soft ?? "";
    canvas.fillText(pitchName(pitch), wide - keys - 6, y + at.keyHeight / 2);
  }
  canvas.fillStyle = ink.soft ?? "";
  for (const lane of at.lanes) canvas.fillText(lane.name, wide - 6, lane.y + lane.height / 2, wide - 10);
  canvas.restore();
  canvas.fillStyle = ink.panel ?? "";
  canvas.fillRect(0, 0, wide, at.ruler);
  canvas.textBaseline = "middle";
  canvas.textAlign = "left";
  canvas.font = `${LABEL_PX * at.type}px ${FACE}`;
  canvas.fillStyle = ink.soft ?? "";
  canvas.fillText("Bar", 8, 10 * at.type);
  canvas.fillStyle = ink.beat ?? "";
  canvas.fillRect(0, at.ruler - 1, wide, 1);
  canvas.fillRect(wide - 1, 0, 1, window.height);
}
