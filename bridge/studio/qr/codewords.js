/**
 * The bytes of a QR code (ISO/IEC 18004, byte mode): a text with its length, padded, in blocks with Reed-Solomon bytes, and
 * woven together as they are placed. Pure.
 *
 * @typedef {"L" | "M"} Level  how much may be unreadable: 7 or 15 per cent
 */

/** Check bytes in each block, and blocks, by version from 1. @type {Record<Level, { check: number[], blocks: number[] }>} */
const TABLE = {
  L: {
    check: [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26],
    blocks: [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12],
  },
  M: {
    check: [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28],
    blocks: [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21],
  },
};
const MOST_VERSION = 25;
const BYTE_MODE = 4;
const PADS = [0xec, 0x11];
const FIELD = 0x11d;

/** Bytes that a version holds, check bytes included. @param {number} version */
function room(version) {
  let bits = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const align = Math.floor(version / 7) + 2;
    bits -= (25 * align - 10) * align - 55;
    if (version >= 7) bits -= 36;
  }
  return bits >> 3;
}

/** @param {number} version @param {Level} level */
function shape(version, level) {
  const blocks = /** @type {number} */ (TABLE[level].blocks[version - 1]);
  const check = /** @type {number} */ (TABLE[level].check[version - 1]);
  return { blocks, check, data: room(version) - blocks * check };
}

/**
 * The smallest version that holds so many bytes, with the better level where it costs no size.
 * @param {number} bytes
 * @returns {{ version: number, level: Level }}
 * @throws {RangeError} where none does
 */
export function fit(bytes) {
  for (let version = 1; version <= MOST_VERSION; version++) {
    for (const level of /** @type {Level[]} */ (["M", "L"])) {
      if (shape(version, level).data >= bytes + (version < 10 ? 2 : 3)) return { version, level };
    }
  }
  throw new RangeError(`${bytes} bytes are too many for a QR code; show a shorter link`);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} version
 * @param {Level} level
 * @returns {Uint8Array}
 */
export function codewords(bytes, version, level) {
  const { blocks, check, data } = shape(version, level);
  const filled = padded(bytes, version, data);
  const short = Math.floor(data / blocks);
  const longer = data % blocks;
  const rows = Array.from({ length: blocks }, (_, i) => {
    const from = i * short + Math.max(0, i - (blocks - longer));
    return filled.subarray(from, from + short + (i >= blocks - longer ? 1 : 0));
  });
  const checks = rows.map((row) => remainder(row, check));
  const woven = [];
  for (let i = 0; i <= short; i++) for (const row of rows) if (i < row.length) woven.push(row[i] ?? 0);
  for (let i = 0; i < check; i++) for (const row of checks) woven.push(row[i] ?? 0);
  return Uint8Array.from(woven);
}

/** Mode, length and bytes, filled up to `size`. @param {Uint8Array} bytes @param {number} version @param {number} size */
function padded(bytes, version, size) {
  /** @type {number[]} */
  const bits = [];
  const put = (/** @type {number} */ value, /** @type {number} */ width) => {
    for (let i = width - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(BYTE_MODE, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, size * 8 - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let i = 0; bits.length < size * 8; i++) put(/** @type {number} */ (PADS[i % 2]), 8);
  return Uint8Array.from({ length: size }, (_, i) => bits.slice(i * 8, i * 8 + 8).reduce((byte, bit) => byte * 2 + bit, 0));
}

/** @param {number} x @param {number} y */
function times(x, y) {
  let z = 0;
  for (let i = 7; i >= 0; i--) {
    z = (z << 1) ^ ((z >> 7) * FIELD);
    z ^= ((y >> i) & 1) * x;
  }
  return z;
}

/** The check bytes of a block. @param {Uint8Array} data @param {number} count */
function remainder(data, count) {
  const divisor = new Uint8Array(count);
  divisor[count - 1] = 1;
  for (let i = 0, root = 1; i < count; i++, root = times(root, 2)) {
    for (let j = 0; j < count; j++) divisor[j] = times(divisor[j] ?? 0, root) ^ (divisor[j + 1] ?? 0);
  }
  const left = new Uint8Array(count);
  for (const byte of data) {
    const factor = byte ^ (left[0] ?? 0);
    left.copyWithin(0, 1);
    left[count - 1] = 0;
    for (let j = 0; j < count; j++) left[j] = (left[j] ?? 0) ^ times(divisor[j] ?? 0, factor);
  }
  return left;
}
