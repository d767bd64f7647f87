/**
 * Lists of many controls as one tab stop: Tab comes in and goes out, arrow keys walk about inside.
 *
 * Left and right go from control to control of a row, up and down to the same control of the row before and the next, Home and End
 * to the row's ends, and with Ctrl to the list's. Where what has the focus goes away (a take is accepted, a request approved), the
 * focus rests at a control that does no harm when the key is pressed once more, and up and down go on where they were.
 *
 *     const walk = walking(list, ".rest");
 *     walk.keep(() => keyed(list, items, key, createRow));     // around whatever adds, hides or removes rows and controls
 */

/** What is walked to. */
const CONTROLS = "button, select";

/**
 * @param {HTMLElement} list  whose children are the rows
 * @param {string} rest  the control of a row, in the words of CSS, at which the focus may rest
 */
export function walking(list, rest) {
  /** The one that Tab comes to. @type {HTMLElement | null} */
  let current = null;
  /** The control of a row that up and down look for, once somebody was inside. @type {number | null} */
  let column = null;
  /** @type {WeakSet<Element>} */
  const known = new WeakSet();

  list.addEventListener("keydown", press);
  list.addEventListener("focusin", (event) => {
    const control = event.target instanceof Element ? event.target.closest(CONTROLS) : null;
    if (!(control instanceof HTMLElement) || control === current) return;
    stopAt(control);
    column = controls(rowOf(control)).indexOf(control);
  });

  /** @param {Element | null | undefined} row @returns {HTMLElement[]} */
  function controls(row) {
    return [.../** @type {NodeListOf<HTMLElement>} */ ((row ?? document.createElement("p")).querySelectorAll(CONTROLS))];
  }

  /** @param {Element | null} control @returns {Element | null} */
  function rowOf(control) {
    return [...list.children].find((row) => row.contains(control)) ?? null;
  }

  /** @param {Element} control */
  function usable(control) {
    const shut = control.closest("[hidden], :disabled");
    return list.contains(control) && !(shut && list.contains(shut));
  }

  /** @param {HTMLElement | null} control */
  function stopAt(control) {
    if (current) current.tabIndex = -1;
    current = control;
    if (current) current.tabIndex = 0;
  }

  /** The control of a row that is asked for, or one beside it. @param {Element | null | undefined} row @param {number} at */
  function nearest(row, at) {
    const all = controls(row);
    const far = (/** @type {HTMLElement} */ one) => Math.abs(all.indexOf(one) - at);
    return all.filter(usable).sort((one, other) => far(one) - far(other))[0] ?? null;
  }

  /** Where the focus waits in a row. @param {Element | null | undefined} row */
  function resting(row) {
    return controls(row).find((one) => one.matches(rest) && usable(one)) ?? nearest(row, 0);
  }

  /** @param {HTMLElement | null | undefined} control */
  function go(control) {
    if (!control) return;
    stopAt(control);
    rowOf(control)?.scrollIntoView({ block: "nearest" });
    control.focus();
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    if (event.metaKey || event.altKey || event.shiftKey || !current || event.target !== current) return;
    const rows = [...list.children];
    const row = rowOf(current);
    const ways = controls(row).filter(usable);
    const [at, here] = [rows.findIndex((one) => one === row), ways.indexOf(current)];
    const along = (/** @type {HTMLElement | undefined} */ to) => to && ((column = controls(row).indexOf(to)), go(to));
    const across = (/** @type {Element | undefined} */ to) => to && go(nearest(to, column ?? 0));
    const acts = /** @type {Record<string, () => void>} */ (
      event.ctrlKey
        ? { Home: () => across(rows[0]), End: () => across(rows.at(-1)) }
        : {
            ArrowLeft: () => along(ways[here - 1]), ArrowRight: () => along(ways[here + 1]), ArrowUp: () => across(rows[at - 1]), ArrowDown: () => across(rows[at + 1]),
            Home: () => along(ways[0]), End: () => along(ways.at(-1)),
          }
    );
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  return {
    /** Changes the list; there is one tab stop after it, and the focus is inside where it was inside. @param {() => void} change */
    keep(change) {
      const inside = list.contains(document.activeElement);
      const place = [...list.children].findIndex((row) => row.contains(current));
      change();
      for (const row of [...list.children].filter((one) => !known.has(one))) {
        known.add(row);
        for (const control of controls(row)) control.tabIndex = -1;
      }
      if (column === null) stopAt(resting(list.firstElementChild));
      else if (!current || !usable(current)) stopAt(resting(rowOf(current) ?? list.children[place] ?? list.lastElementChild));
      if (inside && document.activeElement !== current) current?.focus();
    },
  };
}
