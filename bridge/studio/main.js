/**
 * The page, put together: the studio, the player, and one view for each thing on the screen.
 */

import { ask } from "./asking.js";
import { byId } from "./dom.js";
import { fetchEarlier } from "./earlier.js";
import { frames } from "./frames.js";
import { fetchHistory } from "./history.js";
import { redoContext } from "./roll/bars.js";
import { fetchScores } from "./scores.js";
import { Turns } from "./sound/ab.js";
import { Along } from "./sound/along.js";
import { Player } from "./sound/player.js";
import { Sketch } from "./sound/sketch.js";
import { Studio } from "./studio.js";
import { Theme } from "./theme.js";
import { heedNewInvites, takeToken } from "./token.js";
import { announcer } from "./views/announce.js";
import { bandTabs, chat } from "./views/chat.js";
import { takeCard } from "./views/card.js";
import { compareView } from "./views/compare.js";
import { entrance } from "./views/entrance.js";
import { requestForm } from "./views/form.js";
import { help, pressed } from "./views/help.js";
import { invites } from "./views/invites.js";
import { logPanel } from "./views/log.js";
import { memberList } from "./views/members.js";
import { playPanel } from "./views/play.js";
import { queue } from "./views/queue.js";
import { pianoRoll } from "./views/roll.js";
import { mixer } from "./views/stems.js";
import { takeList } from "./views/takes.js";
import { topBar, viewTabs } from "./views/top.js";
import { transportBar } from "./views/transport.js";

const studio = new Studio();
const player = new Player(studio);
const along = new Along(studio, player.output);
const sketch = new Sketch(player.output, (key) => studio.state.sections[key]);

const theme = new Theme();
const form = requestForm(studio);
const transport = transportBar(studio, () => void player.enable());
const roll = pianoRoll(studio, player, sketch, {
  redo: (take, bars) => void ask(studio, { context: redoContext(take, bars) }, "page"),
});
const stems = mixer(studio, player);
const play = playPanel(studio, player);
const turns = new Turns(player, sketch);
const compare = compareView(studio, turns);
const card = takeCard(studio);
const takes = takeList(studio, {
  buildOn(take, how) {
    const { style } = take.request;
    form.fill(how === "continue" ? { style, context: `${take.take} continue` } : { context: `${take.take} ${how}` });
  },
  compare: (take) => compare.begin(take.section),
  card: (take) => void card.show(take),
  more: fetchEarlier(studio),
});

/** To what one listens by a key: the comparison, the bars selected, the section shown. */
function listen() {
  const { compare: pair, bars, selected } = studio.state;
  if (!pair && bars?.key === selected) roll.listenToBars();
  else pressed(pair ? "#compare-play" : "#listen");
}

/** @param {string} selector */
function focusFirst(selector) {
  const found = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(selector)]).find((el) => el.checkVisibility());
  found?.focus();
}

const view = (/** @type {string} */ name) => studio.store.dispatch({ type: "page.view", view: name });
const keys = help([
  { key: " ", does: "listen alone: to what is shown, or to the bars selected; stop", act: listen },
  { key: "n", does: "hear its notes as plain tones; stop", act: () => pressed("#hear-notes") },
  { key: "l", does: "loop what you listen to", act: () => pressed("#loop") },
  { key: "x", does: "change over between A and B", act: () => studio.state.compare && compare.changeOver() },
  { key: "j", does: "show the section before", act: () => roll.step(1) },
  { key: "k", does: "show the next section", act: () => roll.step(-1) },
  { key: "r", does: "write the selected bars anew", act: () => pressed("#redo-bars") },
  { key: "p", does: "start or stop the session", act: () => pressed(transport.playing() ? "#session-stop" : "#session-play") },
  { key: "a", does: "go to the request", act: () => (view("ask"), byId("field-prompt").focus()) },
  { key: "m", does: "go to the piano roll", act: () => (view("roll"), roll.sheet.scroller.focus()) },
  { key: "t", does: "go to the takes", act: () => (view("takes"), focusFirst("#queue-list [tabindex='0'], #takes-list [tabindex='0']")) },
  { key: "b", does: "go to the band", act: () => (view("people"), focusFirst("#people-tabs [aria-selected=true]")) },
  { key: "c", does: "go to the chat", act: () => (view("people"), byId("tab-chat").click(), byId("chat-text").focus()) },
]);
const top_ = topBar(studio, player, theme, keys.button);

/** Below this a meter shows nothing. */
const SILENT = 0.005;
const wake = frames(
  () => [top_, transport, roll, compare, stems].forEach((one) => one.frame()),
  () => transport.playing() || top_.level() > SILENT || player.listening !== "" || player.sounding().length > 0 || sketch.playing !== "" || turns.playing,
);

heedNewInvites();
announcer(studio);
const { store } = studio;
store.show(entrance(studio, takeToken(), () => void player.enable()), "connection", "me");
store.show(viewTabs(studio));
store.show(bandTabs(studio));
store.show(memberList(studio), "members", "live", "me", "capabilities", "notices");
store.show(invites(studio), "links", "listed", "members", "me", "capabilities", "notices");
store.show(chat(studio), "lines", "capabilities", "notices");
store.show(logPanel(studio), "head", "me", "capabilities", "notices");
store.show(queue(studio));
store.show(takes, "takes", "earlier", "sounding", "selected", "me", "capabilities", "notices");
for (const { update } of [top_, transport, form, roll, stems, compare, play]) store.show(update);
store.show(wake);
player.watch(() => {
  if (player.listening) sketch.stop();
  top_.update(studio.state);
  roll.update(studio.state);
  stems.update(studio.state);
  wake();
});
fetchScores(studio);
fetchHistory(studio);

/** For the console: `starbridge.studio.state` is all that the page knows. */
Object.assign(globalThis, { starbridge: { studio, player, along, sketch, roll, turns, play } });
