/**
 * A standard MIDI file as notes by track name: what the server writes (type 1, a track a part), and nothing more.
 *
 *     readMidi(view)   // { drums: [{ start: 0, length: 0.25, pitch: 36, velocity: 100 }], ... } in beats
 *
 * @typedef {import("./state/sections.js").Note} Note
 */

/** Bytes after each kind of channel message, by its upper four bits. */
const LENGTHS = /** @type {Record<number, number>} */ ({ 0x8: 2, 0x9: 2, 0xa: 2, 0xb: 2, 0xc: 1, 0xd: 1, 0xe: 2 });

/**
 * @param {DataView} view
 * @returns {Record<string, Note[]>}
 * @throws {RangeError} where it is cut off or no MIDI file
 */
export function readMidi(view) {
  if (view.getUint32(0) !== 0x4d546864) throw new RangeError("this is no MIDI file");
  const perBeat = view.getUint16(12);
  /** @type {Record<string, Note[]>} */
  const found = {};
  let at = 8 + view.getUint32(4);
  while (at + 8 <= view.byteLength) {
    const length = view.getUint32(at + 4);
    if (view.getUint32(at) === 0x4d54726b) {
      const { name, notes } = readTrack(view, at + 8, at + 8 + length, perBeat);
      if (notes.length) found[name] = [...(found[name] ?? []), ...notes];
    }
    at += 8 + length;
  }
  return found;
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {number} end
 * @param {number} perBeat
 */
function readTrack(view, at, end, perBeat) {
  let name = "";
  let tick = 0;
  let status = 0;
  /** @type {Note[]} */
  const notes = [];
  /** @type {Map<number, { tick: number, velocity: number }[]>} */
  const sounding = new Map();
  const number = () => {
    let value = 0;
    for (;;) {
      const byte = view.getUint8(at++);
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
  };
  while (at < end) {
    tick += number();
    if (view.getUint8(at) >= 0x80) status = view.getUint8(at++);
    if (status === 0xff) {
      const kind = view.getUint8(at++);
      const length = number();
      if (kind === 3) name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, length));
      at += length;
    } else if (status === 0xf0 || status === 0xf7) {
      at += number();
    } else {
      const kind = status >> 4;
      const pitch = view.getUint8(at);
      const velocity = kind === 9 ? view.getUint8(at + 1) : 0;
      at += LENGTHS[kind] ?? 0;
      if (kind === 9 && velocity) sounding.set(pitch, [...(sounding.get(pitch) ?? []), { tick, velocity }]);
      else if (kind === 8 || kind === 9) {
        const begun = sounding.get(pitch)?.shift();
        if (begun) notes.push({ start: begun.tick / perBeat, length: (tick - begun.tick) / perBeat, pitch, velocity: begun.velocity });
      }
    }
  }
  return { name, notes: notes.sort((a, b) => a.start - b.start || a.pitch - b.pitch) };
}
