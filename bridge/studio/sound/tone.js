/**
 * A plain tone for a note, where there is no better sound: what is played live, what an engine plays along, and notes that are
 * touched or heard before their stems come. Runs on any audio context; times are the context's, in seconds.
 *
 *     const { end } = tone(context, out, { part: "bass", pitch: 40, velocity: 90 }, at_s);   end(at_s + 1);
 *
 * @typedef {{ part: string, pitch: number, velocity: number }} Played
 * @typedef {{ source: OscillatorNode, end: (at_s: number) => void }} Tone
 */

/** @type {Record<string, OscillatorType>} */
const WAVES = { drums: "sine", bass: "triangle", harmony: "sine", melody: "triangle" };
const LOUDEST = 0.22;
/** What is drummed dies away in this time, falling to this pitch. */
const HIT_S = 0.09;
const HIT_HZ = 40;
/** High drums are short and bright: from this pitch of the percussion map on they are noise-like squares. */
const BRIGHT_DRUM = 42;
const BRIGHT_S = 0.035;
const GLIDE_S = 0.01;

/**
 * @param {BaseAudioContext} context
 * @param {AudioNode} out
 * @param {Played} note
 * @param {number} at_s
 * @param {number} [lasts_s]  without it the tone sounds until `end`; what is drummed ends by itself
 * @returns {Tone}
 */
export function tone(context, out, note, at_s, lasts_s) {
  const drums = note.part === "drums";
  const bright = drums && note.pitch >= BRIGHT_DRUM;
  const source = context.createOscillator();
  const gain = context.createGain();
  source.type = bright ? "square" : (WAVES[note.part] ?? "sine");
  source.frequency.setValueAtTime(drums ? (bright ? 6_000 : 60 * 2 ** ((note.pitch - 30) / 6)) : 440 * 2 ** ((note.pitch - 69) / 12), at_s);
  if (drums && !bright) source.frequency.exponentialRampToValueAtTime(HIT_HZ, at_s + HIT_S);
  gain.gain.setValueAtTime(0, at_s);
  gain.gain.linearRampToValueAtTime((LOUDEST * note.velocity) / (bright ? 254 : 127), at_s + GLIDE_S / 2);
  source.connect(gain).connect(out);
  source.start(at_s);
  const end = (/** @type {number} */ end_s) => {
    gain.gain.cancelScheduledValues(end_s);
    gain.gain.setTargetAtTime(0, Math.max(0, end_s - GLIDE_S), GLIDE_S);
    source.stop(end_s + 5 * GLIDE_S);
  };
  if (drums) end(at_s + (bright ? BRIGHT_S : HIT_S));
  else if (lasts_s !== undefined) end(at_s + lasts_s);
  return { source, end };
}
