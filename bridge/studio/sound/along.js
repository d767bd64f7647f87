/**
 * What plays along with somebody live: its notes come a beat before they sound, and are played here with plain tones.
 *
 * Each note has its end, and all of them fall silent when the accompaniment rests; nothing hangs. As they sound they are shown
 * like live notes, at the member who plays them.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("./output.js").Output} Output
 * @typedef {Record<string, any>} Message
 */

import { timeOfBeat } from "../time.js";
import { tone } from "./tone.js";

/** What comes later than this after its time is not played: it would be heard out of time. */
const LATE_S = 0.1;

export class Along {
  /** @type {Set<import("./tone.js").Tone>} */
  #sounding = new Set();
  /** @type {Set<ReturnType<typeof setTimeout>>} */
  #timers = new Set();
  #studio;
  #output;

  /** @param {Studio} studio @param {Output} output */
  constructor(studio, output) {
    this.#studio = studio;
    this.#output = output;
    studio.store.hear((message) => {
      if (message.type === "live.coming") this.#take(message);
      else if (message.type === "live.rested" || (message.type === "page.connection" && message.phase !== "joined")) this.#rest();
    });
  }

  /** Tones that sound or wait for their time. */
  get voices() {
    return this.#sounding.size;
  }

  /** @param {Message} note */
  #take(note) {
    const { clock, state } = this.#studio;
    const begins_us = Number(note.time_us ?? timeOfBeat(state.transports, note.start));
    const ends_us = Number(timeOfBeat(state.transports, note.start + note.length) ?? begins_us);
    const wait_s = (begins_us - clock.nowUs()) / 1e6;
    const lasts_s = Math.max(0.02, (ends_us - begins_us) / 1e6);
    if (!(wait_s > -LATE_S)) return;
    this.#show(note, note.velocity, wait_s);
    this.#show(note, 0, wait_s + lasts_s);
    if (this.#output.running) this.#sound(note, begins_us, lasts_s);
  }

  /** @param {Message} note @param {number} begins_us @param {number} lasts_s */
  #sound(note, begins_us, lasts_s) {
    const { context, out } = this.#output;
    if (!context || !out) return;
    const at_s = Math.max(context.currentTime, this.#output.contextTime(begins_us - this.#studio.clock.offset_us));
    const made = tone(context, out, { part: note.part, pitch: note.pitch, velocity: note.velocity }, at_s, lasts_s);
    made.source.onended = () => this.#sounding.delete(made);
    this.#sounding.add(made);
  }

  /** @param {Message} note @param {number} velocity @param {number} wait_s */
  #show({ member, part, pitch }, velocity, wait_s) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#studio.store.dispatch({ type: "live.note", member, part, pitch, velocity, shown: true });
    }, wait_s * 1000);
    this.#timers.add(timer);
  }

  #rest() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const now_s = this.#output.context?.currentTime ?? 0;
    for (const one of this.#sounding) one.end(now_s);
    this.#sounding.clear();
  }
}
