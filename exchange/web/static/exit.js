// Exit this page: empty the page at once, lock the session, go to the neutral page without a way back here.
const forms = [...document.querySelectorAll("form[data-exit]")];

function leave(form) {
  dispatchEvent(new Event("app-leaving"));
  if (window.speechSynthesis) speechSynthesis.cancel();
  document.documentElement.classList.add("app-leaving");
  document.title = "…";
  const icon = document.querySelector("link[rel=icon]");
  if (icon) icon.remove();
  for (const media of document.querySelectorAll("video, audio")) media.pause();
  navigator.sendBeacon(form.action, new URLSearchParams(new FormData(form)));
  document.body.replaceChildren();
  location.replace(form.dataset.exit);
}

for (const form of forms)
  form.addEventListener("submit", (event) => { event.preventDefault(); leave(form); });

// Shift three times within five seconds, with nothing else in between.
let presses = 0;
let forget;
function show() {
  for (const form of forms) {
    const lights = form.querySelector(".app-exit__lights");
    if (!lights) continue;
    lights.hidden = presses === 0;
    [...lights.children].forEach((light, i) => light.classList.toggle("on", i < presses));
    const said = form.querySelector("[data-exit-said]");
    said.textContent = presses ? said.dataset.exitSaid.split("|")[presses - 1] : "";
  }
}
function reset() { presses = 0; show(); }
addEventListener("keyup", (event) => {
  if (event.key !== "Shift") return;
  presses += 1;
  show();
  clearTimeout(forget);
  forget = setTimeout(reset, 5000);
  if (presses === 3 && forms.length) leave(forms[0]);
});
addEventListener("keydown", (event) => { if (event.key !== "Shift" && presses) reset(); });

// A page that comes back from the browser's memory is asked for again.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
