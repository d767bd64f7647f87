/**
 * The controls of the request form in their groups: what everybody asks for stays open, the rest is folded by subject, each part's
 * own controls by part. Made from the server's tables; a field that no group names stands under "More".
 *
 * @typedef {import("../state.js").State} State
 * @typedef {import("../fields.js").Control} Control
 * @typedef {import("../fields.js").Field} Field
 */

import { contextControl } from "../context.js";
import { h } from "../dom.js";
import { controlFor, FIRST } from "../fields.js";
import { labelOf } from "../labels.js";

/** Folded groups: a name for programs, a title, and fields in their order. @type {[string, string, string[]][]} */
const GROUPS = [
  ["build", "Build on a take", ["context", "strength", "like"]],
  ["harmony", "Harmony and chance", ["chords", "strict", "temperature", "seed", "composer"]],
  ["sound", "Sound and playing", ["renderer", "band", "stems", "tail", "rate", "at"]],
];

/**
 * @param {State} state
 * @param {string[]} parts  that this member may ask for
 * @param {{ takes: () => string[], look: () => void }} from  `look` is called when a group is opened
 * @returns {{ controls: Control[], els: (HTMLElement | "")[], follow: () => void }}  `follow` keeps lists in step with the session
 */
export function buildFields(state, parts, from) {
  const table = /** @type {Field[]} */ (state.capabilities?.fields ?? []);
  const byName = new Map(table.map((field) => [field.name, field]));
  const renderers = /** @type {import("../fields.js").Renderer[]} */ (state.capabilities?.renderers ?? []);
  const named = new Set([...FIRST, ...GROUPS.flatMap(([, , names]) => names)]);
  const rest = table.filter((field) => !named.has(field.name)).map((field) => field.name);
  const context = contextControl(labelOf("context"), from.takes);
  const make = (/** @type {string[]} */ names) =>
    names.flatMap((name) => byName.get(name) ?? []).map((field) => (field.name === "context" ? context : controlFor(field, parts, undefined, renderers)));
  const first = make(FIRST);
  const groups = /** @type {[string, string, string[]][]} */ ([...GROUPS, ["more", "More", rest]])
    .map(([id, title, names]) => ({ id, title, controls: make(names) })).filter((group) => group.controls.length);
  const single = singleParts(state, parts);
  const strength = groups.flatMap((group) => group.controls).find((control) => control.name === "strength");
  if (strength) onlyWhenVarying(strength, context);
  return {
    controls: [...first, ...groups.flatMap((group) => group.controls), ...single.flatMap((group) => group.controls)],
    els: [
      grid(first),
      ...groups.map((group) => folded(group.id, group.title, [grid(group.controls)], from.look)),
      single.length ? folded("parts", "Each part by itself", single.map((group) => group.el), from.look) : "",
    ],
    follow: context.fill,
  };
}

/** How far a variation strays is asked for only where there is one. @param {Control} strength @param {ReturnType<typeof contextControl>} context */
function onlyWhenVarying(strength, context) {
  const read = strength.read;
  strength.read = () => (strength.el.hidden ? undefined : read());
  context.onmode = (mode) => (strength.el.hidden = mode !== "vary");
  strength.el.hidden = true;
}

/** @param {Control[]} controls */
function grid(controls) {
  return h("div", { class: "field-grid" }, controls.map((control) => control.el));
}

/** @param {string} id @param {string} title @param {HTMLElement[]} inner @param {() => void} look */
function folded(id, title, inner, look) {
  const el = h("details", { class: "more", "data-group": id, ontoggle: () => el.open && look() }, h("summary", {}, title, h("span", { class: "badge set-count", hidden: true })), inner);
  return el;
}

/**
 * The controls of each part, folded part by part.
 * @param {State} state
 * @param {string[]} parts
 */
function singleParts(state, parts) {
  const table = /** @type {any[]} */ (state.capabilities?.controls ?? []);
  return parts.flatMap((part) => {
    const own = table.filter((control) => control.part === part || control.parts?.includes(part));
    if (!own.length) return [];
    const controls = own.map((control) => {
      const bare = String(control.name).replace(`${part}.`, "");
      return controlFor({ type: control.low === undefined ? "s" : "f", ...control, name: `${part}.${bare}` }, [], bare);
    });
    const el = h("details", { class: "single", "data-part": part }, h("summary", {}, part, h("span", { class: "badge set-count", hidden: true })), grid(controls));
    return [{ el, controls }];
  });
}

/** Says at each folded group how many of its controls were set, so that nothing works unseen. @param {HTMLElement} root @param {Control[]} controls */
export function countSet(root, controls) {
  const set = controls.filter((control) => control.read() !== undefined);
  for (const details of root.querySelectorAll("details")) {
    const badge = /** @type {HTMLElement} */ (details.querySelector(":scope > summary .set-count"));
    const count = set.filter((control) => details.contains(control.el)).length;
    badge.hidden = count === 0;
    badge.textContent = String(count);
    badge.setAttribute("aria-label", `${count} set`);
  }
}
