/**
 * Takes that the page was not told of when it came in: a long session has thousands, and begins with the newest few. The others are
 * asked for a page at a time, and one of them by itself when somebody plays it to all.
 *
 *     const more = fetchEarlier(studio);   more();
 *
 * @typedef {import("./studio.js").Studio} Studio
 */

/** Takes that are asked for at once. */
const PAGE = 30;

/** @param {Studio} studio @returns {() => void}  asks for the next page, unless it is on its way */
export function fetchEarlier(studio) {
  let busy = false;
  studio.store.hear((message, state) => {
    const sounds = message.type === "take.play" || message.type === "take.loop";
    if (sounds && state.earlier && !state.takes[message.take]) void fetchOne(String(message.take));
  });

  async function fetchPage() {
    const { earlier } = studio.state;
    if (busy || !earlier) return;
    busy = true;
    const asked = new URLSearchParams({ before: earlier.before, limit: String(PAGE) });
    const takes = await studio.attempt("takes", (api) => api.json(`${api.sessionPath}/takes?${asked}`));
    busy = false;
    if (takes && studio.state.earlier?.before === earlier.before) studio.store.dispatch({ type: "page.earlier", takes });
  }

  /** @param {string} take */
  async function fetchOne(take) {
    const found = await studio.attempt("takes", (api) => api.json(`${api.sessionPath}/takes/${encodeURIComponent(take)}`));
    if (found) studio.store.dispatch({ ...found, type: "take.added" });
  }

  return () => void fetchPage();
}
