/**
 * What this member may do, as the server's capabilities say it; the page only hides what would be refused anyway.
 *
 *     may(state, "take.play", "drums,bass")
 *
 * @typedef {import("./state.js").State} State
 */

/**
 * The parts that a command reaches, `true` for all it can, `false` for a command that is not this member's.
 * @param {State} state
 * @param {string} command
 * @returns {true | false | string[]}
 */
export function reach(state, command) {
  const found = state.capabilities?.may?.[command];
  return Array.isArray(found) ? (found.length ? found : false) : found === true;
}

/**
 * Whether a command is this member's, on all of these parts where they matter.
 * @param {State} state
 * @param {string} command
 * @param {unknown} [parts]  a list, or text with commas
 */
export function may(state, command, parts) {
  const found = reach(state, command);
  if (found === true || found === false || parts === undefined) return found !== false;
  const named = Array.isArray(parts) ? parts : String(parts).split(",").filter(Boolean);
  return named.every((part) => found.includes(part));
}

/** Whether this member's requests wait for a leader's yes. @param {State} state */
export function waits(state) {
  const said = state.capabilities?.may?.waits;
  return Array.isArray(said) && said.includes("section.request");
}

/** Whether this member leads: gives roles, says yes and no. @param {State} state */
export function leads(state) {
  return may(state, "session.role");
}
