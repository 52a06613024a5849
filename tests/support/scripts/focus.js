(one) => {
  const rings = (style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  const label = one.labels && one.labels[0];
  const ring = rings(getComputedStyle(one)) || (label && rings(getComputedStyle(label, "::before")));
  const box = one.getBoundingClientRect();
  const exit = document.querySelector(".app-exit__form");
  const bar = exit.getBoundingClientRect();
  const below = Math.min(innerHeight, one.closest(".app-exit") || bar.top < innerHeight / 2 ? innerHeight : bar.top);
  const above = 0;
  const seen = Math.max(0, Math.min(box.bottom, below) - Math.max(box.top, above));
  const across = one.closest(".app-exit") || bar.top >= innerHeight / 2 ? 0 : Math.max(0, Math.min(box.right, bar.right) - Math.max(box.left, bar.left)) * Math.max(0, Math.min(box.bottom, bar.bottom) - Math.max(box.top, bar.top));
  const wrong = [];
  if (!one.matches(":focus-visible") || !ring) wrong.push("no ring");
  if (seen < Math.min(box.height, 200) - 1) wrong.push(`hidden: ${Math.round(seen)} of ${Math.round(box.height)} pixels to be seen`);
  if (across > 1) wrong.push("below the exit button");
  return wrong.map((what) => what + ": " + one.outerHTML.slice(0, 120));
}
