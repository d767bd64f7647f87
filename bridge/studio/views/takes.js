/**
 * The takes: who asked for what, what the band thinks of it, and what may be done with its sound.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../state.js").State} State
 * @typedef {import("../state/takes.js").Take} Take
 */

import { lineage } from "../context.js";
import { button, byId, h, icon, keyed, ownId, say } from "../dom.js";
import { may, reach } from "../may.js";
import { bpmText, plural } from "../music.js";
import { meanStars, newestFirst, voteSum } from "../state/takes.js";
import { walking } from "../walk.js";
import { carryButton } from "./carry.js";
import { noticeAt } from "./notice.js";

/**
 * @typedef {{ buildOn: (take: Take, how: string) => void, compare: (take: Take) => void, card: (take: string) => void, more: () => void }} Acts  `buildOn` fills the form to continue or vary a take, `more` gets earlier ones
 * @param {Studio} studio @param {Acts} acts
 */
export function takeList(studio, { buildOn, compare, card, more: earlierOnes }) {
  const root = byId("takes-list");
  const walk = walking(root, ".show");
  const empty = h("p", { class: "soft none" }, "No takes yet. A section that is done becomes a take, and stays.");
  const notEarlier = noticeAt(studio, () => "takes");
  const earlier = button("Earlier takes", earlierOnes, { class: "small quiet earlier" });
  root.after(empty, earlier, notEarlier.el);
  const sight = new IntersectionObserver((seen) => seen.at(-1)?.isIntersecting && earlierOnes());
  /** @type {State["earlier"]} */
  let left = null;

  /** @param {Take} first */
  function createCard({ take }) {
    const where = `take:${take}`;
    const give = (/** @type {Record<string, any>} */ message) => studio.give({ ...message, take }, where);
    const held = () => /** @type {Take} */ (studio.state.takes[take]);
    const title = h("h3", {}, take);
    const verdict = h("span", { class: "chip", hidden: true });
    const facts = h("p", { class: "soft small", id: ownId() });
    const credit = h("p", { class: "small credit" });
    const caution = h("p", { class: "small caution", hidden: true });
    const play = button("Play to all at the next bar", () => give({ type: "take.play", at: "next-bar" }), { icon: "play", only: true, class: "small" });
    const loop = button("Loop to all from the next bar", () => give({ type: "take.loop", at: "next-bar" }), { icon: "loop", only: true, class: "small" });
    const stop = button("Stop for all", () => give({ type: "take.stop" }), { icon: "stop", only: true, class: "small" });
    const accept = button("Accept", () => give({ type: "take.accept" }), { class: "small good" });
    const reject = button("Reject", () => give({ type: "take.reject" }), { class: "small bad" });
    const beside = button("A/B", () => compare(held()), { class: "small quiet", title: "See and hear it beside the one that is shown" });
    const show = button("Show", () => open(take), { class: "small quiet show" });
    const more = button("Continue", () => buildOn(held(), "continue"), { class: "small quiet", title: "Ask for what comes after it" });
    const vary = button("Vary", () => buildOn(held(), "vary"), { class: "small quiet", title: "Ask for another one like it" });
    const fill = button("Add parts", () => buildOn(held(), "accompany"), { class: "small quiet", title: "Ask for the parts that are missing" });
    const carry = (/** @type {string} */ label, /** @type {string} */ file, /** @type {string} */ ending, /** @type {string} */ mime) =>
      carryButton(studio, label, () => ({
        path: studio.api?.takePath(take, file) ?? "", name: `${studio.state.me.session}-${take}.${ending}`, mime, where,
      }), { class: "small quiet carry" });
    const mix = carry("Mix", "mix.wav", "wav", "audio/wav");
    const files = h("div", { class: "card-files", role: "group", "aria-label": `Files of ${take}` }, carry("MIDI", "midi", "mid", "audio/midi"), mix,
      button("Card", () => card(take), { class: "small quiet", title: "Its certificate, to show and print" }));
    const furtherOn = h("div", { class: "card-acts build-on" }, more, vary, fill, beside);
    const stars = [1, 2, 3, 4, 5].map((count) =>
      h("button", { type: "button", class: "star", "aria-label": plural(count, "star"), onclick: () => give({ type: "take.rate", stars: count }) }, icon("star")),
    );
    const mean = h("span", { class: "small soft mono" });
    const rate = h("div", { class: "stars", role: "group", "aria-label": `Rate ${take}` }, stars, mean);
    const up = voteButton("Vote for it", "up", 1);
    const down = voteButton("Vote against it", "downvote", -1);
    const votes = h("span", { class: "mono small" });
    const notice = noticeAt(studio, () => where);
    const toolbar = h(
      "div",
      { class: "card", role: "toolbar", "aria-label": take, "aria-describedby": facts.id },
      h("div", { class: "card-top" }, title, verdict, h("span", { class: "grow" }), play, loop, stop, show),
      facts,
      h("div", { class: "card-judge" }, rate, h("div", { class: "votes", role: "group", "aria-label": `Vote on ${take}` }, up, votes, down)),
      credit,
      caution,
      notice.el,
      h("div", { class: "card-acts" }, accept, reject, files),
      furtherOn,
    );
    const el = h("li", { class: "take", "data-take": take }, toolbar);

    /** @param {string} label @param {"up" | "downvote"} shape @param {number} value */
    function voteButton(label, shape, value) {
      return button(label, () => give({ type: "take.vote", value: held().votes[studio.state.me.member] === value ? 0 : value }), { icon: shape, only: true, class: "small quiet" });
    }

    return {
      el,
      /** @param {Take} now */
      update(now) {
        const { state } = studio;
        const me = state.me.member;
        const { request } = now;
        const parts = request.parts;
        const playing = Boolean(state.sounding[take]);
        say(facts, [request.kind, request.style, plural(Number(request.bars) || 0, "bar"), request.bpm && `${bpmText(request.bpm)} bpm`, request.meter, request.key, lineage(request.context), `by ${now.member}`].filter(Boolean).join(" · "));
        say(verdict, now.verdict);
        verdict.hidden = !now.verdict;
        verdict.className = `chip ${now.verdict}`;
        play.hidden = playing || !may(state, "take.play", parts);
        loop.hidden = playing || !may(state, "take.loop", parts);
        stop.hidden = !playing || !may(state, "take.stop", parts);
        accept.hidden = !may(state, "take.accept", parts) || now.verdict === "accepted";
        reject.hidden = !may(state, "take.reject", parts) || now.verdict === "rejected";
        beside.hidden = Object.keys(state.takes).length < 2;
        mix.hidden = now.stems.length === 0;
        more.hidden = vary.hidden = fill.hidden = reach(state, "section.request") === false;
        const row = more.hidden ? files : furtherOn;
        if (beside.parentElement !== row) row.append(beside);
        const mine = now.ratings[me] ?? 0;
        stars.forEach((star, i) => {
          star.disabled = !may(state, "take.rate");
          star.classList.toggle("lit", i < mine);
          star.setAttribute("aria-pressed", String(i + 1 === mine));
        });
        const average = meanStars(now);
        say(mean, average === null ? "" : `${average.toFixed(1)} (${Object.keys(now.ratings).length})`);
        up.setAttribute("aria-pressed", String(now.votes[me] === 1));
        down.setAttribute("aria-pressed", String(now.votes[me] === -1));
        up.disabled = down.disabled = !may(state, "take.vote");
        const sum = voteSum(now);
        say(votes, sum > 0 ? `+${sum}` : String(sum));
        say(credit, creditOf(now));
        credit.title = [now.composer.note, now.renderer.note].filter(Boolean).join(" ");
        say(caution, now.commercial ? "" : cautionOf(now));
        caution.hidden = now.commercial;
        el.classList.toggle("shown", now.section === state.selected);
        el.classList.toggle("sounding", playing);
        notice.update(state);
      },
    };
  }

  /** @param {string} take */
  function open(take) {
    studio.store.dispatch({ type: "page.select", key: studio.state.takes[take]?.section ?? "" });
    studio.store.dispatch({ type: "page.view", view: "roll" });
  }

  /** @param {State} state */
  return (state) => {
    const takes = newestFirst(state.takes);
    walk.keep(() => keyed(root, takes, (take) => take.take, createCard));
    empty.hidden = takes.length > 0;
    earlier.hidden = state.earlier === null;
    if (state.earlier !== left) {
      left = state.earlier;
      sight.unobserve(earlier); // and look anew: it may be in sight still
      sight.observe(earlier);
    }
    say(earlier, `Earlier takes (${state.earlier?.count ?? 0})`);
    notEarlier.update(state);
  };
}

/** What keeps a take from commercial use, in a sentence. @param {Pick<Take, "restrictions">} take */
export function cautionOf({ restrictions }) {
  const why = restrictions.map(({ of, by, licence }) => `its ${of} ${of === "notes" ? "are" : "is"} by ${by}${licence ? `, under ${licence}` : ""}`);
  return ["Not for commercial use", why.join("; ")].filter(Boolean).join(": ");
}

/** Who made it, and under which licences it may be used. @param {Take} take */
export function creditOf(take) {
  const named = (/** @type {Record<string, any>} */ maker) =>
    maker.name ? `${maker.name}${maker.version ? ` ${maker.version}` : ""}${maker.licence ? ` (${maker.licence})` : ""}` : "";
  const notes = named(take.composer);
  const sound = named(take.renderer);
  return [notes && `Notes: ${notes}`, sound && `sound: ${sound}`].filter(Boolean).join(" · ");
}
