// Two pages over each other: a slider says how much of the later one shows. Without scripts they stand side by side.
for (const pair of document.querySelectorAll("[data-over]")) {
  const [before, after] = ["before", "after"].map((name) => pair.querySelector(`[data-${name}]`));
  const label = document.createElement("label"), slider = document.createElement("input");
  label.className = "govuk-label app-over__label";
  label.textContent = pair.dataset.over;
  slider.type = "range"; // from 0 to 100, as ranges are
  slider.value = 100;
  slider.className = "app-over__slider";
  label.append(slider);
  const over = document.createElement("div");
  over.className = "app-over";
  over.hidden = true;
  const copies = [before, after].map((picture) => picture.cloneNode());
  for (const copy of copies) copy.loading = "lazy";
  copies[0].alt = "";
  over.append(...copies);
  pair.after(label, over);
  slider.addEventListener("input", () => { over.hidden = false; copies[1].style.opacity = slider.value / 100; });
}
