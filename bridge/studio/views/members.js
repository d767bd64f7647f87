/**
 * The band: who is here, in which role; for a leader, roles to give, members to remove and invites to hand out.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/people.js").Member} Member
 */

import { button, byId, h, icon, keyed, say } from "../dom.js";
import { leads, may } from "../may.js";
import { noticeAt } from "./notice.js";

const ROLES = ["leader", "rhythm", "harmony", "guest", "listener"];
const DURATIONS = /** @type {const} */ ([[3600, "1 hour"], [12 * 3600, "12 hours"], [7 * 86400, "7 days"], [30 * 86400, "30 days"]]);

/** The roles that can be given: the house's and the leader's own. @param {State} state */
function rolesOf(state) {
  const named = Object.keys(state.capabilities?.roles ?? {}).filter((role) => role !== "engine");
  return named.length ? named : ROLES;
}

/** @param {HTMLSelectElement} select @param {string[]} roles @param {string} chosen */
function fillRoles(select, roles, chosen) {
  const all = roles.includes(chosen) || !chosen ? roles : [...roles, chosen];
  if (select.dataset.roles !== all.join()) {
    select.dataset.roles = all.join();
    select.replaceChildren(...all.map((role) => h("option", { value: role }, role)));
  }
  if (chosen && document.activeElement !== select) select.value = chosen;
}

/** @param {Studio} studio */
export function memberList(studio) {
  const list = h("ul", { class: "member-rows" });
  const invites = inviteForm(studio);
  byId("members").append(list, invites.el);

  /** @param {Member} first */
  function createRow({ member }) {
    const where = `member:${member}`;
    const dot = h("span", { class: "dot" });
    const name = h("span", { class: "member-name" }, member);
    const mine = h("span", { class: "soft small" }, "you");
    const key = h("span", { class: "keyed", title: "Signs every command with a key of their own" }, icon("key"), h("span", { class: "unseen" }, "signs commands"));
    const status = h("span", { class: "soft small" });
    const held = h("span", { class: "held mono small" });
    const role = h("span", { class: "chip" });
    const give = h("select", { class: "role-select", "aria-label": `Role of ${member}`, onchange: () => studio.give({ type: "session.role", member, role: give.value }, where) });
    const remove = button("Remove", () => sure(true), { icon: "cross", only: true, class: "small quiet" });
    const really = button("Remove for good", () => studio.give({ type: "session.remove", member }, where), { class: "small bad" });
    const keep = button("Keep", () => sure(false), { class: "small" });
    const notice = noticeAt(studio, () => where);
    const el = h("li", { class: "member" }, h("div", { class: "member-row" }, dot, name, mine, key, status, held, h("span", { class: "grow" }), role, give, remove, really, keep), notice.el);
    let asking = false;

    /** @param {boolean} on */
    function sure(on) {
      asking = on;
      update(/** @type {Member} */ (studio.state.members[member]));
      (on ? keep : remove).focus();
    }

    /** @param {Member} now */
    function update(now) {
      const { state } = studio;
      const lead = leads(state) && now.role !== "engine";
      const self = member === state.me.member;
      dot.className = `dot ${now.status === "present" ? "here" : "away"}`;
      mine.hidden = !self;
      key.hidden = !now.keyed;
      say(status, now.status === "present" ? "" : now.status);
      say(held, (state.live[member] ?? []).join(" "));
      say(role, now.role);
      role.hidden = lead;
      give.hidden = !lead || asking;
      fillRoles(give, rolesOf(state), now.role);
      remove.hidden = self || asking || !may(state, "session.remove");
      really.hidden = keep.hidden = !asking;
      notice.update(state);
    }

    return { el, update };
  }

  /** @param {State} state */
  return (state) => {
    const order = Object.values(state.members).sort((a, b) => Number(b.status === "present") - Number(a.status === "present") || a.member.localeCompare(b.member));
    keyed(list, order, (one) => one.member, createRow);
    invites.update(state);
  };
}

/** @param {Studio} studio */
function inviteForm(studio) {
  const WHERE = "invite";
  const role = h("select", { id: "invite-role" });
  const name = h("input", { id: "invite-name", maxlength: 32, placeholder: "anybody", spellcheck: "false", autocomplete: "off" });
  const lasts = h("select", { id: "invite-lasts" }, DURATIONS.map(([seconds, label]) => h("option", { value: seconds, selected: seconds === 12 * 3600 }, label)));
  const notice = noticeAt(studio, () => WHERE);
  const links = h("ul", { class: "links" });
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
  );

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
  }

  /** @param {{ role: string, name: string, link: string }} made */
  function createLink({ role: asRole, name: who, link }) {
    const text = h("input", { readonly: true, value: link, "aria-label": `Invite link for ${who || asRole}`, onfocus: () => text.select() });
    const copy = button("Copy", () => void copyText(text, copy), { icon: "copy", class: "small" });
    return { el: h("li", {}, h("span", { class: "small soft" }, who ? `${who}, ${asRole}` : asRole), h("div", { class: "link-row" }, text, copy)) };
  }

  return {
    el,
    /** @param {State} state */
    update(state) {
      el.hidden = !leads(state);
      const chosen = role.value || "guest";
      fillRoles(role, rolesOf(state), "");
      role.value = chosen;
      keyed(links, state.links, (one) => one.link, createLink);
      notice.update(state);
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
