/**
 * The way out: one audio context with a volume and a meter, started by a gesture as browsers demand.
 *
 * It also knows when a moment of the world comes out of the loudspeaker: the context's clock and the page's clock are read
 * together, output latency included.
 */

import { loudest, METER_SAMPLES } from "./levels.js";

const SAMPLE_RATE = 48_000;

export class Output {
  /** @type {AudioContext | null} */
  context = null;
  /** @type {GainNode | null} */
  out = null;
  /** @type {AnalyserNode | null} */
  analyser = null;
  #volume = 1;
  #samples = new Float32Array(METER_SAMPLES);

  /** Starts sound; call it from a click or a key. */
  async enable() {
    if (!this.context) {
      this.context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" });
      this.out = this.context.createGain();
      this.out.gain.value = this.#volume;
      this.analyser = this.context.createAnalyser();
      this.analyser.fftSize = METER_SAMPLES;
      this.out.connect(this.analyser).connect(this.context.destination);
    }
    await this.context.resume();
  }

  get running() {
    return this.context?.state === "running";
  }

  get volume() {
    return this.#volume;
  }

  set volume(value) {
    this.#volume = value;
    if (this.context && this.out) this.out.gain.setTargetAtTime(value, this.context.currentTime, 0.01);
  }

  /** The loudest sample that a meter listens back to, 0 to 1. */
  peak() {
    if (!this.analyser || !this.running) return 0;
    this.analyser.getFloatTimeDomainData(this.#samples);
    return loudest(this.#samples);
  }

  /** Bytes of a WAV as samples; works before sound is enabled. @param {ArrayBuffer} bytes */
  decode(bytes) {
    return new OfflineAudioContext(1, 1, SAMPLE_RATE).decodeAudioData(bytes);
  }

  /**
   * The context's time that is heard at a moment of the page's clock.
   * @param {number} local_us  as `time.localUs()` counts
   */
  contextTime(local_us) {
    const context = /** @type {AudioContext} */ (this.context);
    const page_ms = local_us / 1000 - performance.timeOrigin;
    const stamp = context.getOutputTimestamp?.();
    if (stamp?.performanceTime && stamp.contextTime) return stamp.contextTime + (page_ms - stamp.performanceTime) / 1000;
    return context.currentTime + (page_ms - performance.now()) / 1000 - (context.outputLatency || 0);
  }
}
