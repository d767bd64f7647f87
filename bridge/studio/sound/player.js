/**
 * The player: makes what should sound, sound.
 *
 * Two things can: takes that somebody plays to the whole session (`state.sounding`, timed by the server's clock) and one section
 * that this person alone listens to; meanwhile the session is silent here, and goes on in step. It compares what should sound
 * with what does, whenever either changes; so sound that is enabled late, a stem that comes late and a page that is reloaded all
 * end up in step.
 *
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("./levels.js").Level} Level
 * @typedef {{ from: number, to: number }} Bars
 * @typedef {{ key: string, voice: Voice, bars: Bars | null, stretch: import("./excerpt.js").Stretch, cut: Map<AudioBuffer, AudioBuffer> }} Own  one section, or some bars of it, cut out of its stems
 */

import { secondsOf } from "../music.js";
import { partsOf, shapeOf } from "../state/sections.js";
import { localUs } from "../time.js";
import { cutOut, stretchOf } from "./excerpt.js";
import { gains, PLAIN } from "./levels.js";
import { Output } from "./output.js";
import { PreviewShelf } from "./previews.js";
import { StemShelf } from "./stemshelf.js";
import { Voice } from "./voice.js";

/** From the click to the first sample of what one listens to alone. */
const LISTEN_LEAD_S = 0.06;
const HOUSEKEEPING_MS = 250;
/** A correction of the server's clock above this starts what sounds anew, at its right place. */
const MOST_OFFSET_US = 30_000;
/** So does a sound card whose clock has run so far away, as the mean of some seconds says. */
const MOST_DRIFT_S = 0.06;
const DRIFT_WEIGHT = 0.05;

