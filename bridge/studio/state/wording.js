/**
 * Refusals in the words of who plays: fields by the names of the form, no commands of programs, and what to do next on this page.
 * The server's own advice is for everybody who asks, programs too. Pure.
 *
 *     inWords("bpm: 300 is out of range; ask for 40 to 240", "bad-value")   // "Tempo (bpm): 300 is out of range; ask for 40 to 240."
 */

import { labelOf } from "../labels.js";
import { fieldOf, sentence } from "./notices.js";

/** Where the advice is for programs, all of it in other words, by code and what it starts with. @type {[string, RegExp, string][]} */
const WHOLE = [
  ["no-engine", /^engine:/, "Nobody is here to write it: the session has no engine just now. Once one stands under Members, ask again; a leader can start one."],
  ["no-engine", /accompan/, "Nobody is here to play along just now: the session has no engine. Try again when one is back."],
  ["not-joined", /./, "You are not in the session just now. Wait a moment until the page is connected again, then repeat it."],
  ["conflict", /^id: .* asked for something else/, "This was asked for before in other words; press the button once more."],
  ["conflict", /^id: .* accompanied already/, "Somebody is accompanied already; end that with the notes button at the top first."],
  ["not-allowed", /^command:/, "Commands of this page are not accepted just now; reload it and join again."],
];

/** What programs call things, and what they are on this page. @type {[RegExp, string][]} */
const NAMES = [
  [/set it with transport\.tempo/g, "change the tempo at the top"],
  [/set it with transport\.meter/g, "change the metre at the top"],
  [/\blive\.(rest|accompany)\b/g, "the notes button at the top"],
  [/`starbridge engine[^`]*`/g, "starbridge engine"],
  [/see the capabilities for the fields that there are/g, "choose from the form"],
];

/** Beginnings that name what a musician does not: the sentence stands without them. */
const SILENT = /^(id|section|engine|message|command|role|take|invite|member|session): /;

/**
 * @param {string} text  the server's advice, or a sentence of the page's own
 * @param {string} [code]
 */
export function inWords(text, code = "") {
  const whole = WHOLE.find(([one, begins]) => one === code && begins.test(text));
  if (whole) return whole[2];
  if (!text.trim() && code === "failed") return "It came to nothing. Ask again, perhaps with another seed.";
  const field = fieldOf(text);
  const [part, control] = field.split(".");
  const plain = NAMES.reduce((said, [name, here]) => said.replace(name, here), text);
  if (SILENT.test(plain)) return sentence(plain.replace(SILENT, ""));
  const rest = ended(plain.slice(field.length + 2));
  if (control) return `${sentence(control).slice(0, -1)} of the ${part}: ${rest}`;
  return field ? `${labelOf(field)}: ${rest}` : sentence(plain);
}

/** @param {string} text */
function ended(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
