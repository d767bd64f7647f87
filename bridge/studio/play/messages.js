/**
 * MIDI messages and the computer's keys as notes. Pure.
 *
 *     readMessage([0x90, 60, 100])   // { pitch: 60, velocity: 100 }, velocity 0 ends it; null for what is no note
 *
 * @typedef {{ pitch: number, velocity: number }} Touch
 */

/** Channels from 0, as in the MIDI files of takes. @type {Record<string, number>} */
const CHANNELS = { drums: 9, bass: 0, harmony: 1, melody: 2, texture: 3 };
const NOTE_OFF = 0x80;
const NOTE_ON = 0x90;
const CONTROL = 0xb0;
const ALL_NOTES_OFF = 123;

/** Two rows of a keyboard as a piano, from C on; by the place of the key, whatever letter is on it. */
const PIANO = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK", "KeyO", "KeyL", "KeyP", "Semicolon"];
/** Drums as pads, by General MIDI, and the keys that strike them. */
export const PADS = /** @type {const} */ ([
  [36, "Kick", "KeyA"], [38, "Snare", "KeyS"], [42, "Hat", "KeyD"], [46, "Open hat", "KeyF"],
  [39, "Clap", "KeyG"], [45, "Low tom", "KeyH"], [50, "High tom", "KeyJ"], [49, "Crash", "KeyK"],
]);

/** @param {ArrayLike<number>} data @returns {Touch | null} */
export function readMessage(data) {
  const kind = (data[0] ?? 0) & 0xf0;
  const pitch = data[1] ?? 0;
  const velocity = data[2] ?? 0;
  if (data.length < 3 || pitch > 127 || velocity > 127) return null;
  if (kind === NOTE_ON) return { pitch, velocity };
  return kind === NOTE_OFF ? { pitch, velocity: 0 } : null;
}

/** @param {string} part @param {number} pitch @param {number} velocity */
export function messageOf(part, pitch, velocity) {
  return [(velocity ? NOTE_ON : NOTE_OFF) | (CHANNELS[part] ?? 0), pitch, velocity];
}

/** Ends whatever sounds of a part. @param {string} part */
export function silenceOf(part) {
  return [CONTROL | (CHANNELS[part] ?? 0), ALL_NOTES_OFF, 0];
}

/**
 * The pitch that a key of the computer means; null for a key that means none.
 * @param {string} code
 * @param {string} part
 * @param {number} octave  that the row begins in, 4 is middle C's
 */
export function pitchOfKey(code, part, octave) {
  if (part === "drums") return PADS.find(([, , key]) => key === code)?.[0] ?? null;
  const step = PIANO.indexOf(code);
  const pitch = (octave + 1) * 12 + step;
  return step < 0 || pitch > 127 ? null : pitch;
}

/**
 * The notes of a section that begin in a span of a performance, with the rounds of a loop laid one after the other.
 * @param {import("../state/sections.js").Note[]} notes
 * @param {number} from  beats since its beginning
 * @param {number} until
 * @param {number} total  beats of the section
 * @param {boolean} loop
 * @returns {{ at: number, note: import("../state/sections.js").Note }[]}
 */
export function notesBetween(notes, from, until, total, loop) {
  const found = [];
  for (const note of notes) {
    const first = loop ? Math.max(0, Math.ceil((from - note.start) / total)) : 0;
    for (let round = first; note.start + round * total < until && (loop || round === 0); round++) {
      const at = note.start + round * total;
      if (at >= from) found.push({ at, note });
    }
  }
  return found.sort((a, b) => a.at - b.at);
}
