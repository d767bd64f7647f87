/* Every text that is seen, against what lies behind it: which of them are too weak by WCAG AA. The value is what `evaluate` gets. */
(() => {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return colour.startsWith("color(srgb") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3])).concat(1);
  const chain = (el) => (el ? [el, ...chain(el.parentElement)] : []);
  const behind = (el) => chain(el).map((one) => parse(getComputedStyle(one).backgroundColor)).reverse().reduce((back, front) => over(front, back), [255, 255, 255, 1]);
  const luminance = (colour) => {
    const [r, g, b] = colour.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const seenAs = (style, opacity, back) => {
    const [r, g, b, a] = parse(style.color);
    return ratio(over([r, g, b, a * opacity], back), back);
  };
  const found = { measured: 0, weak: {} };
  for (const el of document.querySelectorAll("body *")) {
    const field = el.matches("input, textarea, select");
    const written = [...el.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!(field || written) || !el.checkVisibility({ opacityProperty: true }) || el.closest(":disabled, .unseen")) continue;
    const back = behind(el);
    const style = getComputedStyle(el);
    const opacity = chain(el).reduce((product, one) => product * Number(getComputedStyle(one).opacity), 1);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    found.measured += 1;
    const name = (el.innerText || el.placeholder || el.value || "").trim().slice(0, 30);
    if (seenAs(style, opacity, back) < least) found.weak[`${el.className} ${name}`] = seenAs(style, opacity, back).toFixed(2);
    const hint = getComputedStyle(el, "::placeholder");
    if (field && el.placeholder && seenAs(hint, Number(hint.opacity), back) < 4.5) found.weak[`placeholder ${el.placeholder}`] = seenAs(hint, Number(hint.opacity), back).toFixed(2);
  }
  return found;
})();
