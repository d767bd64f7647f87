/**
 * Keys: what each does, the list of them behind `?`, and the one place that hears them. In a field they are letters.
 *
 * @typedef {{ key: string, does: string, act?: () => void }} Shortcut  without `act` it is heard elsewhere, and only listed here
 */

import { button, byId, h } from "../dom.js";

/** Keys that the roll hears while it has the focus. @type {Shortcut[]} */
const IN_THE_ROLL = [
  { key: "←  →  Home  End", does: "go from note to note, and hear it" },
  { key: "↑  ↓", does: "the same place in another part" },
  { key: "Enter", does: "hear the note again" },
  { key: "+  −  0", does: "zoom in, out, show all" },
  { key: "Ctrl wheel, pinch", does: "zoom around the pointer" },
  { key: "Shift ↑ ↓, Alt wheel", does: "taller and flatter rows" },
  { key: ",  .", does: "select the bar before, the next bar" },
  { key: "<  >, Shift ← →", does: "select more or fewer bars" },
  { key: "Esc", does: "select none" },
  { key: "Shift click, Shift Enter", does: "on a part's name: see and hear it alone" },
];

/** Keys of the lists that are walked through: queue, takes, members. @type {Shortcut[]} */
const IN_LISTS = [
  { key: "←  →  Home  End", does: "go from button to button of one take or member" },
  { key: "↑  ↓", does: "the same button of the one above, below" },
  { key: "Ctrl Home, Ctrl End", does: "the first, the last of the list" },
];

/** @param {Shortcut[]} shortcuts */
export function help(shortcuts) {
  const rows = (/** @type {Shortcut[]} */ some) => some.map(({ key, does }) => [h("dt", {}, h("kbd", {}, key === " " ? "Space" : key)), h("dd", {}, does)]);
  const dialog = h(
    "dialog",
    { class: "help", "aria-labelledby": "help-title" },
    h("header", { class: "panel-head" }, h("h2", { id: "help-title" }, "Keys"), button("Close", () => dialog.close(), { icon: "cross", only: true, class: "small quiet" })),
    h("div", { class: "panel-body" }, h("h3", {}, "Everywhere"), h("dl", { class: "key-list" }, rows([...shortcuts, { key: "?", does: "this list" }]).flat()),
      h("h3", {}, "In the piano roll"), h("dl", { class: "key-list" }, rows(IN_THE_ROLL).flat()),
      h("h3", {}, "In the queue, the takes and the band"), h("dl", { class: "key-list" }, rows(IN_LISTS).flat())),
  );
  document.body.append(dialog);
  const open = button("Keys", () => dialog.showModal(), { class: "small quiet icon-only", title: "Keys (?)" });
  open.setAttribute("aria-label", "Keys");
  open.replaceChildren(h("span", { "aria-hidden": "true" }, "?"));
  dialog.addEventListener("click", (/** @type {MouseEvent} */ event) => event.target === dialog && dialog.close());
  document.addEventListener("keydown", hear);

  /** @param {KeyboardEvent} event */
  function hear(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat || byId("studio").hidden) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (dialog.open || target.matches("input, select, textarea, [contenteditable]")) return;
    if (event.key === "?") return void (event.preventDefault(), dialog.showModal());
    if (event.key === " " && target.matches("button, summary, a")) return;
    const found = shortcuts.find((one) => one.key === event.key);
    if (!found?.act) return;
    event.preventDefault();
    found.act();
  }

  return { button: open };
}

/** Presses a button of the page where it can be pressed. @param {string} selector */
export function pressed(selector) {
  const el = /** @type {HTMLButtonElement | null} */ (document.querySelector(selector));
  if (el && !el.disabled && el.checkVisibility()) el.click();
}
