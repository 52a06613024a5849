// Captions: play a line, take its times from the player, see which one is spoken, keep what was typed after each
// pause. Everything but playing works without this.
const place = document.querySelector("[data-captions]");
const media = place.querySelector("[data-media]");
const form = document.getElementById("lines");
const said = place.querySelector("[data-kept]");
const number = form.querySelector("[data-number]");
const cues = () => [...form.querySelectorAll("[data-cue]")];
const field = (cue, name) => cue.querySelector(`[data-${name}]`);
const words = (cue) => cue.querySelector("textarea");
const STEP = 3;

// 1:05.200, 1:02:05, 65.2
function seconds(text) {
  const parts = text.trim().replace(",", ".").split(":").map(Number);
  return text.trim() && parts.length < 4 && parts.every((n) => Number.isFinite(n)) ? parts.reduce((all, n) => all * 60 + n, 0) : NaN;
}
function clock(time) {
  const rest = (time % 60).toFixed(3).padStart(6, "0");
  const minutes = Math.floor(time / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

let until = Infinity;
function play(cue) {
  const start = seconds(field(cue, "start").value);
  if (Number.isNaN(start)) return;
  until = seconds(field(cue, "end").value) || Infinity;
  media.currentTime = start;
  media.play();
}
media.addEventListener("timeupdate", () => {
  if (media.currentTime >= until) { media.pause(); until = Infinity; }
  for (const cue of cues()) {
    const now = media.currentTime >= seconds(field(cue, "start").value) && media.currentTime < seconds(field(cue, "end").value);
    cue.classList.toggle("app-cue--now", now);
  }
});

function take(cue, name) {
  const input = field(cue, name);
  input.value = clock(media.currentTime);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
const KEYS = {
  KeyP: (cue) => { if (media.paused) play(cue); else media.pause(); },
  KeyS: (cue) => take(cue, "start"),
  KeyE: (cue) => take(cue, "end"),
  KeyN: (cue) => { const next = cues()[cues().indexOf(cue) + 1]; if (next) { words(next).focus(); play(next); } },
  KeyB: () => { media.currentTime = Math.max(0, media.currentTime - STEP); },
};
form.addEventListener("keydown", (event) => {
  const cue = event.target.closest("[data-cue]");
  if (!event.altKey || event.ctrlKey || event.metaKey || !cue || !KEYS[event.code]) return;
  event.preventDefault();
  KEYS[event.code](cue);
});
for (const button of form.querySelectorAll("[data-play]")) {
  button.hidden = false;
  button.addEventListener("click", () => play(button.closest("[data-cue]")));
}
place.querySelector("[data-keys]").hidden = false;

// kept a moment after each pause; a press of a button waits for what is under way, so that numbers do not clash
let timer;
let running = null;
let changed = false;
async function keep() {
  if (running || !changed) return;
  changed = false;
  const body = new URLSearchParams(new FormData(form));
  body.set("do", "keep");
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { Accept: "application/json" } });
    const told = await answer.json();
    said.textContent = told.words;
    if (answer.ok) { number.value = told.number; form.elements.count.value = told.count; }
  } catch { changed = true; said.textContent = place.dataset.wordsProblem; }
}
function later(wait) {
  clearTimeout(timer);
  timer = setTimeout(() => { running = keep().finally(() => { running = null; if (changed) later(5000); }); }, wait);
}
form.addEventListener("input", (event) => { if (event.target.closest("[data-cue]")) { changed = true; later(2000); } });
addEventListener("visibilitychange", () => { if (document.hidden && changed) later(0); });
form.addEventListener("submit", (event) => {
  clearTimeout(timer);
  changed = false;
  if (!running) return;
  event.preventDefault();
  const { submitter } = event;
  running.finally(() => form.requestSubmit(submitter));
});
