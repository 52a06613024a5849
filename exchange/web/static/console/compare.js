// Two pages over each other: a slider says how much of the later one shows. Without scripts they stand side by side.
for (const pair of document.querySelectorAll("[data-over]")) {
  const [before, after] = ["before", "after"].map((name) => pair.querySelector(`[data-${name}]`));
  const label = document.createElement("label"), slider = document.createElement("input");
  label.className = "govuk-label app-over__label";
  label.textContent = pair.dataset.over;
  Object.assign(slider, { type: "range", min: 0, max: 100, value: 100, className: "app-over__slider" });
  label.append(slider);
  const over = Object.assign(document.createElement("div"), { className: "app-over", hidden: true });
  const copies = [before, after].map((picture) => Object.assign(picture.cloneNode(), { loading: "lazy" }));
  copies[0].alt = "";
  over.append(...copies);
  pair.after(label, over);
  slider.addEventListener("input", () => { over.hidden = false; copies[1].style.opacity = slider.value / 100; });
}
