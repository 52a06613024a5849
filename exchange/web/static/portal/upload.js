// Sends a file in pieces that survive a lost connection (tus 1.0), with percent and time left. Without this the
// form sends it whole. Nothing is remembered in the browser's storage.
const own = document.querySelector("script[data-left]");
const words = own.dataset;
const form = document.getElementById("upload");
const field = document.getElementById("file");
const bar = form.querySelector("[data-progress]");
const said = form.querySelector("[data-progress-words]");
const wrong = form.querySelector("[data-error]");
const button = form.querySelector("button[type=submit]");
const token = form.querySelector("[name=csrf]").value;

function left(seconds) {
  return seconds < 60 ? words.seconds.replace("N", Math.max(1, Math.round(seconds))) : words.minutes.replace("N", Math.round(seconds / 60));
}
function fail(text) {
  bar.hidden = true;
  button.disabled = false;
  wrong.hidden = false;
  wrong.querySelector("[data-error-words]").textContent = text;
  field.setAttribute("aria-describedby", "file-hint file-error");
  field.focus();
}
async function message() {
  const answer = await fetch(form.dataset.begin, { method: "POST", headers: { "X-CSRF-Token": token, Accept: "application/json" } });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail || words.failed);
  return told.message;
}
function sentence(error) {
  try { return JSON.parse(error.originalResponse.getBody()).detail || words.failed; } catch { return words.failed; }
}
async function send(file) {
  let id;
  try { id = await message(); } catch (error) { fail(error.message); return; }
  const started = Date.now();
  const upload = new tus.Upload(file, {
    endpoint: form.dataset.tus,
    chunkSize: 16 * 1024 * 1024,
    retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 30000],
    storeFingerprintForResuming: false,
    headers: { "X-CSRF-Token": token, "X-Visit": form.dataset.visit, Accept: "application/json" },
    metadata: { filename: file.name, message: id },
    onProgress(sent, all) {
      const seconds = ((Date.now() - started) / 1000) * (all / Math.max(sent, 1) - 1);
      bar.querySelector("progress").value = (100 * sent) / all;
      said.textContent = words.left.replace("DONE", Math.floor((100 * sent) / all)).replace("TIME", left(seconds));
    },
    onShouldRetry(error) {
      const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
      const again = status === 0 || status === 409 || status >= 500;
      if (again) said.textContent = words.waiting;
      return again;
    },
    onError: (error) => fail(sentence(error)),
    onSuccess: () => location.assign(form.dataset.done),
  });
  upload.start();
}
form.addEventListener("submit", (event) => {
  if (!window.tus || !tus.isSupported) return;
  event.preventDefault();
  const file = field.files[0];
  if (!file) return fail(words.none);
  if (file.size > Number(form.dataset.largest)) return fail(words.large);
  wrong.hidden = true;
  bar.hidden = false;
  button.disabled = true;
  send(file);
});
