() => [...document.querySelectorAll(":is(.govuk-button, .app-card, input:not([type=hidden], [type=file]):not(.govuk-radios__input, .govuk-checkboxes__input), textarea, select)")]
  .filter((one) => one.checkVisibility()).filter((one) => {
    const style = getComputedStyle(one);
    return !(parseFloat(style.borderTopWidth) > 0 && style.borderTopStyle !== "none");
  }).map((one) => one.outerHTML.slice(0, 100))
