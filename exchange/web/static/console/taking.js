// Taking something out: draw the place, select the words, take the time from the player, see the spans on the waveform.
// Without scripts the fields do all of it, and "Show it first" shows the place.
const own = document.querySelector("script[data-taking]").dataset;
const form = document.getElementById("taking");
const fields = form.elements;
const media = document.querySelector("[data-media]");
const SIDES = ["left", "top", "width", "height"];
const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
const seconds = (typed) => typed.split(":").reduce((sum, part) => sum * 60 + Number(part.replace(",", ".")), 0);
for (const box of document.querySelectorAll("[data-with-scripts]")) box.hidden = false;

const drawing = form.querySelector("[data-draw]");
let drawn;
drawing?.addEventListener("click", async () => {
  const { boxOn } = await import(own.drawFrom);
  const told = form.querySelector("[data-drawn]");
  const given = SIDES.map((side) => Number(fields[side].value.replace(",", ".")));
  media?.pause();
  drawn?.remove();
  document.querySelector(".app-taken__new")?.remove();
  fields.whole.checked = false;
  drawn = boxOn(document.querySelector("[data-frame]"), {
    label: own.boxLabel,
    start: given.every(Number.isFinite) && given[2] && given[3] ? given : undefined,
    changed: (box) => {
      SIDES.forEach((side, index) => { fields[side].value = box[index]; });
      told.textContent = SIDES.map((side) => `${form.querySelector(`label[for="${side}"]`).textContent.trim()}: ${Math.round(fields[side].value)}`).join(", ");
    },
  });
  document.querySelector("[data-frame]").scrollIntoView({ block: "center" });
});
for (const side of drawing ? SIDES : [])
  fields[side].addEventListener("input", () => {
    const box = SIDES.map((name) => Number(fields[name].value.replace(",", ".")));
    if (drawn && box.every(Number.isFinite)) drawn.place(box);
  });
drawing && fields.whole.addEventListener("change", () => {
  if (!fields.whole.checked) return;
  drawn?.remove();
  for (const side of SIDES) fields[side].value = "";
});

const taking = form.querySelector("[data-selected]");
taking?.addEventListener("mousedown", (event) => event.preventDefault());
taking?.addEventListener("click", async () => {
  const { selected } = await import(own.selectFrom);
  const chosen = selected();
  if (chosen) [fields.struck.value, fields.nth.value] = [chosen.words, chosen.nth];
  else fields.struck.focus();
});

let region;
const redraw = () => region?.setOptions({ start: seconds(fields.start.value), end: Math.max(seconds(fields.end.value), seconds(fields.start.value) + 0.1) });
for (const button of form.querySelectorAll("[data-now]"))
  button.addEventListener("click", () => { fields[button.dataset.now].value = clock(media.currentTime); redraw(); });

const wave = document.querySelector("[data-wave]");
if (wave?.dataset.wave) {
  const [{ default: WaveSurfer }, { default: Regions }] = await Promise.all([import(wave.dataset.wave), import(wave.dataset.regions)]);
  wave.hidden = false;
  const regions = Regions.create();
  const surfer = WaveSurfer.create({
    container: wave, media, height: 110, waveColor: "#5b8a8f", progressColor: "#1d6a54", cursorColor: "#16211f",
    cspNonce: wave.dataset.nonce, url: media.querySelector("source").src, plugins: [regions],
  });
  surfer.on("error", () => { wave.hidden = true; });
  surfer.on("ready", () => {
    wave.dataset.drawn = "yes";
    for (const [start, end] of JSON.parse(wave.dataset.spans)) regions.addRegion({ start: start / 1000, end: end / 1000, drag: false, resize: false, color: "rgba(11, 12, 12, .35)" });
    const given = fields.start.value ? [seconds(fields.start.value), seconds(fields.end.value)] : [];
    if (given[1] > given[0]) region = regions.addRegion({ start: given[0], end: given[1], color: "rgba(179, 84, 30, .35)" });
    regions.enableDragSelection({ color: "rgba(179, 84, 30, .35)" });
  });
  const follow = (one) => {
    if (!one.drag) return;
    if (region && region !== one) region.remove();
    region = one;
    [fields.start.value, fields.end.value] = [clock(one.start), clock(one.end)];
  };
  regions.on("region-created", (one) => { if (one !== region) follow(one); });
  regions.on("region-updated", follow);
  for (const name of ["start", "end"]) fields[name].addEventListener("change", redraw);
}
