/** A QR code as a drawing, dark on light whatever the page's colours are: cameras want it so. */

import { qrCode } from "../qr/code.js";

const SVG = "http://www.w3.org/2000/svg";
/** The margin that readers need, in modules. */
const QUIET = 4;

/** @param {string} text @param {string} label  what it is, for those who can't see it */
export function qrDrawing(text, label) {
  const rows = qrCode(text);
  const side = rows.length + 2 * QUIET;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("class", "qr");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""))).join(""));
  svg.append(path);
  return svg;
}
