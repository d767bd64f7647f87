/**
 * The band: who is here, in which role; for a leader, roles to give and members to remove.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/people.js").Member} Member
 */

import { button, byId, h, icon, keyed, say } from "../dom.js";
import { leads, may } from "../may.js";
import { walking } from "../walk.js";
import { noticeAt } from "./notice.js";

const ROLES = ["leader", "rhythm", "harmony", "guest", "listener"];

/** Of those who are away so many are listed; the others when they are asked for. */
const AWAY_SHOWN = 4;

/** The roles that can be given: the house's and the leader's own. @param {State} state */
export function rolesOf(state) {
  const named = Object.keys(state.capabilities?.roles ?? {}).filter((role) => role !== "engine");
  return named.length ? named : ROLES;
}

/** @param {HTMLSelectElement} select @param {string[]} roles @param {string} chosen */
export function fillRoles(select, roles, chosen) {
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
  const walk = walking(list, ".role-select");
  let all = false;
  const more = button("", () => ((all = !all), show(studio.state)), { class: "small quiet" });
  byId("members").append(list, more, button("Leave the session", () => studio.leave(), { class: "quiet small leave-below" }));

  /** @param {Member} first */
  function createRow({ member }) {
    const where = `member:${member}`;
    const dot = h("span", { class: "dot" });
    const name = h("span", { class: "member-name" }, member);
    const mine = h("span", { class: "soft small" }, "you");
    const key = h("span", { class: "keyed", role: "img", "aria-label": "signs commands", title: "Signs every command with a key of their own" }, icon("key"));
    const status = h("span", { class: "soft small" });
    const held = h("span", { class: "held mono small" });
    const role = h("span", { class: "chip" });
    const give = h("select", { class: "role-select", "aria-label": `Role of ${member}`, onchange: () => studio.give({ type: "session.role", member, role: give.value }, where) });
    const remove = button("Remove", () => sure(true), { icon: "cross", only: true, class: "small quiet" });
    const really = button("Remove for good", () => studio.give({ type: "session.remove", member }, where), { class: "small bad" });
    const keep = button("Keep", () => sure(false), { class: "small" });
    const notice = noticeAt(studio, () => where);
    const row = h("div", { class: "member-row", "aria-label": member }, dot, name, mine, key, status, held, h("span", { class: "grow" }), role, give, remove, really, keep);
    const el = h("li", { class: "member" }, row, notice.el);
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
      row.classList.toggle("alone", remove.hidden && !asking);
      row.role = give.hidden && remove.hidden && !asking ? "group" : "toolbar";
      notice.update(state);
    }

    return { el, update };
  }

  /** @param {State} state */
  function show(state) {
    const byName = Object.values(state.members).sort((a, b) => a.member.localeCompare(b.member, undefined, { numeric: true }));
    const here = byName.filter((one) => one.status === "present");
    const away = byName.filter((one) => one.status !== "present");
    const left = away.length - AWAY_SHOWN;
    walk.keep(() => keyed(list, [...here, ...away.slice(0, all ? away.length : AWAY_SHOWN)], (one) => one.member, createRow));
    more.hidden = left <= 0;
    say(more, all ? "Fewer of those away" : `${left} more away`);
    more.setAttribute("aria-expanded", String(all));
  }

  return show;
}
