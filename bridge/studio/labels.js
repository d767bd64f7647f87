/** What the fields of a request are called for people. Pure. */

const LABELS = /** @type {Record<string, string>} */ ({
  prompt: "Describe it", kind: "Kind", style: "Style", bars: "Bars", bpm: "Tempo (bpm)", key: "Key", meter: "Metre", parts: "Parts",
  energy: "Energy", density: "Density", chords: "Chords", context: "Build on", at: "Play it", like: "Like", renderer: "Sound",
  stems: "Render stems", temperature: "Adventure", seed: "Seed", strength: "How far it strays", strict: "Stay in the key", composer: "Written by",
  band: "Band", tail: "At the end", rate: "Frames a second",
});

/** @param {string} name */
export function labelOf(name) {
  return LABELS[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
}
