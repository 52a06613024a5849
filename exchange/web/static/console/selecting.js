// The words that are selected in a text ([data-text]), and the how-manieth of their kind they are. What only screen
// readers hear ([data-aside]) is no text.
function bare(range) {
  const copy = range.cloneContents();
  for (const aside of copy.querySelectorAll("[data-aside]")) aside.remove();
  return copy.textContent;
}
export function selected() {
  const chosen = getSelection();
  if (!chosen.rangeCount || chosen.isCollapsed) return undefined;
  const range = chosen.getRangeAt(0), around = range.commonAncestorContainer;
  const text = (around.closest ? around : around.parentElement).closest("[data-text]");
  const words = bare(range).trim();
  if (!text || !words) return undefined;
  const before = document.createRange(), whole = document.createRange();
  before.selectNodeContents(text);
  before.setEnd(range.startContainer, range.startOffset);
  whole.selectNodeContents(text);
  const from = bare(before).length + bare(range).search(/\S/);
  const pattern = new RegExp(words.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+"), "gu");
  const nth = [...bare(whole).matchAll(pattern)].findIndex((match) => match.index === from) + 1;
  return nth ? { words, nth, part: text.dataset.text } : undefined;
}
