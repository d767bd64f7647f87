/**
 * Dark or light: as the system says, unless somebody chose on this browser; paper is light. The page's root carries what holds.
 *
 *     const theme = new Theme();   theme.next();   // system, light, dark, system, ...
 *
 * @typedef {"system" | "light" | "dark"} Choice
 */

const KEPT = "starbridge.theme";
/** @type {Choice[]} */
const CHOICES = ["system", "light", "dark"];
const LIGHT = matchMedia("(prefers-color-scheme: light)");

export class Theme {
  /** @type {Choice} */
  choice;

  constructor() {
    const kept = /** @type {Choice} */ (localStorage.getItem(KEPT));
    this.choice = CHOICES.includes(kept) ? kept : "system";
    LIGHT.addEventListener("change", () => this.#show());
    addEventListener("beforeprint", () => (document.documentElement.dataset.theme = "light"));
    addEventListener("afterprint", () => this.#show());
    this.#show();
  }

  next() {
    this.choice = CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length] ?? "system";
    localStorage.setItem(KEPT, this.choice);
    this.#show();
  }

  #show() {
    const system = LIGHT.matches ? "light" : "dark";
    document.documentElement.dataset.theme = this.choice === "system" ? system : this.choice;
  }
}
