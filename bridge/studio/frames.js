/**
 * Frames: what moves between the messages (counter, playheads, meters) is drawn with each frame of the screen while something does,
 * and looked at a few times a second otherwise, so that a page that rests costs next to nothing. A hidden page draws none. Meters
 * take their time, as each change has the browser put the page together anew.
 *
 *     const wake = frames(draw, () => player.listening !== "");   wake();   // something may move now
 *     const due = paced(METER_MS);                                if (due()) measure();
 */

/** While nothing moves, it is looked this often whether something does. */
const REST_MS = 250;
/** Meters move so often, which is every third frame of most screens. */
export const METER_MS = 45;
/** How much of a meter is left so much later. */
export const METER_FALL = 0.73;

/** Says yes once in so long. @param {number} ms @returns {() => boolean} */
export function paced(ms) {
  let last_ms = -Infinity;
  return () => {
    const now_ms = performance.now();
    if (now_ms - last_ms < ms) return false;
    last_ms = now_ms;
    return true;
  };
}

/**
 * @param {() => void} draw
 * @param {() => boolean} moves
 * @returns {() => void}  draws with the next frame
 */
export function frames(draw, moves) {
  let planned = 0;
  let resting = 0;

  function frame() {
    planned = 0;
    draw();
    if (moves()) wake();
    else resting = setTimeout(wake, REST_MS);
  }

  function wake() {
    clearTimeout(resting);
    planned ||= requestAnimationFrame(frame);
  }

  return wake;
}
