/**
 * Checkpoints (C2SP signed notes, tlog-checkpoint) and the keys that sign them, read and checked by the browser's own Ed25519.
 *
 *     const head = await openNote(text, key);   // { size, root, origin, signed: "yes" }; throws where it does not hold
 *
 * @typedef {{ name: string, id: Uint8Array, public: Uint8Array }} Verifier
 * @typedef {"yes" | "unknown"} Signed  `unknown` where this browser has no Ed25519
 * @typedef {{ origin: string, size: number, root: Uint8Array, signed: Signed }} Head
 */

import { same, sha256 } from "./merkle.js";

const ED25519 = 1;
const MARK = "\u2014 ";

/** What does not hold, in a sentence. */
export class Doubt extends Error {}

/** @param {string} text @returns {Uint8Array} */
export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    throw new Doubt("What should be base64 is none.");
  }
}

/** @param {string} hex */
export function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (two) => Number.parseInt(two, 16));
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A key in the form `name+id+base64`, whose id is checked.
 * @param {string} text
 * @returns {Promise<Verifier>}
 */
export async function readKey(text) {
  const [name, id, ...rest] = text.split("+");
  const bytes = fromBase64(rest.join("+"));
  if (!name || !id || bytes.length !== 33 || bytes[0] !== ED25519) throw new Doubt("The log's key is none that can be read.");
  const own = (await sha256(new TextEncoder().encode(`${name}\n`), bytes)).slice(0, 4);
  if (!same(own, fromHex(id))) throw new Doubt("The log's key does not fit its own name.");
  return { name, id: own, public: bytes.slice(1) };
}

/**
 * @param {string} text
 * @param {Verifier} key
 * @returns {Promise<Head>}
 * @throws {Doubt}
 */
export async function openNote(text, key) {
  const cut = text.lastIndexOf("\n\n");
  const body = text.slice(0, cut + 1);
  const [origin, size, root, ...more] = body.split("\n");
  const whole = cut > 0 && origin && /^(0|[1-9]\d*)$/.test(size ?? "") && root && more.length === 1;
  if (!whole) throw new Doubt("The checkpoint can't be read.");
  const head = { origin, size: Number(size), root: fromBase64(root) };
  if (origin !== key.name) throw new Doubt("The checkpoint is of another log.");
  const lines = text.slice(cut + 2).split("\n").filter((line) => line.startsWith(`${MARK}${key.name} `));
  const signatures = lines.map((line) => fromBase64(line.slice(MARK.length + key.name.length + 1))).filter((bytes) => same(bytes.slice(0, 4), key.id));
  if (!signatures.length) throw new Doubt("The checkpoint has no signature of the log's key.");
  const public_ = await ed25519(key.public);
  if (!public_) return { ...head, signed: "unknown" };
  for (const bytes of signatures) {
    if (!(await crypto.subtle.verify({ name: "Ed25519" }, public_, bytes.slice(4), new TextEncoder().encode(body)))) throw new Doubt("The checkpoint's signature is wrong.");
  }
  return { ...head, signed: "yes" };
}

/** The key as the browser knows it; null where it has no Ed25519. @param {Uint8Array} bytes */
export async function ed25519(bytes) {
  try {
    return await crypto.subtle.importKey("raw", /** @type {BufferSource} */ (bytes), { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return null;
  }
}
