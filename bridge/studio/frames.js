/**
 * Frames: what moves between the messages (counter, playheads, meters) is drawn with each frame of the screen while something does,
 * and looked at a few times a second otherwise, so that a page that rests costs next to nothing. A hidden page draws none.
 *
 *     const wake = frames(draw, () => player.listening !== "");   wake();   // something may move now
 */

/** While nothing moves, it is looked this often whether something does. */
const REST_MS = 250;

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
