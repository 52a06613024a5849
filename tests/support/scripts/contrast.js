() => {
  const parts = (colour) => { const found = colour.match(/[\d.]+/g).map(Number); return found.length > 3 && found[3] === 0 ? null : found; };
  const light = (colour) => { const [r, g, b] = colour.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (one) => { for (let at = one; at; at = at.parentElement) { const found = parts(getComputedStyle(at).backgroundColor); if (found) return found; } return [255, 255, 255]; };
  const thin = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const one = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !one.checkVisibility({ visibilityProperty: true }) || one.closest("svg, script, noscript, style, option, .govuk-visually-hidden, .govuk-skip-link, video, audio")) continue;
    const [a, b] = [light(parts(getComputedStyle(one).color) || [0, 0, 0]), light(behind(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 7) thin.push(((a + 0.05) / (b + 0.05)).toFixed(1) + " " + one.outerHTML.slice(0, 90));
  }
  return thin;
}
