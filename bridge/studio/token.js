/**
 * The invite: where it comes from, where it is kept, what it says of itself.
 *
 * A link carries it behind `#token=` (which never reaches a server) or `?token=`; either way it leaves the address bar at once
 * and stays in this tab's storage, so that a reload comes back and a shared screen shows nothing. Nothing is trusted here: the
 * server checks the signature, the page only reads session and role to know whom to call.
 *
 * @typedef {{ token: string, session: string, role: string, name: string, id: string, expires_s: number }} Invite
 */

const KEPT = "starbridge.token";
const KEPT_NAME = "starbridge.name";

/**
 * What a token says, or null for something that is no token.
 * @param {string} token
 * @returns {Invite | null}
 */
export function readToken(token) {
  const [payload, signature] = token.trim().split(".");
  if (!payload || !signature) return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    const said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof said.session !== "string" || typeof said.role !== "string") return null;
    return {
      token: token.trim(),
      session: said.session,
      role: said.role,
      name: typeof said.name === "string" ? said.name : "",
      id: typeof said.id === "string" ? said.id : "",
      expires_s: Number(said.expires) || 0,
    };
  } catch {
    return null;
  }
}

/**
 * The token in a link, or in text that is a token itself.
 * @param {string} text
 */
export function tokenIn(text) {
  const found = /[#?&]token=([^&#\s]+)/.exec(text);
  return found ? decodeURIComponent(/** @type {string} */ (found[1])) : text.trim();
}

/** The token of this tab: from the address (which is cleaned), else the one kept. Empty where there is none. */
export function takeToken() {
  const address = new URL(location.href);
  const behind = new URLSearchParams(address.hash.slice(1));
  const given = behind.get("token") ?? address.searchParams.get("token");
  if (given === null) return sessionStorage.getItem(KEPT) ?? "";
  behind.delete("token");
  address.searchParams.delete("token");
  address.hash = behind.toString();
  history.replaceState(null, "", address);
  if (given !== sessionStorage.getItem(KEPT)) sessionStorage.removeItem(`${KEPT}.in`);
  keepToken(given);
  return given;
}

/** Another invite link that is opened in this tab changes only what is behind the `#`; it is taken up by loading the page anew. */
export function heedNewInvites() {
  addEventListener("hashchange", () => location.hash.includes("token=") && location.reload());
}

/** @param {string} token */
export function keepToken(token) {
  sessionStorage.setItem(KEPT, token);
}

/** Forgets the invite of this tab. */
export function dropToken() {
  sessionStorage.removeItem(KEPT);
  sessionStorage.removeItem(`${KEPT}.in`);
}

/** Whether this tab has been in its session already, so that a reload goes straight back. */
export function wasIn() {
  return sessionStorage.getItem(`${KEPT}.in`) === "1";
}

export function noteIn() {
  sessionStorage.setItem(`${KEPT}.in`, "1");
}

/** The name this person goes by, on this browser. */
export function keptName() {
  return localStorage.getItem(KEPT_NAME) ?? "";
}

/** @param {string} name */
export function keepName(name) {
  localStorage.setItem(KEPT_NAME, name);
}
