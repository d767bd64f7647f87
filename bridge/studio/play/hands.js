/**
 * What this person plays live: each note goes to the session as theirs, and sounds here at once, not when it comes back.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../sound/output.js").Output} Output
 */

import { tone } from "../sound/tone.js";

export class Hands {
  part = "";
  /** Notes held down, by pitch. @type {Map<number, { part: string, sound: import("../sound/tone.js").Tone | null }>} */
  #held = new Map();
  #studio;
  #output;

  /** @param {Studio} studio @param {Output} output */
  constructor(studio, output) {
    this.#studio = studio;
    this.#output = output;
    addEventListener("blur", () => this.releaseAll());
  }

  /** @param {number} pitch */
  holds(pitch) {
    return this.#held.has(pitch);
  }

  /** @param {number} pitch @param {number} velocity */
  press(pitch, velocity) {
    if (!this.part) return;
    if (this.#held.has(pitch)) this.release(pitch);
    const { context, out, running } = this.#output;
    const note = { part: this.part, pitch, velocity };
    const sound = running && context && out ? tone(context, out, note, context.currentTime) : null;
    this.#held.set(pitch, { part: this.part, sound });
    this.#studio.give({ type: "live.note", ...note }, "play");
  }

  /** @param {number} pitch */
  release(pitch) {
    const held = this.#held.get(pitch);
    if (!held) return;
    this.#held.delete(pitch);
    if (held.part !== "drums") held.sound?.end(this.#output.context?.currentTime ?? 0);
    this.#studio.give({ type: "live.note", part: held.part, pitch, velocity: 0 }, "play");
  }

  releaseAll() {
    for (const pitch of [...this.#held.keys()]) this.release(pitch);
  }
}
