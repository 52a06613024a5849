// Keeps the letter a moment after each pause in writing; the button works without this.
const own = document.querySelector("script[data-problem]");
const form = document.getElementById("letter");
const field = form.querySelector("textarea");
const said = document.querySelector("[data-saved]");
let kept = field.value;
let timer;
let running = false;
async function keep() {
  if (running || field.value === kept) return;
  running = true;
  const text = field.value;
  const body = new URLSearchParams({ csrf: form.querySelector("[name=csrf]").value, text, go: "save" });
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    kept = text;
    said.textContent = (await answer.json()).words;
  } catch { said.textContent = own.dataset.problem; }
  running = false;
  if (field.value !== kept) timer = setTimeout(keep, 5000);
}
field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 1500); });
addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
