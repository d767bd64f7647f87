/**
 * The piano roll as geometry: where each beat, pitch and drum lies, and what lies under a finger. No document, no clock.
 *
 * A ruler on top (bars, chords, and a strip for each part that fills as its bars are written), pitches below it, drums at the
 * bottom in lanes with names. Time runs in beats, so any metre draws alike. The ruler stays where it is; what is below scrolls.
 *
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../state/sections.js").Note} Note
 * @typedef {import("./zoom.js").Zoom} Zoom
 * @typedef {{ y: number, height: number, pitch: number, name: string }} Lane
 * @typedef {{
 *   width: number, height: number, perBeat: number, total: number, perBar: number, bars: number, pulse: number, parts: string[], low: number,
 *   high: number, ruler: number, rollTop: number, rollHeight: number, keyHeight: number, lanes: Lane[], type: number
 * }} Layout  `type` is how many times the usual size letters have
 */

import { drumName } from "../music.js";
import { nameOf, partsOf, shapeOf } from "../state/sections.js";

/** Sizes in pixels, at the usual size of letters. */
export const RULER = 34;
/** Height of a part's strip in the ruler. */
export const STRIP = 4;
const LEAST_LANE = 11;
const MOST_LANE = 18;
const LEAST_OCTAVES = 2;
export const GUTTER = 84;
/** Drums that are shown before any has come, so that the lanes don't jump at once. */
const USUAL_DRUMS = [36, 38, 42, 46];
/** A finger may miss a note by so much. */
const REACH_PX = 3;

/**
 * @param {Section} section
 * @param {number} width  of the visible part, without the gutter
 * @param {number} height
 * @param {Zoom} zoom
 * @param {number} [type]
 * @returns {Layout}
 */
export function layout(section, width, height, zoom, type = 1) {
  const { meter, perBar, bars, total } = shapeOf(section);
  const parts = partsOf(section).filter((part) => part !== "texture");
  const perBeat = Math.max((width / total) * zoom.across, 2);
  const ruler = RULER * type + parts.length * STRIP + 3;
  const drums = parts.includes("drums") ? drumLanes(section.notes.drums ?? []) : [];
  const pitched = parts.some((part) => part !== "drums");
  const room = (height - ruler) * zoom.tall;
  const most = (pitched ? MOST_LANE : 40) * type * zoom.tall;
  const laneHeight = drums.length ? clamp((room * (pitched ? 0.4 : 1)) / drums.length, LEAST_LANE * type, most) : 0;
  const drumsHeight = drums.length * laneHeight;
  const rollHeight = pitched ? Math.max(60, room - drumsHeight - (drums.length ? 8 : 0)) : 0;
  const drumTop = pitched ? ruler + rollHeight + 8 : ruler;
  const { low, high } = pitchRange(section);
  const bottom = drums.length ? drumTop + drumsHeight : ruler + rollHeight;
  return {
    width: perBeat * total, height: Math.max(height, bottom), perBeat, total, perBar, bars, pulse: 4 / meter.d, parts, low, high, ruler,
    rollTop: ruler, rollHeight, keyHeight: rollHeight / (high - low + 1),
    lanes: drums.map((pitch, i) => ({ y: drumTop + i * laneHeight, height: laneHeight, pitch, name: drumName(pitch) })),
    type,
  };
}

/** @param {Note[]} notes */
function drumLanes(notes) {
  const used = new Set(notes.length ? notes.map((note) => note.pitch) : USUAL_DRUMS);
  return [...used].sort((a, b) => b - a);
}

/** @param {Section} section */
function pitchRange(section) {
  const pitches = Object.entries(section.notes).flatMap(([part, notes]) => (part === "drums" ? [] : notes.map((note) => note.pitch)));
  if (!pitches.length) return { low: 36, high: 83 };
  let low = Math.min(...pitches) - 2;
  let high = Math.max(...pitches) + 2;
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

/** The upper edge of a pitch's row. @param {Layout} at @param {number} pitch */
export function yOf(at, pitch) {
  return at.rollTop + (at.high - pitch) * at.keyHeight;
}

/** The bar under a place of the sheet. @param {Layout} at @param {number} x */
export function barAtX(at, x) {
  return clamp(Math.floor(x / at.perBeat / at.perBar) + 1, 1, at.bars);
}

/**
 * The note under a place of the sheet, the last drawn first; null where there is none.
 * @param {Section} section
 * @param {Layout} at
 * @param {number} x
 * @param {number} y
 * @param {ReadonlySet<string>} [hidden]  parts that can't be touched
 * @returns {{ part: string, note: Note } | null}
 */
export function noteAt(section, at, x, y, hidden = new Set()) {
  const lane = at.lanes.find((one) => y >= one.y && y < one.y + one.height);
  for (const part of [...at.parts].reverse()) {
    if (hidden.has(part) || (part === "drums") !== Boolean(lane)) continue;
    const note = (section.notes[part] ?? []).findLast((one) => (lane ? isHit(one, lane, at, x) : isUnder(one, at, x, y)));
    if (note) return { part, note };
  }
  return null;
}

/** @param {Note} note @param {Lane} lane @param {Layout} at @param {number} x */
function isHit(note, lane, at, x) {
  const from = note.start * at.perBeat;
  return note.pitch === lane.pitch && x >= from - REACH_PX && x <= from + hitSize(lane, at.perBeat) + REACH_PX;
}

/** @param {Note} note @param {Layout} at @param {number} x @param {number} y */
function isUnder(note, at, x, y) {
  const top = yOf(at, note.pitch);
  const near = Math.max(0, REACH_PX - at.keyHeight / 2);
  const from = note.start * at.perBeat;
  return y >= top - near && y <= top + at.keyHeight + near && x >= from - REACH_PX && x <= from + note.length * at.perBeat + REACH_PX;
}

/** How large a stroke is drawn. @param {Lane} lane @param {number} perBeat */
export function hitSize(lane, perBeat) {
  return clamp(Math.min(lane.height - 3, perBeat * 0.42), 4, 14);
}

/**
 * The roll in words, for those who can't see it.
 * @param {Section} section
 */
export function describeRoll(section) {
  const { bars, meter } = shapeOf(section);
  const parts = partsOf(section).map((part) => `${part} ${section.closed[part]?.length ?? 0} of ${bars} bars, ${section.notes[part]?.length ?? 0} notes`);
  return `Piano roll of ${section.take || nameOf(section)} in ${meter.n}/${meter.d}: ${parts.join("; ") || "nothing yet"}.`;
}
