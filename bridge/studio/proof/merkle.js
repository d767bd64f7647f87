/**
 * RFC 6962's Merkle tree, as far as somebody needs it who does not trust the server: that a line is in a log, and that a longer log
 * begins with a shorter one. Hashes are bytes; SHA-256 is the browser's own.
 *
 *     await isIncluded({ index, size, leaf, proof, root })
 */

/** @param {...Uint8Array} pieces @returns {Promise<Uint8Array>} */
export async function sha256(...pieces) {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
}

/** The hash of a line, without its line feed. @param {Uint8Array} line */
export function leafHash(line) {
  return sha256(Uint8Array.of(0), line);
}

/** @param {Uint8Array} left @param {Uint8Array} right */
function nodeHash(left, right) {
  return sha256(Uint8Array.of(1), left, right);
}

/** @param {Uint8Array} one @param {Uint8Array} other */
export function same(one, other) {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

/**
 * Whether a leaf is in the tree of a root (RFC 9162, 2.1.3.2).
 * @param {{ index: number, size: number, leaf: Uint8Array, proof: Uint8Array[], root: Uint8Array }} claim
 */
export async function isIncluded({ index, size, leaf, proof, root }) {
  if (index < 0 || index >= size) return false;
  let at = index;
  let last = size - 1;
  let found = leaf;
  for (const step of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      found = await nodeHash(step, found);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else found = await nodeHash(found, step);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(found, root);
}

/**
 * Whether a log of `second` lines begins with the log of `first` (RFC 9162, 2.1.4.2).
 * @param {{ first: number, second: number, proof: Uint8Array[], firstRoot: Uint8Array, secondRoot: Uint8Array }} claim
 */
export async function isConsistent({ first, second, proof, firstRoot, secondRoot }) {
  if (first > second || first < 1) return false;
  if (first === second) return proof.length === 0 && same(firstRoot, secondRoot);
  const steps = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof;
  let [at, last] = [first - 1, second - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  const [begin, ...rest] = steps;
  if (!begin) return false;
  let [old, now] = [begin, begin];
  for (const step of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [old, now] = [await nodeHash(step, old), await nodeHash(step, now)];
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else now = await nodeHash(now, step);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(old, firstRoot) && same(now, secondRoot);
}

/** @param {number} value */
function half(value) {
  return Math.floor(value / 2);
}

/** @param {number} value */
function isPowerOfTwo(value) {
  return Number.isInteger(Math.log2(value));
}
