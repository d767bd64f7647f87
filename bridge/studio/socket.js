/**
 * The connection: one WebSocket, found again whenever it is lost, and a clock that learns from pings.
 *
 * It knows nothing of what messages mean beyond `session.pong`. Where the server turns a token away before the socket opens, the
 * browser tells only that it closed; so the reason is asked for over HTTP, and a connection that can never succeed is not tried
 * again.
 *
 *     const socket = new Socket(url, clock, { opened, heard, closed });   socket.start();
 *
 * @typedef {Record<string, any>} Message
 * @typedef {{
 *   opened: () => void, heard: (message: Message) => void, lost: (retry_at_us: number) => void, over: (refused: Message) => void
 * }} Events
 * @typedef {import("./time.js").ServerClock} ServerClock
 */

import { localUs } from "./time.js";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8_000;
/** Pings come quickly at first, to learn the offset of the clocks, then just to say that one is here. */
const FIRST_PINGS_MS = [0, 150, 300, 500, 800];
const PING_MS = 10_000;
/** A server that leaves a ping unanswered for so long is gone. Not one that was not asked: a hidden tab is woken once a minute. */
const SILENCE_MS = 25_000;
/** So is one that has not answered so long after somebody came back to the page, or the network to the machine. */
const AWAKE_MS = 4_000;
/** Close codes after which trying again can't help: refused by policy, not let in, removed. */
const FINAL_CODES = new Set([1008, 4401, 4409]);
const FINAL_REFUSALS = new Set(["bad-token", "expired", "not-allowed"]);

export class Socket {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Events} */
  #events;
  /** @type {() => Promise<Message | null>} */
  #why;
  #url;
  #clock;
  #tries = 0;
  #stopped = true;
  #heard_ms = 0;
  /** When the oldest ping left that nothing was heard after. */
  #asked_ms = 0;
  #joined = false;
  /** What was refused before the join on this connection. @type {Message | null} */
  #turnedAway = null;
  /** @type {number[]} */
  #timers = [];
  /** @type {number[]} */
  #pings = [];

  /**
   * @param {string} url
   * @param {ServerClock} clock
   * @param {Events} events
   * @param {() => Promise<Message | null>} why  asks over HTTP why the token is turned away; null where it is not, throws where nobody answers
   */
  constructor(url, clock, events, why) {
    this.#url = url;
    this.#clock = clock;
    this.#events = events;
    this.#why = why;
    for (const back of ["online", "pageshow"]) addEventListener(back, () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  start() {
    this.#stopped = false;
    this.#open();
  }

  stop() {
    this.#stopped = true;
    this.#forgetTimers();
    this.#socket?.close(1000);
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** @param {Message} message @returns {boolean} whether it left */
  send(message) {
    if (!this.open) return false;
    this.#socket?.send(JSON.stringify(message));
    return true;
  }

  /** Starts to ping; a door may want the join first. */
  keepTime() {
    for (const after of FIRST_PINGS_MS) this.#later(() => this.#ping(), after);
    const again = () => {
      if (this.#silentFor(SILENCE_MS)) this.#socket?.close(4408);
      else this.#ping();
      this.#later(again, PING_MS);
    };
    this.#later(again, PING_MS);
  }

  #ping() {
    const now_us = localUs();
    if (!this.send({ type: "session.ping", time: now_us / 1000 })) return;
    this.#pings.push(now_us);
    if (this.#asked_ms <= this.#heard_ms) this.#asked_ms = performance.now();
  }

  /** @param {number} most_ms */
  #silentFor(most_ms) {
    return this.#heard_ms < this.#asked_ms && performance.now() - this.#asked_ms >= most_ms;
  }

  #open() {
    this.#forgetTimers();
    this.#joined = false;
    this.#turnedAway = null;
    this.#pings = [];
    this.#asked_ms = 0;
    const socket = new WebSocket(this.#url);
    let opened = false;
    this.#socket = socket;
    socket.onopen = () => {
      opened = true;
      this.#heard_ms = performance.now();
      this.#clock.reset();
      this.#events.opened();
    };
    socket.onmessage = (event) => this.#take(event.data);
    socket.onclose = (event) => {
      if (this.#socket === socket && !this.#stopped) void this.#lost(opened, event.code, event.reason);
    };
  }

  /** @param {unknown} data */
  #take(data) {
    const received_us = localUs();
    this.#heard_ms = performance.now();
    if (typeof data !== "string") return;
    const message = JSON.parse(data);
    if (message.type === "session.pong") {
      const sent_us = typeof message.time === "number" ? message.time * 1000 : this.#pings[0];
      this.#pings.shift();
      if (sent_us && message.time_us) this.#clock.sample(sent_us, message.time_us, received_us);
      return;
    }
    if (message.type === "session.joined") {
      this.#joined = true;
      this.#tries = 0;
    }
    if (message.type === "refused" && !this.#joined) this.#turnedAway = message;
    this.#events.heard(message);
  }

  /**
   * @param {boolean} opened
   * @param {number} code
   * @param {string} reason
   */
  async #lost(opened, code, reason) {
    this.#forgetTimers();
    if (FINAL_CODES.has(code) || FINAL_REFUSALS.has(this.#turnedAway?.code)) {
      const said = this.#turnedAway ?? (await this.#why().catch(() => null));
      return this.#end(said ?? { code: "not-allowed", advice: reason || "session: the server closed the connection" });
    }
    if (!opened) {
      const refused = await this.#why().catch(() => null);
      if (refused && FINAL_REFUSALS.has(refused.code)) return this.#end(refused);
    }
    const wait_ms = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#tries) * (0.8 + 0.4 * Math.random());
    this.#tries += 1;
    this.#events.lost(localUs() + wait_ms * 1000);
    this.#later(() => this.#open(), wait_ms);
  }

  /** @param {Message} refused */
  #end(refused) {
    this.#stopped = true;
    this.#events.over(refused);
  }

  /** The network is back, or somebody looks at the page: why wait? And a connection that slept may be one in name alone. */
  #hurry() {
    if (this.#stopped || !this.#socket) return;
    if (this.#socket.readyState === WebSocket.CLOSED) this.#open();
    else if (this.#joined) {
      this.#ping();
      this.#later(() => this.#silentFor(AWAKE_MS) && this.#socket?.close(4408), AWAKE_MS);
    }
  }

  /** @param {() => void} then @param {number} after_ms */
  #later(then, after_ms) {
    this.#timers.push(setTimeout(then, after_ms));
  }

  #forgetTimers() {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
  }
}
