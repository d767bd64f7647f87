/**
 * Sections as the page knows them: from the request to the last bar and stem. Pure: a map and a message in, a map out.
 *
 * Every message about a section names its asker (`member`) and the asker's own `id`; together they are the section's key. Bars
 * may come twice (a bundle sent again): what comes again replaces what was there.
 *
 * @typedef {{ start: number, length: number, pitch: number, velocity: number }} Note  in beats from the section's start
 * @typedef {{ url: string, part: string }} Stem
 * @typedef {{ by: string, version: number, frames: number, of: number, url: string }} Preview
 * @typedef {"waiting" | "queued" | "working" | "done" | "failed" | "cancelled" | "denied"} Status
 * @typedef {{
 *   key: string, id: string, member: string, request: Record<string, any>, status: Status, position: number, eta_s: number,
 *   stage: string, done: number, notes: Record<string, Note[]>, closed: Record<string, number[]>, stems: Record<string, Stem>,
 *   previews: Record<string, Preview>,
 *   take: string, code: string, advice: string, chords: string
 * }} Section
 * @typedef {Record<string, Section>} Sections
 * @typedef {Record<string, any>} Message
 */

import { barOf, beatsPerBar, parseMeter } from "../music.js";

/** @param {Section} section */
export function isOver(section) {
  return !["waiting", "queued", "working"].includes(section.status);
}

/** @param {Message} message */
export function keyOf(message) {
  return `${message.member ?? ""}/${message.id}`;
}

/**
 * A section of which nothing is known but its name.
 * @param {Message} message
 * @returns {Section}
 */
export function newSection(message) {
  return {
    key: keyOf(message), id: String(message.id), member: String(message.member ?? ""), request: {}, status: "queued", position: 0,
    eta_s: 0, stage: "", done: 0, notes: {}, closed: {}, stems: {}, previews: {}, take: "", code: "", advice: "", chords: "",
  };
}

/**
 * What a section is called where it has no take yet: "the dubstep drop"; ids are for programs.
 * @param {Section} section
 */
export function nameOf({ id, request: { kind, style } }) {
  return kind ? `the ${[style, kind].filter(Boolean).join(" ")}` : id;
}

/** @param {Section} section */
export function shapeOf(section) {
  const meter = parseMeter(section.request.meter);
  const perBar = beatsPerBar(meter);
  const bars = Number(section.request.bars) || Math.max(1, ...Object.values(section.closed).flat());
  return { meter, perBar, bars, total: bars * perBar, bpm: Number(section.request.bpm) || 120 };
}

/**
 * The parts of a section, as asked for, or as they have come.
 * @param {Section} section
 * @returns {string[]}
 */
export function partsOf(section) {
  const asked = String(section.request.parts ?? "").split(",").map((part) => part.trim()).filter(Boolean);
  return asked.length ? asked : Object.keys(section.closed);
}

/**
 * How much of a section is written, 0 to 1, by its closed bars.
 * @param {Section} section
 */
export function writtenShare(section) {
  const parts = partsOf(section).filter((part) => part !== "texture");
  const { bars } = shapeOf(section);
  const closed = parts.reduce((sum, part) => sum + (section.closed[part]?.length ?? 0), 0);
  return parts.length ? Math.min(1, closed / (parts.length * bars)) : 0;
}

/**
 * How much of a section's sound is made, 0 to 1: stems that are final, and what has come of the others beyond a stand-in.
 * @param {Section} section
 */
export function soundedShare(section) {
  const parts = partsOf(section);
  const made = parts.map((part) => {
    const preview = section.previews[part];
    if (section.stems[part]) return 1;
    return preview && preview.by !== "sampler" ? preview.frames / Math.max(1, preview.of) : 0;
  });
  return parts.length ? made.reduce((sum, share) => sum + share, 0) / parts.length : 0;
}

/** @param {Message} m @returns {Preview} */
function previewOf(m) {
  return { by: String(m.by ?? ""), version: Number(m.version) || 0, frames: Number(m.frames) || 0, of: Number(m.of) || 0, url: String(m.url ?? "") };
}

/** @param {Record<string, Preview>} previews @param {string} part */
function withoutPart(previews, part) {
  return Object.fromEntries(Object.entries(previews).filter(([name]) => name !== part));
}

