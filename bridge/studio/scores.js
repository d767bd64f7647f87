/**
 * The notes of takes that were made before this page was opened: read from the take's MIDI file when it is looked at.
 *
 * @typedef {import("./studio.js").Studio} Studio
 * @typedef {import("./state/sections.js").Section} Section
 */

import { readMidi } from "./midi.js";
import { partsOf, shapeOf } from "./state/sections.js";

/** @param {Studio} studio */
export function fetchScores(studio) {
  /** @type {Set<string>} */
  const asked = new Set();
  studio.store.show((state) => {
    const heard = Object.keys(state.sounding).map((take) => state.takes[take]?.section ?? "");
    for (const key of new Set([state.selected, state.compare?.a ?? "", state.compare?.b ?? "", ...heard])) {
      const section = state.sections[key];
      if (!section?.take || asked.has(section.key) || isWhole(section)) continue;
      asked.add(section.key);
      void fetchScore(section);
    }
  });

  /** @param {Section} section */
  async function fetchScore(section) {
    const bytes = await studio.attempt(`stems:${section.key}`, (api) => api.bytes(api.takePath(section.take, "midi")));
    if (!bytes) return;
    const notes = readMidi(new DataView(bytes));
    const bars = Array.from({ length: shapeOf(section).bars }, (_, i) => i + 1);
    const closed = Object.fromEntries(partsOf(section).map((part) => [part, bars]));
    studio.store.dispatch({ type: "page.score", key: section.key, notes, closed });
  }
}

/** Whether every bar of every part is here. @param {Section} section */
function isWhole(section) {
  const { bars } = shapeOf(section);
  return partsOf(section).every((part) => part === "texture" || (section.closed[part]?.length ?? 0) >= bars);
}
