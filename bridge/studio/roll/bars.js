/**
 * Bars that are selected in the roll: some bars in a row, to hear or to have written anew. Pure.
 *
 * @typedef {{ from: number, to: number, anchor: number }} Bars  both included; `anchor` is where the selection began
 */

/** @param {number} bar @returns {Bars} */
export function oneBar(bar) {
  return { from: bar, to: bar, anchor: bar };
}

/**
 * The selection from where it began to another bar.
 * @param {Bars | null} bars
 * @param {number} bar
 * @returns {Bars}
 */
export function extended(bars, bar) {
  if (!bars) return oneBar(bar);
  return { from: Math.min(bars.anchor, bar), to: Math.max(bars.anchor, bar), anchor: bars.anchor };
}

/**
 * The selection after a key: a step moves it, with `extend` its end that is not the anchor.
 * @param {Bars | null} bars
 * @param {1 | -1} step
 * @param {boolean} extend
 * @param {number} most  bars that there are
 * @returns {Bars}
 */
export function stepped(bars, step, extend, most) {
  const held = (/** @type {number} */ bar) => Math.min(most, Math.max(1, bar));
  if (!bars) return oneBar(step > 0 ? 1 : most);
  const end = bars.from === bars.anchor ? bars.to : bars.from;
  return extend ? extended(bars, held(end + step)) : oneBar(held(end + step));
}

/** "bar 5", "bars 5-6". @param {Bars} bars */
export function barsText({ from, to }) {
  return from === to ? `bar ${from}` : `bars ${from}-${to}`;
}

/** The context that has these bars of a take written anew. @param {string} take @param {Bars} bars */
export function redoContext(take, { from, to }) {
  return `${take} bars ${from}-${to}`;
}
