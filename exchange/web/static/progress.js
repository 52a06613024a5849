// Asks again every few seconds while something is being worked on: <section data-poll="/path" data-state="…">.
// The path answers {"state", "percent", "words"}; when the state changes the page is loaded again. Without
// scripts the page has a "Check again" button.
for (const box of document.querySelectorAll("[data-poll]")) {
  const bar = box.querySelector("progress");
  const words = box.querySelector("[data-poll-words]");
  let wait = 2000;
  const ask = async () => {
    try {
      const answer = await fetch(box.dataset.poll, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const now = await answer.json();
        if (now.state !== box.dataset.state) { location.reload(); return; }
        if (bar && now.percent != null) bar.value = now.percent;
        if (words && now.words && words.textContent !== now.words) words.textContent = now.words;
        wait = 2000;
      }
    } catch { wait = Math.min(wait * 2, 30000); }
    setTimeout(ask, document.hidden ? 15000 : wait);
  };
  setTimeout(ask, wait);
}
