// Starts GOV.UK components; small helps that no page needs to work.
const own = document.querySelector("script[data-govuk]");
import(own.dataset.govuk).then((govuk) => govuk.initAll()).catch(() => {});

// The language form keeps the part of the address that never reaches the server (a link's secret).
for (const form of document.querySelectorAll("form[data-keep-fragment]"))
  form.addEventListener("submit", () => { form.action = new URL(form.getAttribute("action"), location).pathname + location.hash; });

// Copy buttons: <button data-copy="id-of-text" data-copied="Copied">.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.nextElementSibling.textContent = button.dataset.copied;
  });
}

// Print buttons.
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Players: speed, and a full screen that keeps *Exit this page* in view.
for (const player of document.querySelectorAll("[data-player]")) {
  const media = player.querySelector("video, audio");
  const bar = player.querySelector("[data-player-bar]");
  if (!bar) continue; // the recorder's own
  bar.hidden = false;
  bar.querySelector("[data-speed]")?.addEventListener("change", (e) => { media.playbackRate = Number(e.target.value); });
  bar.querySelector("[data-break]")?.addEventListener("click", () => { media.pause(); player.querySelector("[data-pause]").showModal(); });
  const full = bar.querySelector("[data-full]");
  if (full && player.requestFullscreen) {
    full.hidden = false;
    full.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : player.requestFullscreen()));
  }
}
