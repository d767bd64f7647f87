/**
 * The studio: state, connection, key and server calls in one hand, which the views are given.
 *
 * Views read `store`, and act by `give` (a command over the socket, signed where there is a key) or `attempt` (a call over HTTP);
 * whatever is refused comes back as a notice at the place that the view named.
 *
 *     studio.give({ type: "take.accept", take: "take-1" }, "take:take-1");
 *
 * @typedef {import("./token.js").Invite} Invite
 * @typedef {import("./keys.js").Signer} Signer
 * @typedef {import("./state.js").Message} Message
 */

import { Api, CallRefused } from "./api.js";
import { openSigner } from "./keys.js";
import { Socket } from "./socket.js";
import { sentence } from "./state/notices.js";
import { Store } from "./store.js";
import { ServerClock } from "./time.js";
import { keepName, noteIn } from "./token.js";

/** Questions change nothing, so they go unsigned and leave the notices alone. */
const QUESTIONS = new Set(["log.head", "capabilities", "transport.state", "section.resend"]);

export class Studio {
  clock = new ServerClock();
  store = new Store(() => this.clock.nowUs());
  /** @type {Api | null} */
  api = null;
  /** @type {Socket | null} */
  #socket = null;
  /** @type {Signer | null} */
  #signer = null;
  #name = "";
  /** Commands leave in the order they were given, though signing takes a moment. @type {Promise<unknown>} */
  #line = Promise.resolve();

  get state() {
    return this.store.state;
  }

  /**
   * Goes into the session of an invite.
   * @param {Invite} invite
   * @param {string} name  how this person wants to be called; empty leaves it to the server
   */
  async enter(invite, name) {
    this.api = new Api(invite);
    this.#name = name;
    if (name) keepName(name);
    this.#connection("connecting");
    this.#signer = await openSigner(invite.id || invite.token);
    const { api } = this;
    const events = {
      opened: () => {
        this.#line = this.#line.then(() => this.#join());
      },
      heard: (/** @type {Message} */ message) => this.#hear(message),
      lost: (/** @type {number} */ retry_at_us) => this.#connection("waiting", "", retry_at_us),
      over: (/** @type {Message} */ refused) => this.#connection("over", sentence(refused.advice)),
    };
    this.#socket = new Socket(api.socketUrl, this.clock, events, () => api.whyNot());
    this.#socket.start();
  }

  /** Leaves for good; the invite can still bring one back. */
  leave() {
    this.give({ type: "session.leave" });
  }

  /**
   * Gives a command; whatever is wrong with it is said at `where`.
   * @param {Message} message
   * @param {string} [where]
   */
  give(message, where = "page") {
    if (!QUESTIONS.has(message.type)) {
      const sent = { type: message.type, id: String(message.id ?? message.take ?? message.member ?? ""), where };
      this.store.dispatch({ type: "page.sent", sent });
    }
    this.#line = this.#line.then(() => this.#send(message, where));
  }

  /**
   * Runs a call to the server; a refusal becomes a notice at `where`.
   * @template T
   * @param {string} where
   * @param {(api: Api) => Promise<T>} call
   * @returns {Promise<T | null>}
   */
  async attempt(where, call) {
    this.notice(where, "");
    try {
      if (!this.api) throw new CallRefused("not-joined", "Join a session first.");
      return await call(this.api);
    } catch (error) {
      const known = error instanceof CallRefused;
      this.notice(where, known ? error.advice : "The server can't be reached just now.", known ? error.code : "failed");
      return null;
    }
  }

  /**
   * Says something at a place of the page; an empty text clears it.
   * @param {string} where
   * @param {string} text
   * @param {string} [code]
   * @param {"bad" | "good"} [tone]
   */
  notice(where, text, code = "", tone = "bad") {
    this.store.dispatch({ type: "page.notice", where, notice: text ? { text, code, tone } : null });
  }

  /** @param {Message} message @param {string} where */
  async #send(message, where) {
    const signed = await this.#signed(message);
    if (this.#socket?.send(signed)) return;
    if (!QUESTIONS.has(message.type)) this.notice(where, "Not sent: there is no connection to the server just now.", "failed");
  }

  /** @param {Message} message @returns {Promise<Message>} */
  async #signed(message) {
    const { origin } = this.state.me;
    return this.#signer && origin && !QUESTIONS.has(message.type) ? this.#signer.sign(message, origin) : message;
  }

  async #join() {
    this.#connection("joining");
    const origin = this.state.me.origin || (await this.#origin());
    /** @type {Message} */
    const message = { type: "session.join" };
    if (this.#name) message.name = this.#name;
    if (this.#signer && origin) message.key = this.#signer.key;
    this.store.dispatch({ type: "page.me", me: { origin, signs: Boolean(message.key) } });
    this.#socket?.send(message.key ? await this.#signed(message) : message);
  }

  /** The log's origin, which every signature names: the first line of the checkpoint. */
  async #origin() {
    if (!this.#signer || !this.api) return "";
    try {
      return (await this.api.text(`${this.api.sessionPath}/log/checkpoint`)).split("\n")[0] ?? "";
    } catch {
      return "";
    }
  }

  /** @param {Message} message */
  #hear(message) {
    const before = this.state.connection.phase;
    this.store.dispatch(message);
    const { me, connection } = this.state;
    if (before !== "joined" && connection.phase === "joined") this.#arrived();
    else if (message.type === "session.defined" || (message.type === "session.role" && message.member === me.member)) this.#askMay();
    else if (message.type === "session.left" && message.member === me.member) {
      this.#end("You left the session. Your invite link brings you back.");
    } else if (message.type === "session.removed" && message.member === me.member) {
      this.#end("A leader removed you from this session. Ask for a new invite if that was a mistake.");
    }
  }

  #arrived() {
    noteIn();
    this.#socket?.keepTime();
    this.#askMay();
    this.give({ type: "log.head" });
  }

  #askMay() {
    this.give({ type: "capabilities" });
  }

  /** @param {string} text */
  #end(text) {
    this.#socket?.stop();
    this.#connection("over", text);
  }

  /** @param {string} phase @param {string} [text] @param {number} [retry_at_us] */
  #connection(phase, text = "", retry_at_us = 0) {
    this.store.dispatch({ type: "page.connection", phase, sentence: text, retry_at_us });
  }
}
