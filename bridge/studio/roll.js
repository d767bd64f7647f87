/**
 * The piano roll as geometry and ink: where each beat, pitch and drum lies, and how it is drawn. No document, no clock.
 *
 * A ruler on top (bars, chords, and a strip for each part that fills as its bars are written), pitches below it, drums at the
 * bottom in lanes with names. Time runs in beats, so any metre draws alike.
 *
 * @typedef {import("./state/sections.js").Section} Section
 * @typedef {import("./state/sections.js").Note} Note
 * @typedef {{ y: number, height: number, pitch: number, name: string }} Lane
 * @typedef {{
 *   width: number, height: number, perBeat: number, total: number, perBar: number, bars: number, pulse: number, parts: string[], low: number,
 *   high: number, ruler: number, rollTop: number, rollHeight: number, keyHeight: number, lanes: Lane[]
 * }} Layout
 * @typedef {Record<string, string>} Ink  colours by name: parts, and those of the grid
 * @typedef {CanvasRenderingContext2D} Canvas
 */

import { chordSpans, drumName, isBlackKey, pitchName } from "./music.js";
import { partsOf, shapeOf } from "./state/sections.js";

const RULER = 34;
const STRIP = 4;
/** The room that a chord's name needs at the least, and how far a long one is squeezed into it. */
const LEAST_CHORD = 12;
const MOST_SQUEEZED = 1.5;
const LEAST_LANE = 11;
const MOST_LANE = 18;
const LEAST_OCTAVES = 2;
export const GUTTER = 84;
/** Drums that are shown before any has come, so that the lanes don't jump at once. */
const USUAL_DRUMS = [36, 38, 42, 46];

/**
 * @param {Section} section
 * @param {number} width  of the visible part, without the gutter
 * @param {number} height
 * @param {number} zoom  1 fits the whole section
 * @returns {Layout}
 */
export function layout(section, width, height, zoom) {
  const { meter, perBar, bars, total } = shapeOf(section);
  const parts = partsOf(section).filter((part) => part !== "texture");
  const perBeat = Math.max((width / total) * zoom, 2);
  const ruler = RULER + parts.length * STRIP + 3;
  const drums = parts.includes("drums") ? drumLanes(section.notes.drums ?? []) : [];
  const pitched = parts.some((part) => part !== "drums");
  const laneHeight = drums.length ? clamp((height - ruler) * (pitched ? 0.4 : 1) / drums.length, LEAST_LANE, pitched ? MOST_LANE : 40) : 0;
  const drumsHeight = drums.length * laneHeight;
  const rollHeight = pitched ? Math.max(60, height - ruler - drumsHeight - (drums.length ? 8 : 0)) : 0;
  const drumTop = pitched ? ruler + rollHeight + 8 : ruler;
  const { low, high } = pitchRange(section);
  return {
    width: perBeat * total, height: Math.max(height, drumTop + drumsHeight), perBeat, total, perBar, bars, pulse: 4 / meter.d, parts, low, high, ruler,
    rollTop: ruler, rollHeight, keyHeight: rollHeight / (high - low + 1),
    lanes: drums.map((pitch, i) => ({ y: drumTop + i * laneHeight, height: laneHeight, pitch, name: drumName(pitch) })),
  };
}

/** @param {Note[]} notes */
function drumLanes(notes) {
  const used = new Set(notes.length ? notes.map((note) => note.pitch) : USUAL_DRUMS);
  return [...used].sort((a, b) => b - a);
}

/** @param {Section} section */
function pitchRange(section) {
  let low = 128;
  let high = -1;
  for (const [part, notes] of Object.entries(section.notes)) {
    if (part === "drums") continue;
    for (const { pitch } of notes) {
      low = Math.min(low, pitch);
      high = Math.max(high, pitch);
    }
  }
  if (high < 0) return { low: 36, high: 83 };
  low -= 2;
  high += 2;
  const missing = LEAST_OCTAVES * 12 - (high - low + 1);
  if (missing > 0) {
    low -= Math.ceil(missing / 2);
    high += Math.floor(missing / 2);
  }
  return { low: Math.max(0, low), high: Math.min(127, high) };
}

/** @param {number} value @param {number} low @param {number} high */
function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** @param {Layout} at @param {number} pitch */
function yOf(at, pitch) {
  return at.rollTop + (at.high - pitch) * at.keyHeight;
}

/**
 * Draws everything that moves with time.
 * @param {Canvas} canvas
 * @param {Section} section
 * @param {Layout} at
 * @param {Ink} ink
 */