export class Player {
  output = new Output();
  shelf = new StemShelf((bytes) => this.output.decode(bytes), () => this.#settle());
  /** Takes that sound to everybody, and what they were started by. @type {Map<string, { voice: Voice, time_us: number, offset_us: number, drift_s: number }>} */
  #voices = new Map();
  previews = new PreviewShelf((bytes) => this.output.decode(bytes), () => this.#settle());
  /** @type {Own | null} */
  #own = null;
  /** @type {Map<string, Record<string, Level>>} by section */
  #levels = new Map();
  /** Whether something else is heard here, and the session is silent meanwhile. */
  #aside = false;
  #studio;
  /** @type {() => void} */
  #changed = () => {};

  /** @param {Studio} studio */
  constructor(studio) {
    this.#studio = studio;
    studio.store.show(() => this.#settle());
    setInterval(() => this.#keepHouse(), HOUSEKEEPING_MS);
  }

  /** Calls `changed` whenever something of the player's has changed. @param {() => void} changed */
  watch(changed) {
    this.#changed = changed;
  }

  async enable() {
    await this.output.enable();
    this.#settle();
  }

  /** @param {Section} section */
  async load(section) {
    if (!this.#studio.api) return;
    this.previews.follow(this.#studio.api, section);
    await this.shelf.load(this.#studio.api, section);
  }

  /** The parts of a section that sound by now: those with stems, and those that are heard before. @param {Section} section */
  static parts(section) {
    const asked = partsOf(section);
    const heard = new Set([...StemShelf.parts(section), ...Object.keys(section.previews)]);
    return [...asked.filter((part) => heard.has(part)), ...[...heard].filter((part) => !asked.includes(part))];
  }

  // -- listening alone ---------------------------------------------------------------------------------------------

  /** @param {Section} section @param {boolean} loop @param {Bars | null} [bars]  these alone */
  async listen(section, loop, bars = null) {
    await this.enable();
    await this.load(section);
    this.hush();
    const { context, out } = this.output;
    if (!context || !out) return;
    const began_s = context.currentTime + LISTEN_LEAD_S;
    const stretch = bars ? stretchOf(section, bars) : { from_s: 0, lasts_s: durationOf(section) };
    const voice = new Voice(context, out, { began_s, duration_s: stretch.lasts_s, loop });
    this.#own = { key: section.key, voice, bars, stretch, cut: new Map() };
    this.#settle();
  }

  /** Ends listening alone. */
  hush() {
    this.#own?.voice.stop();
    this.#own = null;
    this.#settle();
  }

  /** The section that one listens to alone; empty where there is none. */
  get listening() {
    return this.#own?.key ?? "";
  }

  /** The bars of it that one listens to; null where it is all of them. */
  get bars() {
    return this.#own?.bars ?? null;
  }

  /** Silences the session here, or takes it up again, in step. @param {boolean} on */
  stepAside(on) {
    if (on) this.hush();
    this.#aside = on;
    this.#settle();
  }

  /** How loud a part of a section is here just now, 0 to 1. @param {Section} section @param {string} part */
  peak(section, part) {
    const voice = this.#own?.key === section.key ? this.#own.voice : this.#voices.get(section.take)?.voice;
    return voice && this.output.running ? voice.peak(part) : 0;
  }

  // -- the mixer ---------------------------------------------------------------------------------------------------

  /** @param {string} key @param {string} part @returns {Level} */
  level(key, part) {
    return this.#levels.get(key)?.[part] ?? PLAIN;
  }

  /** @param {string} key @param {string} part @param {Partial<Level>} change */
  setLevel(key, part, change) {
    this.#levels.set(key, { ...this.#levels.get(key), [part]: { ...this.level(key, part), ...change } });
    this.#settle();
  }

  // -- where we are ------------------------------------------------------------------------------------------------

  /**
   * Where in a section the sound is, in seconds; null where it is silent.
   * @param {Section} section
   */
  position(section) {
    const { context } = this.output;
    if (this.#own?.key === section.key && context) {
      const passed_s = this.#own.voice.positionAt(this.output.contextTime(localUs()));
      return passed_s === null ? null : this.#own.stretch.from_s + passed_s;
    }
    const playing = section.take ? this.#studio.state.sounding[section.take] : undefined;
    if (!playing) return null;
    const passed_s = (this.#studio.clock.nowUs() - playing.time_us) / 1e6;
    if (passed_s < 0) return null;
    return playing.loop ? passed_s % durationOf(section) : Math.min(passed_s, durationOf(section));
  }

  /** The takes that sound to everybody here, and since when by the context's clock. */
  sounding() {
    return [...this.#voices].map(([take, { voice }]) => ({ take, began_s: voice.span.began_s }));
  }

  // -- making it so ------------------------------------------------------------------------------------------------

  #settle() {
    const { state: { sounding, sections }, clock } = this.#studio;
    this.previews.tidy(sections);
    for (const [take, { voice, time_us, offset_us, drift_s }] of this.#voices) {
      const playing = sounding[take];
      const same = playing?.loop === voice.span.loop && playing.time_us === time_us;
      if (same && Math.abs(clock.offset_us - offset_us) < MOST_OFFSET_US && Math.abs(drift_s) < MOST_DRIFT_S) continue;
      voice.stop();
      this.#voices.delete(take);
    }
    if (this.output.running) for (const take of Object.keys(sounding)) this.#sound(take);
    if (this.#own) this.#fill(this.#own.voice, this.#studio.state.sections[this.#own.key], 1, this.#own);
    this.#changed();
  }

  /** @param {string} take */
  #sound(take) {
    const { context, out } = this.output;
    const section = sectionOf(this.#studio.state, take);
    const playing = this.#studio.state.sounding[take];
    if (!section || !playing || !context || !out) return;
    let voice = this.#voices.get(take)?.voice;
    if (!voice) {
      voice = new Voice(context, out, { began_s: this.#began(playing.time_us), duration_s: durationOf(section), loop: playing.loop });
      this.#voices.set(take, { voice, time_us: playing.time_us, offset_us: this.#studio.clock.offset_us, drift_s: 0 });
      void this.load(section);
    }
    this.#fill(voice, section, this.#own || this.#aside ? 0 : 1);
  }

  /**
   * Gives a voice the stems that have come, and its levels.
   * @param {Voice} voice
   * @param {Section | undefined} section
   * @param {number} share  0 silences it
   * @param {Own | null} [own]  where it is the voice of one's own
   */
  #fill(voice, section, share, own = null) {
    if (!section) return;
    const parts = Player.parts(section);
    const levels = gains(this.#levels.get(section.key) ?? {}, parts, share);
    for (const part of parts) {
      const whole = this.shelf.buffer(section, part) ?? this.previews.buffer(section, part);
      const buffer = whole && own?.bars ? this.#cut(own, whole) : whole;
      if (buffer && !voice.has(part)) voice.add(part, buffer, levels[part] ?? 1);
      else if (buffer && voice.buffer(part) !== buffer) voice.replace(part, buffer, levels[part] ?? 1);
    }
    voice.setLevels(levels);
  }

  /** The bars of a stem that one listens to, cut once. @param {Own} own @param {AudioBuffer} whole */
  #cut(own, whole) {
    const made = own.cut.get(whole) ?? cutOut(/** @type {AudioContext} */ (this.output.context), whole, own.stretch);
    own.cut.set(whole, made);
    return made;
  }

  /** @param {number} time_us */
  #began(time_us) {
    return this.output.contextTime(time_us - this.#studio.clock.offset_us);
  }

  /** Notices sound cards that run away, and ends what is over. */
  #keepHouse() {
    if (this.output.running) {
      for (const held of this.#voices.values()) {
        held.drift_s += DRIFT_WEIGHT * (this.#began(held.time_us) - held.voice.span.began_s - held.drift_s);
        if (Math.abs(held.drift_s) >= MOST_DRIFT_S) return this.#settle();
      }
    }
    this.#endFinished();
  }

  /** What has played to its end is over, here as at the server. */
  #endFinished() {
    const { state, clock, store } = this.#studio;
    for (const playing of Object.values(state.sounding)) {
      const section = sectionOf(state, playing.take);
      if (!section || playing.loop) continue;
      if (clock.nowUs() > playing.time_us + durationOf(section) * 1e6) store.dispatch({ type: "page.ended", take: playing.take });
    }
    const { context } = this.output;
    if (this.#own && context) {
      const { began_s, duration_s, loop } = this.#own.voice.span;
      if (!loop && context.currentTime > began_s + duration_s) this.hush();
    }
  }
}

/** @param {Section} section */
export function durationOf(section) {
  const { total, bpm } = shapeOf(section);
  return secondsOf(total, bpm);
}

/** @param {State} state @param {string} take */
export function sectionOf(state, take) {
  return state.sections[state.takes[take]?.section ?? ""];
}
