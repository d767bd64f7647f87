/**
 * The request form: what this member may ask for, from the server's capabilities; and what became of the last request.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../fields.js").Control} Control
 */

import { ask } from "../asking.js";
import { button, byId, h, say } from "../dom.js";
import { controlFor, FIRST } from "../fields.js";
import { reach, waits } from "../may.js";
import { aboutTime, PARTS } from "../music.js";
import { fieldOf } from "../state/notices.js";
import { noticeAt } from "./notice.js";

const WHERE = "form";

/** @param {Studio} studio */
export function requestForm(studio) {
  const root = byId("ask-body");
  const none = h("div", { class: "none", hidden: true });
  const note = h("p", { class: "soft small", hidden: true }, "Your requests wait for the leader's yes before they are made.");
  const fields = h("div", { class: "fields" });
  const notice = noticeAt(studio, () => WHERE);
  const outcome = h("p", { class: "outcome soft small", role: "status", "aria-live": "polite" });
  const submit = h("button", { type: "submit", class: "primary big", id: "ask-button" }, "Ask for it");
  const clear = button("Clear", () => controls.forEach((control) => control.write(undefined)), { class: "quiet" });
  const form = h("form", { id: "request-form", novalidate: true, onsubmit: send }, note, fields, h("div", { class: "form-end" }, notice.el, outcome, submit, clear));
  root.append(none, form);

  /** @type {Control[]} */
  let controls = [];
  let builtFrom = "";
  let last = "";

  /** @param {SubmitEvent} event */
  function send(event) {
    event.preventDefault();
    /** @type {Record<string, any>} */
    const wanted = {};
    for (const control of controls) {
      const value = control.read();
      control.mark(false);
      if (value !== undefined) wanted[control.name] = value;
    }
    if (wanted.parts === "") {
      studio.notice(WHERE, "parts: choose at least one part.");
      return;
    }
    last = ask(studio, wanted, WHERE);
  }

  /** Engines come and go unheard: what they offer is asked for when somebody looks. @param {Event} event */
  function lookAgain(event) {
    if (/** @type {HTMLDetailsElement} */ (event.target).open) studio.give({ type: "capabilities" });
  }

  /** @param {State} state */
  function build(state) {
    const allowed = reach(state, "section.request");
    const parts = allowed === true ? PARTS : allowed === false ? [] : allowed;
    const renderers = /** @type {import("../fields.js").Renderer[]} */ (state.capabilities?.renderers ?? []);
    const key = JSON.stringify([state.capabilities?.fields, state.capabilities?.controls, renderers, parts]);
    if (key === builtFrom) return;
    const kept = new Map(controls.map((control) => [control.name, control.read()]));
    builtFrom = key;
    const table = /** @type {import("../fields.js").Field[]} */ (state.capabilities?.fields ?? []);
    const byName = new Map(table.map((field) => [field.name, field]));
    const first = FIRST.flatMap((name) => byName.get(name) ?? []).map((field) => controlFor(field, parts));
    const more = table.filter((field) => !FIRST.includes(field.name)).map((field) => controlFor(field, parts, undefined, renderers));
    const single = singleParts(state, parts);
    controls = [...first, ...more, ...single.flatMap((group) => group.controls)];
    const opened = [...fields.querySelectorAll("details")].map((details) => details.open);
    fields.replaceChildren(
      h("div", { class: "field-grid" }, first.map((control) => control.el)),
      more.length ? h("details", { class: "more", ontoggle: lookAgain }, h("summary", {}, "More"), h("div", { class: "field-grid" }, more.map((control) => control.el))) : "",
      single.length ? h("details", { class: "more" }, h("summary", {}, "Each part by itself"), single.map((group) => group.el)) : "",
    );
    [.../** @type {NodeListOf<HTMLDetailsElement>} */ (fields.querySelectorAll("details"))].forEach((details, i) => (details.open = opened[i] ?? false));
    for (const control of controls) if (kept.get(control.name) !== undefined) control.write(kept.get(control.name));
  }

  /**
   * The fields are built when the server says what there is; what was typed before stays.
   * @param {State} state
   * @param {string[]} parts
   */
  function singleParts(state, parts) {
    const table = /** @type {any[]} */ (state.capabilities?.controls ?? []);
    return parts.flatMap((part) => {
      const own = table.filter((control) => control.part === part || control.parts?.includes(part));
      if (!own.length) return [];
      const made = own.map((control) => {
        const bare = String(control.name).replace(`${part}.`, "");
        return controlFor({ type: control.low === undefined ? "s" : "f", ...control, name: `${part}.${bare}` }, [], bare);
      });
      const el = h("fieldset", { class: "single", "data-part": part }, h("legend", { class: "label" }, part), h("div", { class: "field-grid" }, made.map((control) => control.el)));
      return [{ el, controls: made }];
    });
  }

  /** @param {State} state */
  function update(state) {
    const allowed = reach(state, "section.request");
    const known = state.capabilities !== null;
    form.hidden = !known || allowed === false;
    none.hidden = !known || allowed !== false;
    if (known && allowed === false) {
      say(none, `As ${state.me.role} you don't ask for sections. You hear and see what the band makes, chat, rate and vote; a leader can give you another role.`);
      if (fields.firstChild) fields.replaceChildren();
      builtFrom = "";
      controls = [];
      return;
    }
    if (known) build(state);
    note.hidden = !waits(state);
    submit.disabled = state.connection.phase !== "joined";
    notice.update(state);
    const wrong = state.notices[WHERE] ? fieldOf(/** @type {any} */ (state.notices[WHERE]).text) : "";
    for (const control of controls) control.mark(control.name === wrong);
    const section = last ? state.sections[`${state.me.member}/${last}`] : undefined;
    say(outcome, section ? words(section) : "");
  }

  /**
   * Fills the form from elsewhere on the page: to build on a take, or to ask for one like it.
   * @param {Record<string, any>} values
   */
  function fill(values) {
    for (const control of controls) control.write(values[control.name]);
    for (const details of form.querySelectorAll("details")) {
      if (Object.keys(values).some((name) => details.querySelector(`[data-field="${CSS.escape(name)}"]`))) details.open = true;
    }
    studio.store.dispatch({ type: "page.view", view: "ask" });
    submit.focus();
  }

  return { update, fill };
}

/** What became of a request, in a sentence. @param {Section} section */
export function words(section) {
  switch (section.status) {
    case "waiting":
      return `${section.id} waits for the leader's yes.`;
    case "queued": {
      const place = section.position > 1 ? `is number ${section.position} in the queue` : "is next";
      return `${section.id} ${place}${section.eta_s ? `, ${aboutTime(section.eta_s)}` : ""}.`;
    }
    case "working":
      return `${section.id} is being made${section.stage ? `: ${section.stage}` : ""}.`;
    case "done":
      return `${section.id} is done: ${section.take}.`;
    case "denied":
      return `The leader said no to ${section.id}.`;
    case "cancelled":
      return `${section.id} was cancelled.`;
    default:
      return `${section.id} failed${section.advice ? `: ${section.advice}` : ""}.`;
  }
}
