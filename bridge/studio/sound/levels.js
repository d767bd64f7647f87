/**
 * The mixer's arithmetic: from volume, mute and solo of each stem to its gain. Pure.
 *
 * @typedef {{ volume: number, mute: boolean, solo: boolean }} Level  volume 0 to 1.25, where 1 is as rendered
 * @typedef {Record<string, Level>} Levels
 */

export const LOUDEST = 1.25;
/** What a meter listens back to: 85 ms at 48 kHz, so that nothing is missed between two looks. */
export const METER_SAMPLES = 4096;

/** @type {Level} */
export const PLAIN = { volume: 1, mute: false, solo: false };

/**
 * The gain of each part: solo silences all that are not solo, mute wins over solo.
 * @param {Levels} levels
 * @param {string[]} parts
 * @param {number} [share]  of what the mixer says
 * @returns {Record<string, number>}
 */
export function gains(levels, parts, share = 1) {
  const of = (/** @type {string} */ part) => levels[part] ?? PLAIN;
  const anySolo = parts.some((part) => of(part).solo);
  return Object.fromEntries(
    parts.map((part) => [part, of(part).mute || (anySolo && !of(part).solo) ? 0 : of(part).volume * share]),
  );
}

/** The loudest sample, 0 and more. A plain loop: it runs for each meter many times a second. @param {Float32Array} samples */
export function loudest(samples) {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i] ?? 0));
  return peak;
}

/**
 * The outline of a sound: its peak in each of `columns` slices, 0 to 1.
 * @param {Float32Array[]} channels
 * @param {number} columns
 * @returns {Float32Array}
 */
export function peaks(channels, columns) {
  const found = new Float32Array(columns);
  const frames = channels[0]?.length ?? 0;
  for (const samples of channels) {
    for (let column = 0; column < columns; column++) {
      const end = Math.floor(((column + 1) * frames) / columns);
      let peak = found[column] ?? 0;
      for (let i = Math.floor((column * frames) / columns); i < end; i++) {
        const level = Math.abs(samples[i] ?? 0);
        if (level > peak) peak = level;
      }
      found[column] = peak;
    }
  }
  return found;
}
