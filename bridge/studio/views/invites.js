/**
 * Invites, for leaders: a link for a role, to copy, to show to a camera, and to take back. What was made in this tab stays listed in
 * it until it runs out.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {{ role: string, name: string, link: string }} Made
 */

import { button, byId, h, keyed, say } from "../dom.js";
import { leads, may } from "../may.js";
import { readToken, tokenIn } from "../token.js";
import { inviteList } from "./invitelist.js";
import { fillRoles, rolesOf } from "./members.js";
import { noticeAt } from "./notice.js";
import { qrDrawing } from "./qr.js";

const WHERE = "invite";
const KEPT = "starbridge.invites";
const DURATIONS = /** @type {const} */ ([[3600, "1 hour"], [12 * 3600, "12 hours"], [7 * 86400, "7 days"], [30 * 86400, "30 days"]]);

/** @param {Studio} studio */
export function invites(studio) {
  const role = h("select", { id: "invite-role" });
  const name = h("input", { id: "invite-name", maxlength: 32, placeholder: "anybody", spellcheck: "false", autocomplete: "off" });
  const lasts = h("select", { id: "invite-lasts" }, DURATIONS.map(([seconds, label]) => h("option", { value: seconds, selected: seconds === 12 * 3600 }, label)));
  const notice = noticeAt(studio, () => WHERE);
  const links = h("ul", { class: "links" });
  const all = inviteList(studio, WHERE);
  const el = h(
    "form",
    { class: "invite", onsubmit: make },
    h("h3", {}, "Invite somebody"),
    h("div", { class: "field-grid" }, [
      h("div", { class: "field" }, h("label", { for: "invite-role" }, "Role"), role),
      h("div", { class: "field" }, h("label", { for: "invite-name" }, "Name (optional)"), name),
      h("div", { class: "field" }, h("label", { for: "invite-lasts" }, "Good for"), lasts),
      h("div", { class: "field field-end" }, h("button", { type: "submit", id: "make-invite" }, "Make a link")),
    ]),
    notice.el,
    links,
    all.el,
  );
  byId("members").append(el);
  const sheet = qrSheet();
  for (const link of kept().reverse()) studio.store.dispatch({ type: "page.link", link });

  /** @param {SubmitEvent} event */
  async function make(event) {
    event.preventDefault();
    /** @type {Record<string, any>} */
    const body = { role: role.value, expires: Number(lasts.value) };
    if (name.value.trim()) body.name = name.value.trim();
    const made = await studio.attempt(WHERE, (api) => api.post(`${api.sessionPath}/invites`, body));
    if (!made) return;
    const link = `${location.origin}/#token=${encodeURIComponent(made.token)}`;
    studio.store.dispatch({ type: "page.link", link: { role: body.role, name: body.name ?? "", link } });
    name.value = "";
    requestAnimationFrame(() => links.firstElementChild?.scrollIntoView({ block: "nearest" })); // it is there with this frame
  }

  /** @param {Made} made */
  function createLink({ role: asRole, name: who, link }) {
    const words = who ? `${who}, ${asRole}` : asRole;
    const id = readToken(tokenIn(link))?.id ?? "";
    const text = h("input", { readonly: true, value: link, "aria-label": `Invite link for ${who || asRole}`, onfocus: () => text.select() });
    const copy = button("Copy", () => void copyText(text, copy), { icon: "copy", class: "small" });
    const camera = button("QR", () => sheet.show(link, `Invite for ${words}`), { class: "small", title: "Show it to a camera" });
    const back = button("Take back", () => studio.give({ type: "session.revoke", invite: id }, WHERE), { class: "small bad", title: "The link stops working; who came by it has to leave" });
    const update = () => (back.hidden = !id || !may(studio.state, "session.revoke"));
    return { el: h("li", {}, h("span", { class: "small soft" }, words), h("div", { class: "link-row" }, text), h("div", { class: "link-row" }, copy, camera, back)), update };
  }

  /** @type {Made[]} */
  let stored = [];

  /** @param {State} state */
  return (state) => {
    el.hidden = !leads(state);
    const chosen = role.value || "guest";
    fillRoles(role, rolesOf(state), "");
    role.value = chosen;
    keyed(links, state.links, (one) => one.link, createLink);
    if (state.links !== stored) sessionStorage.setItem(KEPT, JSON.stringify(state.links));
    stored = state.links;
    all.update(state);
    notice.update(state);
  };
}

/** What this tab made before it was reloaded, and what still works of it. @returns {Made[]} */
function kept() {
  try {
    const found = /** @type {Made[]} */ (JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));
    return found.filter(({ link }) => (readToken(tokenIn(link))?.expires_s ?? 0) > Date.now() / 1000);
  } catch {
    return [];
  }
}

/** A sheet with a QR code, large enough for a camera across the room. */
function qrSheet() {
  const title = h("h2", { id: "qr-title" });
  const place = h("div", { class: "qr-place" });
  const dialog = h(
    "dialog",
    { class: "qr-sheet", "aria-labelledby": "qr-title" },
    h("header", { class: "panel-head" }, title, button("Close", () => dialog.close(), { icon: "cross", only: true, class: "small quiet" })),
    place,
    h("p", { class: "soft small" }, "Whoever reads it comes in by it: show it to those you mean only."),
  );
  document.body.append(dialog);
  dialog.addEventListener("click", (/** @type {MouseEvent} */ event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => place.replaceChildren());
  return {
    /** @param {string} text @param {string} words */
    show(text, words) {
      say(title, words);
      place.replaceChildren(qrDrawing(text, `QR code: ${words}`));
      dialog.showModal();
    },
  };
}

/** @param {HTMLInputElement} input @param {HTMLButtonElement} by */
export async function copyText(input, by) {
  input.select();
  const label = by.querySelector("span");
  try {
    await navigator.clipboard.writeText(input.value);
    if (label) say(label, "Copied");
  } catch {
    if (label) say(label, "Press Ctrl+C");
  }
  setTimeout(() => label && say(label, "Copy"), 2500);
}
