/**
 * What was said before this page was opened, and while it was away: read from the log, which keeps all of it.
 *
 * @typedef {import("./studio.js").Studio} Studio
 * @typedef {{ event: Record<string, any>, member: string, time: string }} Entry  a line of the log, as far as it matters here
 */

/** So many entries are looked through for chat. */
const LOOK_BACK = 400;

/** @param {Studio} studio */
export function fetchHistory(studio) {
  let due = false;
  studio.store.hear((message, state) => {
    if (message.type === "session.joined" && message.member === state.me.member) due = true;
    if (message.type !== "log.head" || !due) return;
    due = false;
    void fetchLines(studio, Number(message.size));
  });
}

/** @param {Studio} studio @param {number} size */
async function fetchLines(studio, size) {
  const text = await studio.attempt("chat", (api) => api.text(`${api.sessionPath}/log?from=${Math.max(0, size - LOOK_BACK)}`));
  if (text !== null) studio.store.dispatch({ type: "page.history", lines: saidIn(text) });
}

/**
 * The chat in some lines of a log.
 * @param {string} text
 * @returns {{ member: string, text: string, time_us: number, said: true }[]}
 */
export function saidIn(text) {
  const entries = text.split("\n").filter(Boolean).map((line) => /** @type {Entry} */ (JSON.parse(line)));
  return entries
    .filter(({ event }) => event.type === "chat.said")
    .map(({ event, member, time }) => ({ member, text: String(event.text ?? event.command?.text ?? ""), time_us: Date.parse(time) * 1000, said: true }));
}
