/**
 * Zoom of the piano roll, across (time) and tall (pitch), and the arithmetic that keeps what is under the pointer where it is. Pure.
 *
 *     zoom = zoomed(zoom, { across: STEP });   left = keptAt(left, pointer, before.width, after.width);
 *
 * @typedef {{ across: number, tall: number }} Zoom  1 fits the whole section
 */

/** @type {Zoom} */
export const FIT = { across: 1, tall: 1 };
/** One press of a key or button. */
export const STEP = 1.4;
const MOST = { across: 64, tall: 6 };
/** A turn of the wheel by so many pixels doubles the size. */
const WHEEL_PX = 240;

/**
 * @param {Zoom} zoom
 * @param {Partial<Zoom>} by  factors
 * @returns {Zoom}
 */
export function zoomed(zoom, by) {
  const held = (/** @type {number} */ value, /** @type {number} */ most) => (value < 1.02 ? 1 : Math.min(most, value));
  return { across: held(zoom.across * (by.across ?? 1), MOST.across), tall: held(zoom.tall * (by.tall ?? 1), MOST.tall) };
}

/** The factor that a turn of the wheel means. @param {number} delta_px */
export function wheelFactor(delta_px) {
  return 2 ** (-Math.max(-WHEEL_PX, Math.min(WHEEL_PX, delta_px)) / WHEEL_PX);
}

/**
 * Where to scroll to after a change of size, so that what was at `pointer` stays there.
 * @param {number} scroll  before
 * @param {number} pointer  from the window's edge
 * @param {number} before  the sheet's size
 * @param {number} after
 * @param {number} [fixed]  what at the sheet's edge never changes its size (the ruler)
 */
export function keptAt(scroll, pointer, before, after, fixed = 0) {
  const there = scroll + Math.max(pointer, fixed) - fixed;
  return Math.max(0, (there * (after - fixed)) / Math.max(1, before - fixed) + fixed - Math.max(pointer, fixed));
}

/**
 * What two fingers do to the size: their distance across and down, before and after. Fingers that lie beside each other
 * say nothing about the height.
 * @param {{ x: number, y: number }[]} before
 * @param {{ x: number, y: number }[]} after
 * @returns {Zoom}
 */
export function pinched(before, after) {
  const apart = (/** @type {{ x: number, y: number }[]} */ fingers, /** @type {"x" | "y"} */ axis) => Math.abs((fingers[0]?.[axis] ?? 0) - (fingers[1]?.[axis] ?? 0));
  const factor = (/** @type {"x" | "y"} */ axis) => (apart(before, axis) < 30 ? 1 : apart(after, axis) / apart(before, axis));
  return { across: factor("x") || 1, tall: factor("y") || 1 };
}
