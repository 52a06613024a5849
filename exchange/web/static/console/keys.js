// Single keys of the desk (WCAG 2.1.4): never in a field, never with another key held, and they can be switched off.
const box = document.querySelector("[data-keys]");
const on = box.querySelector("[data-keys-on]");
const media = document.querySelector("[data-media]");
const speed = document.querySelector("[data-speed]");
let mark = -1;
box.hidden = false;
on.checked = true;

function faster(by) {
  const index = speed.selectedIndex + by;
  if (index < 0 || index >= speed.options.length) return;
  speed.selectedIndex = index;
  speed.dispatchEvent(new Event("change"));
}
function turn(by) {
  const pages = [...document.querySelectorAll("li[data-page]")];
  const list = pages[0].closest(".app-scroll").getBoundingClientRect();
  const here = pages.findIndex((page) => page.getBoundingClientRect().bottom > list.top + 60);
  pages[Math.min(Math.max(here + by, 0), pages.length - 1)].scrollIntoView({ block: "start" });
}
function goTo(by) {
  const marks = [...document.querySelectorAll("mark.app-mark")];
  if (!marks.length) return;
  mark = (mark + by + marks.length) % marks.length;
  marks[mark].focus();
  marks[mark].scrollIntoView({ block: "center" });
}
function answer(name) {
  const line = document.querySelector(`[data-marked="${document.activeElement.id}"]`);
  const button = line?.querySelector(`[data-answer="${name}"]`);
  if (!button) return;
  mark -= 1;
  button.form.requestSubmit(button);
}
const DOES = {
  k: () => media && (media.paused ? media.play() : media.pause()),
  j: () => media && (media.currentTime = Math.max(0, media.currentTime - 5)),
  l: () => media && (media.currentTime += 5),
  s: () => speed && faster(-1),
  f: () => speed && faster(1),
  n: () => document.querySelector("li[data-page]") && turn(1),
  p: () => document.querySelector("li[data-page]") && turn(-1),
  ".": () => goTo(1),
  ",": () => goTo(-1),
  x: () => answer("leave"),
  t: () => answer("take_out"),
  a: () => dispatchEvent(new Event("desk:note")),
};
addEventListener("keydown", (event) => {
  if (!on.checked || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.closest("input, select, textarea, [contenteditable], .app-draw__box")) return;
  const does = DOES[event.key.toLowerCase()];
  if (!does) return;
  event.preventDefault();
  does();
});
