/**
 * The log: how long it is, whether this page could check it by itself, and how to check it without this page.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 */

import { button, byId, h, icon, say } from "../dom.js";
import { may } from "../may.js";
import { Doubt } from "../proof/note.js";
import { Watch } from "../proof/watch.js";
import { noticeAt } from "./notice.js";

const WHERE = "log";
/** The head is asked for again so long after something was written, at most. */
const REFRESH_MS = 2_000;
/** The log is checked again so long after the last time, at most. */
const RECHECK_MS = 5_000;
/** What leaves no trace in the log. */
const UNLOGGED = /^(page\.|log\.|capabilities|refused|section\.(progress|position)|session\.(pong|members))/;

/** @param {Studio} studio */
export function logPanel(studio) {
  const size = h("dd", { class: "mono" }, "–");
  const root = h("dd", { class: "mono hash" }, "–");
  const key = h("dd", { class: "mono hash" }, "–");
  const command = h("code", { class: "mono" });
  const verdict = h("p", { class: "verdict", role: "status" });
  const tick = h("span", { class: "tab-tick", hidden: true }, icon("check"), h("span", { class: "unseen" }, "checked"));
  const notice = noticeAt(studio, () => WHERE);
  const log = button("Log", () => save("/log", "log.jsonl"), { icon: "down", class: "small" });
  const checkpoint = button("Checkpoint", () => save("/log/checkpoint", "checkpoint"), { icon: "down", class: "small" });
  byId("log").append(
    verdict,
    h("p", {}, "Every command, role and take is written down, signed and chained, so that nobody can change it unseen."),
    h("dl", { class: "facts-list" }, h("dt", {}, "Entries"), size, h("dt", {}, "Root"), root, h("dt", {}, "Key"), key),
    h("div", { class: "files" }, log, checkpoint),
    notice.el,
    h("p", { class: "soft small" }, "Save both into one folder, then check them offline:"),
    command,
  );
  const watch = new Watch(localStorage);

  /** @param {string} path @param {string} name */
  function save(path, name) {
    void studio.attempt(WHERE, (api) => api.save(`${api.sessionPath}${path}`, name));
  }

  let due = 0;
  studio.store.hear((message, state) => {
    if (message.type === "log.head") plan();
    if (due || state.connection.phase !== "joined" || UNLOGGED.test(message.type)) return;
    due = setTimeout(() => {
      due = 0;
      studio.give({ type: "log.head" });
    }, REFRESH_MS);
  });

  let looked_ms = -Infinity;
  let planned = 0;
  function plan() {
    if (planned) return;
    planned = setTimeout(() => {
      planned = 0;
      looked_ms = performance.now();
      void look();
    }, Math.max(0, looked_ms + RECHECK_MS - performance.now()));
  }

  async function look() {
    const { me } = studio.state;
    if (!studio.api || !me.log_key) return;
    try {
      const seen = await watch.look(studio.api, me.log_key);
      const since = seen.since < seen.size ? `; the first ${seen.since} are those that this browser saw first` : "";
      const signed = seen.signed === "yes" ? "signed by the log's key" : "not held against the log's signature, as this browser has no Ed25519";
      conclude(seen.signed === "yes" ? "good" : "", `Checked by this page: ${seen.size} entries, ${signed}${since}.`);
    } catch (error) {
      if (error instanceof Doubt) conclude("bad", `${error.message} Save the log and its checkpoint now, and ask the band what happened.`);
      else conclude("", "This page could not check the log just now; it tries again when something is written.");
    }
  }

  /** @param {"good" | "bad" | ""} tone @param {string} text */
  function conclude(tone, text) {
    verdict.className = `verdict ${tone}`;
    verdict.replaceChildren(tone ? icon(tone === "good" ? "check" : "cross") : "", h("span", {}, text));
    tick.hidden = tone !== "good";
    byId("tab-log").classList.toggle("doubted", tone === "bad");
  }

  /** @param {State} state */
  return (state) => {
    const tab = byId("tab-log");
    if (!tab.contains(tick)) tab.append(tick);
    tab.hidden = !may(state, "log.head");
    say(size, state.head ? String(state.head.size) : "–");
    say(root, state.head?.root ?? "–");
    say(key, state.me.log_key || "–");
    say(command, `starbridge log verify log.jsonl${state.me.log_key ? ` --key '${state.me.log_key}'` : ""}`);
    notice.update(state);
  };
}
