(() => {
  const voices = VOICES;
  let now = null;
  const speech = {
    speaking: false, held: HELD, getVoices: () => voices, addEventListener() {},
    cancel() { const was = now; now = null; this.speaking = false; if (was) { noted("silence"); was.onerror({ error: "canceled" }); } },
    speak(one) {
      now = one; this.speaking = true; noted(JSON.stringify([one.voice.name, one.lang, one.text]));
      if (!this.held) setTimeout(() => { if (now === one) { now = null; this.speaking = false; one.onend(); } }, 1);
    },
  };
  Object.defineProperty(window, "speechSynthesis", { value: speech });
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
})()
