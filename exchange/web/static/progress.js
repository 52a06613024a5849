// Asks again every few seconds while something is being worked on: <section data-poll="/path" data-state="…">.
// The path answers {"state", "percent", "words", "left"}; when the state changes the page is loaded again, unless
// somebody listens or writes on it. The bar and the words change quietly; how long it still takes is read out, but not
// more than once in half a minute. Without scripts the page has a "Check again" button.
const busy = () => document.querySelector("audio")?.paused === false || [...document.querySelectorAll("textarea")].some((field) => field.value);
for (const box of document.querySelectorAll("[data-poll]")) {
  const bar = box.querySelector("progress");
  const words = box.querySelector("[data-poll-words]");
  const left = box.querySelector("[data-poll-left]");
  let wait = 2000, told = performance.now();
  const tell = (now) => {
    if (bar && now.percent != null) bar.value = now.percent;
    if (words && now.words && words.textContent !== now.words) words.textContent = now.words;
    if (left && now.left !== undefined && left.textContent !== now.left && (!left.textContent || performance.now() - told > 30000)) {
      left.textContent = now.left;
      told = performance.now();
    }
  };
  const ask = async () => {
    try {
      const answer = await fetch(box.dataset.poll, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const now = await answer.json();
        if (now.state !== box.dataset.state && !busy()) { location.reload(); return; }
        tell(now);
        wait = 2000;
      }
    } catch { wait = Math.min(wait * 2, 30000); }
    setTimeout(ask, document.hidden ? 15000 : wait);
  };
  setTimeout(ask, wait);
}
