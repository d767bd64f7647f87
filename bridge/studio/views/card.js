/**
 * A take's card, to show, print and keep: what it is, who asked for it and when, what made it and what may be done with it, and its
 * place in the log, which the page checks before it shows it.
 *
 * @typedef {import("../studio.js").Studio} Studio
 * @typedef {import("../proof/certificate.js").Certificate} Certificate
 */

import { button, h, icon } from "../dom.js";
import { readMidi } from "../midi.js";
import { beatsPerBar, bpmText, parseMeter, plural } from "../music.js";
import { checkCertificate, checkFile } from "../proof/certificate.js";
import { Doubt } from "../proof/note.js";
import { cautionOf } from "./takes.js";
import { qrDrawing } from "./qr.js";

/** The files whose bytes the card looks at, and where they are had. */
const FILES = [["section.mid", "midi"], ["mix.wav", "mix.wav"]];

/** @param {Studio} studio */
export function takeCard(studio) {
  const body = h("div", { class: "card-body" });
  const save = button("Certificate", () => void studio.attempt("page", (api) => api.save(api.takePath(shown, "certificate"), nameOf(shown))), { icon: "down", class: "small" });
  const print = button("Print", () => globalThis.print(), { class: "small" });
  const dialog = h(
    "dialog",
    { class: "card-sheet", "aria-label": "Certificate of a take" },
    body,
    h("footer", { class: "card-foot" }, print, save, button("Close", () => dialog.close(), { class: "small quiet" })),
  );
  document.body.append(dialog);
  dialog.addEventListener("click", (/** @type {MouseEvent} */ event) => event.target === dialog && dialog.close());
  let shown = "";

  /** @param {string} take */
  function nameOf(take) {
    return `${studio.state.me.session}-${take}.certificate.json`;
  }

  /** @param {string} take */
  async function show(take) {
    const certificate = /** @type {Certificate | null} */ (await studio.attempt(`take:${take}`, (api) => api.json(api.takePath(take, "certificate"))));
    if (!certificate) return;
    shown = take;
    const mark = h("p", { class: "verdict", role: "status" }, "Checking…");
    const notes = h("div", { class: "card-notes" });
    body.replaceChildren(...front(certificate), notes, mark, ...back(certificate));
    if (!dialog.open) dialog.showModal();
    await check(certificate, take, mark, notes);
  }

  /** @param {Certificate} certificate @param {string} take @param {HTMLElement} mark @param {HTMLElement} notes */
  async function check(certificate, take, mark, notes) {
    try {
      const found = await checkCertificate(certificate, studio.state.me.log_key);
      const named = FILES.filter(([name]) => certificate.statement.files?.[/** @type {string} */ (name)]);
      for (const [name, path] of named) {
        const data = await studio.api?.bytes(studio.api.takePath(take, /** @type {string} */ (path)));
        if (!data) continue;
        await checkFile(certificate, /** @type {string} */ (name), data);
        if (path === "midi") notes.append(drawingOf(readMidi(new DataView(data)), certificate.statement.request));
      }
      const signed = found.signed === "yes" ? "signed by the log's key" : "its signature unchecked, as this browser has no Ed25519";
      mark.className = "verdict good";
      mark.replaceChildren(icon("check"), h("span", {}, `Checked by this page: in the log of ${found.size} entries, ${signed}; ${named.map(([name]) => name).join(" and ")} unchanged.`));
    } catch (error) {
      mark.className = "verdict bad";
      mark.replaceChildren(icon("cross"), h("span", {}, error instanceof Doubt ? error.message : "Its files could not be fetched, so this is unchecked."));
    }
  }

  /** What one looks at first. @param {Certificate} certificate */
  function front({ statement }) {
    const { request } = statement;
    const facts = [plural(request.bars, "bar"), request.meter, `${bpmText(request.bpm)} bpm`, request.key, String(request.parts ?? "").replaceAll(",", ", ")];
    return [
      h("p", { class: "card-kicker" }, `StarBridge · session ${statement.session}`),
      h("h2", { class: "card-title" }, statement.take),
      h("p", { class: "card-line" }, [request.kind, request.style].filter(Boolean).join(", ")),
      h("p", { class: "soft" }, facts.filter(Boolean).join(" · ")),
    ];
  }

  return { show };
}

