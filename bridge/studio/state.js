/**
 * What the page knows, and how each message changes it: one pure reducer, so that the page is a fold over what it heard.
 *
 * Messages of the server keep their types; what happens on the page itself comes as messages of types that start with `page.`.
 * Nothing here touches the document, the network or a clock (`now_us` is handed in).
 *
 *     state = reduce(state, { type: "chat.said", member: "ana", text: "hi" }, now_us);
 *
 * @typedef {import("./state/sections.js").Sections} Sections
 * @typedef {import("./state/takes.js").Takes} Takes
 * @typedef {import("./state/takes.js").Sounding} Sounding
 * @typedef {import("./state/takes.js").Earlier} Earlier
 * @typedef {import("./state/people.js").Members} Members
 * @typedef {import("./state/people.js").Line} Line
 * @typedef {import("./state/notices.js").Notices} Notices
 * @typedef {import("./state/notices.js").Sent} Sent
 * @typedef {import("./time.js").Transport} Transport
 * @typedef {import("./roll/bars.js").Bars} Bars
 * @typedef {"idle" | "connecting" | "joining" | "joined" | "waiting" | "over"} Phase
 * @typedef {{ phase: Phase, sentence: string, retry_at_us: number }} Connection
 * @typedef {{ session: string, member: string, role: string, origin: string, log_key: string, signs: boolean }} Me
 * @typedef {{ size: number, root: string }} Head
 * @typedef {Record<string, any>} Capabilities
 * @typedef {{ id: string, member: string, parts: string }} Accompaniment
 * @typedef {{ invite: string, role: string, name: string, expires_s: number, members: string[], revoked: boolean }} Listed  an invite, as the server knows it
 * @typedef {{
 *   connection: Connection, me: Me, members: Members, live: Record<string, string[]>, capabilities: Capabilities | null, sections: Sections, takes: Takes, earlier: Earlier | null,
 *   sounding: Sounding, accompaniment: Accompaniment | null, transports: Transport[], lines: Line[], unread: number, head: Head | null, notices: Notices, sent: Sent[],
 *   selected: string, bars: (Bars & { key: string }) | null, compare: { a: string, b: string } | null, follow: boolean, view: string, links: { role: string, name: string, link: string }[], listed: Listed[]
 * }} State
 * @typedef {Record<string, any>} Message
 */

import { reduceLines, reduceMembers, withComings, withHistory, withLiveNote } from "./state/people.js";
import { placeOf, remember, withNotice } from "./state/notices.js";
import { isOver, keyOf, newSection, onlyOver, reduceSections } from "./state/sections.js";
import { timeOfBeat, withTransport } from "./time.js";
import { readToken, tokenIn } from "./token.js";
import { reduceSounding, reduceTakes, takeFrom, withoutSounding } from "./state/takes.js";

/** @returns {State} */
export function initialState() {
  return {
    connection: { phase: "idle", sentence: "", retry_at_us: 0 },
    me: { session: "", member: "", role: "", origin: "", log_key: "", signs: false },
    members: {}, live: {}, capabilities: null, sections: {}, takes: {}, earlier: null, sounding: {}, accompaniment: null, transports: [], lines: [], unread: 0, head: null,
    notices: {}, sent: [], selected: "", bars: null, compare: null, follow: true, view: "roll", links: [], listed: [],
  };
}

/**
 * The state after a message.
 * @param {State} state
 * @param {Message} message
 * @param {number} now_us
 * @returns {State}
 */
export function reduce(state, message, now_us) {
  const own = OWN[message.type];
  if (own) return own(state, message);
  const members = reduceMembers(state.members, message);
  const fresh = message.type === "session.members" && Object.keys(state.members).length > 1;
  const after = {
    ...state,
    members,
    sections: reduceSections(state.sections, message),
    takes: reduceTakes(state.takes, message),
    sounding: reduceSounding(state.sounding, message, timeOfBeat(state.transports, Number(message.beat))),
    lines: fresh ? withComings(state.lines, state.members, members, now_us) : reduceLines(state.lines, message, now_us),
  };
  const unread = message.type === "chat.said" && message.member !== state.me.member ? state.unread + 1 : state.unread;
  return followed(FACTS[message.type]?.({ ...after, unread }, message, now_us) ?? { ...after, unread }, message);
}

