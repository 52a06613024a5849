// While something plays, ask each second whether it may still be here: what the browser holds already would play on.
const here = document.querySelector("script[data-here]").dataset.here;
const players = () => [...document.querySelectorAll("video, audio")];

async function mayStay() {
  try {
    const answer = await fetch(`${here}/open`, { cache: "no-store", redirect: "manual" });
    return answer.ok || answer.status === 429 || answer.status >= 500;
  } catch {
    return true; // the line is down: nobody has said no
  }
}

setInterval(async () => {
  if (players().every((one) => one.paused) || await mayStay()) return;
  for (const one of players()) { one.pause(); one.replaceChildren(); one.removeAttribute("src"); one.load(); }
  location.replace(`${here}/read`);
}, 1000);
