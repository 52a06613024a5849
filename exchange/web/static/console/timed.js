// Words in their time: a word plays from there, the spoken one is marked, chosen ones are made silent by the form.
// Without this each line has its own button.
const place = document.querySelector("[data-timed]");
const media = place.querySelector("[data-media]");
const list = place.querySelector("[data-words]");
const mute = place.querySelector("[data-mute]");
const chosen = place.querySelector("[data-chosen]");
const words = [...list.querySelectorAll("[data-a]")];
const from = (word) => Number(word.dataset.a) / 1000;
const to = (word) => Number(word.dataset.b) / 1000;

place.querySelector("[data-how]").hidden = false;
place.querySelector("[data-plain]").hidden = true;
mute.hidden = false;
list.classList.add("app-spoken--live");
for (const [at, word] of words.entries()) {
  word.tabIndex = at ? -1 : 0;
  word.setAttribute("role", "button");
  word.setAttribute("aria-pressed", "false");
  word.setAttribute("aria-describedby", "how");
}

let anchor = 0;
let here = 0;
function choose(first, last) {
  const [a, b] = first < last ? [first, last] : [last, first];
  words.forEach((word, at) => word.setAttribute("aria-pressed", String(at >= a && at <= b)));
  mute.value = `${words[a].dataset.a}-${words[b].dataset.b}`;
  const text = words.slice(a, b + 1).map((word) => word.textContent.trim()).join(" ");
  chosen.textContent = chosen.dataset.one.replace("{words}", text.length > 120 ? `${text.slice(0, 120)} …` : text);
}
function go(at, extend) {
  words[here].tabIndex = -1;
  here = Math.max(0, Math.min(words.length - 1, at));
  words[here].tabIndex = 0;
  words[here].focus();
  if (!extend) anchor = here;
  choose(anchor, here);
}
const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };
list.addEventListener("keydown", (event) => {
  const at = words.indexOf(event.target);
  if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
  if (STEPS[event.key]) { event.preventDefault(); go(at + STEPS[event.key], event.shiftKey); }
  else if (event.key === "Enter" || event.key === " ") { event.preventDefault(); media.currentTime = from(words[at]); go(at, false); }
  else if (event.key.toLowerCase() === "m") { event.preventDefault(); ask(); }
});
list.addEventListener("click", (event) => {
  const at = words.indexOf(event.target.closest("[data-a]"));
  if (at < 0) return;
  if (!event.shiftKey) media.currentTime = from(words[at]);
  go(at, event.shiftKey);
});
function ask() {
  const why = place.querySelector("[name=why]:checked");
  if (why) mute.click(); else { place.querySelector("[name=why]").focus(); place.querySelector("#why-here").scrollIntoView({ block: "center" }); }
}

let spoken = null;
media.addEventListener("timeupdate", () => {
  const now = words.find((word) => media.currentTime >= from(word) && media.currentTime < to(word)) || null;
  if (now === spoken) return;
  spoken?.classList.remove("app-word--now");
  now?.classList.add("app-word--now");
  spoken = now;
});
