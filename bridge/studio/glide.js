/**
 * A playhead that glides: the browser moves it over its track by itself, smoothly even where the page is busy, and is put right where
 * it is not where the sound is (a loop came round, somebody jumped).
 *
 * The page says with each frame where the head ought to be. Most frames then change nothing, which is the point: whatever changes
 * has the browser put the whole page together anew, 5 ms of a slow processor at thirty takes (measured in Chromium 156).
 *
 *     const glide = gliding(head);   glide(seconds, { seconds: 8, px: 640 });   glide(null);
 *
 * @typedef {{ seconds: number, px: number }} Track  how long the way takes, and how wide it is
 */

/** Ears and eyes together notice more than this. */
const TOLERANCE_MS = 20;

/** @param {HTMLElement} head */
export function gliding(head) {
  /** @type {Animation | null} */
  let way = null;
  let track = { seconds: 0, px: 0 };

  /** @param {number | null} seconds  where it is; null takes it away @param {Track} [on] */
  return (seconds, on = track) => {
    head.hidden = seconds === null;
    if (seconds === null) {
      way?.cancel();
      way = null;
      return;
    }
    if (!way || on.seconds !== track.seconds || on.px !== track.px) {
      way?.cancel();
      track = on;
      way = head.animate([{ transform: "none" }, { transform: `translateX(${on.px}px)` }], { duration: on.seconds * 1000, fill: "both" });
    }
    const since_ms = performance.now() - Number(document.timeline.currentTime); // this frame was begun before now
    const at_ms = seconds * 1000 - since_ms;
    if (Math.abs(Number(way.currentTime ?? -Infinity) - at_ms) > TOLERANCE_MS) way.currentTime = at_ms;
  };
}
