() => {
  const own = document.documentElement.lang;
  const apart = (one) => one.closest("bdi, code, script, style, noscript, textarea, [dir=auto], .app-secret, .app-reference") || (one.closest("[lang]") || document.documentElement).lang !== own;
  const found = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (!apart(walk.currentNode.parentElement)) found.push(walk.currentNode.data);
  for (const one of document.body.querySelectorAll("*"))
    for (const name of ["alt", "aria-label", "title", "placeholder", "label"]) if (one.hasAttribute(name) && !apart(one)) found.push(one.getAttribute(name));
  for (const one of document.querySelectorAll("script[src]"))
    for (const [name, value] of Object.entries(one.dataset)) if (/\s/.test(value)) found.push(value);
  return found.map((text) => text.replace(/\s+/g, " ").trim()).filter((text) => /[A-Za-z]{2}/.test(text));
}