/** Who, what, when, under which terms, and the hashes. @param {Certificate} certificate @returns {Node[]} */
function back(certificate) {
  const { statement, index, checkpoint, log_key } = certificate;
  const asked = statement.asked_by ?? {};
  const free = statement.commercial !== false;
  const terms = free ? "May be used commercially, under the licences named here" : cautionOf({ restrictions: statement.restrictions ?? [] });
  /** @type {[string, string][]} */
  const rows = [
    ["Asked by", `${asked.member ?? ""}${asked.role ? `, ${asked.role}` : ""}`],
    ["Approved by", statement.approved_by],
    ["Made", new Date(statement.time).toLocaleString()],
    ["Notes by", makerOf(statement.composer)],
    ["Sound by", makerOf(statement.renderer)],
    ["Words", statement.request.prompt],
    ["Chords", statement.chords],
    ["Builds on", (statement.parents ?? []).map((/** @type {any} */ one) => one.take ?? one).join(", ")],
    ["Original", originalityOf(statement.originality)],
  ];
  const hashes = [["Statement", String(certificate.entry.event?.statement)], ...Object.entries(statement.files ?? {}), ["Log", log_key], ["Root", checkpoint.split("\n")[2] ?? ""]];
  const hint = `StarBridge ${statement.take}\n${statement.origin}\nentry ${index}\nstatement ${certificate.entry.event?.statement}\nroot ${checkpoint.split("\n")[2]}`;
  return [
    h("p", { class: free ? "terms" : "terms caution" }, terms),
    h("dl", { class: "facts-list" }, rows.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("div", { class: "card-proof" },
      h("dl", { class: "facts-list hashes" }, hashes.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { class: "mono hash" }, value)])),
      h("div", { class: "card-qr" }, qrDrawing(hint, "Its place in the log, to hold against the certificate"), h("p", { class: "small soft" }, `Entry ${index}`))),
    h("p", { class: "small soft" }, "Anybody can check it offline: ", h("code", { class: "mono" }, "starbridge verify"), " with the certificate and any of the files."),
  ];
}

/** @param {Record<string, any> | undefined} maker */
function makerOf(maker) {
  if (!maker?.name) return "";
  return [`${maker.name} ${maker.version ?? ""}`.trim(), maker.licence, maker.note, maker.sha256 && `hash ${maker.sha256.slice(0, 16)}…`].filter(Boolean).join(" · ");
}

/** @param {Record<string, any> | undefined} found */
function originalityOf(found) {
  if (!found?.limit) return "";
  return `no melodic run of ${found.limit} notes from the training music${found.rewritten?.length ? `, ${found.rewritten.length} rewritten` : ""}`;
}

const SVG = "http://www.w3.org/2000/svg";
const [WIDE, TALL] = [600, 90];

/** The notes as a small drawing, a path a part. @param {Record<string, import("../state/sections.js").Note[]>} score @param {Record<string, any>} request */
function drawingOf(score, request) {
  const total = request.bars * beatsPerBar(parseMeter(request.meter));
  const all = Object.values(score).flat();
  const low = Math.min(...all.map((note) => note.pitch));
  const high = Math.max(...all.map((note) => note.pitch), low + 1);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${TALL}`);
  svg.setAttribute("aria-hidden", "true");
  for (const [part, notes] of Object.entries(score)) {
    const path = document.createElementNS(SVG, "path");
    const dashes = notes.map(({ start, length, pitch }) => {
      const y = 3 + (1 - (pitch - low) / (high - low)) * (TALL - 6);
      return `M${((start / total) * WIDE).toFixed(1)} ${y.toFixed(1)}h${Math.max(1.5, (length / total) * WIDE - 0.5).toFixed(1)}`;
    });
    path.setAttribute("d", dashes.join(""));
    path.setAttribute("data-part", part);
    svg.append(path);
  }
  return svg;
}
