/**
 * The queue: what is waiting for a yes, for an engine, or being made; with approve, deny and cancel where the role may.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/sections.js").Section} Section
 */

import { lineage } from "../context.js";
import { button, byId, h, keyed, ownId, say } from "../dom.js";
import { leads, may } from "../may.js";
import { aboutTime, bpmText, plural } from "../music.js";
import { isOver, shapeOf, soundedShare, writtenShare } from "../state/sections.js";
import { walking } from "../walk.js";
import { noticeAt } from "./notice.js";

/** Sections that ended badly stay in sight for the member who asked, this many. */
const FAILED_SHOWN = 3;

const STATUS_WORDS = /** @type {Record<string, string>} */ ({ denied: "The leader said no", cancelled: "Cancelled", failed: "Failed" });

/** @param {Studio} studio */
export function queue(studio) {
  const root = byId("queue-list");
  const walk = walking(root, ".show");

  /** @param {Section} first */
  function createCard({ key, id, member }) {
    const where = `section:${key}`;
    const give = (/** @type {string} */ type) => studio.give({ type, id, member }, where);
    const title = h("h3", { id: ownId() });
    const facts = h("p", { class: "soft small", id: ownId() });
    const status = h("p", { class: "small card-status" });
    const fill = h("div", { class: "progress-fill" });
    const progress = h("div", { class: "progress", "aria-hidden": "true" }, fill);
    const show = button("Show", () => (studio.store.dispatch({ type: "page.select", key }), studio.store.dispatch({ type: "page.view", view: "roll" })), { class: "small quiet show" });
    const approve = button("Approve", () => give("section.approve"), { icon: "check", class: "small good" });
    const deny = button("Deny", () => give("section.deny"), { icon: "cross", class: "small bad" });
    const cancel = button("Cancel", () => give("section.cancel"), { class: "small" });
    const notice = noticeAt(studio, () => where);
    const toolbar = h("div", { class: "card", role: "toolbar", "aria-labelledby": title.id, "aria-describedby": facts.id }, h("div", { class: "card-top" }, title, show), facts, progress, status, notice.el, h("div", { class: "card-acts" }, approve, deny, cancel));
    const el = h("li", { class: "queued" }, toolbar);

    return {
      el,
      /** @param {Section} section */
      update(section) {
        const { state } = studio;
        const { bars, bpm } = shapeOf(section);
        const { request } = section;
        say(title, `${request.kind ?? section.id}${request.style ? `, ${request.style}` : ""}`);
        say(facts, [`by ${section.member}`, plural(bars, "bar"), `${bpmText(bpm)} bpm`, request.key, request.parts?.replaceAll(",", ", "), lineage(request.context)].filter(Boolean).join(" · "));
        say(status, statusWords(section));
        fill.style.width = `${Math.round(madeShare(section) * 100)}%`;
        progress.hidden = section.status !== "working";
        const waiting = section.status === "waiting";
        approve.hidden = !waiting || !may(state, "section.approve");
        deny.hidden = !waiting || !may(state, "section.deny");
        cancel.hidden = isOver(section) || !may(state, "section.cancel") || (section.member !== state.me.member && !leads(state));
        el.classList.toggle("asks", waiting && leads(state));
        el.classList.toggle("shown", section.key === state.selected);
        notice.update(state);
      },
    };
  }

  /** @param {State} state */
  return (state) => {
    const all = Object.values(state.sections);
    const open = all.filter((section) => !isOver(section));
    const order = [...open.filter((s) => s.status === "waiting"), ...open.filter((s) => s.status === "working"), ...open.filter((s) => s.status === "queued").sort((a, b) => a.position - b.position)];
    const lost = all.filter((section) => isOver(section) && section.status !== "done" && section.member === state.me.member).slice(-FAILED_SHOWN);
    walk.keep(() => keyed(root, [...order, ...lost], (section) => section.key, createCard));
  };
}

/** Bars first, then sound. @param {Section} section */
function madeShare(section) {
  const written = writtenShare(section);
  return written < 1 || !section.request.stems ? written : soundedShare(section) || written;
}

/** @param {Section} section */
function statusWords(section) {
  const ended = STATUS_WORDS[section.status];
  if (ended) return section.advice && section.status === "failed" ? `${ended}: ${section.advice}` : ended;
  if (section.status === "waiting") return "Waits for the leader's yes";
  if (section.status === "working") return ["Being made", section.stage, section.eta_s ? aboutTime(section.eta_s) : ""].filter(Boolean).join(" · ");
  const place = section.position > 1 ? `Number ${section.position} in the queue` : "Next in the queue";
  return section.eta_s ? `${place}, ${aboutTime(section.eta_s)}` : place;
}
