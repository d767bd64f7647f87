/**
 * What can be heard and seen of a section's parts while their stems are made: a stand-in to listen to, and the outline of what
 * is played in its place, as it comes.
 *
 * A preview is a WAV of 16 bits that streams from the server and ends when it is made. The stand-in is in time from its first
 * sample on, so that is what one hears until the stem is final; what a model plays is neither held to its notes yet nor judged,
 * and is only drawn. Everything here is let go when the section is over.
 *
 *     shelf.follow(api, section);   shelf.buffer(section, "bass");   shelf.outline(section, "bass");
 *
 * @typedef {import("../api.js").Api} Api
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {{ version: number, columns: Float32Array, share: number }} Outline  the peaks so far, and how much of it has come
 */

import { ownPath } from "../api.js";
import { isOver } from "../state/sections.js";

/** An outline has so many columns. */
export const COLUMNS = 600;
const HEAD_BYTES = 44;
const STAND_IN = "sampler";

export class PreviewShelf {
  /** @type {Map<string, AudioBuffer | null>} */
  #buffers = new Map();
  /** @type {Map<string, Outline>} */
  #outlines = new Map();
  #decode;
  #changed;

  /**
   * @param {(bytes: ArrayBuffer) => Promise<AudioBuffer>} decode
   * @param {() => void} changed  called when more has come
   */
  constructor(decode, changed) {
    this.#decode = decode;
    this.#changed = changed;
  }

  /** The stand-in of a part, once it is whole. @param {Section} section @param {string} part @returns {AudioBuffer | null} */
  buffer(section, part) {
    return this.#buffers.get(`${section.key}|${part}`) ?? null;
  }

  /** What is being played in its place. @param {Section} section @param {string} part @returns {Outline | null} */
  outline(section, part) {
    return this.#outlines.get(`${section.key}|${part}`) ?? null;
  }

  /** Sees to it that what there is comes. @param {Api} api @param {Section} section */
  follow(api, section) {
    for (const [part, preview] of Object.entries(section.previews)) {
      const name = `${section.key}|${part}`;
      if (!this.#buffers.has(name)) {
        this.#buffers.set(name, null);
        void this.#standIn(api, name, preview.url);
      }
      const known = this.#outlines.get(name);
      if (preview.by !== STAND_IN && (known?.version ?? 0) < preview.version) {
        const outline = { version: preview.version, columns: new Float32Array(COLUMNS), share: 0 };
        this.#outlines.set(name, outline);
        void this.#draw(api, name, preview, outline);
      }
    }
  }

  /** Lets go of what is over or final. @param {Record<string, Section>} sections */
  tidy(sections) {
    for (const name of [...this.#buffers.keys(), ...this.#outlines.keys()]) {
      const cut = name.lastIndexOf("|");
      const section = sections[name.slice(0, cut)];
      if (section && !isOver(section) && !section.stems[name.slice(cut + 1)]) continue;
      this.#buffers.delete(name);
      this.#outlines.delete(name);
    }
  }

  /** @param {Api} api @param {string} name @param {string} url */
  async #standIn(api, name, url) {
    try {
      const buffer = await this.#decode(await api.bytes(`${ownPath(url)}?by=${STAND_IN}`));
      if (!this.#buffers.has(name)) return;
      this.#buffers.set(name, buffer);
      this.#changed();
    } catch {
      // over before it was here: the stem comes, or the section says why not
    }
  }

  /** @param {Api} api @param {string} name @param {{ url: string, of: number }} preview @param {Outline} outline */
  async #draw(api, name, preview, outline) {
    try {
      const reader = (await api.stream(ownPath(preview.url))).getReader();
      const frames = new Frames(preview.of);
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        if (this.#outlines.get(name) !== outline || !frames.draw(value, outline)) return void reader.cancel();
        this.#changed();
      }
    } catch {
      // as above
    }
  }
}

/** Reads the bytes of such a WAV, however they are cut, into columns of peaks. */
export class Frames {
  #of;
  #head = new Uint8Array(HEAD_BYTES);
  #left = new Uint8Array(0);
  #bytes = 0;
  #channels = 0;

  /** @param {number} of  frames of the whole */
  constructor(of) {
    this.#of = Math.max(1, of);
  }

  /**
   * Draws what has come; false where it is no such WAV.
   * @param {Uint8Array} bytes
   * @param {Outline} outline
   */
  draw(bytes, outline) {
    let from = 0;
    if (this.#bytes < HEAD_BYTES) {
      from = Math.min(bytes.length, HEAD_BYTES - this.#bytes);
      this.#head.set(bytes.subarray(0, from), this.#bytes);
      if (this.#bytes + from === HEAD_BYTES) {
        const head = new DataView(this.#head.buffer);
        this.#channels = head.getUint16(22, true);
        if (head.getUint16(34, true) !== 16 || !this.#channels) return false;
      }
    }
    const whole = new Uint8Array(this.#left.length + bytes.length - from);
    whole.set(this.#left);
    whole.set(bytes.subarray(from), this.#left.length);
    const frame_bytes = 2 * this.#channels;
    const first = this.#channels ? (this.#bytes + from - HEAD_BYTES - this.#left.length) / frame_bytes : 0;
    const frames = this.#channels ? Math.floor(whole.length / frame_bytes) : 0;
    const view = new DataView(whole.buffer);
    for (let i = 0; i < frames * this.#channels; i++) {
      const column = Math.min(COLUMNS - 1, Math.floor(((first + Math.floor(i / this.#channels)) * COLUMNS) / this.#of));
      outline.columns[column] = Math.max(outline.columns[column] ?? 0, Math.abs(view.getInt16(2 * i, true)) / 32768);
    }
    this.#left = whole.slice(frames * frame_bytes);
    this.#bytes += bytes.length;
    outline.share = Math.min(1, (first + frames) / this.#of);
    return true;
  }
}
