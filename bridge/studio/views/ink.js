/**
 * The page's colours for what is drawn on a canvas, and when they change.
 *
 * @typedef {import("../roll/ink.js").Ink} Ink
 */

/** What each colour of the roll is called in the style sheet, where the names differ. */
const NAMES = { back: "roll-back", black: "roll-black", bar: "roll-bar", beat: "roll-beat", pulse: "roll-pulse", keyWhite: "raised", keyBlack: "roll-bar" };
const SAME = ["panel", "soft", "text", "accent", "good", "bad", "drums", "bass", "harmony", "melody", "texture"];

/** The page's colours, as they are now. @returns {Ink} */
export function inkOf() {
  const style = getComputedStyle(document.documentElement);
  const read = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  const named = Object.entries(NAMES).map(([name, inStyle]) => [name, read(inStyle)]);
  return Object.fromEntries([...named, ...SAME.map((name) => [name, read(name)])]);
}

/** A word that is another one whenever the colours are. */
export function inkName() {
  return document.documentElement.dataset.theme ?? "";
}

/** The usual size of letters, which the roll's sizes are for. */
const USUAL_PX = 16;

/** How many times the usual size letters have here: browsers let their users choose. */
export function typeSize() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_PX;
}

/** @param {() => void} then */
export function whenInkChanges(then) {
  new MutationObserver(then).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
