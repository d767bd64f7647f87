/**
 * A sentence at the place that caused it: a refusal, or a word that something worked. Spoken by screen readers when it comes.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 */

import { button, h, say } from "../dom.js";
import { inWords } from "../state/wording.js";

/**
 * An element that shows the notice of a place; call its `update` with each state.
 * @param {Studio} studio
 * @param {() => string} where
 */
export function noticeAt(studio, where) {
  const text = h("span", {});
  const el = h("div", { class: "notice", role: "alert", hidden: true }, text, button("Close this message", () => studio.notice(where(), ""), { icon: "cross", only: true }));
  return {
    el,
    /** @param {State} state */
    update(state) {
      const notice = state.notices[where()];
      el.hidden = !notice;
      el.classList.toggle("good", notice?.tone === "good");
      say(text, notice ? inWords(notice.text, notice.code) : "");
    },
  };
}
