/**
 * Elements, built and kept in step with lists.
 *
 * Whatever members write reaches the page through here as text, never as markup; there is no way in for HTML or for a style
 * attribute, so the page lives under `default-src 'self'`.
 *
 *     h("button", { class: "quiet", onclick: stop, "aria-label": "Stop" }, icon("stop"))
 *
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {{ el: HTMLElement, update?: (item: any, ...rest: any[]) => void }} Row  one element of a list, and how it follows its item
 */

const SVG = "http://www.w3.org/2000/svg";

/** What is set as a property, because its attribute means only the first value. */
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "open", "selected", "indeterminate"]);

/** Shapes in a 16 x 16 box, drawn with the text's colour. */
const SHAPES = {
  play: "M4 2.5v11l9-5.5z",
  stop: "M3.5 3.5h9v9h-9z",
  start: "M3 3h1.8v10H3zM13 3v10L5.5 8z",
  loop: "M4 4h6.5A3.5 3.5 0 0 1 14 7.5h-1.6a1.9 1.9 0 0 0-1.9-1.9H4v2L1 4.8 4 2zM12 12H5.5A3.5 3.5 0 0 1 2 8.5h1.6a1.9 1.9 0 0 0 1.9 1.9H12v-2l3 2.8-3 2.8z",
  down: "M7.2 2h1.6v6.2l2.3-2.3 1.1 1.1L8 11.2 3.8 7l1.1-1.1 2.3 2.3zM3 12.4h10V14H3z",
  check: "M6.3 12.3 2.2 8.2l1.2-1.2 2.9 2.9 6.3-6.3 1.2 1.2z",
  cross: "m8 6.8 3.9-3.9 1.2 1.2L9.2 8l3.9 3.9-1.2 1.2L8 9.2l-3.9 3.9-1.2-1.2L6.8 8 2.9 4.1l1.2-1.2z",
  star: "m8 1.5 2 4.2 4.6.6-3.4 3.2.9 4.6L8 11.9l-4.1 2.2.9-4.6L1.4 6.3 6 5.7z",
  up: "m8 3 5 6h-3.2v4H6.2V9H3z",
  downvote: "m8 13-5-6h3.2V3h3.6v4H13z",
  sound: "M2 6h2.5L8 3v10L4.5 10H2zM10 5.2a3.8 3.8 0 0 1 0 5.6l-.9-1a2.5 2.5 0 0 0 0-3.6zM11.9 3.2a6.6 6.6 0 0 1 0 9.6l-.9-1a5.2 5.2 0 0 0 0-7.6z",
  key: "M10.5 2a3.5 3.5 0 1 1-2.9 5.5L6.5 8.6 7.7 9.8l-1 1-1.2-1.2-.8.8 1.2 1.2-1.1 1.1L2 10l4.3-4.3A3.5 3.5 0 0 1 10.5 2zm.3 2.2a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.6z",
  copy: "M5 2h8v9H5zm1.5 1.5v6h5v-6zM3 5v8h7v-1.5H4.5V5z",
  along: "M5 2v7.3A2.2 2.2 0 1 0 6.5 11.4V5h5v4.3a2.2 2.2 0 1 0 1.5 2.1V2z",
  plus: "M7.2 3h1.6v4.2H13v1.6H8.8V13H7.2V8.8H3V7.2h4.2z",
  minus: "M3 7.2h10v1.6H3z",
  taller: "m8 1.5 3 3.2H8.8v6.6H11l-3 3.2-3-3.2h2.2V4.7H5z",
  theme: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 3a5 5 0 0 1 0 10z",
  fit: "M2 3h1.5v10H2zm10.5 0H14v10h-1.5zM4.5 8l2.8-2.6v1.8h1.4V5.4L11.5 8l-2.8 2.6V8.8H7.3v1.8z",
};

/**
 * An element. `on...` are listeners, a few names are properties, the rest attributes; `false`, `null` and `undefined` leave one out.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "class") el.className = value;
    else if (PROPERTIES.has(name)) /** @type {any} */ (el)[name] = value;
    else if (value !== false) el.setAttribute(name, value === true ? "" : String(value));
  }
  el.append(.../** @type {(Node | string)[]} */ (children.flat().filter(isShown).map((child) => (child instanceof Node ? child : String(child)))));
  return el;
}

/** @param {Child} child */
function isShown(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

/**
 * A small drawing beside or in place of a word; the word itself belongs into a label.
 * @param {keyof typeof SHAPES} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/**
 * A button that says what it does, to eyes and to screen readers.
 * @param {string} label
 * @param {() => void} onclick
 * @param {{ icon?: keyof typeof SHAPES, class?: string, only?: boolean, title?: string }} [look]  `only`: show the icon alone
 * @returns {HTMLButtonElement}
 */
export function button(label, onclick, look = {}) {
  return h(
    "button",
    {
      type: "button",
      class: [look.class ?? "", look.only ? "icon-only" : ""].join(" ").trim() || null,
      onclick,
      "aria-label": look.only ? label : null,
      title: look.title ?? (look.only ? label : null),
    },
    look.icon ? icon(look.icon) : null,
    look.only ? null : h("span", {}, label),
  );
}

let lent = 0;

/** An id that no other element has, for what is named or described by another. */
export function ownId() {
  lent += 1;
  return `own-${lent}`;
}

/**
 * Keeps the children of `parent` in step with `items`: rows are made once, updated in place, moved, and removed with their item,
 * so that focus and half-typed text survive whatever others do meanwhile.
 * @template T
 * @param {HTMLElement} parent
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => Row} create
 */
export function keyed(parent, items, key, create) {
  const held = /** @type {Map<string, Row>} */ (ROWS.get(parent) ?? new Map());
  ROWS.set(parent, held);
  const wanted = new Set(items.map(key));
  for (const [name, row] of held) {
    if (!wanted.has(name)) {
      row.el.remove();
      held.delete(name);
    }
  }
  let at = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let row = held.get(name);
    if (!row) {
      row = create(item);
      held.set(name, row);
    }
    row.update?.(item);
    if (row.el === at) at = at.nextElementSibling;
    else parent.insertBefore(row.el, at);
  }
}

/** @type {WeakMap<HTMLElement, Map<string, Row>>} */
const ROWS = new WeakMap();

/**
 * Sets the text of an element where it differs, so that live regions speak only of changes.
 * @param {Element} el
 * @param {string} text
 */
export function say(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/**
 * The element of the page with this id.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const el = document.getElementById(id);
  if (!el) throw new Error(`the page has no #${id}`);
  return el;
}
