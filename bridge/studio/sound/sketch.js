/**
 * The sketch: notes heard as plain tones, before their stems come or where there are none. One note that is touched, or a section
 * from its first bar or from some bars of it, again and again; what is written meanwhile is heard as soon as it is there.
 *
 * @typedef {import("./output.js").Output} Output
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../state/sections.js").Note} Note
 * @typedef {{ key: string, from: number, until: number, began_s: number, told: number }} Going  beats of the section; `told` is how far tones are made
 */

import { secondsOf } from "../music.js";
import { shapeOf } from "../state/sections.js";
import { localUs } from "../time.js";
import { tone } from "./tone.js";

const LEAD_S = 0.06;
/** Tones are made this far ahead, this often: a tab in the background is woken once a second. */
const AHEAD_S = 1.2;
const TICK_MS = 100;
/** What comes later than this after its time is not heard: it would be out of time. */
const LATE_S = 0.1;
/** A touched note sounds no longer than this. */
const TOUCHED_S = 0.7;

export class Sketch {
  /** @type {Going | null} */
  #going = null;
  /** @type {Set<import("./tone.js").Tone>} */
  #sounding = new Set();
  #output;
  #sectionOf;
  /** @type {ReadonlySet<string>} */
  hidden = new Set();

  /** @param {Output} output @param {(key: string) => Section | undefined} sectionOf */
  constructor(output, sectionOf) {
    this.#output = output;
    this.#sectionOf = sectionOf;
    setInterval(() => this.#tell(), TICK_MS);
  }

  /** The section that is heard; empty where there is none. */
  get playing() {
    return this.#going?.key ?? "";
  }

  /** Tones that sound or wait for their time. */
  get voices() {
    return this.#sounding.size;
  }

  /** One note, at once. @param {string} part @param {Note} note @param {number} bpm */
  async touch(part, note, bpm) {
    await this.#output.enable();
    const { context } = this.#output;
    if (context) this.#tone(part, note, context.currentTime + 0.005, Math.min(TOUCHED_S, secondsOf(note.length, bpm)));
  }

  /**
   * Plays a section, or some bars of it, until `stop`.
   * @param {Section} section
   * @param {{ from: number, to: number } | null} bars
   * @param {number} [at]  beats after the beginning of what is played, to begin at
   */
  async play(section, bars, at = 0) {
    await this.#output.enable();
    this.stop();
    const { context } = this.#output;
    if (!context) return;
    const { perBar, total, bpm } = shapeOf(section);
    const from = bars ? (bars.from - 1) * perBar : 0;
    this.#going = { key: section.key, from, until: bars ? bars.to * perBar : total, began_s: context.currentTime + LEAD_S - secondsOf(at, bpm), told: at };
    this.#tell();
  }

  stop() {
    this.#going = null;
    const now_s = this.#output.context?.currentTime ?? 0;
    for (const one of this.#sounding) one.end(now_s);
    this.#sounding.clear();
  }

  /** Where in the section the sketch is, in seconds; null where it is silent. @param {Section} section */
  position(section) {
    const going = this.#going;
    if (!going || going.key !== section.key || !this.#output.context) return null;
    const { bpm } = shapeOf(section);
    const passed_s = this.#output.contextTime(localUs()) - going.began_s;
    return passed_s < 0 ? null : secondsOf(going.from, bpm) + (passed_s % secondsOf(going.until - going.from, bpm));
  }

  /** Makes the tones of the next second. */
  #tell() {
    const going = this.#going;
    const { context } = this.#output;
    if (!going || !context) return;
    const section = this.#sectionOf(going.key);
    if (!section) return this.stop();
    const { bpm } = shapeOf(section);
    const long = going.until - going.from;
    const until = ((context.currentTime + AHEAD_S - going.began_s) * bpm) / 60;
    for (const [part, notes] of Object.entries(section.notes)) {
      if (this.hidden.has(part)) continue;
      for (const note of notes) {
        if (note.start < going.from || note.start >= going.until) continue;
        const first = note.start - going.from;
        for (let round = Math.max(0, Math.ceil((going.told - first) / long)); first + round * long < until; round++) {
          this.#tone(part, note, going.began_s + secondsOf(first + round * long, bpm), secondsOf(note.length, bpm));
        }
      }
    }
    going.told = Math.max(going.told, until);
  }

  /** @param {string} part @param {Note} note @param {number} at_s @param {number} lasts_s */
  #tone(part, note, at_s, lasts_s) {
    const { context, out } = this.#output;
    if (!context || !out || at_s < context.currentTime - LATE_S) return;
    const made = tone(context, out, { part, pitch: note.pitch, velocity: note.velocity }, Math.max(at_s, context.currentTime), Math.max(0.03, lasts_s));
    this.#sounding.add(made);
    made.source.onended = () => this.#sounding.delete(made);
  }
}
