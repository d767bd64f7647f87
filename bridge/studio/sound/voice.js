/**
 * One section sounding: its stems as sources that start on the same sample and stay together.
 *
 * It runs on any audio context, so a test renders it offline and counts samples. Times are the context's, in seconds; whoever
 * makes it knows when the section began, which may be in the past (somebody who comes late hears it from the middle).
 *
 *     const voice = new Voice(context, out, { began_s, duration_s, loop: true });   voice.add("drums", buffer);
 *
 * @typedef {{ began_s: number, duration_s: number, loop: boolean }} Span
 */

import { loudest, METER_SAMPLES } from "./levels.js";

/** How far ahead of now a source is started, so that it starts on the sample that was meant. */
const LEAD_S = 0.03;
/** Gains glide this fast: no clicks, and no waiting. */
const GLIDE_S = 0.008;
/** So long a sound goes over into the one that takes its place. */
const CROSS_S = 0.02;

export class Voice {
  /** @type {Map<string, { source: AudioBufferSourceNode, gain: GainNode, fade: GainNode }>} */
  #stems = new Map();
  /** Those that sound on until another takes their place. @type {Set<AudioBufferSourceNode>} */
  #leaving = new Set();
  /** Made where somebody looks. @type {WeakMap<GainNode, AnalyserNode>} */
  #meters = new WeakMap();
  #samples = new Float32Array(METER_SAMPLES);
  #context;
  #bus;
  span;

  /** @param {BaseAudioContext} context @param {AudioNode} out @param {Span} span */
  constructor(context, out, span) {
    this.#context = context;
    this.span = span;
    this.#bus = context.createGain();
    this.#bus.connect(out);
  }

  /** @param {string} part */
  has(part) {
    return this.#stems.has(part);
  }

  /**
   * Starts a stem, in step with the others; one that comes late joins in the middle.
   * @param {string} part
   * @param {AudioBuffer} buffer
   * @param {number} level
   * @param {number} [from_s]  not before this time
   */
  add(part, buffer, level, from_s = 0) {
    const { began_s, duration_s, loop } = this.span;
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.loop = loop;
    source.loopEnd = Math.min(duration_s, buffer.duration);
    const gain = this.#context.createGain();
    gain.gain.value = level;
    const fade = this.#context.createGain();
    source.connect(gain).connect(fade).connect(this.#bus);
    this.#stems.set(part, { source, gain, fade });
    const soonest_s = Math.max(this.#context.currentTime + LEAD_S, from_s);
    if (began_s >= soonest_s) source.start(began_s);
    else {
      const late_s = this.#wholeFrames(soonest_s - began_s);
      if (loop || late_s < duration_s) source.start(began_s + late_s, loop ? late_s % duration_s : late_s);
    }
  }

  /** What a part sounds with. @param {string} part @returns {AudioBuffer | null} */
  buffer(part) {
    return this.#stems.get(part)?.source.buffer ?? null;
  }

  /**
   * Gives a part another sound, in step and without a click: in a loop when it comes round, else at once.
   * @param {string} part
   * @param {AudioBuffer} buffer
   * @param {number} level
   */
  replace(part, buffer, level) {
    const { began_s, duration_s, loop } = this.span;
    const old = this.#stems.get(part);
    const soonest_s = this.#context.currentTime + LEAD_S;
    const at_s = loop ? began_s + Math.ceil(Math.max(0, soonest_s - began_s) / duration_s) * duration_s : Math.max(began_s, soonest_s);
    this.add(part, buffer, level, at_s);
    if (!old) return;
    if (at_s > began_s) {
      const fresh = this.#stems.get(part)?.fade.gain;
      fresh?.setValueAtTime(0, at_s);
      fresh?.linearRampToValueAtTime(1, at_s + CROSS_S);
    }
    old.fade.gain.setValueAtTime(1, at_s);
    old.fade.gain.linearRampToValueAtTime(0, at_s + CROSS_S);
    old.source.stop(at_s + CROSS_S);
    this.#leaving.add(old.source);
    old.source.onended = () => this.#leaving.delete(old.source);
  }

  /** How loud a part is just now, 0 to 1, after its volume, mute and solo. @param {string} part */
  peak(part) {
    const stem = this.#stems.get(part);
    if (!stem) return 0;
    let meter = this.#meters.get(stem.fade);
    if (!meter) {
      meter = this.#context.createAnalyser();
      meter.fftSize = METER_SAMPLES;
      stem.fade.connect(meter);
      this.#meters.set(stem.fade, meter);
    }
    meter.getFloatTimeDomainData(this.#samples);
    return loudest(this.#samples);
  }

  /** @param {Record<string, number>} levels */
  setLevels(levels) {
    for (const [part, { gain }] of this.#stems) {
      gain.gain.setTargetAtTime(levels[part] ?? 1, this.#context.currentTime, GLIDE_S);
    }
  }

  /** Falls silent without a click. */
  stop() {
    const now_s = this.#context.currentTime;
    this.#bus.gain.setTargetAtTime(0, now_s, GLIDE_S);
    for (const source of [...this.#leaving, ...[...this.#stems.values()].map((stem) => stem.source)]) {
      try {
        source.stop(now_s + GLIDE_S * 8);
      } catch {
        // one that was never started has nothing to stop
      }
    }
  }

  /**
   * Where in the section a moment lies, in seconds; null before its start and after its end.
   * @param {number} at_s
   */
  positionAt(at_s) {
    const { began_s, duration_s, loop } = this.span;
    const passed_s = at_s - began_s;
    if (passed_s < 0) return null;
    if (loop) return passed_s % duration_s;
    return passed_s < duration_s ? passed_s : null;
  }

  /** @param {number} seconds */
  #wholeFrames(seconds) {
    return Math.round(seconds * this.#context.sampleRate) / this.#context.sampleRate;
  }
}
