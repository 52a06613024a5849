// After the time without use the server has locked the session; this takes what is on the screen away as well.
const own = document.querySelector("script[data-idle]");
const limit = Number(own.dataset.idle) * 1000;
let last = Date.now();
const used = () => { last = Date.now(); };
// "inuse" is what our own pages say while they record or send
for (const event of ["keydown", "pointerdown", "scroll", "input", "inuse"]) addEventListener(event, used, { passive: true, capture: true });
setInterval(() => {
  for (const media of document.querySelectorAll("video, audio")) if (!media.paused) used();
  if (window.speechSynthesis && speechSynthesis.speaking) used();
  if (Date.now() - last > limit) location.replace(own.dataset.to);
}, 5000);
