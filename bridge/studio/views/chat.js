/**
 * The chat, with a diary of who came, went and made what between the lines; and the tabs of the band's panel.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/people.js").Line} Line
 */

import { byId, h, keyed, say } from "../dom.js";
import { may } from "../may.js";
import { timeOfDay } from "../time.js";
import { noticeAt } from "./notice.js";

const WHERE = "chat";
const LONGEST = 2000;
const COLOURS = 6;

/** @param {Studio} studio */
export function chat(studio) {
  const lines = h("ul", { class: "lines", role: "log", "aria-label": "Chat", "aria-live": "polite", tabindex: 0 });
  const text = h("input", { id: "chat-text", maxlength: LONGEST, autocomplete: "off", placeholder: "Say something", "aria-label": "Your message" });
  const send = h("button", { type: "submit", class: "small" }, "Send");
  const notice = noticeAt(studio, () => WHERE);
  const form = h("form", { class: "say", onsubmit: sayIt }, text, send);
  byId("chat").append(lines, notice.el, form);
  /** @type {Line[]} */
  let seen = [];

  /** @param {SubmitEvent} event */
  function sayIt(event) {
    event.preventDefault();
    if (!text.value.trim()) return;
    studio.give({ type: "chat.say", text: text.value.trim() }, WHERE);
    text.value = "";
  }

  /** @param {Line} line */
  function createLine(line) {
    const time = h("time", { class: "soft mono" }, timeOfDay(line.time_us));
    const who = h("span", { class: `who who-${colourOf(line.member)}` }, line.member);
    return { el: h("li", { class: line.said ? "line" : "line diary", "aria-live": line.said ? null : "off" }, time, h("span", {}, who, " ", line.text)) };
  }

  /** @param {State} state */
  return (state) => {
    form.hidden = !may(state, "chat.say");
    notice.update(state);
    if (state.lines === seen) return;
    const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
    seen = state.lines;
    keyed(lines, state.lines, (line) => String(line.n), createLine);
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  };
}

/** @param {string} name */
function colourOf(name) {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return sum % COLOURS;
}

const TABS = /** @type {const} */ ([["members", "Members"], ["play", "Play"], ["chat", "Chat"], ["log", "Log"]]);

/** @param {Studio} studio */
export function bandTabs(studio) {
  const bar = byId("people-tabs");
  const badge = h("span", { class: "badge", hidden: true });
  let current = "members";
  const tabs = TABS.map(([id, label]) => {
    const el = h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": id, onclick: () => show(id), onkeydown: move }, label, id === "chat" ? badge : null);
    byId(id).setAttribute("aria-labelledby", `tab-${id}`);
    bar.append(el);
    return { id, el };
  });
  show("members");

  /** @param {string} wanted */
  function show(wanted) {
    current = wanted;
    for (const { id, el } of tabs) {
      const on = id === wanted;
      el.setAttribute("aria-selected", String(on));
      el.tabIndex = on ? 0 : -1;
      byId(id).hidden = !on;
    }
    const lines = byId("chat").querySelector(".lines");
    if (wanted === "chat" && lines) lines.scrollTop = lines.scrollHeight;
    studio.store.dispatch({ type: "page.read" });
  }

  /** Arrow keys go from tab to tab. @param {KeyboardEvent} event */
  function move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.findIndex((tab) => tab.id === current) + step + tabs.length) % tabs.length];
    if (!next) return;
    show(next.id);
    next.el.focus();
  }

  /** @param {State} state */
  return (state) => {
    const visible = current === "chat" && byId("people").offsetParent !== null;
    if (state.unread && visible) studio.store.dispatch({ type: "page.read" });
    badge.hidden = !state.unread || visible;
    say(badge, String(state.unread));
  };
}
