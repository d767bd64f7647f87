/**
 * Two takes heard in turns, A and B: both run from the same beat, again and again, and one of them is loud. Where their tempos
 * agree, changing over is a fade of both; where not, the other one is taken up at the beat that the first has come to. A take
 * without stems is heard as a sketch.
 *
 * @typedef {import("./player.js").Player} Player
 * @typedef {import("./sketch.js").Sketch} Sketch
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {"a" | "b"} Side
 */

import { secondsOf } from "../music.js";
import { shapeOf } from "../state/sections.js";
import { localUs } from "../time.js";
import { gains } from "./levels.js";
import { durationOf } from "./player.js";
import { StemShelf } from "./stemshelf.js";
import { Voice } from "./voice.js";

const LEAD_S = 0.06;

export class Turns {
  /** @type {Side} */
  side = "a";
  /** @type {Record<Side, Section> | null} */
  #pair = null;
  /** @type {Partial<Record<Side, Voice>>} */
  #voices = {};
  #player;
  #sketch;

  /** @param {Player} player @param {Sketch} sketch */
  constructor(player, sketch) {
    this.#player = player;
    this.#sketch = sketch;
  }

  get playing() {
    return this.#pair !== null;
  }

  /** @param {Section} a @param {Section} b */
  async play(a, b) {
    await this.#player.enable();
    await Promise.all([this.#player.load(a), this.#player.load(b)]);
    this.stop();
    this.#player.stepAside(true);
    this.#pair = { a, b };
    this.#start(0);
  }

  stop() {
    for (const voice of Object.values(this.#voices)) voice.stop();
    this.#voices = {};
    if (!this.#pair) return;
    this.#pair = null;
    this.#sketch.stop();
    this.#player.stepAside(false);
  }

  /** Changes over, in time. @param {Side} side */
  turn(side) {
    if (side === this.side) return;
    const beat = this.beat();
    this.side = side;
    if (!this.#pair) return;
    const { a, b } = this.#pair;
    const both = this.#voices.a && this.#voices.b;
    if (both && shapeOf(a).bpm === shapeOf(b).bpm) return this.#level();
    for (const voice of Object.values(this.#voices)) voice.stop();
    this.#start(beat);
  }

  /** The beat that is heard just now, counted from the first round. */
  beat() {
    const one = this.#pair?.[this.side];
    const seconds = one ? this.position(this.side) : null;
    return one && seconds !== null ? (seconds * shapeOf(one).bpm) / 60 : 0;
  }

  /** Where in one of the two the sound is, in seconds; null where it is silent. @param {Side} side */
  position(side) {
    const one = this.#pair?.[side];
    const { context } = this.#player.output;
    if (!one || !context) return null;
    const voice = this.#voices[side];
    return voice ? voice.positionAt(this.#player.output.contextTime(localUs())) : this.#sketch.position(one);
  }

  /** @param {number} beat  where to begin */
  #start(beat) {
    const pair = this.#pair;
    const { context, out } = this.#player.output;
    if (!pair || !context || !out) return;
    this.#voices = {};
    this.#sketch.stop();
    const at_s = context.currentTime + LEAD_S; // once: it may move on between the two
    for (const side of /** @type {Side[]} */ (["a", "b"])) {
      const one = pair[side];
      const { bpm, total } = shapeOf(one);
      const parts = StemShelf.parts(one).filter((part) => this.#player.shelf.buffer(one, part));
      if (!parts.length) continue;
      const began_s = at_s - secondsOf(beat % total, bpm);
      const voice = new Voice(context, out, { began_s, duration_s: durationOf(one), loop: true });
      const levels = gains({}, parts, side === this.side ? 1 : 0);
      for (const part of parts) voice.add(part, /** @type {AudioBuffer} */ (this.#player.shelf.buffer(one, part)), levels[part] ?? 0);
      this.#voices[side] = voice;
    }
    const loud = pair[this.side];
    if (!this.#voices[this.side]) void this.#sketch.play(loud, null, beat % shapeOf(loud).total);
  }

  #level() {
    for (const [side, voice] of Object.entries(this.#voices)) {
      const one = /** @type {Record<string, Section>} */ (this.#pair)[side];
      if (one) voice.setLevels(gains({}, StemShelf.parts(one), side === this.side ? 1 : 0));
    }
  }
}
