/**
 * A log watched: each head that the server tells is opened, held against the last one that was seen in this browser, and remembered.
 * So a log that is cut, rewritten or signed by another key is noticed, across visits as well.
 *
 *     const watch = new Watch(localStorage);   await watch.look(api, log_key);   // { size, root, signed, since } or throws Doubt
 *
 * @typedef {import("../api.js").Api} Api
 * @typedef {import("./note.js").Signed} Signed
 * @typedef {{ size: number, root: string, signed: Signed, since: number }} Seen  `since` is the size that this browser saw first
 * @typedef {{ key: string, size: number, root: string, since: number }} Kept
 */

import { isConsistent } from "./merkle.js";
import { Doubt, fromBase64, fromHex, openNote, readKey, toHex } from "./note.js";

const KEPT = "starbridge.log.";

export class Watch {
  #storage;

  /** @param {Pick<Storage, "getItem" | "setItem">} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /**
   * Looks at the log as it stands now.
   * @param {Pick<Api, "text" | "json" | "sessionPath">} api
   * @param {string} log_key
   * @returns {Promise<Seen>}
   * @throws {Doubt} where something does not hold
   */
  async look(api, log_key) {
    const key = await readKey(log_key);
    const kept = this.#kept(key.name);
    if (kept && kept.key !== log_key) throw new Doubt("The log is signed by another key than when this browser saw it first.");
    const head = await openNote(await api.text(`${api.sessionPath}/log/checkpoint`), key);
    if (kept && kept.size > 0) {
      if (head.size < kept.size) throw new Doubt(`The log had ${kept.size} entries when this browser saw it last, and has ${head.size} now.`);
      const path = `${api.sessionPath}/log/consistency?from=${kept.size}&to=${head.size}`;
      const proof = head.size === kept.size ? [] : (await api.json(path)).hashes.map(fromBase64);
      const grown = await isConsistent({ first: kept.size, second: head.size, proof, firstRoot: fromHex(kept.root), secondRoot: head.root });
      if (!grown) throw new Doubt(`The log's first ${kept.size} entries are not those that this browser saw.`);
    }
    const now = { key: log_key, size: head.size, root: toHex(head.root), since: kept?.since ?? head.size };
    this.#storage.setItem(KEPT + key.name, JSON.stringify(now));
    return { size: now.size, root: now.root, signed: head.signed, since: now.since };
  }

  /** @param {string} name @returns {Kept | null} */
  #kept(name) {
    try {
      return JSON.parse(this.#storage.getItem(KEPT + name) ?? "null");
    } catch {
      return null;
    }
  }
}
