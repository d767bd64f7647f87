/**
 * What happens elsewhere on the page, said to those who hear it instead of seeing it: somebody asks for a leader's yes, a new take,
 * a line of the chat while another tab is open. Not more: progress, queues and meters are there to be looked up, not to be told.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {Record<string, any>} Message
 */

import { byId, h } from "../dom.js";
import { leads } from "../may.js";
import { keyOf, nameOf } from "../state/sections.js";

/** What comes within this time is said in one breath. */
const BREATH_MS = 400;
/** A busy band is summed up: no more sentences than this at once. */
const MOST = 3;

/**
 * A message in words; empty where nobody needs to be told.
 * @param {Message} message
 * @param {State} state  that has it already
 * @param {boolean} chatting  whether the chat is open, which speaks for itself
 */
export function announced(message, state, chatting) {
  const mine = message.member === state.me.member;
  if (mine || state.connection.phase !== "joined") return "";
  switch (message.type) {
    case "chat.said":
      return chatting ? "" : `${message.member} says: ${message.text}`;
    case "section.done":
      return `${message.member} has a new take: ${message.take}.`;
    case "section.requested":
    case "section.waiting": {
      const section = state.sections[keyOf(message)];
      return section?.status === "waiting" && leads(state) ? `${message.member} asks for your yes to ${nameOf(section)}.` : "";
    }
    default:
      return "";
  }
}

/** @param {Studio} studio */
export function announcer(studio) {
  const el = h("div", { id: "announcer", class: "unseen", role: "status" });
  document.body.append(el);
  /** @type {Set<string>} */
  const coming = new Set();

  studio.store.hear((message, state) => {
    const text = announced(message, state, byId("chat").checkVisibility());
    if (!text) return;
    if (!coming.size) setTimeout(speak, BREATH_MS);
    coming.add(text);
  });

  function speak() {
    const all = [...coming];
    coming.clear();
    const more = all.length > MOST ? [`And ${all.length - MOST} more.`] : [];
    el.replaceChildren(h("p", {}, [...all.slice(0, MOST), ...more].join(" ")));
  }
}
