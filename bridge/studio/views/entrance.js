/**
 * The entrance: who you are invited as, how you want to be called, and what went wrong where you can't come in.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../token.js").Invite} Invite
 */

import { byId, h, say } from "../dom.js";
import { dropToken, keepToken, keptName, readToken, tokenIn, wasIn } from "../token.js";

/** The names that the server takes. */
const NAME_PATTERN = "[A-Za-z0-9_.\\-]{1,32}";

const ROLE_WORDS = /** @type {Record<string, string>} */ ({
  leader: "You lead: you can do everything, and say who does what.",
  rhythm: "You have the drums and the bass.",
  harmony: "You have harmony, melody and texture.",
  guest: "You play and chat; sections you ask for wait for the leader's yes.",
  listener: "You hear, see, chat and vote.",
});

/**
 * @param {Studio} studio
 * @param {string} token  what was found in the address or kept from before
 * @param {() => void} gesture  called from the click that goes in, which may start sound
 */
export function entrance(studio, token, gesture) {
  const root = byId("entrance");
  const invite = token ? readToken(token) : null;
  const trouble = h("p", { class: "notice", role: "alert", hidden: true });

  if (invite && (wasIn() || invite.name)) void studio.enter(invite, invite.name ? "" : keptName());
  else if (invite) root.append(joinCard(invite));
  else root.append(linkCard(token ? "This link holds no invite that can be read: a part of it may be missing. Copy the whole link again, or ask for a new one." : ""));

  /** @param {Invite} found */
  function joinCard(found) {
    const name = h("input", {
      id: "own-name", name: "name", value: keptName(), maxlength: 32, pattern: NAME_PATTERN, autocomplete: "nickname", spellcheck: "false",
      placeholder: "the server picks one", "aria-describedby": "own-name-hint", title: "1 to 32 letters, digits, _ . or -",
    });
    const card = h(
      "form",
      { class: "card-in", onsubmit: go },
      h("h2", {}, "You are invited"),
      h("p", { class: "headline" }, "Session ", h("strong", {}, found.session), " as ", h("strong", {}, found.role)),
      h("p", { class: "soft" }, ROLE_WORDS[found.role] ?? "Your role decides what you can do there."),
      h("label", { for: "own-name" }, "Your name (optional)"),
      name,
      h("p", { id: "own-name-hint", class: "soft small" }, "Letters, digits, _ . and -. Everybody in the session sees it."),
      h("button", { type: "submit", class: "primary big", id: "join-button" }, "Join the session"),
    );
    queueMicrotask(() => name.focus());
    return card;

    /** @param {SubmitEvent} event */
    function go(event) {
      event.preventDefault();
      gesture();
      card.remove();
      void studio.enter(found, name.value.trim());
    }
  }

  /** @param {string} wrong */
  function linkCard(wrong) {
    const link = h("input", { id: "invite-link", placeholder: "http://…/#token=…", spellcheck: "false", autocomplete: "off" });
    trouble.hidden = !wrong;
    trouble.textContent = wrong;
    return h(
      "form",
      { class: "card-in", onsubmit: go },
      h("h2", {}, "Come in"),
      h("p", {}, "To join a session you need an invite link. The server prints one for each role when it starts; a leader can make more."),
      trouble,
      h("label", { for: "invite-link" }, "Invite link or token"),
      link,
      h("button", { type: "submit", class: "primary big" }, "Open the invite"),
    );

    /** @param {SubmitEvent} event */
    function go(event) {
      event.preventDefault();
      const given = tokenIn(link.value);
      const found = readToken(given);
      trouble.hidden = Boolean(found);
      if (!found) {
        say(trouble, "This is no invite: copy the whole link, from http to its very end.");
        return;
      }
      keepToken(given);
      root.replaceChildren(joinCard(found));
    }
  }

  const over = h("div", { class: "card-in", hidden: true });
  const overTitle = h("h2", {}, "You are not in the session");
  const overText = h("p", { class: "headline", role: "alert" });
  const again = h("button", { type: "button", id: "again", class: "primary big", onclick: () => location.reload() }, "Try again");
  const other = h("button", { type: "button", class: "big", onclick: () => (dropToken(), location.reload()) }, "Use another invite");
  over.append(overTitle, overText, again, other);
  const waiting = h("div", { class: "card-in", hidden: true }, h("h2", {}, "One moment"), h("p", { class: "headline", role: "status" }, "Knocking at the session…"));
  root.append(over, waiting);

  /** @param {State} state */
  return (state) => {
    const { phase, sentence } = state.connection;
    const inside = state.me.member !== "" && phase !== "over";
    root.hidden = inside;
    byId("studio").hidden = !inside;
    byId("views").hidden = !inside;
    over.hidden = phase !== "over";
    waiting.hidden = !["connecting", "joining", "waiting"].includes(phase);
    say(overText, sentence);
    if (phase === "waiting") say(/** @type {Element} */ (waiting.querySelector("p")), "The server doesn't answer. Trying again…");
  };
}
