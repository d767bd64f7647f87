/**
 * RFC 8785: the one way of writing a JSON value, so that a signature means the same bytes to everybody.
 *
 * JavaScript's own number form is the one that the RFC asks for, and its string comparison orders by UTF-16 units as the RFC
 * does; what remains is the order of the keys and the refusal of what JSON can't say.
 *
 *     canonical({ b: 1.0, a: "é" })   // {"a":"é","b":1}
 */

/** Half of a surrogate pair: no Unicode text, so no UTF-8 either. */
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * The canonical text of a value.
 * @param {any} value
 * @returns {string}
 * @throws {TypeError} for what has no canonical form: undefined, NaN, infinities, half a surrogate pair
 */
export function canonical(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON form`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object") {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${text(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  throw new TypeError(`${typeof value} has no JSON form`);
}

/** @param {string} value */
function text(value) {
  if (LONE_SURROGATE.test(value)) throw new TypeError("half a surrogate pair is no text");
  return JSON.stringify(value);
}
