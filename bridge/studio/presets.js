/**
 * Presets of the request form: a few that come with the page, and those that somebody keeps on this browser. Pure but for the
 * storage that it is handed.
 *
 *     const presets = new Presets(localStorage);   presets.keep("my verse", { style: "house", bars: 8 });
 *
 * @typedef {Record<string, string | number>} Fields  as a section request has them
 * @typedef {{ name: string, fields: Fields, own: boolean }} Preset
 */

const KEPT = "starbridge.presets";
const MOST = 60;
export const LONGEST_NAME = 40;

/** @type {Record<string, Fields>} */
const BUILT_IN = {
  "Late-night house": { kind: "verse", style: "house", bars: 8, bpm: 122, key: "Am", chords: "Am7 Fmaj7 Cmaj7 G", energy: 0.5, density: 0.45 },
  "Dubstep drop": { kind: "drop", style: "dubstep", bars: 8, bpm: 140, key: "Fm", energy: 0.95, density: 0.6, "bass.syncopation": 0.7 },
  "Dusty boom bap": { kind: "loop", style: "hip-hop", bars: 8, bpm: 88, key: "Dm", energy: 0.4, "drums.syncopation": 0.6, "bass.density": 0.35 },
  "Rolling drum and bass": { kind: "verse", style: "dnb", bars: 16, bpm: 174, key: "Em", chords: "Em9 Cmaj7 G D", energy: 0.8, "harmony.density": 0.3 },
  "Swing, twelve bars": { kind: "chorus", style: "swing", bars: 12, bpm: 148, key: "Bb", chords: "Bb7 Eb7 Bb7 Bb7 Eb7 Eb7 Bb7 Bb7 F7 Eb7 Bb7 F7" },
  "Waltz ballad": { kind: "verse", style: "ballad", bars: 16, bpm: 84, meter: "3/4", key: "Eb", energy: 0.3, "melody.leap": 0.3, "melody.range": "C4-C6" },
  "Funk in seven": { kind: "loop", style: "funk", bars: 8, bpm: 104, meter: "7/8", key: "E dorian", energy: 0.7, "bass.interest": 0.7 },
  "Ambient bed": { kind: "intro", style: "ambient", bars: 8, bpm: 70, parts: "harmony,melody", energy: 0.15, density: 0.2, "harmony.space": 0.9 },
};

export class Presets {
  #storage;

  /** @param {Pick<Storage, "getItem" | "setItem">} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** All of them: one's own first. @returns {Preset[]} */
  list() {
    const built = Object.entries(BUILT_IN).map(([name, fields]) => ({ name, fields, own: false }));
    return [...this.#own(), ...built];
  }

  /** @param {string} name */
  find(name) {
    return this.list().find((preset) => preset.name === name);
  }

  /** Keeps fields under a name; one's own of that name is replaced. @param {string} name @param {Fields} fields */
  keep(name, fields) {
    const preset = { name: name.trim().slice(0, LONGEST_NAME), fields, own: true };
    if (preset.name) this.#write([preset, ...this.#own().filter((other) => other.name !== preset.name)].slice(0, MOST));
  }

  /** @param {string} name */
  drop(name) {
    this.#write(this.#own().filter((preset) => preset.name !== name));
  }

  /** @returns {Preset[]} */
  #own() {
    try {
      const kept = JSON.parse(this.#storage.getItem(KEPT) ?? "[]");
      return (Array.isArray(kept) ? kept : []).filter(isPreset).map(({ name, fields }) => ({ name, fields, own: true }));
    } catch {
      return [];
    }
  }

  /** @param {Preset[]} presets */
  #write(presets) {
    this.#storage.setItem(KEPT, JSON.stringify(presets.map(({ name, fields }) => ({ name, fields }))));
  }
}

/** @param {any} kept */
function isPreset(kept) {
  const plain = (/** @type {unknown} */ value) => typeof value === "string" || Number.isFinite(value);
  return typeof kept?.name === "string" && typeof kept.fields === "object" && kept.fields !== null && Object.values(kept.fields).every(plain);
}
