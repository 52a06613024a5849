() => {
  const middle = (one) => { const box = one.getBoundingClientRect(); return box.width ? box.left + box.width / 2 : null; };
  const left = [], right = [];
  const exit = document.querySelector(".app-exit__button");
  if (exit && middle(exit) > innerWidth / 2) left.push("exit");
  const name = document.querySelector(".app-header__name");
  if (name && middle(name) < innerWidth / 2) right.push("name");
  for (const one of document.querySelectorAll(".app-column")) if (middle(one) < innerWidth / 2) right.push("column");
  for (const one of document.querySelectorAll("main :is(p, h1, h2, li, dt, dd, legend, label, td, th)"))
    if (getComputedStyle(one).textAlign === "left" && !one.closest("[dir=auto], .govuk-summary-list__actions")) right.push(one.outerHTML.slice(0, 80));
  for (const one of document.querySelectorAll("main .govuk-list--bullet")) if (parseFloat(getComputedStyle(one).paddingRight) < 10) right.push("bullets");
  for (const one of document.querySelectorAll("main .govuk-radios__input, main .govuk-checkboxes__input"))
    if (middle(one) < middle(one.parentElement)) right.push("radio");
  for (const one of document.querySelectorAll("[href^='tel:']")) if (getComputedStyle(one).direction !== "ltr") left.push("the beginning of " + one.textContent);
  return [...left.map((one) => one + " should be on the left"), ...right.map((one) => one + " should be on the right")];
}
