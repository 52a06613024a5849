// The recorder: microphone (and camera), start, pause, go on, stop, hear or see it again, record again. What is
// recorded stays in memory and on the server, never on this device.
const own = document.querySelector("script[data-sender]");
const [{ sender, Refused }, { meter }] = await Promise.all([import(own.dataset.sender), import(own.dataset.meter)]);
const page = document.getElementById("recorder");
const { here, kind, visit } = page.dataset;
const words = { ...document.getElementById("recorder-words").dataset };
const film = kind === "video";
const find = (name) => page.querySelector(`[data-${name}]`);
const live = find("live"), mirror = find("mirror"), said = find("said"), clock = find("clock"), line = find("line");
const headers = { "X-CSRF-Token": page.dataset.csrf, "X-Visit": visit, Accept: "application/json" };
const TYPES = film
  ? ["video/webm;codecs=vp8,opus", "video/mp4;codecs=avc1.42E01E,mp4a.40.2", "video/webm", "video/mp4"]
  : ["audio/webm;codecs=opus", "audio/mp4;codecs=mp4a.40.2", "audio/webm", "audio/mp4", "audio/ogg;codecs=opus"];
const RATES = film ? { videoBitsPerSecond: 900000, audioBitsPerSecond: 64000 } : { audioBitsPerSecond: 64000 };
const SIZE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } };

let stream, recorder, sending, quietly, awake, address, ticking, ran = 0, since = 0, told = new Set(), used = "";

const show = (name, on) => { find(name).hidden = !on; };
const say = (text) => { said.textContent = text; };
const limit = () => Number(page.dataset.minutes) * 60;
const seconds = () => ran + (since ? (performance.now() - since) / 1000 : 0);
const plain = (time) => `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`;

