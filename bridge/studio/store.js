/**
 * The one place that holds the state, and tells the views when it has changed: at most once a frame, however many notes arrive.
 *
 * @typedef {import("./state.js").State} State
 * @typedef {import("./state.js").Message} Message
 * @typedef {(state: State) => void} View
 */

import { initialState, reduce } from "./state.js";

/** A tab in the background has no frames; its views follow this often all the same. */
const AT_LATEST_MS = 200;

export class Store {
  state = initialState();
  /** @type {View[]} */
  #views = [];
  /** @type {((message: Message, state: State) => void)[]} */
  #listeners = [];
  #due = false;
  #nowUs;

  /** @param {() => number} nowUs  the server's time as the page knows it */
  constructor(nowUs) {
    this.#nowUs = nowUs;
  }

  /** @param {Message} message */
  dispatch(message) {
    this.state = reduce(this.state, message, this.#nowUs());
    for (const listener of this.#listeners) listener(message, this.state);
    this.#plan();
  }

  /**
   * Calls `view` with the state now and after every change; with `slices`, after a change of one of these only.
   * @param {View} view
   * @param {...keyof State} slices
   */
  show(view, ...slices) {
    /** @type {State | null} */
    let seen = null;
    const changed = (/** @type {State} */ state) => {
      const same = seen !== null && slices.length > 0 && slices.every((name) => seen?.[name] === state[name]);
      seen = state;
      if (!same) view(state);
    };
    this.#views.push(changed);
    changed(this.state);
  }

  /** Calls `listener` with every message, after the state has it. @param {(message: Message, state: State) => void} listener */
  hear(listener) {
    this.#listeners.push(listener);
  }

  #plan() {
    if (this.#due) return;
    this.#due = true;
    const timer = setTimeout(run, AT_LATEST_MS);
    const frame = requestAnimationFrame(run);
    const self = this;
    function run() {
      if (!self.#due) return;
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      self.#due = false;
      for (const view of self.#views) view(self.state);
    }
  }
}
