// Notes and marks of the desk: a place drawn on a page or in the paused picture, words that are selected, a time that
// the player goes to, a mark that is left without loading the page again. Without scripts the fields do all of it.
const said = document.querySelector("[data-said]");
const media = document.querySelector("[data-media]");
const details = document.querySelector("[data-note]");
const form = details.querySelector("form");
const own = document.querySelector("script[data-notes]");
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const say = (words) => { said.textContent = ""; requestAnimationFrame(() => { said.textContent = words; }); };
let drawn;


// draw on the page whose number stands in the field (the first one otherwise), or on the picture
function pageFrame() {
  const frames = [...document.querySelectorAll(".app-framed")];
  return frames.find((frame) => frame.dataset.page === form.elements.place.value) ?? frames[0];
}
async function draw() {
  const { boxOn } = await import(own.dataset.drawFrom);
  const frame = pageFrame(), told = form.querySelector("[data-drawn]");
  drawn?.remove();
  media?.pause();
  form.elements.place.value = frame.dataset.page || clock(media.currentTime);
  if (form.elements.words) form.elements.words.value = "";
  drawn = boxOn(frame, {
    label: said.dataset.boxLabel,
    changed: (box) => {
      form.elements.box.value = box.join(",");
      const [left, top, width, height] = box.map(Math.round);
      told.textContent = said.dataset.boxWords.replace("{left}", left).replace("{top}", top).replace("{width}", width).replace("{height}", height);
    },
  });
  frame.scrollIntoView({ block: "center" });
}
form.querySelector("[data-draw]")?.addEventListener("click", draw);
form.elements.place?.addEventListener("input", () => { drawn?.remove(); form.elements.box.value = ""; });

// the words that are selected, and the how-manieth of their kind they are
const { selected } = await import(own.dataset.selectFrom);
for (const box of document.querySelectorAll("[data-with-scripts]")) box.hidden = false;
function takeSelected() {
  const chosen = selected();
  if (!chosen) return false;
  for (const [name, value] of Object.entries(chosen)) form.elements[name].value = value;
  if (form.elements.place) form.elements.place.value = form.elements.box.value = "";
  drawn?.remove();
  return true;
}
// the press itself must not lose the selection
form.querySelector("[data-selected]")?.addEventListener("mousedown", (event) => event.preventDefault());
form.querySelector("[data-selected]")?.addEventListener("click", () => { if (!takeSelected()) say(said.dataset.noneWords); });
form.querySelector("[data-now]")?.addEventListener("click", () => { form.elements.place.value = clock(media.currentTime); });

addEventListener("desk:note", () => {
  const page = [...document.querySelectorAll("[data-page]")].find((one) => one.getBoundingClientRect().bottom > 120);
  if (!takeSelected() && form.elements.place) form.elements.place.value = media ? clock(media.currentTime) : page?.dataset.page ?? "";
  details.open = true;
  form.elements.text.focus();
});

// a note's time: the player goes there, and shows the region that the note is about
let shown;
for (const link of document.querySelectorAll("[data-seek]"))
  link.addEventListener("click", () => {
    media.currentTime = Number(link.dataset.seek);
    shown?.remove();
    if (!link.dataset.box) return;
    const [left, top, width, height] = link.dataset.box.split(",");
    shown = document.createElement("div");
    shown.className = "app-region";
    for (const [name, value] of [["left", left], ["top", top], ["width", width], ["height", height]]) shown.style.setProperty(name, `${value}%`);
    media.parentElement.append(shown);
  });
media?.addEventListener("play", () => shown?.remove());

// a mark is answered without loading the page again
for (const answer of document.querySelectorAll("[data-mark-form]")) {
  const line = answer.closest("[data-marked]");
  if (!line) continue;
  answer.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(answer));
    const { value } = event.submitter;
    body.set("answer", value);
    const sent = await fetch(answer.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
    if (sent?.type !== "opaqueredirect") { location.reload(); return; }
    const words = answer.elements.words.value, kind = answer.elements.kind.value;
    for (const other of document.querySelectorAll("[data-marked] form"))
      if (other === answer || (value === "leave" && other.elements.words.value === words && other.elements.kind.value === kind))
        looked(other.closest("[data-marked]"));
    say(said.getAttribute(`data-${value}-words`));
  });
}
function looked(line) {
  const next = line.nextElementSibling ?? line.previousElementSibling;
  document.getElementById(line.dataset.marked)?.classList.replace("app-mark", "app-mark-left");
  const left = line.closest("details").querySelector("[data-marks-count]");
  const count = line.parentElement.children.length - 1;
  left.textContent = left.textContent.replace(/\d+/, count);
  const open = document.querySelector("[data-not-looked-at] strong");
  if (open) open.textContent = open.textContent.replace(/\d+/, document.querySelectorAll("[data-marked]").length - 1);
  line.remove();
  (next?.querySelector("button") ?? left.parentElement).focus();
}
