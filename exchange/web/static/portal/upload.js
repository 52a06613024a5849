// Sends files in pieces that survive a lost connection and a closed page (tus 1.0), with percent and time left. Without
// this the form sends them whole. Nothing is remembered in the browser: what is unfinished stands on the page, as the
// server knows it, and is gone on with only if all of it that has arrived is the same.
const own = document.querySelector("script[data-left]");
const words = own.dataset;
const form = document.getElementById("upload");
const { here, visit, largest } = form.dataset;
const field = document.getElementById("file");
const bar = form.querySelector("[data-progress]");
const shown = form.querySelector("[data-progress-words]");
const said = form.querySelector("[data-progress-said]");
const wrong = form.querySelector("[data-error]");
const button = form.querySelector("button[type=submit]");
const headers = { "X-CSRF-Token": form.querySelector("[name=csrf]").value, "X-Visit": visit, Accept: "application/json" };
const BLOCK = 4 * 1024 * 1024;
// One request: a 64th of what came since the line last broke, 0.5 to 4 MiB. A browser repeats a broken request by itself,
// all of it, so on a line that breaks often a large one would send much twice.
const requestSize = (since) => Math.min(BLOCK, Math.max(512 * 1024, Math.floor(since / 64)));
const begun = new Map(); // file -> the address of its upload, or true once it is here: pressed again, it goes on
const begunBefore = [...document.querySelectorAll("[data-upload]")].map((one) => ({ ...one.dataset, size: Number(one.dataset.size) }));
let position = Number(form.dataset.position);

const left = (seconds) => (seconds < 60 ? words.seconds.replace("N", Math.max(1, Math.round(seconds))) : words.minutes.replace("N", Math.round(seconds / 60)));
function say(text) { if (said.textContent !== text) said.textContent = text; }
function fail(text) {
  bar.hidden = true;
  button.disabled = false;
  wrong.hidden = false;
  wrong.querySelector("[data-error-words]").textContent = text;
  form.querySelector("[data-group]").classList.add("govuk-form-group--error");
  field.setAttribute("aria-describedby", "file-hint file-error");
  field.focus();
}
function failed(error) {
  const answer = error.originalResponse;
  if (answer && answer.getStatus() === 403) return location.assign(`${here}/locked`);
  let told = words.failed;
  try { told = JSON.parse(answer.getBody()).detail || told; } catch { /* no answer, or none of ours */ }
  fail(told);
}
async function post(path, body) {
  const answer = await fetch(here + path, { method: "POST", headers, body });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail || words.failed);
  return told;
}
// SHA-256 over the SHA-256 of each block: the browser never holds more than one
async function digest(file, size) {
  const found = [];
  for (let at = 0; at < size; at += BLOCK) {
    const block = await file.slice(at, Math.min(at + BLOCK, size)).arrayBuffer();
    found.push(new Uint8Array(await crypto.subtle.digest("SHA-256", block)));
    dispatchEvent(new Event("inuse"));
  }
  const all = await crypto.subtle.digest("SHA-256", await new Blob(found).arrayBuffer());
  return [...new Uint8Array(all)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
// where to go on: "" for a new upload, null where it is another file of the same name and size
async function unfinished(file) {
  let other = "";
  for (const one of begunBefore.filter((one) => one.size === file.size)) {
    say(words.looking);
    const address = `${form.dataset.tus}/${one.upload}`;
    const answer = await fetch(address, { method: "HEAD", headers: { ...headers, "Tus-Resumable": "1.0.0" } });
    if (!answer.ok) continue;
    const offset = answer.headers.get("Upload-Offset");
    const body = new URLSearchParams({ offset, digest: await digest(file, Number(offset)) });
    if ((await post(`/upload/${one.upload}/same`, body)).same) return address;
    if (one.name === file.name) other = null;
  }
  return other;
}
function send(file, message, uploadUrl, number, all) {
  return new Promise((done, broke) => {
    const started = Date.now();
    let from = -1, since = 0;
    const upload = new tus.Upload(file, {
      endpoint: form.dataset.tus,
      uploadUrl: uploadUrl || null,
      onUploadUrlAvailable: () => begun.set(file, upload.url),
      chunkSize: requestSize(0),
      retryDelays: [0, 1000, 3000, 5000, 10000, 20000, ...Array(20).fill(30000)],
      storeFingerprintForResuming: false,
      headers,
      metadata: { filename: file.name, message, position: String(position) },
      onProgress(sent, size) {
        dispatchEvent(new Event("inuse")); // the lock of this page counts it as use, as the server's does
        if (from < 0) { from = sent; say(uploadUrl ? words.again : words.going); }
        const seconds = ((Date.now() - started) / 1000) * ((size - from) / Math.max(sent - from, 1) - 1);
        bar.querySelector("progress").value = (100 * sent) / size;
        const which = all > 1 ? `${words.of.replace("NUMBER", number).replace("ALL", all)} ` : "";
        shown.textContent = which + words.left.replace("DONE", Math.floor((100 * sent) / size)).replace("TIME", left(seconds));
        if (sent > size / 2 && sent < size) say(words.half);
      },
      onChunkComplete(size) {
        since += size;
        upload.options.chunkSize = requestSize(since);
      },
      onShouldRetry(error) {
        since = 0;
        upload.options.chunkSize = requestSize(since);
        const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
        const again = status === 0 || status === 409 || status >= 500;
        if (again) say(words.waiting);
        return again;
      },
      onError: broke,
      onSuccess: done,
    });
    upload.start();
  });
}
async function sendAll(files) {
  for (const [at, file] of files.entries()) {
    if (begun.get(file) === true) continue;
    const before = begun.get(file) || (await unfinished(file));
    if (before === null) return fail(words.other);
    const { message } = await post("/upload/begin");
    try { await send(file, message, before, at + 1, files.length); } catch (error) { return failed(error); }
    begun.set(file, true);
    position += 1;
  }
  location.assign(`${here}/check`);
}
form.addEventListener("submit", (event) => {
  if (!window.tus || !tus.isSupported) return;
  event.preventDefault();
  const files = [...field.files];
  if (!files.length) return fail(words.none);
  if (files.some((file) => file.size > Number(largest))) return fail(words.large);
  wrong.hidden = true;
  bar.hidden = false;
  button.disabled = true;
  sendAll(files).catch((error) => fail(error instanceof TypeError ? words.failed : error.message));
});
