/**
 * The words of music: beats and bars, names of notes, drums and parts.
 *
 * A beat is a quarter note in every metre, bars count from 1, beats from 0. Pure; the server's own arithmetic is exact, this one
 * is for the eye.
 *
 *     barAt(7, { n: 7, d: 8 })     // { bar: 3, beat: 0, pulse: 1 }
 *
 * @typedef {{ n: number, d: number }} Meter
 * @typedef {{ start: number, end: number, name: string }} ChordSpan  in beats
 */

export const PARTS = ["drums", "bass", "harmony", "melody", "texture"];

const NATURALS = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** General MIDI's percussion, the part of it that people use. */
const DRUMS = new Map([
  [35, "Kick 2"], [36, "Kick"], [37, "Rim"], [38, "Snare"], [39, "Clap"], [40, "Snare 2"], [41, "Floor tom 2"], [42, "Closed hat"],
  [43, "Floor tom"], [44, "Pedal hat"], [45, "Low tom"], [46, "Open hat"], [47, "Mid tom 2"], [48, "Mid tom"], [49, "Crash"],
  [50, "High tom"], [51, "Ride"], [52, "China"], [53, "Ride bell"], [54, "Tambourine"], [55, "Splash"], [56, "Cowbell"],
  [57, "Crash 2"], [59, "Ride 2"], [60, "Hi bongo"], [61, "Low bongo"], [62, "Mute conga"], [63, "Open conga"], [64, "Low conga"],
  [65, "Hi timbale"], [66, "Low timbale"], [67, "Hi agogo"], [68, "Low agogo"], [69, "Cabasa"], [70, "Maracas"], [73, "Short guiro"],
  [74, "Long guiro"], [75, "Claves"], [76, "Hi block"], [77, "Low block"], [78, "Mute cuica"], [79, "Open cuica"], [80, "Mute triangle"],
  [81, "Open triangle"], [82, "Shaker"],
]);

/** @param {number} pitch */
export function drumName(pitch) {
  return DRUMS.get(pitch) ?? `Drum ${pitch}`;
}

/** The name of a MIDI pitch, 60 is C4. @param {number} pitch */
export function pitchName(pitch) {
  return `${NATURALS[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

/** @param {number} pitch */
export function isBlackKey(pitch) {
  return [1, 3, 6, 8, 10].includes(pitch % 12);
}

/**
 * A metre from its text; 4/4 where the text is none.
 * @param {unknown} text
 * @returns {Meter}
 */
export function parseMeter(text) {
  const found = /^(\d{1,2})\/(\d{1,2})$/.exec(String(text ?? "").trim());
  const n = Number(found?.[1]);
  const d = Number(found?.[2]);
  return n >= 1 && n <= 16 && [2, 4, 8, 16].includes(d) ? { n, d } : { n: 4, d: 4 };
}

/** Quarters in a bar. @param {Meter} meter */
export function beatsPerBar(meter) {
  return (meter.n * 4) / meter.d;
}

/** Notes sit on 960ths of a beat; without this a note on the line might fall before it by a rounding. */
const GRID = 960;

/**
 * The bar that a beat lies in.
 * @param {number} beat
 * @param {number} perBar  quarters in a bar
 */
export function barOf(beat, perBar) {
  return Math.floor(Math.round(beat * GRID) / Math.round(perBar * GRID)) + 1;
}

/**
 * Where a beat lies: its bar, the quarters since the bar's line, and the pulse of the metre (eighths in 7/8), from 1.
 * @param {number} beat
 * @param {Meter} meter
 */
export function barAt(beat, meter) {
  const perBar = beatsPerBar(meter);
  const bar = barOf(beat, perBar);
  const within = Math.max(0, beat - (bar - 1) * perBar);
  return { bar, beat: within, pulse: Math.floor((within * meter.d) / 4 + 1e-6) + 1 };
}

/**
 * Seconds of so many beats.
 * @param {number} beats
 * @param {number} bpm
 */
export function secondsOf(beats, bpm) {
  return (beats * 60) / bpm;
}

/**
 * The chords over a section: one a bar, or `Am/2` in beats; repeating, the last one cut at the end.
 * @param {unknown} text
 * @param {number} perBar
 * @param {number} total  beats of the section
 * @returns {ChordSpan[]}
 */
export function chordSpans(text, perBar, total) {
  const words = String(text ?? "").split(/\s+/).filter(Boolean);
  /** @type {ChordSpan[]} */
  const spans = [];
  if (!words.length) return spans;
  for (let at = 0, i = 0; at < total && spans.length < 1024; i++) {
    const word = /** @type {string} */ (words[i % words.length]);
    const timed = /^(.*)\/(\d+(?:\.\d+)?)$/.exec(word);
    const length = timed ? Number(timed[2]) : perBar;
    if (!(length > 0)) break;
    spans.push({ start: at, end: Math.min(total, at + length), name: timed ? /** @type {string} */ (timed[1]) : word });
    at += length;
  }
  return spans;
}

/** @param {number} seconds */
export function clockText(seconds) {
  const whole = Math.max(0, seconds);
  return `${Math.floor(whole / 60)}:${String(Math.floor(whole % 60)).padStart(2, "0")}`;
}

/** "about 12 s", "about 3 min". @param {number} seconds */
export function aboutTime(seconds) {
  return seconds < 90 ? `about ${Math.max(1, Math.round(seconds))} s` : `about ${Math.round(seconds / 60)} min`;
}

/** @param {number} value */
export function bpmText(value) {
  return String(Math.round(Number(value) * 1000) / 1000);
}

/** "1 bar", "8 bars". @param {number} count @param {string} word */
export function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
