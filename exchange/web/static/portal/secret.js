// The last part of a link never reaches a request line: it moves from the address into the form, is taken out
// of the address bar, and goes along in the fragment of what is submitted, so that the next page has it too.
const secret = location.hash.slice(1);
if (secret) history.replaceState(null, "", location.pathname);
for (const box of document.querySelectorAll("[data-secret-field]")) {
  const field = document.getElementById(box.dataset.secretField);
  if (secret) field.value = secret;
  if (secret && !box.querySelector(".govuk-error-message")) box.hidden = true;
}
if (secret) {
  for (const link of document.querySelectorAll("a[data-take-secret]")) link.hash = secret;
  for (const form of document.querySelectorAll("form"))
    if (!form.hasAttribute("data-exit"))
      form.addEventListener("submit", () => { form.action = new URL(form.getAttribute("action"), location).pathname + "#" + secret; });
}
