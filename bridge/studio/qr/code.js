/**
 * QR codes (ISO/IEC 18004): a text as a square of dark and light. Pure; made here, so that an invite is shown to nobody else's
 * server to be drawn.
 *
 *     qrCode("https://example.org/#token=...")   // rows of booleans, true is dark
 */

import { codewords, fit } from "./codewords.js";

const LEVEL_BITS = { L: 1, M: 0 };
const MASKS = /** @type {((x: number, y: number) => boolean)[]} */ ([
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]);
/** What looks like a finder and would mislead a reader. */
const FALSE_FINDERS = /(?=10111010000|00001011101)/g;

/**
 * @param {string} text
 * @param {{ mask?: number }} [wish]  by default the mask that is read best
 * @returns {boolean[][]}
 */
export function qrCode(text, wish = {}) {
  const bytes = new TextEncoder().encode(text);
  const { version, level } = fit(bytes.length);
  const data = codewords(bytes, version, level);
  const drawn = (/** @type {number} */ mask) => {
    const square = new Square(version);
    square.fill(data, mask);
    square.format(LEVEL_BITS[level], mask);
    return square.dark;
  };
  if (wish.mask !== undefined) return drawn(wish.mask);
  const all = MASKS.map((_, mask) => drawn(mask));
  return /** @type {boolean[][]} */ (all.reduce((best, one) => (penalty(one) < penalty(best) ? one : best)));
}

class Square {
  /** @param {number} version */
  constructor(version) {
    this.version = version;
    this.size = version * 4 + 17;
    /** @type {boolean[][]} */
    this.dark = Array.from({ length: this.size }, () => Array(this.size).fill(false));
    /** Places that hold no data. @type {boolean[][]} */
    this.fixed = Array.from({ length: this.size }, () => Array(this.size).fill(false));
    this.#patterns();
  }

  /** @param {number} x @param {number} y @param {boolean} dark */
  #set(x, y, dark) {
    const row = this.dark[y];
    const fixed = this.fixed[y];
    if (!row || !fixed || x < 0 || x >= this.size) return;
    row[x] = dark;
    fixed[x] = true;
  }

  #patterns() {
    const { size, version } = this;
    for (let i = 0; i < size; i++) {
      this.#set(6, i, i % 2 === 0);
      this.#set(i, 6, i % 2 === 0);
    }
    for (const [x, y] of /** @type {[number, number][]} */ ([[3, 3], [size - 4, 3], [3, size - 4]])) {
      this.#rings(x, y, 4, (ring) => ring !== 2 && ring !== 4);
    }
    const at = alignment(version, size);
    const last = at.length - 1;
    at.forEach((x, i) => at.forEach((y, j) => {
      const finder = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
      if (!finder) this.#rings(x, y, 2, (ring) => ring !== 1);
    }));
    this.format(0, 0);
    if (version >= 7) this.#versionBits();
  }

  /** @param {number} x @param {number} y @param {number} reach @param {(ring: number) => boolean} dark */
  #rings(x, y, reach, dark) {
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) this.#set(x + dx, y + dy, dark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }

  #versionBits() {
    const bits = (this.version << 12) | checked(this.version, 12, 0x1f25);
    for (let i = 0; i < 18; i++) {
      const [a, b] = [this.size - 11 + (i % 3), Math.floor(i / 3)];
      this.#set(a, b, Boolean((bits >> i) & 1));
      this.#set(b, a, Boolean((bits >> i) & 1));
    }
  }

  /** @param {number} level @param {number} mask */
  format(level, mask) {
    const data = (level << 3) | mask;
    const bits = ((data << 10) | checked(data, 10, 0x537)) ^ 0x5412;
    const bit = (/** @type {number} */ i) => Boolean((bits >> i) & 1);
    for (let i = 0; i <= 5; i++) this.#set(8, i, bit(i));
    this.#set(8, 7, bit(6));
    this.#set(8, 8, bit(7));
    this.#set(7, 8, bit(8));
    for (let i = 9; i < 15; i++) this.#set(14 - i, 8, bit(i));
    for (let i = 0; i < 8; i++) this.#set(this.size - 1 - i, 8, bit(i));
    for (let i = 8; i < 15; i++) this.#set(8, this.size - 15 + i, bit(i));
    this.#set(8, this.size - 8, true);
  }

  /** Places the data in its zigzag, masked. @param {Uint8Array} data @param {number} mask */
  fill(data, mask) {
    const flips = /** @type {(x: number, y: number) => boolean} */ (MASKS[mask]);
    let i = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      const upward = ((right + 1) & 2) === 0;
      for (let step = 0; step < this.size; step++) {
        const y = upward ? this.size - 1 - step : step;
        for (const x of [right, right - 1]) {
          const row = this.dark[y];
          if (!row || this.fixed[y]?.[x]) continue;
          const bit = i < data.length * 8 && Boolean(((data[i >> 3] ?? 0) >> (7 - (i & 7))) & 1);
          row[x] = bit !== flips(x, y);
          i += 1;
        }
      }
    }
  }
}

/** The remainder of a BCH code. @param {number} data @param {number} steps @param {number} generator */
function checked(data, steps, generator) {
  let left = data;
  for (let i = 0; i < steps; i++) left = (left << 1) ^ ((left >> (steps - 1)) * generator);
  return left;
}

/** @param {number} version @param {number} size */
function alignment(version, size) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.floor((version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2;
  return [6, ...Array.from({ length: count - 1 }, (_, i) => size - 7 - step * (count - 2 - i))];
}

/** How hard a square is to read, by the standard's four rules. @param {boolean[][]} dark */
function penalty(dark) {
  const size = dark.length;
  const rows = dark.map((row) => row.map(Number).join(""));
  const columns = rows.map((_, x) => rows.map((row) => row[x]).join(""));
  let sum = 0;
  for (const line of [...rows, ...columns]) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
    sum += 40 * (line.match(FALSE_FINDERS)?.length ?? 0);
  }
  for (let y = 1; y < size; y++) {
    for (let x = 1; x < size; x++) {
      const four = [dark[y]?.[x], dark[y]?.[x - 1], dark[y - 1]?.[x], dark[y - 1]?.[x - 1]];
      if (four.every((one) => one === four[0])) sum += 3;
    }
  }
  const share = (rows.join("").split("1").length - 1) / (size * size);
  return sum + 10 * Math.floor(Math.abs(share - 0.5) * 20);
}
