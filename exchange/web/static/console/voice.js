// The reason in one's own voice: record with the microphone into the form's file field. Nothing is kept in the browser.
const form = document.getElementById("voice");
const [start, end, said] = ["start", "end", "said"].map((name) => form.querySelector(`[data-${name}]`));
const words = form.dataset;
const LONGEST = 10 * 60;
let recorder, began, clock;

function time() {
  const seconds = Math.floor((Date.now() - began) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
function tick() {
  said.querySelector("span").textContent = words.wordsGoing.replace("{time}", time());
  if ((Date.now() - began) / 1000 >= LONGEST) recorder.stop();
}
function done(pieces) {
  clearInterval(clock);
  for (const track of recorder.stream.getTracks()) track.stop();
  const file = new File(pieces, "voice", { type: recorder.mimeType });
  const chosen = new DataTransfer();
  chosen.items.add(file);
  form.elements.file.files = chosen.files;
  end.hidden = true;
  start.hidden = false;
  said.textContent = words.wordsDone.replace("{time}", time());
  start.focus();
}
async function record() {
  let stream;
  try { stream = await navigator.mediaDevices.getUserMedia({ audio: true }); } catch { said.textContent = words.wordsNo; return; }
  const pieces = [];
  recorder = new MediaRecorder(stream, { audioBitsPerSecond: 64000 });
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  recorder.addEventListener("stop", () => done(pieces));
  recorder.start(1000);
  began = Date.now();
  // the running time is not read out each second; that it began and what came of it is
  const running = document.createElement("span");
  running.setAttribute("aria-hidden", "true");
  said.replaceChildren(running);
  tick();
  clock = setInterval(tick, 1000);
  start.hidden = true;
  end.hidden = false;
  end.focus();
}
if (window.MediaRecorder && navigator.mediaDevices) {
  form.querySelector("[data-recorder]").hidden = false;
  start.addEventListener("click", record);
  end.addEventListener("click", () => recorder.stop());
}
