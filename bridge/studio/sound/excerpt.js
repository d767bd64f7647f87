/**
 * Some bars of a sound, cut out so that they go round in a loop without a click: what is cut off at either end is faded within a
 * moment that is too short to hear. Runs on any audio context.
 *
 * @typedef {{ from_s: number, lasts_s: number }} Stretch  of a section
 */

import { secondsOf } from "../music.js";
import { shapeOf } from "../state/sections.js";

/** Short, so that a stroke on the first beat stays one. */
const FADE_IN_S = 0.001;
const FADE_OUT_S = 0.004;

/** @param {import("../state/sections.js").Section} section @param {{ from: number, to: number }} bars @returns {Stretch} */
export function stretchOf(section, { from, to }) {
  const { perBar, bpm } = shapeOf(section);
  return { from_s: secondsOf((from - 1) * perBar, bpm), lasts_s: secondsOf((to - from + 1) * perBar, bpm) };
}

/**
 * @param {BaseAudioContext} context
 * @param {AudioBuffer} buffer
 * @param {Stretch} stretch  what lies after the sound's end is silence
 */
export function cutOut(context, buffer, { from_s, lasts_s }) {
  const rate = buffer.sampleRate;
  const from = Math.round(from_s * rate);
  const frames = Math.max(1, Math.round((from_s + lasts_s) * rate) - from);
  const made = context.createBuffer(buffer.numberOfChannels, frames, rate);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = made.getChannelData(channel);
    samples.set(buffer.getChannelData(channel).subarray(from, from + frames));
    for (let i = 0; i < FADE_IN_S * rate && i < frames; i++) samples[i] = (samples[i] ?? 0) * (i / (FADE_IN_S * rate));
    for (let i = 1; i <= FADE_OUT_S * rate && i <= frames; i++) samples[frames - i] = (samples[frames - i] ?? 0) * ((i - 1) / (FADE_OUT_S * rate));
  }
  return made;
}
