/**
 * The fields of the request form: which control each one gets, what it is called, where it stands. Made from the server's own
 * table of fields, so that a field that the server learns appears here by itself.
 *
 * A control that nobody touched says nothing: the server then reads the prompt, or takes its default.
 *
 * @typedef {{ name: string, type: "s" | "i" | "f", doc?: string, default?: any, low?: number, high?: number, choices?: string[], longest?: number }} Field
 * @typedef {{ name: string, el: HTMLElement, read: () => string | number | undefined, write: (value: any) => void, mark: (wrong: boolean) => void }} Control
 * @typedef {import("./state.js").Capabilities} Capabilities
 * @typedef {{ name: string, licence: string, note?: string, commercial: boolean }} Renderer
 */

import { h, say } from "./dom.js";
import { labelOf } from "./labels.js";

/** Fields that always show; the others wait in folded groups. */
export const FIRST = ["prompt", "kind", "style", "bars", "bpm", "key", "meter", "parts", "energy", "density"];

const HINTS = /** @type {Record<string, string>} */ ({
  prompt: "dark dubstep, 140 bpm, F minor", key: "auto", meter: "auto", chords: "Am F C G, or Am/2 F/2",
  like: "nightdrive:0.7,demos/track-3@8-16:0.3", band: "by the seed", seed: "by chance",
});
const SUGGESTIONS = /** @type {Record<string, string[]>} */ ({
  meter: ["4/4", "3/4", "6/8", "7/8", "5/4", "12/8"],
  key: ["C", "G", "D", "A", "E", "F", "Bb", "Eb", "Am", "Em", "Bm", "F#m", "Dm", "Gm", "Cm", "C dorian", "D dorian", "E phrygian", "G mixolydian", "A harmonic minor"],
  at: ["never", "now", "next-bar", "next-4"],
});
/** Choices in words, by field. */
const WORDS = /** @type {Record<string, Record<string, string>>} */ ({
  tail: { auto: "as the kind wants", cut: "cut at the bar line", loop: "ring on into the start", ring: "ring out" },
  rate: { 44100: "44.1 kHz", 48000: "48 kHz", 96000: "96 kHz" },
  composer: { auto: "auto", transformer: "the transformer", arranger: "the arranger, by rules" },
});
const AT_WORDS = /** @type {Record<string, string>} */ ({ never: "only keep it as a take", now: "as soon as it is done", "next-bar": "at the next bar", "next-4": "at the next four bars" });

/**
 * The control for a field.
 * @param {Field} field
 * @param {string[]} [parts]  the parts that this member may ask for, for the field `parts`
 * @param {string} [label]
 * @param {Renderer[]} [renderers]  those that are here, for the field `renderer`
 * @returns {Control}
 */
export function controlFor(field, parts = [], label = labelOf(field.name), renderers = []) {
  if (field.name === "renderer") return rendererControl(field, label, renderers);
  if (field.name === "parts") return partsControl(field, parts);
  if (field.name === "at") return choiceControl({ ...field, choices: SUGGESTIONS.at ?? [] }, label, AT_WORDS);
  if (field.choices?.length) return choiceControl(field, label, WORDS[field.name]);
  if (field.type === "i" && field.low === 0 && field.high === 1) return switchControl(field, label);
  if (field.type === "f" && field.low === 0 && (field.high ?? 9) <= 2) return sliderControl(field, label);
  return textControl(field, label);
}

/** @param {Field} field @param {string} label @param {HTMLElement} input @param {HTMLElement} [beside] */
function row(field, label, input, beside) {
  input.id = `field-${field.name}`;
  input.setAttribute("data-field", field.name);
  if (field.doc) input.title = field.doc;
  return h("div", { class: `field field-${field.name.replace(".", "-")}` }, h("div", { class: "field-top" }, h("label", { for: input.id }, label), beside), input);
}

