/**
 * What goes out to a MIDI device: live notes of others as they come, and the notes of takes that sound, told a little ahead with the
 * times at which they are meant.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../sound/player.js").Player} Player
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {{ section: Section, began_ms: number, loop: boolean }} Heard  since when, by the page's clock
 */

import { shapeOf } from "../state/sections.js";
import { timeOfBeat } from "../time.js";
import { messageOf, notesBetween, silenceOf } from "./messages.js";

const TICK_MS = 60;
/** Told so far ahead; what was told can't be taken back. */
const AHEAD_MS = 180;
/** A start that moved by more is another start. */
const MOVED_MS = 60;

export class Send {
  /** @type {Map<string, Heard & { told: number }>} beats told, by section */
  #going = new Map();
  #studio;
  #player;
  #devices;

  /** @param {Studio} studio @param {Player} player @param {import("./devices.js").Devices} devices */
  constructor(studio, player, devices) {
    this.#studio = studio;
    this.#player = player;
    this.#devices = devices;
    studio.store.hear((message) => message.type === "live.coming" && this.#coming(message));
    setInterval(() => devices.out && this.tick(performance.now()), TICK_MS);
  }

  /** @param {Record<string, any>} note  of somebody else */
  live({ part, pitch, velocity }) {
    this.#devices.send(messageOf(part, pitch, velocity));
  }

  /** A note of an accompaniment, told with its time. @param {Record<string, any>} note */
  #coming({ part, pitch, velocity, start, length, time_us }) {
    const { clock, state } = this.#studio;
    const page_ms = (/** @type {number} */ us) => (us - clock.offset_us) / 1000 - performance.timeOrigin;
    const begins_us = Number(time_us ?? timeOfBeat(state.transports, start));
    const ends_us = timeOfBeat(state.transports, start + length);
    if (!Number.isFinite(begins_us) || ends_us === null) return;
    this.#devices.send(messageOf(part, pitch, velocity), page_ms(begins_us));
    this.#devices.send(messageOf(part, pitch, 0), page_ms(ends_us) - 1);
  }

  /** @param {number} now_ms */
  tick(now_ms) {
    const heard = this.#heard(now_ms);
    for (const [key, { section }] of this.#going) {
      if (heard.some((one) => one.section.key === key)) continue;
      this.#going.delete(key);
      for (const part of Object.keys(section.notes)) this.#devices.send(silenceOf(part));
    }
    for (const one of heard) this.#tell(one, now_ms);
  }

  /** The sections that sound here just now. @param {number} now_ms @returns {Heard[]} */
  #heard(now_ms) {
    const { state, clock } = this.#studio;
    const alone = state.sections[this.#player.listening];
    const position = alone ? this.#player.position(alone) : null;
    if (alone) return position === null ? [] : [{ section: alone, began_ms: now_ms - position * 1000, loop: false }];
    return Object.values(state.sounding).flatMap(({ take, time_us, loop }) => {
      const section = state.sections[state.takes[take]?.section ?? ""];
      return section ? [{ section, began_ms: (time_us - clock.offset_us) / 1000 - performance.timeOrigin, loop }] : [];
    });
  }

  /** @param {Heard} heard @param {number} now_ms */
  #tell({ section, began_ms, loop }, now_ms) {
    const { bpm, total } = shapeOf(section);
    const ms = 60_000 / bpm;
    const before = this.#going.get(section.key);
    const same = before && Math.abs(before.began_ms - began_ms) < MOVED_MS;
    const began = same ? before.began_ms : began_ms;
    const from = same ? before.told : Math.max(0, (now_ms - began) / ms);
    const until = (now_ms + AHEAD_MS - began) / ms;
    for (const [part, notes] of Object.entries(section.notes)) {
      for (const { at, note } of notesBetween(notes, from, until, total, loop)) {
        this.#devices.send(messageOf(part, note.pitch, note.velocity), began + at * ms);
        this.#devices.send(messageOf(part, note.pitch, 0), began + (at + note.length) * ms - 1);
      }
    }
    this.#going.set(section.key, { section, began_ms: began, loop, told: Math.max(from, until) });
  }
}
