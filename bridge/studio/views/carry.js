/**
 * Files that can be carried away: a button that saves one by a click, and lets it be dragged out to the desktop or into a DAW.
 *
 * The browser fetches what is dropped by itself, and whoever it is dropped on can read the address. So the address is one of this
 * page's own memory (`blob:`), never one with the invite in it; the bytes are fetched when the pointer comes near.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {{ path: string, name: string, mime: string, where: string }} Carried  `where` is the place that a refusal is told at
 */

import { button } from "../dom.js";

/** What was fetched is held so long; it is fetched again where it is wanted later. */
const HELD_MS = 10 * 60_000;

/**
 * @param {Studio} studio
 * @param {string} label
 * @param {() => Carried} what
 * @param {Parameters<typeof button>[2]} [look]
 */
export function carryButton(studio, label, what, look = {}) {
  const el = button(label, () => void studio.attempt(what().where, (api) => api.save(what().path, what().name)), {
    icon: "down", class: "small carry", title: `${label}: click to save it, or drag it into your DAW`, ...look,
  });
  el.draggable = true;
  /** @type {{ path: string, url: string, file: File } | null} */
  let held = null;
  let coming = "";

  async function fetchIt() {
    const { path, name, mime, where } = what();
    if (held?.path === path || coming === path) return;
    coming = path;
    const blob = await studio.attempt(where, (api) => api.blob(path));
    coming = "";
    if (!blob) return;
    const file = new File([blob], name, { type: mime });
    const got = { path, url: URL.createObjectURL(file), file };
    held = got;
    el.dataset.ready = name;
    setTimeout(() => {
      URL.revokeObjectURL(got.url);
      if (held === got) held = null;
    }, HELD_MS);
  }

  el.addEventListener("pointerenter", () => void fetchIt());
  el.addEventListener("dragstart", (event) => {
    const { path, name, mime, where } = what();
    if (held?.path !== path || !event.dataTransfer) {
      event.preventDefault();
      void fetchIt();
      studio.notice(where, `${name} is on its way: drag it again in a moment.`, "", "good");
      return;
    }
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.items.add(held.file);
    event.dataTransfer.setData("DownloadURL", `${mime}:${name}:${held.url}`);
  });
  return el;
}