export function drawRoll(canvas, section, at, ink) {
  canvas.clearRect(0, 0, at.width, at.height);
  drawGround(canvas, at, ink);
  drawGrid(canvas, at, ink);
  drawRuler(canvas, section, at, ink);
  for (const part of at.parts) drawNotes(canvas, section.notes[part] ?? [], part, at, ink);
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

/** @param {Canvas} canvas @param {Layout} at @param {Ink} ink */
function drawGrid(canvas, at, ink) {
  const step = at.pulse * at.perBeat < 5 ? at.perBar : at.pulse;
  const end = at.lanes.length ? at.height : at.rollTop + at.rollHeight;
  for (let i = 0; i * step <= at.total + 1e-6; i++) {
    const beat = i * step;
    const onBar = Math.abs(beat / at.perBar - Math.round(beat / at.perBar)) < 1e-6;
    canvas.fillStyle = (onBar ? ink.bar : Number.isInteger(beat) ? ink.beat : ink.pulse) ?? "";
    canvas.fillRect(Math.round(beat * at.perBeat), onBar ? 0 : at.ruler, 1, end);
  }
  canvas.fillStyle = ink.beat ?? "";
  for (let pitch = at.low; pitch <= at.high && at.rollHeight; pitch++) {
    if (pitch % 12 === 0) canvas.fillRect(0, Math.round(yOf(at, pitch - 1)), at.width, 1);
  }
  canvas.fillRect(0, at.ruler - 1, at.width, 1);
  if (at.lanes[0] && at.rollHeight) canvas.fillRect(0, at.lanes[0].y - 4, at.width, 1);
}

/** @param {Canvas} canvas @param {Section} section @param {Layout} at @param {Ink} ink */
function drawRuler(canvas, section, at, ink) {
  const barWidth = at.perBar * at.perBeat;
  const every = barWidth > 22 ? 1 : barWidth > 11 ? 2 : 4;
  canvas.textBaseline = "top";
  for (let bar = 1; bar <= at.bars; bar++) {
    if ((bar - 1) % every) continue;
    canvas.font = "600 11px system-ui, sans-serif";
    canvas.fillStyle = ink.soft ?? "";
    canvas.fillText(String(bar), (bar - 1) * barWidth + 4, 4);
  }
  canvas.font = "600 11px system-ui, sans-serif";
  canvas.fillStyle = ink.text ?? "";
  for (const span of chordSpans(section.chords || section.request.chords, at.perBar, at.total)) {
    const room = (span.end - span.start) * at.perBeat - 6;
    const fits = room > LEAST_CHORD && canvas.measureText(span.name).width <= room * MOST_SQUEEZED;
    if (fits) canvas.fillText(span.name, span.start * at.perBeat + 4, 18, room);
  }
  at.parts.forEach((part, row) => {
    const y = RULER + row * STRIP;
    canvas.fillStyle = ink[part] ?? ink.soft ?? "";
    for (const bar of section.closed[part] ?? []) canvas.fillRect((bar - 1) * barWidth + 2, y, barWidth - 3, STRIP - 1);
  });
}

/** @param {Canvas} canvas @param {Note[]} notes @param {string} part @param {Layout} at @param {Ink} ink */
function drawNotes(canvas, notes, part, at, ink) {
  const lanes = new Map(at.lanes.map((lane) => [lane.pitch, lane]));
  canvas.fillStyle = ink[part] ?? ink.text ?? "";
  for (const note of notes) {
    canvas.globalAlpha = 0.45 + 0.55 * (note.velocity / 127);
    const x = note.start * at.perBeat;
    if (part === "drums") {
      const lane = lanes.get(note.pitch);
      if (lane) drawHit(canvas, x, lane, at.perBeat);
    } else {
      const width = Math.max(2, note.length * at.perBeat - 1);
      const height = Math.max(2.5, at.keyHeight - (at.keyHeight > 6 ? 1 : 0));
      canvas.beginPath();
      canvas.roundRect(x + 0.5, yOf(at, note.pitch), width, height, Math.min(2.5, height / 2, width / 2));
      canvas.fill();
    }
  }
  canvas.globalAlpha = 1;
}

/** @param {Canvas} canvas @param {number} x @param {Lane} lane @param {number} perBeat */
function drawHit(canvas, x, lane, perBeat) {
  const size = clamp(Math.min(lane.height - 3, perBeat * 0.42), 4, 14);
  const y = lane.y + lane.height / 2;
  canvas.beginPath();
  canvas.moveTo(x, y - size / 2);
  canvas.lineTo(x + size * 0.85, y);
  canvas.lineTo(x, y + size / 2);
  canvas.closePath();
  canvas.fill();
}

/**
 * Draws the gutter: names of parts, octaves and drums.
 * @param {Canvas} canvas
 * @param {Layout} at
 * @param {Ink} ink
 */
export function drawGutter(canvas, at, ink) {
  canvas.clearRect(0, 0, GUTTER, at.height);
  canvas.fillStyle = ink.panel ?? "";
  canvas.fillRect(0, 0, GUTTER, at.height);
  canvas.textBaseline = "middle";
  canvas.textAlign = "right";
  canvas.font = "11px system-ui, sans-serif";
  const keys = 18;
  for (let pitch = at.low; pitch <= at.high && at.rollHeight; pitch++) {
    const y = yOf(at, pitch);
    canvas.fillStyle = (isBlackKey(pitch) ? ink.keyBlack : ink.keyWhite) ?? "";
    canvas.fillRect(GUTTER - keys, y, keys, Math.max(1, at.keyHeight - 0.5));
    if (pitch % 12 !== 0) continue;
    canvas.fillStyle = ink.soft ?? "";
    canvas.fillText(pitchName(pitch), GUTTER - keys - 6, y + at.keyHeight / 2);
  }
  canvas.fillStyle = ink.soft ?? "";
  for (const lane of at.lanes) canvas.fillText(lane.name, GUTTER - 6, lane.y + lane.height / 2, GUTTER - 10);
  canvas.textAlign = "left";
  canvas.fillStyle = ink.soft ?? "";
  canvas.fillText("Bar", 8, 10);
  canvas.fillStyle = ink.beat ?? "";
  canvas.fillRect(0, at.ruler - 1, GUTTER, 1);
  canvas.fillRect(GUTTER - 1, 0, 1, at.height);
}

/**
 * The roll in words, for those who can't see it.
 * @param {Section} section
 */
export function describeRoll(section) {
  const { bars, meter } = shapeOf(section);
  const parts = partsOf(section).map((part) => `${part} ${section.closed[part]?.length ?? 0} of ${bars} bars, ${section.notes[part]?.length ?? 0} notes`);
  return `Piano roll of ${section.id} in ${meter.n}/${meter.d}: ${parts.join("; ") || "nothing yet"}.`;
}
