// Resumable uploads (tus): each file on its own, in the order chosen, with percent and time left. What arrived
// is never sent twice: an unfinished file that is chosen once more goes on where it stopped. Without scripts the
// form sends the files itself.
const form = document.getElementById("upload");
const box = document.getElementById("going");
const said = form.dataset;
const token = form.querySelector("[name=csrf]").value;
const status = box.querySelector("[data-going-words]");
const bar = box.querySelector("progress");
const pause = box.querySelector("[data-going-stop]");
const SIZE = 64 * 1024 * 1024;
let running = null;

function unfinished(file) {
  return [...document.querySelectorAll("[data-file][data-open=yes]")].find(
    (one) => one.dataset.name === file.name && (!one.dataset.size || Number(one.dataset.size) === file.size));
}

function left(sent, total, since) {
  const seconds = Math.round(((Date.now() - since) / 1000 / sent) * (total - sent));
  if (!Number.isFinite(seconds) || seconds < 1) return "";
  const words = seconds > 90 ? said.wordsMinutes.replace("{num}", Math.round(seconds / 60)) : said.wordsSeconds.replace("{num}", seconds);
  return ", " + said.wordsLeft.replace("{time}", words);
}

function one(file, position, before, total, since) {
  return new Promise((done, failed) => {
    const known = unfinished(file);
    let first = null;
    running = new tus.Upload(file, {
      endpoint: said.upload,
      uploadUrl: known ? `${said.upload}/${known.dataset.file}` : null,
      chunkSize: SIZE,
      retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 30000, 60000, 60000],
      storeFingerprintForResuming: false,
      headers: { "X-CSRF-Token": token },
      metadata: { filename: file.name, message: said.message, position: String(position) },
      onShouldRetry: (error) => {
        const code = error.originalResponse ? error.originalResponse.getStatus() : 0;
        if (code === 0) status.textContent = said.wordsLost;
        return code === 0 || code === 409 || code === 423 || code === 503;
      },
      onProgress: (sent) => {
        if (first === null) first = sent;
        const percent = Math.floor((100 * (before + sent)) / total);
        bar.value = percent;
        status.textContent = said.wordsGoing.replace("{percent}", percent) + left(before + sent - first, total - first, since);
      },
      onSuccess: () => done(file.size),
      onError: failed,
    });
    running.start();
  });
}

form.addEventListener("submit", async (event) => {
  const files = [...form.querySelector("[type=file]").files];
  if (!files.length || !window.tus || !tus.isSupported) return;
  event.preventDefault();
  const large = files.find((file) => file.size > Number(said.max));
  box.hidden = false;
  if (large) { status.textContent = `${large.name}: ${said.wordsLarge}`; return; }
  form.querySelector("button").disabled = true;
  pause.hidden = false;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  try {
    for (const [at, file] of files.entries()) before += await one(file, Number(said.count) + at, before, total, Date.now());
    status.textContent = said.wordsDone;
    location.assign(form.getAttribute("action"));
  } catch (error) {
    let sentence = said.wordsFailed;
    try { sentence = JSON.parse(error.originalResponse.getBody()).detail || sentence; } catch { /* no answer */ }
    status.textContent = sentence;
    pause.hidden = true;
    form.querySelector("button").disabled = false;
  }
});

pause.addEventListener("click", async () => {
  if (running) await running.abort();
  location.assign(form.getAttribute("action"));
});
window.addEventListener("online", () => { if (running && !form.querySelector("button").disabled) running.start(); });
