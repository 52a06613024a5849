() => {
  const skipped = "[hidden], dd[dir=auto], .app-keep-lines, .app-letter, .app-secret, .app-reference, .govuk-button, .app-link-button, .govuk-visually-hidden, .govuk-summary-list__key, label, h1, h2, h3, dt, th, legend, noscript, script, [href^='tel:'], nav";
  const whole = document.getElementById("main-content");
  const found = [];
  for (const block of whole.querySelectorAll("p, li, dd, td, .govuk-hint, .govuk-radios__hint, .govuk-error-message")) {
    if (block.closest(skipped) || block.querySelector("p, li, dd")) continue;
    const copy = block.cloneNode(true);
    for (const one of copy.querySelectorAll(skipped)) one.remove();
    const text = copy.textContent.replace(/\s+/g, " ").trim();
    if (text) found.push(text);
  }
  return found;
}
