/**
 * MIDI devices, where the browser has Web MIDI and its user says yes: what comes in from all of them, and one to send to.
 *
 * Times are the page's (`performance.now()`), in milliseconds, as Web MIDI wants them.
 *
 * @typedef {{ id: string, name: string }} Device
 */

export class Devices {
  /** @type {MIDIAccess | null} */
  #access = null;
  /** @type {(data: Uint8Array) => void} */
  #heard;
  /** @type {() => void} */
  #changed;
  out = "";

  /** @param {(data: Uint8Array) => void} heard @param {() => void} changed  devices came or went */
  constructor(heard, changed) {
    this.#heard = heard;
    this.#changed = changed;
  }

  static get supported() {
    return typeof navigator.requestMIDIAccess === "function";
  }

  get open() {
    return this.#access !== null;
  }

  /** Asks for the devices; the browser may ask its user. @throws {DOMException} where the answer is no */
  async ask() {
    this.#access = await navigator.requestMIDIAccess();
    this.#access.onstatechange = () => this.#listen();
    this.#listen();
  }

  #listen() {
    for (const input of this.#access?.inputs.values() ?? []) {
      input.onmidimessage = (event) => event.data && this.#heard(event.data);
    }
    if (!this.outputs().some((device) => device.id === this.out)) this.out = "";
    this.#changed();
  }

  /** @returns {Device[]} */
  inputs() {
    return [...(this.#access?.inputs.values() ?? [])].filter((one) => one.state === "connected").map(({ id, name }) => ({ id, name: name ?? id }));
  }

  /** @returns {Device[]} */
  outputs() {
    return [...(this.#access?.outputs.values() ?? [])].filter((one) => one.state === "connected").map(({ id, name }) => ({ id, name: name ?? id }));
  }

  /** Sends to the device that was chosen, if one was. @param {number[]} message @param {number} [at_ms] */
  send(message, at_ms) {
    if (this.out) this.#access?.outputs.get(this.out)?.send(message, at_ms);
  }
}
