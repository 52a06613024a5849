// With me: the whole screen if wished, and "Stop" that hides what is shown and ends the sound at once.
const fill = document.querySelector("[data-fill]");
if (document.documentElement.requestFullscreen) {
  fill.hidden = false;
  fill.addEventListener("click", () =>
    document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
}
document.querySelector("[data-stop]").addEventListener("click", () => {
  for (const media of document.querySelectorAll("audio, video")) media.pause();
  document.querySelector("[data-show]").open = false;
});
