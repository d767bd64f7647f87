/**
 * Stems as samples, fetched when first needed and kept while there is room.
 *
 * A stem is known by its section and part; where it lies changes when the section becomes a take, what it holds does not.
 *
 * @typedef {import("../api.js").Api} Api
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {{ buffer: AudioBuffer | null, failed: string, used: number, coming: Promise<void> }} Held
 */

import { ownPath } from "../api.js";

/** Decoded samples kept at most, on a phone and elsewhere; a section of eight bars with four stems takes about 25 MB. */
const MAX_BYTES = matchMedia("(pointer: coarse)").matches ? 120_000_000 : 400_000_000;

export class StemShelf {
  /** @type {Map<string, Held>} */
  #held = new Map();
  #uses = 0;
  #decode;
  #changed;

  /**
   * @param {(bytes: ArrayBuffer) => Promise<AudioBuffer>} decode
   * @param {() => void} changed  called when a stem has come, or has failed to
   */
  constructor(decode, changed) {
    this.#decode = decode;
    this.#changed = changed;
  }

  /** The parts of a section that have sound of their own. @param {Section} section */
  static parts(section) {
    return Object.keys(section.stems).filter((part) => part !== "mix");
  }

  /** @param {Section} section @param {string} part @returns {AudioBuffer | null} */
  buffer(section, part) {
    return this.#held.get(`${section.key}|${part}`)?.buffer ?? null;
  }

  /** Why a stem is not there, in a sentence. @param {Section} section @param {string} part */
  failure(section, part) {
    return this.#held.get(`${section.key}|${part}`)?.failed ?? "";
  }

  /** Sees to it that a section's stems come; done when they are here or have failed. @param {Api} api @param {Section} section */
  async load(api, section) {
    await Promise.all(StemShelf.parts(section).map((part) => this.#loadOne(api, section, part)));
  }

  /** @param {Api} api @param {Section} section @param {string} part */
  #loadOne(api, section, part) {
    const name = `${section.key}|${part}`;
    const before = this.#held.get(name);
    this.#uses += 1;
    if (before && !before.failed) {
      before.used = this.#uses;
      return before.coming;
    }
    /** @type {Held} */
    const held = { buffer: null, failed: "", used: this.#uses, coming: Promise.resolve() };
    this.#held.set(name, held);
    held.coming = this.#fill(held, api, section, part);
    return held.coming;
  }

  /** @param {Held} held @param {Api} api @param {Section} section @param {string} part */
  async #fill(held, api, section, part) {
    const url = section.stems[part]?.url;
    const path = section.take ? api.takePath(section.take, `stems/${encodeURIComponent(part)}.wav`) : url ? ownPath(url) : "";
    try {
      if (!path) throw new Error("it has no address yet");
      held.buffer = await this.#decode(await api.bytes(path));
    } catch (error) {
      held.failed = `This stem could not be loaded: ${error instanceof Error ? error.message : error}`;
    }
    this.#makeRoom();
    this.#changed();
  }

  #makeRoom() {
    const size = (/** @type {Held} */ held) => (held.buffer ? held.buffer.length * held.buffer.numberOfChannels * 4 : 0);
    const all = [...this.#held].sort(([, a], [, b]) => a.used - b.used);
    let total = all.reduce((sum, [, held]) => sum + size(held), 0);
    for (const [name, held] of all.slice(0, -8)) {
      if (total <= MAX_BYTES) return;
      total -= size(held);
      this.#held.delete(name);
    }
  }
}
