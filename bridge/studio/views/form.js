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
import { reach, waits } from "../may.js";
import { aboutTime, PARTS } from "../music.js";
import { fieldOf } from "../state/notices.js";
import { nameOf } from "../state/sections.js";
import { newestFirst } from "../state/takes.js";
import { inWords } from "../state/wording.js";
import { buildFields, countSet } from "./formfields.js";
import { noticeAt } from "./notice.js";
import { presetRow } from "./presets.js";

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
  const clear = button("Clear", () => write({}), { class: "quiet" });
  const form = h("form", { id: "request-form", novalidate: true, onsubmit: send }, note, fields, h("div", { class: "form-end" }, notice.el, outcome, submit, clear));
  root.append(none, form);

  const presets = presetRow(() => withoutTake(read()), (wanted) => write(wanted));
  fields.addEventListener("input", () => countSet(fields, controls));
  fields.addEventListener("change", () => countSet(fields, controls));

  /** @type {Control[]} */
  let controls = [];
  /** @type {ReturnType<typeof buildFields> | null} */
  let built = null;
  let builtFrom = "";
  let last = "";

  /** @param {SubmitEvent} event */
  function send(event) {
    event.preventDefault();
    const wanted = read();
    if (wanted.parts === "") {
      studio.notice(WHERE, "parts: choose at least one part.");
      return;
    }
    last = ask(studio, wanted, WHERE);
  }

  /** What the form says, by field; what nobody touched is left out. */
  function read() {
    /** @type {Record<string, any>} */
    const wanted = {};
    for (const control of controls) {
      const value = control.read();
      control.mark(false);
      if (value !== undefined) wanted[control.name] = value;
    }
    return wanted;
  }

  /** The fields are built when the server says what there is; what was typed before stays. @param {State} state */
  function build(state) {
    const allowed = reach(state, "section.request");
    const parts = allowed === true ? PARTS : allowed === false ? [] : allowed;
    const { fields: table, controls: single, renderers } = state.capabilities ?? {};
    const key = JSON.stringify([table, single, renderers, parts]);
    if (key === builtFrom) return;
    builtFrom = key;
    const kept = new Map(controls.map((control) => [control.name, control.read()]));
    const opened = new Set([...fields.querySelectorAll("details[open]")].map(nameOf));
    // Engines come and go unheard: what they offer is asked for when somebody looks.
    built = buildFields(state, parts, { takes: () => newestFirst(studio.state.takes).map(({ take }) => take), look: () => studio.give({ type: "capabilities" }) });
    controls = built.controls;
    fields.replaceChildren(presets.el, ...built.els);
    for (const details of fields.querySelectorAll("details")) details.open = opened.has(nameOf(details));
    for (const control of controls) if (kept.get(control.name) !== undefined) control.write(kept.get(control.name));
    countSet(fields, controls);
  }

  /** @param {HTMLElement} details */
  function nameOf(details) {
    return details.dataset.group ?? details.dataset.part;
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
    built?.follow();
    note.hidden = !waits(state);
    submit.disabled = state.connection.phase !== "joined";
    notice.update(state);
    const wrong = state.notices[WHERE] ? fieldOf(/** @type {any} */ (state.notices[WHERE]).text) : "";
    for (const control of controls) control.mark(control.name === wrong);
    const section = last ? state.sections[`${state.me.member}/${last}`] : undefined;
    say(outcome, section ? words(section, false) : "");
  }

  /** @param {Record<string, any>} values  what is not named goes back to auto */
  function write(values) {
    for (const control of controls) control.write(values[control.name]);
    countSet(fields, controls);
  }

  /**
   * Fills the form from elsewhere on the page: to build on a take, or to ask for one like it.
   * @param {Record<string, any>} values
   */
  function fill(values) {
    write(values);
    for (const details of fields.querySelectorAll("details")) {
      if (controls.some((control) => values[control.name] !== undefined && details.contains(control.el))) details.open = true;
    }
    studio.store.dispatch({ type: "page.view", view: "ask" });
    submit.focus();
  }

  return { update, fill };
}

/**
 * What became of a request, in a sentence.
 * @param {Section} section
 * @param {boolean} [timed]  without it nothing is said that changes by the second: it is read aloud
 */
export function words(section, timed = true) {
  const name = nameOf(section);
  const it = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  switch (section.status) {
    case "waiting":
      return `${it} waits for the leader's yes.`;
    case "queued": {
      const place = section.position > 1 ? `is number ${section.position} in the queue` : "is next";
      return `${it} ${place}${timed && section.eta_s ? `, ${aboutTime(section.eta_s)}` : ""}.`;
    }
    case "working":
      return `${it} is being made${section.stage ? `: ${section.stage}` : ""}.`;
    case "done":
      return `${it} is done: ${section.take}.`;
    case "denied":
      return `The leader said no to ${name}.`;
    case "cancelled":
      return `${it} was cancelled.`;
    default:
      return `${it} failed: ${inWords(section.advice, section.code || "failed")}`;
  }
}

/** What a preset keeps: a take is one session's, and means nothing in another. @param {Record<string, any>} fields */
function withoutTake({ context: _, strength: __, ...rest }) {
  return rest;
}
