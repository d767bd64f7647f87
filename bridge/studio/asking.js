/**
 * Asking for a section: an id of its own, and the page follows what comes of it.
 *
 *     ask(studio, { context: "take-1 bars 5-6" }, "take:take-1");
 *
 * @typedef {import("./studio.js").Studio} Studio
 */

/** A few letters that no request of this page has had. */
export function freshWord() {
  return /** @type {number} */ (crypto.getRandomValues(new Uint32Array(1))[0]).toString(36).slice(-5);
}

/**
 * @param {Studio} studio
 * @param {Record<string, any>} fields  as the server knows them; what is left out is the server's to choose
 * @param {string} where  the place that a refusal is told at
 * @returns {string} the request's id
 */
export function ask(studio, fields, where) {
  const id = `${fields.kind ?? "section"}-${freshWord()}`;
  studio.store.dispatch({ type: "page.follow", follow: true });
  studio.give({ type: "section.request", id, ...fields }, where);
  return id;
}
