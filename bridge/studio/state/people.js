/**
 * Members, what they say, and a diary of who came and went. Pure.
 *
 * @typedef {{ member: string, role: string, status: string, keyed: boolean }} Member
 * @typedef {Record<string, Member>} Members
 * @typedef {{ n: number, member: string, text: string, time_us: number, said: boolean }} Line  `said`: by the member; else about them
 * @typedef {Record<string, any>} Message
 */

import { drumName, pitchName } from "../music.js";

/** Lines kept on the screen; all of them are in the log. */
export const MAX_LINES = 500;
/** Notes of one member shown at a time: ten fingers. */
const MAX_HELD = 10;

/**
 * @param {Message} said
 * @returns {Member}
 */
function memberFrom(said) {
  return {
    member: String(said.member ?? said.name ?? ""),
    role: String(said.role ?? ""),
    status: String(said.status ?? said.presence ?? "present"),
    keyed: Boolean(said.keyed),
  };
}

/**
 * @param {Members} members
 * @param {Message} message
 * @returns {Members}
 */
export function reduceMembers(members, message) {
  const held = members[message.member];
  switch (message.type) {
    case "session.members":
      return fromList(message.members);
    case "session.joined": {
      const all = Array.isArray(message.members) ? fromList(message.members) : members;
      const keyed = Boolean(message.keyed ?? all[message.member]?.keyed);
      return { ...all, [message.member]: { member: message.member, role: message.role, status: "present", keyed } };
    }
    case "session.left":
      if (!held) return members;
      return message.why === "left" ? without(members, held.member) : { ...members, [held.member]: { ...held, status: "away" } };
    case "session.removed":
      return held ? without(members, held.member) : members;
    case "session.role":
      return held ? { ...members, [held.member]: { ...held, role: message.role } } : members;
    default:
      return members;
  }
}

/** @param {any} list @returns {Members} */
function fromList(list) {
  const found = (Array.isArray(list) ? list : []).map(memberFrom).filter((one) => !["left", "removed"].includes(one.status));
  return Object.fromEntries(found.map((one) => [one.member, one]));
}

/** @param {Members} members @param {string} name @returns {Members} */
function without(members, name) {
  const { [name]: _, ...rest } = members;
  return rest;
}

/**
 * The notes that each member holds down just now; a velocity of 0 ends one.
 * @param {Record<string, string[]>} live
 * @param {Message} message
 * @returns {Record<string, string[]>}
 */
export function withLiveNote(live, message) {
  const name = message.part === "drums" ? drumName(message.pitch) : pitchName(message.pitch);
  const others = (live[message.member] ?? []).filter((note) => note !== name);
  return { ...live, [message.member]: message.velocity ? [...others, name].slice(-MAX_HELD) : others };
}

/** What the diary says of a message, in a sentence that starts with the member. @type {Record<string, (m: Message) => string>} */
const DIARY = {
  "session.removed": () => "was removed",
  "session.role": (m) => `is now ${m.role}`,
  "section.done": (m) => `has a new take: ${m.take}`,
  "live.accompanied": (m) => `is accompanied live: ${m.parts}`,
  "live.rested": () => "is no longer accompanied",
  "take.accept": (m) => `accepted ${m.take}`,
  "take.reject": (m) => `rejected ${m.take}`,
};

/**
 * @param {Line[]} lines
 * @param {Message} message
 * @param {number} now_us  the server's time as the page knows it
 * @returns {Line[]}
 */
export function reduceLines(lines, message, now_us) {
  const said = message.type === "chat.said";
  const text = said ? String(message.text) : DIARY[message.type]?.(message);
  if (!text || !message.member) return lines;
  return withLine(lines, { member: String(message.member), text, time_us: timeOf(message) ?? now_us, said });
}

/**
 * The diary of comings and goings, read from two lists of members.
 * @param {Line[]} lines
 * @param {Members} before
 * @param {Members} after
 * @param {number} now_us
 * @returns {Line[]}
 */
export function withComings(lines, before, after, now_us) {
  for (const { member, role, status } of Object.values(after)) {
    const was = before[member]?.status;
    if (was === status) continue;
    const text = status === "away" ? (was ? "is away" : "") : was ? "is back" : `joined as ${role}`;
    if (text) lines = withLine(lines, { member, text, time_us: now_us, said: false });
  }
  for (const { member } of Object.values(before)) {
    if (!after[member]) lines = withLine(lines, { member, text: "left", time_us: now_us, said: false });
  }
  return lines;
}

/**
 * The lines with what was said before, in the order of their times; what is here already is not told twice.
 * @param {Line[]} lines
 * @param {Omit<Line, "n">[]} earlier
 * @returns {Line[]}
 */
export function withHistory(lines, earlier) {
  const name = (/** @type {Omit<Line, "n">} */ line) => `${line.time_us}|${line.member}|${line.text}`;
  const here = new Set(lines.filter((line) => line.said).map(name));
  const fresh = earlier.filter((line) => !here.has(name(line)));
  if (!fresh.length) return lines;
  const next = Math.max(0, ...lines.map((line) => line.n)) + 1;
  const all = [...fresh.map((line, i) => ({ n: next + i, ...line })), ...lines].sort((a, b) => a.time_us - b.time_us);
  return all.slice(-MAX_LINES);
}

/** @param {Line[]} lines @param {Omit<Line, "n">} line @returns {Line[]} */
function withLine(lines, line) {
  return [...lines.slice(-MAX_LINES + 1), { n: Math.max(0, ...lines.map((other) => other.n)) + 1, ...line }];
}

/** When a message says that it was. @param {Message} message */
function timeOf(message) {
  const time_us = Number(message.time_us) || Date.parse(message.time) * 1000;
  return Number.isFinite(time_us) ? time_us : undefined;
}
