/**
 * Takes and what the band thinks of them, and which of them sound. Pure.
 *
 * @typedef {{ of: string, by: string, licence: string }} Restriction  what keeps a take from commercial use
 * @typedef {{
 *   take: string, section: string, member: string, request: Record<string, any>, verdict: "" | "accepted" | "rejected",
 *   ratings: Record<string, number>, votes: Record<string, number>, index: number, chords: string, stems: string[], commercial: boolean,
 *   restrictions: Restriction[],
 *   composer: Record<string, any>, renderer: Record<string, any>, unheard: string
 * }} Take
 * @typedef {Record<string, Take>} Takes
 * @typedef {{ take: string, beat: number, time_us: number, loop: boolean }} Playing  from when a take sounds, by the server's clock
 * @typedef {Record<string, Playing>} Sounding
 * @typedef {{ count: number, before: string }} Earlier  so many takes before this one are not here
 * @typedef {Record<string, any>} Message
 */

const VERDICTS = /** @type {const} */ ({ accept: "accepted", accepted: "accepted", reject: "rejected", rejected: "rejected" });

/**
 * A take from what the server tells of it: a `take.added` message, or an entry of `GET .../takes`.
 * @param {Message} said
 * @returns {Take}
 */
export function takeFrom(said) {
  const inner = typeof said.take === "object" && said.take !== null ? said.take : said;
  const section = String(inner.section ?? (inner.id !== undefined ? `${inner.member ?? ""}/${inner.id}` : ""));
  const verdict = /** @type {keyof typeof VERDICTS} */ (String(inner.verdict ?? ""));
  return {
    take: String(inner.take ?? inner.name ?? ""),
    section,
    member: String(inner.member ?? section.split("/")[0] ?? ""),
    request: inner.request ?? {},
    verdict: VERDICTS[verdict] ?? "",
    ratings: inner.ratings ?? {},
    votes: inner.votes ?? {},
    index: Number(inner.index ?? -1),
    chords: String(inner.chords ?? ""),
    commercial: inner.commercial !== false,
    restrictions: Array.isArray(inner.restrictions) ? inner.restrictions : [],
    stems: Array.isArray(inner.stems) ? inner.stems.map(stemName) : Object.keys(inner.stems ?? {}),
    composer: inner.composer ?? {},
    renderer: inner.renderer ?? {},
    unheard: String(inner.unheard ?? ""),
  };
}

/** @param {any} stem */
function stemName(stem) {
  return String(typeof stem === "object" && stem !== null ? (stem.part ?? "") : stem);
}

/**
 * @param {Takes} takes
 * @param {Message} message
 * @returns {Takes}
 */
export function reduceTakes(takes, message) {
  if (message.type === "take.added") {
    const take = takeFrom(message);
    return take.take ? { ...takes, [take.take]: { ...takes[take.take], ...take } } : takes;
  }
  const held = takes[message.take];
  if (!held) return takes;
  const change = CHANGES[message.type]?.(held, message);
  return change ? { ...takes, [held.take]: { ...held, ...change } } : takes;
}

/** @type {Record<string, (take: Take, message: Message) => Partial<Take>>} */
const CHANGES = {
  "take.accept": () => ({ verdict: "accepted" }),
  "take.reject": () => ({ verdict: "rejected" }),
  "take.rate": (take, m) => ({ ratings: { ...take.ratings, [m.member]: Number(m.stars) } }),
  "take.vote": (take, m) => ({ votes: { ...take.votes, [m.member]: Number(m.value) } }),
};

/**
 * @param {Sounding} sounding
 * @param {Message} message
 * @param {number | null} beat_us  when the message's beat sounds, where it does not say so itself
 * @returns {Sounding}
 */
export function reduceSounding(sounding, message, beat_us) {
  switch (message.type) {
    case "take.play":
    case "take.loop": {
      const time_us = message.time_us ?? beat_us;
      if (time_us === null) return withoutSounding(sounding, message.take);
      const loop = Boolean(message.loop ?? message.type === "take.loop");
      return { ...sounding, [message.take]: { take: message.take, beat: Number(message.beat) || 0, time_us, loop } };
    }
    case "take.stop":
      return withoutSounding(sounding, message.take);
    case "transport.state":
      return message.playing ? sounding : {};
    default:
      return sounding;
  }
}

/** @param {Sounding} sounding @param {string} take @returns {Sounding} */
export function withoutSounding(sounding, take) {
  if (!(take in sounding)) return sounding;
  const { [take]: _, ...rest } = sounding;
  return rest;
}

/** As lists show them. @param {Takes} takes @returns {Take[]} */
export function newestFirst(takes) {
  const place = (/** @type {Take} */ { index }) => (index < 0 ? Number.MAX_SAFE_INTEGER : index);
  return Object.values(takes).reverse().sort((a, b) => place(b) - place(a));
}

/** The mean of the stars, null without any. @param {Take} take */
export function meanStars(take) {
  const stars = Object.values(take.ratings);
  return stars.length ? stars.reduce((a, b) => a + b, 0) / stars.length : null;
}

/** @param {Take} take */
export function voteSum(take) {
  return Object.values(take.votes).reduce((a, b) => a + b, 0);
}
