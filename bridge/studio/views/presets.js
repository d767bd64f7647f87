/**
 * The row of presets above the request form: choose one, keep what the form says now, let one go.
 *
 * @typedef {import("../presets.js").Fields} Fields
 */

import { button, h } from "../dom.js";
import { LONGEST_NAME, Presets } from "../presets.js";

/**
 * @param {() => Fields} read  what the form says
 * @param {(fields: Fields) => void} fill
 */
export function presetRow(read, fill) {
  const presets = new Presets(localStorage);
  const select = h("select", { id: "preset", "aria-label": "Preset", onchange: choose });
  const keep = button("Keep as a preset", () => naming(true), { icon: "plus", only: true, class: "small" });
  const drop = button("Let this preset go", letGo, { icon: "cross", only: true, class: "small" });
  const name = h("input", { id: "preset-name", maxlength: LONGEST_NAME, placeholder: "Its name", "aria-label": "Name of the preset", autocomplete: "off" });
  const form = h("form", { class: "preset-name", hidden: true, onsubmit: keepIt, onkeydown: leave }, name, h("button", { type: "submit", class: "small" }, "Keep"));
  const el = h("div", { class: "presets" }, h("div", { class: "preset-row" }, select, keep, drop), form);
  show("");

  /** @param {string} chosen */
  function show(chosen) {
    const options = presets.list().map((preset) => ({ own: preset.own, el: h("option", { value: preset.name }, preset.name) }));
    const group = (/** @type {string} */ label, /** @type {boolean} */ own) => h("optgroup", { label }, options.filter((one) => one.own === own).map((one) => one.el));
    const groups = [options.some((one) => one.own) ? group("Yours", true) : "", group("To begin with", false)];
    select.replaceChildren(h("option", { value: "" }, "Presets"), ...groups);
    select.value = chosen;
    drop.hidden = !presets.find(chosen)?.own;
  }

  function choose() {
    const preset = presets.find(select.value);
    drop.hidden = !preset?.own;
    if (preset) fill(preset.fields);
  }

  /** @param {boolean} on */
  function naming(on) {
    form.hidden = !on;
    (on ? name : keep).focus();
  }

  /** @param {SubmitEvent} event */
  function keepIt(event) {
    event.preventDefault();
    if (!name.value.trim()) return;
    presets.keep(name.value, read());
    show(name.value.trim());
    name.value = "";
    naming(false);
  }

  /** @param {KeyboardEvent} event */
  function leave(event) {
    if (event.key === "Escape") naming(false);
  }

  function letGo() {
    presets.drop(select.value);
    show("");
    select.focus();
  }

  return { el };
}
