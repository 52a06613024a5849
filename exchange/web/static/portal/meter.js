// How loud it is: a bar for the eyes, and the same in a word for screen readers, which asks for no attention.
export function meter(stream, bar, word, words, nothing) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let quiet = 0, loudest = 0;
  function level() {
    analyser.getFloatTimeDomainData(samples);
    const mean = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return Math.max(0, Math.min(100, 100 + (100 / 60) * 10 * Math.log10(mean + 1e-10))); // -60 dB to 0 dB
  }
  const draw = setInterval(() => { bar.value = level(); loudest = Math.max(loudest, bar.value); }, calm ? 500 : 120);
  const name = setInterval(() => {
    const now = loudest;
    loudest = 0;
    quiet = now < 8 ? quiet + 1 : 0;
    const text = now < 8 ? words.none : now < 35 ? words.low : now < 92 ? words.good : words.high;
    if (word.textContent !== text) word.textContent = text;
    if (quiet === 8) nothing();
  }, 1000);
  context.resume();
  return () => { clearInterval(draw); clearInterval(name); bar.value = 0; word.textContent = ""; context.close(); };
}