/** @param {HTMLElement} input */
function marker(input) {
  return (/** @type {boolean} */ wrong) => (wrong ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid"));
}

/** @param {Field} field @param {string} label @returns {Control} */
function textControl(field, label) {
  const numeric = field.type !== "s";
  const hint = numeric && field.default !== undefined && field.default !== null ? String(field.default) : (HINTS[field.name] ?? "auto");
  const input = field.name === "prompt"
    ? h("textarea", { rows: 2, placeholder: hint, maxlength: field.longest ?? null })
    : h("input", {
        type: numeric ? "number" : "text", inputmode: numeric ? (field.type === "i" ? "numeric" : "decimal") : null, min: field.low ?? null, max: field.high ?? null,
        step: numeric ? (field.type === "i" ? 1 : "any") : null, placeholder: hint, list: SUGGESTIONS[field.name] ? `list-${field.name}` : null,
        maxlength: field.longest ?? null, spellcheck: "false", autocomplete: "off",
      });
  const el = row(field, label, input);
  const suggestions = SUGGESTIONS[field.name];
  if (suggestions) el.append(h("datalist", { id: `list-${field.name}` }, suggestions.map((value) => h("option", { value }))));
  return {
    name: field.name,
    el,
    read: () => (input.value.trim() === "" ? undefined : numeric ? Number(input.value) : input.value.trim()),
    write: (value) => (input.value = value ?? ""),
    mark: marker(input),
  };
}

/** @param {Field} field @param {string} label @param {Record<string, string>} [words] @returns {Control} */
function choiceControl(field, label, words = {}) {
  const choices = (field.choices ?? []).filter((value) => value !== "auto");
  const named = (/** @type {string} */ value) => words[value] ?? value;
  const fallback = !field.default ? "auto" : field.default === "auto" ? named("auto") : `auto (${named(String(field.default))})`;
  const input = h("select", {}, h("option", { value: "" }, fallback), choices.map((value) => h("option", { value }, named(value))));
  return { name: field.name, el: row(field, label, input), read: () => input.value || undefined, write: (value) => (input.value = value ?? ""), mark: marker(input) };
}

/**
 * A choice whose licences show: beside each name, and below it where what is chosen keeps the take from commercial use.
 * @param {Field} field @param {string} label @param {Renderer[]} renderers @returns {Control}
 */
function rendererControl(field, label, renderers) {
  const words = Object.fromEntries(renderers.map(({ name, licence, commercial }) => [name, `${name} (${licence}${commercial ? "" : ", not for commercial use"})`]));
  const control = choiceControl(field, label, words);
  const select = /** @type {HTMLSelectElement} */ (control.el.querySelector("select"));
  const caution = h("p", { class: "small caution", hidden: true, role: "status", id: "renderer-caution" });
  control.el.append(caution);
  select.setAttribute("aria-describedby", caution.id);
  function show() {
    const chosen = renderers.length === 1 && !select.value ? renderers[0] : renderers.find(({ name }) => name === select.value);
    const bound = chosen !== undefined && !chosen.commercial;
    say(caution, bound ? `What ${chosen.name} makes is not for commercial use (${chosen.licence}); the take will say so.` : "");
    caution.hidden = !bound;
  }
  select.addEventListener("change", show);
  show();
  return {
    ...control,
    write: (value) => {
      control.write(value);
      show();
    },
  };
}

/** @param {Field} field @param {string} label @returns {Control} */
function switchControl(field, label) {
  const on = Number(field.default ?? 0) === 1;
  const input = h("input", { type: "checkbox", checked: on });
  const el = row(field, label, input);
  el.classList.add("switch");
  return {
    name: field.name,
    el,
    read: () => (input.checked === on ? undefined : Number(input.checked)),
    write: (value) => (input.checked = value === undefined || value === null ? on : Boolean(Number(value))),
    mark: marker(input),
  };
}

/** @param {Field} field @param {string} label @returns {Control} */
function sliderControl(field, label) {
  const middle = Number(field.default ?? ((field.low ?? 0) + (field.high ?? 1)) / 2);
  const auto = "auto";
  const shown = h("button", { type: "button", class: "quiet value mono", onclick: () => set(undefined), title: "Back to auto", "aria-label": `${label}: back to auto` }, auto);
  const input = h("input", { type: "range", min: field.low, max: field.high, step: 0.05, value: String(middle), oninput: () => set(Number(input.value)) });
  /** @type {number | undefined} */
  let chosen;
  function set(/** @type {number | undefined} */ value) {
    chosen = value;
    input.value = String(value ?? middle);
    input.setAttribute("aria-valuetext", value === undefined ? auto : String(value));
    shown.classList.toggle("chosen", value !== undefined);
    input.classList.toggle("unset", value === undefined);
    say(shown, value === undefined ? auto : value.toFixed(2));
  }
  const el = row(field, label, input, shown);
  set(undefined);
  return { name: field.name, el, read: () => chosen, write: (value) => set(value === undefined || value === "" ? undefined : Number(value)), mark: marker(input) };
}

/** @param {Field} field @param {string[]} parts @returns {Control} */
function partsControl(field, parts) {
  const plain = parts.filter((part) => part !== "texture");
  const usual = plain.length ? plain : parts;
  const boxes = parts.map((part) => {
    const input = h("input", { type: "checkbox", value: part, checked: usual.includes(part), "data-field": "parts" });
    return { part, input, el: h("label", { class: "part-chip", "data-part": part }, input, h("span", {}, part)) };
  });
  const el = h("fieldset", { class: "field field-parts", title: field.doc ?? null }, h("legend", { class: "label" }, labelOf("parts")), h("div", { class: "part-chips" }, boxes.map((box) => box.el)));
  const chosen = () => boxes.filter((box) => box.input.checked).map((box) => box.part);
  return {
    name: "parts",
    el,
    read: () => (chosen().join() === usual.join() ? undefined : chosen().join()),
    write: (value) => {
      const named = value ? String(value).split(",").filter((part) => parts.includes(part)) : [];
      const wanted = named.length ? named : usual;
      for (const box of boxes) box.input.checked = wanted.includes(box.part);
    },
    mark: (wrong) => el.classList.toggle("wrong", wrong),
  };
}
