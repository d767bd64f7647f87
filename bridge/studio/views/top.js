/**
 * The top of the page: session, connection in plain words, sound, who you are; and the bar of tabs on small screens.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../sound/player.js").Player} Player
 * @typedef {import("../theme.js").Theme} Theme
 */

import { button, byId, h, icon, say } from "../dom.js";
import { METER_FALL, METER_MS, paced } from "../frames.js";
import { inWords } from "../state/wording.js";
import { localUs } from "../time.js";
import { leads, reach } from "../may.js";

/**
 * @param {Studio} studio
 * @param {Player} player
 * @param {Theme} theme
 * @param {HTMLElement} keys  the button that lists them
 */
export function topBar(studio, player, theme, keys) {
  const enable = button("Enable sound", () => void player.enable(), { icon: "sound", class: "primary small" });
  enable.id = "enable-sound";
  const volume = h("input", {
    type: "range", min: 0, max: 1, step: 0.01, value: "1", class: "master", "aria-label": "Volume of everything you hear",
    oninput: () => (player.output.volume = Number(volume.value) ** 2),
  });
  const level = h("div", { class: "meter-fill" });
  const loud = h("div", { class: "loud", hidden: true }, icon("sound"), volume, h("div", { class: "meter", "aria-hidden": "true" }, level));
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  const member = h("span", { class: "me-name" });
  const role = h("span", { class: "chip" });
  const leave = button("Leave", () => studio.leave(), { class: "quiet small" });
  const look = button("Colours", () => (theme.next(), nameLook()), { icon: "theme", only: true, class: "quiet small" });
  look.id = "theme";
  function nameLook() {
    const words = { system: "as the system", light: "light", dark: "dark" };
    look.title = `Colours: ${words[theme.choice]}`;
    look.setAttribute("aria-label", look.title);
  }
  nameLook();
  const me = h("div", { class: "me", hidden: true }, dot, member, role, leave);
  byId("status").append(enable, loud, me, look, keys);
  const session = byId("session-name");
  const banner = byId("banner");

  /** @param {State} state */
  function update(state) {
    const inside = state.me.member !== "" && state.connection.phase !== "over";
    say(session, state.me.session);
    document.title = state.me.session ? `${state.me.session} · StarBridge` : "StarBridge";
    me.hidden = !inside;
    enable.hidden = !inside || player.output.running;
    loud.hidden = !inside || !player.output.running;
    say(member, state.me.member);
    say(role, state.me.role);
    dot.className = `dot ${state.connection.phase === "joined" ? "here" : "away"}`;
    byId("transport").hidden = !inside;
    showBanner(state, inside);
  }

  /** @param {State} state @param {boolean} inside */
  function showBanner(state, inside) {
    const { phase, retry_at_us } = state.connection;
    const sounding = Object.keys(state.sounding).length > 0;
    if (inside && phase === "waiting") {
      const seconds = Math.max(1, Math.ceil((retry_at_us - localUs()) / 1e6));
      say(banner, `The connection is lost. Trying again in ${seconds} s; what you see may be out of date.`);
    } else if (inside && (phase === "connecting" || phase === "joining")) say(banner, "Connecting again…");
    else if (inside && sounding && !player.output.running) say(banner, "The session is playing. Press “Enable sound” to hear it.");
    else if (state.notices.page) say(banner, inWords(state.notices.page.text, state.notices.page.code));
    else say(banner, "");
    banner.classList.toggle("bad", phase === "waiting" || Boolean(state.notices.page));
  }

  const due = paced(METER_MS);
  let shown = 0;
  function frame() {
    if (!due()) return;
    shown = Math.max(player.output.peak(), shown * METER_FALL);
    const scale = `scaleX(${Math.min(1, shown).toFixed(2)})`;
    if (level.style.transform !== scale) level.style.transform = scale;
    level.classList.toggle("hot", shown > 0.98);
  }

  setInterval(() => studio.state.connection.phase === "waiting" && update(studio.state), 1000);
  return { update, frame, level: () => shown };
}

const VIEWS = /** @type {const} */ ([["ask", "Ask"], ["roll", "Music"], ["takes", "Takes"], ["people", "Band"]]);

/** @param {Studio} studio */
export function viewTabs(studio) {
  const bar = byId("views");
  const buttons = VIEWS.map(([view, label]) => {
    const badge = h("span", { class: "badge", hidden: true });
    const el = h("button", { type: "button", "data-view": view, onclick: () => studio.store.dispatch({ type: "page.view", view }) }, label, badge);
    bar.append(el);
    return { view, el, badge };
  });

  // At once, not with the next frame: what goes there may want the focus.
  studio.store.hear(({ type }, state) => type === "page.view" && place(state));

  /** Which of the views is seen, and which stands beside the piano roll where there is room: takes for who can't ask. @param {State} state */
  function place(state) {
    const asks = state.capabilities === null || reach(state, "section.request") !== false;
    const { dataset } = byId("studio");
    dataset.view = state.view;
    dataset.side = state.view !== "roll" ? state.view : asks ? "ask" : "takes";
    for (const { view, el } of buttons) el.hidden = view === "ask" && !asks;
  }

  /** @param {State} state */
  return (state) => {
    place(state);
    const waiting = Object.values(state.sections).filter((section) => section.status === "waiting").length;
    const counts = /** @type {Record<string, number>} */ ({ takes: leads(state) ? waiting : 0, people: state.unread });
    for (const { view, el, badge } of buttons) {
      el.setAttribute("aria-current", String(view === state.view));
      badge.hidden = !counts[view];
      say(badge, String(counts[view] ?? ""));
    }
  };
}
