// Listen: reads the page aloud with a voice of this device. Other voices send the words to a company, so they are
// never used, on no page; where there is no voice of the device's own, there is no button (the browser says which are).
const bar = document.querySelector("[data-listen]");
const go = bar.querySelector("[data-listen-go]");
const end = bar.querySelector("[data-listen-stop]");
const said = bar.querySelector("[data-listen-said]");
const words = { listen: go.textContent.trim(), ...go.dataset };
const speech = window.speechSynthesis;
const SKIPPED = "script, noscript, style, select, textarea, svg, video, audio, progress, .app-secret, [hidden], [aria-hidden=true]";
const BLOCKS = "p, li, h1, h2, h3, dt, dd, legend, label, button, [role=button], caption, th, td, a.govuk-link, div, section";
const LONGEST = 200;
let pieces = [];
let at = 0;
let turn = 0; // what was said before a pause or stop may still report its end
let speaking = null;

const short = (code) => code.toLowerCase().replace("_", "-").split("-")[0];
function voiceFor(code) {
  const mine = speech.getVoices().filter((one) => one.localService && short(one.lang) === short(code));
  return mine.find((one) => /GB$/i.test(one.lang)) || mine.find((one) => one.default) || mine[0];
}

function sentences(text) {
  const whole = text.match(/[^.!?\n]+[.!?]*/g) || [];
  return whole.flatMap((one) => one.match(new RegExp(`.{1,${LONGEST}}(?:\\s|$)|\\S+`, "g")) || []).map((one) => one.trim()).filter((one) => /[\p{L}\p{N}]/u.test(one));
}

function collect() {
  const walk = document.createTreeWalker(document.getElementById("main-content"), NodeFilter.SHOW_TEXT);
  const blocks = [];
  while (walk.nextNode()) {
    const inside = walk.currentNode.parentElement;
    if (inside.closest(SKIPPED) || !inside.getClientRects().length) continue;
    const block = inside.closest("a") && inside.closest("p, li, td, dd") ? inside.closest("p, li, td, dd") : inside.closest(BLOCKS);
    const asWritten = getComputedStyle(inside).whiteSpace.startsWith("pre");
    const text = asWritten ? walk.currentNode.data : walk.currentNode.data.replace(/\s+/g, " ");
    const last = blocks[blocks.length - 1];
    if (last && last.block === block) last.text += text;
    else blocks.push({ block, text, language: (inside.closest("[lang]") || document.documentElement).lang });
  }
  return blocks.flatMap(({ block, text, language }) => sentences(text).map((one) => ({ block, text: one, language })));
}

function mark(block) {
  for (const one of document.querySelectorAll(".app-listened")) one.classList.remove("app-listened");
  if (block) block.classList.add("app-listened");
}
function quiet() { turn += 1; speaking = null; speech.cancel(); }
function stop() {
  quiet();
  pieces = [];
  mark(null);
  go.textContent = words.listen;
  if (document.activeElement === end) go.focus();
  end.hidden = true;
}
function pause() { quiet(); go.textContent = words.goOn; }
function speak() {
  const mine = (turn += 1);
  if (at >= pieces.length) { stop(); return; }
  const { block, text, voice } = pieces[at];
  speaking = new SpeechSynthesisUtterance(text);
  speaking.voice = voice;
  speaking.lang = voice.lang;
  speaking.rate = 0.9;
  speaking.onend = () => { if (mine === turn) { at += 1; speak(); } };
  speaking.onerror = () => { if (mine === turn) stop(); };
  mark(block);
  go.textContent = words.pause;
  end.hidden = false;
  speech.speak(speaking);
}
function start() {
  const all = collect().map((one) => ({ ...one, voice: voiceFor(one.language) }));
  pieces = all.filter((one) => one.voice);
  said.textContent = pieces.length < all.length ? words.leftOut : "";
  at = 0;
  for (const media of document.querySelectorAll("video, audio")) media.pause();
  quiet();
  speak();
}

function offer() { bar.hidden = !voiceFor(document.documentElement.lang); }
if (speech && window.SpeechSynthesisUtterance) {
  offer();
  if (speech.addEventListener) speech.addEventListener("voiceschanged", offer);
  go.addEventListener("click", () => { if (speaking) pause(); else if (pieces.length) speak(); else start(); });
  end.addEventListener("click", stop);
  // A page that is left, or that nobody looks at, says nothing more.
  addEventListener("pagehide", stop);
  addEventListener("app-leaving", stop);
  document.addEventListener("visibilitychange", () => { if (document.hidden && speaking) pause(); });
}
