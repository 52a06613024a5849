// The review desk: a waveform to click in, a storyboard that seeks. Nothing starts by itself, and without scripts the
// browser's own player does.
const media = document.querySelector("[data-media]");

const wave = document.querySelector("[data-wave]");
if (wave && wave.dataset.wave) {
  const { default: WaveSurfer } = await import(wave.dataset.wave);
  wave.hidden = false;
  const drawn = WaveSurfer.create({
    container: wave, media, height: 110, waveColor: "#5b8a8f", progressColor: "#1d6a54", cursorColor: "#16211f",
    cspNonce: wave.dataset.nonce, url: media.querySelector("source").src,
  });
  drawn.on("ready", () => { document.querySelector("[data-wave-picture]").hidden = true; wave.dataset.drawn = "yes"; });
  drawn.on("error", () => { wave.hidden = true; });
}

const board = document.querySelector("[data-board]");
if (board && media) {
  board.dataset.seekable = "yes";
  board.addEventListener("click", (event) => {
    const { columns, rows, tiles } = board.dataset;
    const column = Math.floor((event.offsetX / board.clientWidth) * columns);
    const row = Math.floor((event.offsetY / board.clientHeight) * rows);
    const tile = Math.min(row * columns + column, tiles - 1);
    if (Number.isFinite(media.duration)) media.currentTime = (tile / tiles) * media.duration;
  });
}
