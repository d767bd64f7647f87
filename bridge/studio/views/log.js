/**
 * The log: how long it is, its root, and how to check it without trusting anybody.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 */

import { button, byId, h, say } from "../dom.js";
import { may } from "../may.js";
import { noticeAt } from "./notice.js";

const WHERE = "log";
/** The head is asked for again so long after something was written, at most. */
const REFRESH_MS = 2_000;
/** What leaves no trace in the log. */
const UNLOGGED = /^(page\.|log\.|capabilities|refused|section\.(progress|position)|session\.(pong|members))/;

/** @param {Studio} studio */
export function logPanel(studio) {
  const size = h("dd", { class: "mono" }, "–");
  const root = h("dd", { class: "mono hash" }, "–");
  const key = h("dd", { class: "mono hash" }, "–");
  const command = h("code", { class: "mono" });
  const notice = noticeAt(studio, () => WHERE);
  const log = button("Log", () => save("/log", "log.jsonl"), { icon: "down", class: "small" });
  const checkpoint = button("Checkpoint", () => save("/log/checkpoint", "checkpoint"), { icon: "down", class: "small" });
  byId("log").append(
    h("p", {}, "Every command, role and take is written down, signed and chained, so that nobody can change it unseen."),
    h("dl", { class: "facts-list" }, h("dt", {}, "Entries"), size, h("dt", {}, "Root"), root, h("dt", {}, "Key"), key),
    h("div", { class: "files" }, log, checkpoint),
    notice.el,
    h("p", { class: "soft small" }, "Save both into one folder, then check them offline:"),
    command,
  );

  /** @param {string} path @param {string} name */
  function save(path, name) {
    void studio.attempt(WHERE, (api) => api.save(`${api.sessionPath}${path}`, name));
  }

  let due = 0;
  studio.store.hear((message, state) => {
    if (due || state.connection.phase !== "joined" || UNLOGGED.test(message.type)) return;
    due = setTimeout(() => {
      due = 0;
      studio.give({ type: "log.head" });
    }, REFRESH_MS);
  });

  /** @param {State} state */
  return (state) => {
    byId("tab-log").hidden = !may(state, "log.head");
    say(size, state.head ? String(state.head.size) : "–");
    say(root, state.head?.root ?? "–");
    say(key, state.me.log_key || "–");
    say(command, `starbridge log verify log.jsonl${state.me.log_key ? ` --key '${state.me.log_key}'` : ""}`);
    notice.update(state);
  };
}
