/**
 * What the others play live, heard as plain tones while their notes are held. One's own notes sound when they are played, and an
 * accompaniment has its own way in (`sound/along.js`).
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../sound/output.js").Output} Output
 * @typedef {Record<string, any>} Message
 */

import { tone } from "../sound/tone.js";

/** More than this at once is noise. */
const MOST = 64;

export class Others {
  hearing = true;
  /** @type {Map<string, import("../sound/tone.js").Tone>} */
  #sounding = new Map();
  #output;

  /** @param {Studio} studio @param {Output} output @param {(note: Message) => void} heard  called with each note of somebody else */
  constructor(studio, output, heard) {
    this.#output = output;
    studio.store.hear((message, state) => {
      if (message.type === "live.note" && message.member !== state.me.member && !message.shown) {
        heard(message);
        this.#take(message);
      } else if (message.type === "session.members" || message.type === "page.connection") {
        for (const key of this.#sounding.keys()) if (state.members[key.split("|")[0] ?? ""]?.status !== "present") this.#end(key);
      }
    });
  }

  get voices() {
    return this.#sounding.size;
  }

  /** @param {Message} note */
  #take({ member, part, pitch, velocity }) {
    const key = `${member}|${part}|${pitch}`;
    this.#end(key);
    const { context, out, running } = this.#output;
    if (!velocity || !this.hearing || !running || !context || !out || this.#sounding.size >= MOST) return;
    this.#sounding.set(key, tone(context, out, { part, pitch, velocity }, context.currentTime));
  }

  /** @param {string} key */
  #end(key) {
    const sounding = this.#sounding.get(key);
    this.#sounding.delete(key);
    if (sounding && key.split("|")[1] !== "drums") sounding.end(this.#output.context?.currentTime ?? 0);
  }

  hush() {
    for (const key of this.#sounding.keys()) this.#end(key);
  }
}