/** Single facts that no list holds. @type {Record<string, (state: State, message: Message, now_us: number) => State>} */
const FACTS = {
  "session.joined": (state, m) => {
    if (state.connection.phase === "joined") return state;
    const { me } = state;
    return {
      ...state,
      sections: onlyOver(state.sections),
      earlier: null,
      sounding: {},
      accompaniment: null,
      connection: { phase: "joined", sentence: "", retry_at_us: 0 },
      me: { ...me, session: m.session, member: m.member, role: m.role, log_key: m.log_key ?? me.log_key, origin: m.origin ?? me.origin },
      notices: withNotice(state.notices, "page", null),
    };
  },
  "session.role": (state, m) => (m.member === state.me.member ? { ...state, me: { ...state.me, role: m.role } } : state),
  "session.members": (state) => {
    const mine = state.members[state.me.member];
    const live = Object.fromEntries(Object.entries(state.live).filter(([name]) => state.members[name]?.status === "present"));
    return { ...state, live, me: mine ? { ...state.me, role: mine.role } : state.me };
  },
  "transport.state": (state, m, now_us) => {
    const told = { playing: Boolean(m.playing), bpm: m.bpm, beat: m.beat, n: m.n, d: m.d, time_us: m.time_us ?? now_us };
    return { ...state, transports: withTransport(state.transports, told, now_us) };
  },
  "live.note": (state, m) => ({ ...state, live: withLiveNote(state.live, m) }),
  "live.accompanied": (state, m) => ({ ...state, accompaniment: { id: m.id, member: m.member, parts: m.parts } }),
  "live.rested": (state, m) => ({
    ...state,
    accompaniment: null,
    notices: m.advice ? withNotice(state.notices, "transport", { text: String(m.advice), code: String(m.code ?? ""), tone: "bad" }) : state.notices,
  }),
  "session.revoked": (state, m) => ({
    ...state,
    links: state.links.filter(({ link }) => readToken(tokenIn(link))?.id !== m.invite),
    listed: state.listed.filter(({ invite }) => invite !== m.invite),
  }),
  "log.head": (state, m) => ({ ...state, head: { size: m.size, root: m.root } }),
  capabilities: (state, m) => ({ ...state, capabilities: m.capabilities ?? JSON.parse(m.json) }),
  "section.done": (state, m) => {
    const section = state.sections[keyOf(m)];
    if (!section || state.takes[m.take]) return state;
    const added = { ...takeFrom({ take: m.take, section: section.key, request: section.request, unheard: m.unheard }), index: Number(m.index ?? -1) };
    return { ...state, takes: { ...state.takes, [m.take]: { ...added, stems: Object.keys(section.stems) } } };
  },
  "take.added": withKnownTake,
  "session.takes": (state, m) => ({ ...state, takes: state.takes[m.first] ? state.takes : {}, earlier: { count: m.earlier, before: m.first } }),
  refused: (state, m) => ({
    ...state,
    notices: withNotice(state.notices, placeOf(state.sent, m), { text: String(m.advice ?? ""), code: String(m.code ?? ""), tone: "bad" }),
  }),
};

/** What happens on the page itself. @type {Record<string, (state: State, message: Message) => State>} */
const OWN = {
  "page.connection": (state, m) => ({ ...state, connection: { phase: m.phase, sentence: m.sentence ?? "", retry_at_us: m.retry_at_us ?? 0 } }),
  "page.me": (state, m) => ({ ...state, me: { ...state.me, ...m.me } }),
  "page.sent": (state, m) => ({ ...state, sent: remember(state.sent, m.sent), notices: withNotice(state.notices, m.sent.where, null) }),
  "page.notice": (state, m) => ({ ...state, notices: withNotice(state.notices, m.where, m.notice) }),
  "page.select": (state, m) => ({ ...state, selected: m.key, follow: m.follow ?? false }),
  "page.bars": (state, m) => ({ ...state, bars: m.bars && { ...m.bars, key: state.selected } }),
  "page.compare": (state, m) => ({ ...state, compare: m.compare }),
  "page.follow": (state, m) => ({ ...state, follow: m.follow }),
  "page.view": (state, m) => ({ ...state, view: m.view, unread: m.view === "people" ? 0 : state.unread }),
  "page.history": (state, m) => ({ ...state, lines: withHistory(state.lines, m.lines) }),
  "page.earlier": (state, m) => {
    const left = (state.earlier?.count ?? 0) - m.takes.length;
    const known = m.takes.reduce((/** @type {State} */ so_far, /** @type {Message} */ take) => {
      const takes = reduceTakes(so_far.takes, { ...take, type: "take.added" });
      return withKnownTake({ ...so_far, takes }, take);
    }, state);
    return { ...known, earlier: left > 0 && m.takes.length ? { count: left, before: m.takes[0].take } : null };
  },
  "page.ended": (state, m) => ({ ...state, sounding: withoutSounding(state.sounding, m.take) }),
  "page.read": (state) => (state.unread ? { ...state, unread: 0 } : state),
  "page.link": (state, m) => ({ ...state, links: [m.link, ...state.links].slice(0, 12) }),
  "page.listed": (state, m) => ({ ...state, listed: m.listed }),
  "page.score": (state, m) => {
    const held = state.sections[m.key];
    return held ? { ...state, sections: { ...state.sections, [m.key]: { ...held, notes: m.notes, closed: m.closed } } } : state;
  },
};

/**
 * A take has a section to show it by, though it may have been made before this page was opened.
 * @param {State} state
 * @param {Message} said
 * @returns {State}
 */
function withKnownTake(state, said) {
  const take = state.takes[takeFrom(said).take];
  if (!take) return state;
  const key = take.section;
  const [member, ...id] = key.split("/");
  const held = state.sections[key] ?? newSection({ member, id: id.join("/") });
  const stems = Object.fromEntries(take.stems.map((part) => [part, held.stems[part] ?? { part, url: "" }]));
  /** @type {import("./state/sections.js").Section} */
  const section = { ...held, request: { ...held.request, ...take.request }, status: "done", take: take.take, chords: take.chords, stems };
  return { ...state, sections: { ...state.sections, [key]: section } };
}

/**
 * The section to look at: the newest that has something to show, as long as nobody chose another one.
 * @param {State} state
 * @param {Message} message
 * @returns {State}
 */
function followed(state, message) {
  if (!state.follow || message.id === undefined) return state;
  const key = keyOf(message);
  const mine = message.type === "section.requested" && message.member === state.me.member;
  const moving = ["section.note", "section.bar", "section.progress"].includes(message.type);
  const current = state.sections[state.selected];
  const free = !current || isOver(current);
  const newer = message.type === "take.added" && current && free && numberOf(state, current.key) < numberOf(state, key);
  return mine || newer || (moving && free && !isOver(/** @type {any} */ (state.sections[key]))) ? { ...state, selected: key } : state;
}

/** Where in the log the take of a section stands. @param {State} state @param {string} key */
function numberOf(state, key) {
  return state.takes[state.sections[key]?.take ?? ""]?.index ?? Infinity;
}