/** What each message changes. @type {Record<string, (section: Section, message: Message) => Partial<Section>>} */
const CHANGES = {
  "section.requested": (_, m) => ({ request: m.request ?? {}, status: m.status ?? (m.waiting ? "waiting" : "queued"), code: "", advice: "" }),
  "section.accepted": (s, m) => ({
    status: isOver(s) || s.status === "working" ? s.status : "queued", position: m.position ?? s.position, eta_s: m.eta_s ?? s.eta_s,
  }),
  "section.waiting": () => ({ status: "waiting" }),
  "section.approve": () => ({ status: "queued" }),
  "section.deny": () => ({ status: "denied" }),
  "section.denied": () => ({ status: "denied" }),
  "section.position": (_, m) => ({ position: m.position ?? 0, eta_s: m.eta ?? m.eta_s ?? 0 }),
  "section.progress": (_, m) => ({ status: "working", position: 0, stage: String(m.stage ?? ""), done: Number(m.done) || 0, eta_s: m.eta_s ?? 0 }),
  "section.note": (s, m) => withNote(s, m),
  "section.bar": (s, m) => withBar(s, m),
  "section.preview": (s, m) => (isOver(s) || s.stems[m.part] ? {} : { previews: { ...s.previews, [m.part]: previewOf(m) } }),
  "section.stem": (s, m) => ({ stems: { ...s.stems, [m.part]: { part: String(m.part), url: String(m.url ?? "") } }, previews: withoutPart(s.previews, m.part) }),
  "section.done": (_, m) => ({ status: "done", take: String(m.take ?? ""), position: 0, done: 1, stage: "", previews: {} }),
  "section.failed": (s, m) => ({ status: s.status === "denied" ? "denied" : "failed", code: String(m.code ?? ""), advice: String(m.advice ?? ""), position: 0, previews: {} }),
  "section.cancelled": () => ({ status: "cancelled", position: 0, stage: "", previews: {} }),
};

/**
 * @param {Sections} sections
 * @param {Message} message
 * @returns {Sections}
 */
export function reduceSections(sections, message) {
  const change = CHANGES[message.type];
  if (!change || message.id === undefined) return sections;
  const key = keyOf(message);
  const before = sections[key] ?? newSection(message);
  return { ...sections, [key]: { ...before, ...change(before, message) } };
}

/**
 * @param {Section} section
 * @param {Message} message
 * @returns {Partial<Section>}
 */
function withNote(section, message) {
  const part = String(message.part);
  const { perBar } = shapeOf(section);
  const bar = barOf(message.start, perBar);
  const note = { start: message.start, length: message.length, pitch: message.pitch, velocity: message.velocity };
  const held = section.notes[part] ?? [];
  const again = section.closed[part]?.includes(bar);
  const kept = again ? held.filter((other) => barOf(other.start, perBar) !== bar) : held;
  return {
    notes: { ...section.notes, [part]: [...kept, note] },
    ...(again ? { closed: { ...section.closed, [part]: without(section.closed[part], bar) } } : {}),
    ...underway(section),
  };
}

/**
 * @param {Section} section
 * @param {Message} message
 * @returns {Partial<Section>}
 */
function withBar(section, message) {
  const part = String(message.part);
  const bar = Number(message.bar);
  const closed = section.closed[part] ?? [];
  return closed.includes(bar) ? {} : { closed: { ...section.closed, [part]: [...closed, bar] }, ...underway(section) };
}

/** A section with notes is being worked on, unless it is over. @param {Section} section @returns {Partial<Section>} */
function underway(section) {
  return section.status === "queued" || section.status === "waiting" ? { status: "working", position: 0 } : {};
}

/** @param {number[] | undefined} bars @param {number} bar */
function without(bars, bar) {
  return (bars ?? []).filter((other) => other !== bar);
}

/**
 * After a break in the connection: what was underway is told anew, bars and all, so only what is over stays.
 * @param {Sections} sections
 * @returns {Sections}
 */
export function onlyOver(sections) {
  return Object.fromEntries(Object.entries(sections).filter(([, section]) => isOver(section)));
}