function wrong(text) {
  close();
  for (const name of ["open", "live", "again", "hints"]) show(name, false);
  say("");
  show("wrong", true);
  find("wrong-words").textContent = text;
  find("wrong").focus();
}
function reason(error) {
  return { NotAllowedError: words.denied, SecurityError: words.denied, NotFoundError: words.missing, OverconstrainedError: words.missing, NotReadableError: words.busy, AbortError: words.busy }[error.name] || words.broken;
}
function close() {
  quietly?.();
  quietly = null;
  for (const track of stream?.getTracks() || []) track.stop();
  stream = null;
  mirror && (mirror.srcObject = null);
  awake?.release?.();
  awake = null;
}
async function open(camera) {
  close();
  show("wrong", false);
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder || !TYPES.some((type) => MediaRecorder.isTypeSupported(type))) return wrong(words.unable);
  say(words.asking);
  try {
    const video = film && { ...SIZE, ...(camera ? { deviceId: { exact: camera } } : { facingMode: "user" }) };
    stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true }, video });
  } catch (error) { return wrong(reason(error)); }
  for (const track of stream.getTracks()) track.addEventListener("ended", broken);
  quietly = meter(stream, find("level"), find("level-word"), { none: words.none, low: words.low, good: words.good, high: words.high }, () => say(words.silent));
  if (mirror) { mirror.srcObject = stream; mirror.play().catch(() => {}); }
  await cameras();
  navigator.wakeLock?.request("screen").then((lock) => { awake = lock; }, () => {});
  for (const name of ["open", "again", "hints"]) show(name, false);
  show("live", true);
  buttons("ready");
  say(film ? words.readyfilm : words.ready);
  if (!camera) find("start").focus();
}
async function cameras() {
  if (!film) return;
  const list = find("cameras");
  const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const now = stream.getVideoTracks()[0].getSettings().deviceId;
  list.replaceChildren(...found.map((device, at) => new Option(device.label || `${words.camera} ${at + 1}`, device.deviceId, false, device.deviceId === now)));
  show("camera-choice", found.length > 1);
}
function buttons(state) {
  page.dataset.state = state;
  show("start", state === "ready");
  show("pause", state === "recording");
  show("on", state === "paused");
  show("stop", state === "recording" || state === "paused");
  if (film) find("cameras").disabled = state !== "ready";
}
function start() {
  used = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const ending = used.split(";")[0].split("/")[1];
  sending = sender({ address: page.dataset.tus, begin, headers, name: `recording.${ending}`, told: heard });
  const mine = sending;
  recorder = new MediaRecorder(stream, { mimeType: used, ...RATES });
  recorder.ondataavailable = (event) => { if (event.data.size) mine.push(event.data); };
  recorder.onstop = () => { if (mine === sending) finished(); };
  recorder.onerror = broken;
  ran = 0;
  since = performance.now();
  told = new Set();
  recorder.start(1000);
  ticking = setInterval(tick, 250);
  buttons("recording");
  say(words.recording);
  find("pause").focus();
}
async function begin() {
  const answer = await fetch(`${here}/upload/begin`, { method: "POST", headers });
  if (!answer.ok) throw new Refused(answer.status, [409, 422].includes(answer.status) ? "Refused" : "");
  return (await answer.json()).message;
}
function tick() {
  const now = seconds(), rest = limit() - now;
  clock.textContent = plain(Math.min(now, limit()));
  if (since) dispatchEvent(new Event("inuse")); // recording is use: the page does not lock meanwhile
  for (const [left, text] of [[300, words.five], [60, words.one]])
    if (rest <= left && limit() > left && !told.has(left)) { told.add(left); say(text); }
  if (rest <= 0 && recorder.state !== "inactive") { told.add("full"); recorder.stop(); }
}
function pause() {
  ran = seconds();
  since = 0;
  recorder.requestData();
  recorder.pause();
  setTimeout(() => sending.flush(), 300);
  buttons("paused");
  say(words.paused);
  find("on").focus();
}
function goOn() {
  recorder.resume();
  since = performance.now();
  buttons("recording");
  say(words.recording);
  find("pause").focus();
}
function broken() {
  if (recorder && recorder.state !== "inactive") { told.add("broken"); recorder.stop(); } else if (page.dataset.state === "ready") wrong(words.busy);
}
function finished() {
  clearInterval(ticking);
  ran = seconds();
  since = 0;
  close();
  sending.end();
  show("live", false);
  buttons("heard");
  const player = find("player");
  address = URL.createObjectURL(sending.recorded(used.split(";")[0]));
  player.src = address;
  // a recording that was never a file knows its length only once its end was looked for
  player.addEventListener("loadedmetadata", () => { if (player.duration === Infinity) { player.addEventListener("timeupdate", () => { player.currentTime = 0; }, { once: true }); player.currentTime = 1e9; } }, { once: true });
  show("again", true);
  show("sure", false);
  show("more", true);
  find("length").textContent = plain(ran);
  say(unasked() || words.stopped);
  find("heading").focus();
  rest();
}
function unasked() { // why it stopped, if nobody pressed "Stop"
  return told.has("full") ? words.full : told.has("broken") ? words.brokenoff : "";
}
function rest() {
  if (!sending) return;
  const whole = sending.isWhole();
  find("use").disabled = !whole;
  find("arrived").hidden = whole;
  find("arrived").textContent = words.arriving.replace("DONE", Math.floor(100 * sending.share()));
}
function heard(state) {
  line.hidden = state !== "waiting";
  if (state === "waiting" && !told.has("waiting")) { told.add("waiting"); line.textContent = words.waiting; }
  if (state === "sent") told.delete("waiting");
  show("locked", state === "locked");
  if (state === "locked" && page.dataset.state === "heard") find("code").focus();
  if (state === "large" && recorder.state !== "inactive") { told.add("full"); recorder.stop(); }
  if (state === "gone" || state === "refused") return ended(words[state]);
  if (page.dataset.state === "heard") rest();
  if (state === "whole") say(`${unasked()} ${words.whole}`.trim()); // the reason stays: it may not have been read yet
}
function ended(text) {
  clearInterval(ticking);
  sending = null;
  since = 0;
  if (recorder.state !== "inactive") recorder.stop();
  if (address) leave();
  wrong(text);
}
async function unlock(event) {
  event.preventDefault();
  const body = new URLSearchParams({ csrf: page.dataset.csrf, code: find("code").value });
  const answer = await fetch(`${here}/locked`, { method: "POST", body, redirect: "manual" });
  const open = answer.type === "opaqueredirect";
  show("code-wrong", !open);
  if (!open) return find("code").focus();
  find("code").value = "";
  show("locked", false);
  say(words.unlocked);
  sending.flush();
}
async function forget() {
  const before = sending;
  find("really").disabled = true;
  const gone = await before.drop();
  find("really").disabled = false;
  if (!gone) return say(words.notgone);
  leave();
  sending = null;
  find("clock").textContent = "0:00";
  await open();
}
function leave() {
  const player = find("player");
  player.removeAttribute("src");
  player.load();
  URL.revokeObjectURL(address);
  address = null;
}
const on = (name, event, act) => find(name)?.addEventListener(event, act);
on("turn-on", "click", () => open());
on("try", "click", () => { show("wrong", false); show("open", true); open(); });
on("start", "click", start);
on("pause", "click", pause);
on("on", "click", goOn);
on("stop", "click", () => recorder.stop());
on("cameras", "change", (event) => open(event.target.value));
on("anew", "click", () => { show("sure", true); show("more", false); find("really").focus(); });
on("stay", "click", () => { show("sure", false); show("more", true); find("anew").focus(); });
on("really", "click", forget);
on("use", "click", () => { leave(); location.assign(`${here}/check`); });
on("locked", "submit", unlock);
addEventListener("pagehide", () => { close(); if (address) leave(); });
show("open", true);
