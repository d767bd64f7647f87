/**
 * The member's own key: made by WebCrypto, kept in IndexedDB where not even this page can read it out, and used to sign commands.
 *
 * One key an invite, because a key is a member. Where the browser has no Ed25519 (or the page is not on a trustworthy origin)
 * there is no key and commands go unsigned; the session then vouches for them by the invite alone.
 *
 *     const signer = await openSigner(invite.id);            // null where there is none
 *     await signer.sign({ type: "chat.say", text: "hi" }, origin);
 *
 * @typedef {Record<string, any>} Message
 * @typedef {{ key: string, sign: (message: Message, origin: string) => Promise<Message> }} Signer
 */

import { canonical } from "./canonical.js";

const DATABASE = "starbridge";
const STORE = "keys";
/** What every signature covers first, so that it can't be taken for one of another protocol. */
const DOMAIN = "starbridge-command-v1\n";

/**
 * The signer of an invite, its key made on first use; null where the browser can't.
 * @param {string} name  the invite's id
 * @returns {Promise<Signer | null>}
 */
export async function openSigner(name) {
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB) return null;
  try {
    const pair = (await stored(name)) ?? (await keep(name, await makePair()));
    return signerOf(pair);
  } catch (error) {
    console.info("StarBridge: commands go unsigned, this browser has no Ed25519 key storage", error);
    return null;
  }
}

/** @returns {Promise<CryptoKeyPair>} */
async function makePair() {
  return /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]));
}

/**
 * @param {CryptoKeyPair} pair
 * @returns {Promise<Signer>}
 */
async function signerOf(pair) {
  const key = base64(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const series = base64(crypto.getRandomValues(new Uint8Array(16)));
  let said = 0;
  return {
    key,
    async sign(message, origin) {
      said += 1; // a nonce that counts: the server keeps the last one of a series, not all
      const unsigned = { ...message, nonce: `${series}#${said}` };
      const bytes = new TextEncoder().encode(`${DOMAIN}${origin}\n${canonical(unsigned)}`);
      const signature = await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, bytes);
      return { ...unsigned, signature: base64(new Uint8Array(signature)) };
    },
  };
}

/** @param {Uint8Array} bytes */
export function base64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

/** @returns {Promise<IDBDatabase>} */
function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/**
 * @param {string} name
 * @returns {Promise<CryptoKeyPair | undefined>}
 */
async function stored(name) {
  const open = await database();
  return new Promise((resolve, reject) => {
    const asking = open.transaction(STORE).objectStore(STORE).get(name);
    asking.onsuccess = () => resolve(asking.result);
    asking.onerror = () => reject(asking.error);
  });
}

/**
 * @param {string} name
 * @param {CryptoKeyPair} pair
 * @returns {Promise<CryptoKeyPair>}
 */
async function keep(name, pair) {
  const open = await database();
  return new Promise((resolve, reject) => {
    const writing = open.transaction(STORE, "readwrite");
    writing.objectStore(STORE).put(pair, name);
    writing.oncomplete = () => resolve(pair);
    writing.onerror = () => reject(writing.error);
  });
}
