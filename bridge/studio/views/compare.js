/**
 * Two takes beside each other: their notes one above the other on the same time, heard in turns without losing the beat, and
 * judged at once.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/sections.js").Section} Section
 * @typedef {import("../sound/ab.js").Turns} Turns
 * @typedef {import("../sound/ab.js").Side} Side
 */

import { lineage } from "../context.js";
import { button, byId, h, icon, keyed, say } from "../dom.js";
import { may } from "../may.js";
import { bpmText, plural } from "../music.js";
import { isOver, shapeOf } from "../state/sections.js";
import { meanStars, voteSum } from "../state/takes.js";
import { noteSheet } from "./sheet.js";

const SIDES = /** @type {Side[]} */ (["a", "b"]);

/** @param {Studio} studio @param {Turns} turns */
export function compareView(studio, turns) {
  const { store } = studio;
  const root = byId("compare");
  const play = button("Listen", () => void toggle(), { icon: "play", class: "primary", title: "Both run; you hear one of them" });
  play.id = "compare-play";
  const close = button("Close the comparison", () => show(null), { icon: "cross", only: true, class: "small quiet" });
  const rows = { a: side("a"), b: side("b") };
  byId("compare-head").append(h("span", { class: "soft small by-key" }, "X changes over"), play, close);
  byId("compare-body").append(rows.a.el, rows.b.el);

  /** @param {Side} name */
  function side(name) {
    const key = () => studio.state.compare?.[name] ?? "";
    const take = () => studio.state.sections[key()]?.take ?? "";
    const turn = h("button", { type: "button", class: "side", onclick: () => turnTo(name), "aria-label": `Hear ${name.toUpperCase()}` }, name.toUpperCase());
    const picker = h("select", { "aria-label": `Take ${name.toUpperCase()}`, onchange: () => show({ ...pair(), [name]: picker.value }) });
    const facts = h("p", { class: "soft small facts-short" });
    const accept = button("Accept", () => studio.give({ type: "take.accept", take: take() }, "page"), { class: "small good" });
    const reject = button("Reject", () => studio.give({ type: "take.reject", take: take() }, "page"), { class: "small bad" });
    const sheet = noteSheet({ label: `Notes of ${name.toUpperCase()}`, id: `compare-${name}` });
    const el = h("section", { class: "compare-side", "aria-label": name.toUpperCase() }, h("div", { class: "compare-row" }, turn, picker, facts, accept, reject), sheet.el);
    return { el, turn, picker, facts, accept, reject, sheet };
  }

  function pair() {
    return studio.state.compare ?? { a: "", b: "" };
  }

  /** @param {{ a: string, b: string } | null} wanted */
  function show(wanted) {
    turns.stop();
    store.dispatch({ type: "page.compare", compare: wanted });
  }

  async function toggle() {
    const { a, b } = pair();
    const [one, other] = [studio.state.sections[a], studio.state.sections[b]];
    if (turns.playing) turns.stop();
    else if (one && other) await turns.play(one, other);
    update(studio.state);
  }

  /** @param {Side} name */
  function turnTo(name) {
    turns.turn(name);
    update(studio.state);
  }

  /** @param {State} state */
  function update(state) {
    const { compare } = state;
    root.hidden = !compare;
    byId("stage").classList.toggle("comparing", Boolean(compare));
    if (!compare) return;
    const sections = Object.values(state.sections).filter((one) => one.status === "done" || !isOver(one)).reverse();
    for (const name of SIDES) {
      const { turn, picker, facts, accept, reject, sheet } = rows[name];
      keyed(picker, sections, (one) => one.key, () => {
        const el = h("option");
        return { el, update: (/** @type {Section} */ one) => ((el.value = one.key), say(el, one.take || one.id)) };
      });
      const one = state.sections[compare[name]];
      if (one) picker.value = one.key;
      turn.setAttribute("aria-pressed", String(turns.side === name));
      const take = one ? state.takes[one.take] : undefined;
      say(facts, one ? factsOf(one, take) : "");
      const parts = one?.request.parts;
      accept.hidden = !take || !may(state, "take.accept", parts) || take.verdict === "accepted";
      reject.hidden = !take || !may(state, "take.reject", parts) || take.verdict === "rejected";
      sheet.show(one ?? null);
    }
    play.replaceChildren(icon(turns.playing ? "stop" : "play"), h("span", {}, turns.playing ? "Stop" : "Listen"));
  }

  function frame() {
    if (studio.state.compare) for (const name of SIDES) rows[name].sheet.frame(turns.position(name));
  }

  return {
    update,
    frame,
    /** Compares what is shown with another section. @param {string} key */
    begin(key) {
      const { selected, sections } = studio.state;
      const other = selected !== key && sections[selected] ? selected : Object.keys(sections).reverse().find((one) => one !== key);
      if (other) show({ a: other, b: key });
      store.dispatch({ type: "page.view", view: "roll" });
    },
    changeOver: () => turnTo(turns.side === "a" ? "b" : "a"),
  };
}

/** @param {Section} section @param {import("../state/takes.js").Take | undefined} take */
function factsOf(section, take) {
  const { bars, bpm } = shapeOf(section);
  const stars = take ? meanStars(take) : null;
  const votes = take ? voteSum(take) : 0;
  return [
    section.request.kind, section.request.style, plural(bars, "bar"), `${bpmText(bpm)} bpm`, section.request.key, lineage(section.request.context),
    stars === null ? "" : `${stars.toFixed(1)} stars`, votes ? `${votes > 0 ? "+" : ""}${votes}` : "", take?.verdict,
  ].filter(Boolean).join(" · ");
}
