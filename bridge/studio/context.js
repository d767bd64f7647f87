/**
 * What a section builds on: a take, and what to do with it. As text it is the request's `context`; as a control it is a choice of
 * takes, of ways, and of bars.
 *
 * @typedef {import("./fields.js").Control} Control
 * @typedef {"continue" | "accompany" | "vary" | "bars"} Mode
 * @typedef {{ take: string, mode: Mode, bars: string }} Context
 */

import { h } from "./dom.js";

const MODES = /** @type {const} */ ([
  ["continue", "go on from it"], ["vary", "vary it"], ["accompany", "add the missing parts"], ["bars", "write some bars anew"],
]);

/**
 * A context from its text; null where the text is none.
 * @param {unknown} text
 * @returns {Context | null}
 */
export function readContext(text) {
  const found = /^(\S+)(?: (continue|accompany|vary|bars (.+)))?$/.exec(String(text ?? "").trim());
  if (!found) return null;
  const mode = /** @type {Mode} */ ((found[2] ?? "continue").split(" ")[0]);
  return { take: /** @type {string} */ (found[1]), mode, bars: found[3] ?? "" };
}

/** @param {Context} context */
export function contextText({ take, mode, bars }) {
  return mode === "bars" ? `${take} bars ${bars.trim() || "1"}` : `${take} ${mode}`;
}

/** Where a section comes from, in a few words; empty where it comes from nothing. @param {unknown} text */
export function lineage(text) {
  const context = readContext(text);
  if (!context) return "";
  const { take, mode, bars } = context;
  return { continue: `goes on from ${take}`, vary: `${take} varied`, accompany: `joins ${take}`, bars: `${take} with bars ${bars} anew` }[mode];
}

/**
 * @param {string} label
 * @param {() => string[]} takes  that there are, the newest first
 * @returns {Control & { fill: () => void, onmode: (mode: Mode | "") => void }}
 */
export function contextControl(label, takes) {
  const changed = () => show();
  const take = h("select", { id: "field-context", "data-field": "context", onchange: changed });
  const mode = h("select", { "aria-label": "What to do with the take", onchange: changed }, MODES.map(([value, words]) => h("option", { value }, words)));
  const bars = h("input", { "aria-label": "Bars to write anew, such as 5-6", placeholder: "5-6", spellcheck: "false", autocomplete: "off" });
  const ways = h("div", { class: "ways", hidden: true }, mode, bars);
  const el = h("div", { class: "field field-context" }, h("div", { class: "field-top" }, h("label", { for: "field-context" }, label)), take, ways);
  let listed = "-";

  function show() {
    ways.hidden = !take.value;
    bars.hidden = mode.value !== "bars";
    control.onmode(take.value ? mode.value : "");
  }

  const control = {
    name: "context",
    el,
    read: () => (take.value ? contextText({ take: take.value, mode: mode.value, bars: bars.value }) : undefined),
    write: (/** @type {any} */ value) => {
      const context = readContext(value);
      control.fill();
      if (context && !takes().includes(context.take)) take.append(h("option", { value: context.take }, context.take));
      take.value = context?.take ?? "";
      if (context) mode.value = context.mode;
      bars.value = context?.bars ?? "";
      show();
    },
    mark: (/** @type {boolean} */ wrong) => (wrong ? take.setAttribute("aria-invalid", "true") : take.removeAttribute("aria-invalid")),
    /** The list of takes follows the session. */
    fill: () => {
      const names = takes();
      if (names.join() === listed) return;
      listed = names.join();
      const kept = take.value;
      take.replaceChildren(h("option", { value: "" }, "nothing"), ...names.map((name) => h("option", { value: name }, name)));
      take.value = names.includes(kept) ? kept : "";
      show();
    },
    onmode: (/** @type {Mode | ""} */ _) => {},
  };
  control.fill();
  return control;
}
