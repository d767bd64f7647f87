/**
 * All invites that the server knows of, for leaders: who came by each, and a way to take it back. Asked for when it is opened, and
 * again as somebody comes or goes.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state.js").Listed} Listed
 */

import { button, h, keyed, say } from "../dom.js";
import { may } from "../may.js";

/** @param {Studio} studio @param {string} where */
export function inviteList(studio, where) {
  const list = h("ul", { class: "links" });
  const el = h("details", { class: "more", id: "all-invites", ontoggle: () => el.open && void look() }, h("summary", {}, "All invites"), list);
  let looking = false;

  async function look() {
    if (looking) return;
    looking = true;
    const found = await studio.attempt(where, (api) => api.json(`${api.sessionPath}/invites`));
    looking = false;
    if (found) studio.store.dispatch({ type: "page.listed", listed: found });
  }

  /** @param {Listed} listed */
  function create({ invite }) {
    const words = h("span", { class: "small soft" });
    const back = button("Take back", () => studio.give({ type: "session.revoke", invite }, where), { class: "small bad", title: "It lets nobody in any more; who came by it has to leave" });
    /** @param {Listed} listed */
    const update = (listed) => {
      const mine = listed.members.includes(studio.state.me.member);
      say(words, wordsOf(listed, mine));
      back.hidden = mine || !may(studio.state, "session.revoke");
    };
    return { el: h("li", {}, h("div", { class: "link-row" }, words, back)), update };
  }

  /** @type {State["members"] | null} */
  let members = null;

  /** @param {State} state */
  const update = (state) => {
    keyed(list, state.listed.filter(({ revoked }) => !revoked), ({ invite }) => invite, create);
    if (el.open && members !== state.members) void look();
    members = state.members;
  };
  return { el, update };
}

/** @param {Listed} listed @param {boolean} mine */
function wordsOf({ role, name, expires_s, members }, mine) {
  const others = members.join(", ");
  const came = mine ? `you came by it${members.length > 1 ? ` (${others})` : ""}` : others ? `${others} came by it` : "nobody came by it yet";
  const until = expires_s ? `, good until ${new Date(expires_s * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}` : "";
  return `${name ? `${name}, ${role}` : role || "a role that is gone"}: ${came}${until}`;
}
