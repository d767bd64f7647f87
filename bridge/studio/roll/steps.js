/**
 * Going through the notes by steps, for those who don't point at them: from note to note in time, and from part to part at the same
 * time; and each note in words. Pure.
 *
 *     noteText({ part: "bass", note }, section)   // "bass A1, bar 2 beat 3, 0.5 beats long"
 *
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../state/sections.js").Note} Note
 * @typedef {{ part: string, note: Note }} Place
 * @typedef {"next" | "before" | "up" | "down" | "first" | "last"} Step  `up` goes to the part that lies higher: drums, bass, harmony, melody
 */

import { barAt, drumName, pitchName } from "../music.js";
import { partsOf, shapeOf } from "../state/sections.js";

/**
 * The note that a step leads to; null where there are no notes. Without a note to begin at, it begins at the bar given.
 * @param {Section} section
 * @param {Place | null} from
 * @param {Step} step
 * @param {{ hidden?: ReadonlySet<string>, bar?: number }} [look]  parts put aside are passed over
 * @returns {Place | null}
 */
export function stepped(section, from, step, look = {}) {
  const { hidden, bar = 1 } = look;
  const parts = partsOf(section).filter((part) => !hidden?.has(part) && section.notes[part]?.length);
  const at = from && parts.includes(from.part) ? parts.indexOf(from.part) : -1;
  if (!from || at < 0) return nearest(section, parts.at(-1), (bar - 1) * shapeOf(section).perBar);
  if (step === "up" || step === "down") return nearest(section, parts[at + (step === "up" ? 1 : -1)], from.note.start) ?? from;
  const notes = inTime(section, from.part);
  const here = notes.findIndex((note) => isSame(note, from.note));
  const wanted = { next: here + 1, before: here - 1, first: 0, last: notes.length - 1 }[step];
  const note = notes[Math.min(notes.length - 1, Math.max(0, wanted))];
  return note ? { part: from.part, note } : null;
}

/** @param {Section} section @param {string} part @returns {Note[]} */
function inTime(section, part) {
  return [...(section.notes[part] ?? [])].sort((a, b) => a.start - b.start || a.pitch - b.pitch);
}

/** The first note of a part from a beat on, else its last one. @param {Section} section @param {string | undefined} part @param {number} beat */
function nearest(section, part, beat) {
  if (part === undefined) return null;
  const notes = inTime(section, part);
  const note = notes.find(({ start }) => start >= beat - 1e-6) ?? notes.at(-1);
  return note ? { part, note } : null;
}

/** Bars that are told again come as other objects. @param {Note} one @param {Note} other */
function isSame(one, other) {
  return one.start === other.start && one.pitch === other.pitch;
}

/**
 * A note in words: what it is first, then where, as the counter at the top counts.
 * @param {Place} place
 * @param {Section} section
 */
export function noteText({ part, note }, section) {
  const { meter } = shapeOf(section);
  const { bar, beat } = barAt(note.start, meter);
  const units = (/** @type {number} */ quarters) => Math.round(((quarters * meter.d) / 4) * 100) / 100;
  const where = `${part} ${part === "drums" ? drumName(note.pitch) : pitchName(note.pitch)}, bar ${bar} beat ${units(beat) + 1}`;
  const long = units(note.length);
  return part === "drums" ? where : `${where}, ${long} beat${long === 1 ? "" : "s"} long`;
}
