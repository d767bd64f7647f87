/**
 * Refusals and other sentences, each kept at the place on the page that caused it. Pure.
 *
 * The page remembers what it sent and from where; a refusal is matched with the newest command that it fits.
 *
 * @typedef {{ text: string, code: string, tone: "bad" | "good" }} Notice
 * @typedef {Record<string, Notice>} Notices  by place: "form", "chat", "take:take-1", "section:ana/verse-1", "transport", ...
 * @typedef {{ type: string, id: string, where: string }} Sent
 * @typedef {Record<string, any>} Message
 */

/** Commands that a late refusal can still be matched with. */
const REMEMBERED = 64;

/**
 * @param {Sent[]} sent
 * @param {Sent} command
 * @returns {Sent[]}
 */
export function remember(sent, command) {
  return [...sent.slice(-REMEMBERED + 1), command];
}

/**
 * The place that a refusal belongs to: "page" where nothing fits.
 * @param {Sent[]} sent
 * @param {Message} refused
 */
export function placeOf(sent, refused) {
  const what = String(refused.what ?? "").replace(/^\//, "").replaceAll("/", ".");
  const newest = [...sent].reverse();
  const byId = (/** @type {unknown} */ id) => (id === undefined || id === "" ? undefined : newest.find((one) => one.id === String(id)));
  const found = newest.find((one) => one.type === what && (refused.id === undefined || one.id === String(refused.id)))
    ?? byId(refused.id) ?? byId(refused.what) ?? newest.find((one) => one.type === what);
  return found?.where ?? "page";
}

/**
 * A refusal as a sentence: with a capital and an end.
 * @param {string} advice
 */
export function sentence(advice) {
  const text = advice.trim();
  if (!text) return "The server refused this without saying why.";
  const whole = text[0]?.toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

/**
 * The field that an advice starts with, as in "bars: 65 is out of range"; empty where it names none.
 * @param {string} advice
 */
export function fieldOf(advice) {
  return /^([a-z_]+(?:\.[a-z_]+)?):\s/.exec(advice)?.[1] ?? "";
}

/**
 * @param {Notices} notices
 * @param {string} where
 * @param {Notice | null} notice  null clears the place
 * @returns {Notices}
 */
export function withNotice(notices, where, notice) {
  const { [where]: _, ...rest } = notices;
  return notice ? { ...rest, [where]: notice } : rest;
}
