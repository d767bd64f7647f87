/**
 * HTTP: what is asked for outside the socket. Every call carries the token in a header, so that it stays out of addresses.
 *
 *     const api = new Api(invite);   const wav = await api.bytes(api.takePath("take-1", "mix.wav"));
 *
 * @typedef {import("./token.js").Invite} Invite
 * @typedef {Record<string, any>} Message
 */

/** What a refused call throws: code and advice as the server said them. */
export class CallRefused extends Error {
  /** @param {string} code @param {string} advice */
  constructor(code, advice) {
    super(advice);
    this.code = code;
    this.advice = advice;
  }
}

export class Api {
  #invite;

  /** @param {Invite} invite */
  constructor(invite) {
    this.#invite = invite;
  }

  get sessionPath() {
    return `/api/sessions/${encodeURIComponent(this.#invite.session)}`;
  }

  /** @param {string} take @param {string} file */
  takePath(take, file) {
    return `${this.sessionPath}/takes/${encodeURIComponent(take)}/${file}`;
  }

  /** Where this page's socket connects to. */
  get socketUrl() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const query = new URLSearchParams({ session: this.#invite.session, token: this.#invite.token });
    return `${scheme}://${location.host}/ws?${query}`;
  }

  /** @param {string} path @returns {Promise<ArrayBuffer>} */
  async bytes(path) {
    return (await this.#call(path)).arrayBuffer();
  }

  /** @param {string} path @returns {Promise<string>} */
  async text(path) {
    return (await this.#call(path)).text();
  }

  /** @param {string} path @returns {Promise<any>} */
  async json(path) {
    return (await this.#call(path)).json();
  }

  /** What is sent as it is made. @param {string} path @returns {Promise<ReadableStream<Uint8Array>>} */
  async stream(path) {
    return (await this.#call(path)).body ?? new ReadableStream();
  }

  /** @param {string} path @param {Message} body @returns {Promise<any>} */
  async post(path, body) {
    const asked = { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    return (await this.#call(path, asked)).json();
  }

  /** Why the server would not have this token; null where it would. Throws where nobody answers. */
  async whyNot() {
    try {
      await this.#call(`${this.sessionPath}/log/checkpoint`);
      return null;
    } catch (error) {
      if (error instanceof CallRefused) return { code: error.code, advice: error.advice };
      throw error;
    }
  }

  /** @param {string} path @returns {Promise<Blob>} */
  async blob(path) {
    return (await this.#call(path)).blob();
  }

  /** Saves a file of the server's under a name of its own. @param {string} path @param {string} name */
  async save(path, name) {
    const address = URL.createObjectURL(await this.blob(path));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  /** @param {string} path @param {RequestInit} [asked] @returns {Promise<Response>} */
  async #call(path, asked = {}) {
    const headers = { ...asked.headers, Authorization: `Bearer ${this.#invite.token}` };
    const answer = await fetch(path, { ...asked, headers });
    if (answer.ok) return answer;
    const said = await answer.json().catch(() => ({}));
    throw new CallRefused(String(said.code ?? "failed"), String(said.advice ?? `The server answered ${answer.status} for ${path}.`));
  }
}

/**
 * The path of an address that the server names, on this page's own server: it may know itself by another name.
 * @param {string} url
 */
export function ownPath(url) {
  const found = new URL(url, location.href);
  return found.pathname + found.search;
}
