/**
 * Two clocks made one: the server's time, learned from pings, and the position of a transport at a time.
 *
 * All times are microseconds of Unix time. The page never asks for the date: `localUs` counts on from the moment the page was
 * opened, so a clock that is set meanwhile moves nothing.
 *
 *     clock.sample(sent, pong.time_us, received);   clock.nowUs()
 *
 * @typedef {{ playing: boolean, bpm: number, beat: number, n: number, d: number, time_us: number }} Transport
 */

/** The pings that are remembered; the quickest of them says most about the offset. */
const SAMPLES = 12;
/** What two clocks may drift apart between pings. */
const DRIFT_US = 10_000;

export function localUs() {
  return (performance.timeOrigin + performance.now()) * 1000;
}

/** The server's clock, as well as the network lets one know it. */
export class ServerClock {
  /** @type {{ offset_us: number, trip_us: number }[]} */
  #samples = [];
  offset_us = 0;
  trip_us = Infinity;

  /**
   * Takes in one ping.
   * @param {number} sent_us  local time when the ping left
   * @param {number} server_us  what the server answered
   * @param {number} received_us  local time when the pong came
   */
  sample(sent_us, server_us, received_us) {
    const one = { offset_us: server_us - (sent_us + received_us) / 2, trip_us: received_us - sent_us };
    // An offset is wrong by half its trip at most. What contradicts it is from before this machine slept, when its clock stood still.
    const fits = this.#samples.every((old) => Math.abs(old.offset_us - one.offset_us) <= (old.trip_us + one.trip_us) / 2 + DRIFT_US);
    this.#samples = fits ? [...this.#samples, one] : [one];
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const best = this.#samples.reduce((a, b) => (b.trip_us < a.trip_us ? b : a));
    this.offset_us = best.offset_us;
    this.trip_us = best.trip_us;
  }

  get known() {
    return this.#samples.length > 0;
  }

  /** Forgets all: another server, or the same one started anew. */
  reset() {
    this.#samples = [];
  }

  nowUs() {
    return localUs() + this.offset_us;
  }
}

/**
 * The beat that a transport is at, at a time of the server's.
 * @param {Transport} transport
 * @param {number} now_us
 */
export function beatAt(transport, now_us) {
  if (!transport.playing) return transport.beat;
  return transport.beat + (Math.max(0, now_us - transport.time_us) * transport.bpm) / 60e6;
}

/**
 * What is known of a transport after one more message: changes are told ahead of their time, each holds until the next one's.
 * @param {Transport[]} known  in the order of their times
 * @param {Transport} next
 * @param {number} now_us
 * @returns {Transport[]}
 */
export function withTransport(known, next, now_us) {
  if (!next.playing) return [next];
  const before = known.filter((one) => one.time_us < next.time_us);
  const current = before.findLastIndex((one) => one.time_us <= now_us);
  return [...before.slice(Math.max(0, current)), next];
}

/**
 * The transport that holds at a time; null where none is known.
 * @param {Transport[]} known
 * @param {number} now_us
 * @returns {Transport | null}
 */
export function transportAt(known, now_us) {
  return known.findLast((one) => one.time_us <= now_us) ?? known[0] ?? null;
}

/**
 * When a beat sounds, by what is known of the transport now; null while it stands still.
 * @param {Transport[]} known
 * @param {number} beat
 * @returns {number | null}
 */
export function timeOfBeat(known, beat) {
  const holds = known.findLast((one) => one.playing && one.beat <= beat) ?? known.findLast((one) => one.playing);
  return holds ? holds.time_us + ((beat - holds.beat) * 60e6) / holds.bpm : null;
}

/**
 * A time of day as people say it.
 * @param {number} time_us
 */
export function timeOfDay(time_us) {
  return new Date(time_us / 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
