// A rectangle drawn over a picture, by pointer, touch or keyboard. `boxOn` puts one on `frame` and answers with
// {box, place, remove}; a box is [left, top, width, height] in percent. Arrow keys move, with shift they change the size.
const LEAST = 0.5;
const within = (value, least, most) => Math.min(Math.max(value, least), most);

export function boxOn(frame, { label, changed, start = [30, 40, 40, 15] }) {
  const veil = document.createElement("div");
  veil.className = "app-draw";
  const shape = document.createElement("button");
  shape.type = "button";
  shape.className = "app-draw__box";
  shape.setAttribute("aria-label", label);
  veil.append(shape);
  frame.append(veil);
  let box = start, from;

  const place = ([left, top, width, height]) => {
    width = within(width, LEAST, 100);
    height = within(height, LEAST, 100);
    box = [within(left, 0, 100 - width), within(top, 0, 100 - height), width, height].map((one) => Math.round(one * 100) / 100);
    ["left", "top", "width", "height"].forEach((name, at) => shape.style.setProperty(name, `${box[at]}%`));
    changed(box);
  };
  const at = (event) => {
    const edges = veil.getBoundingClientRect();
    return [within((event.clientX - edges.left) / edges.width, 0, 1) * 100, within((event.clientY - edges.top) / edges.height, 0, 1) * 100];
  };
  veil.addEventListener("pointerdown", (event) => { from = at(event); veil.setPointerCapture(event.pointerId); event.preventDefault(); });
  veil.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = at(event);
    place([Math.min(x, from[0]), Math.min(y, from[1]), Math.abs(x - from[0]), Math.abs(y - from[1])]);
  });
  for (const over of ["pointerup", "pointercancel"]) veil.addEventListener(over, () => { from = undefined; shape.focus(); });
  shape.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [left, top, width, height] = box;
    place(event.shiftKey ? [left, top, width + step[0], height + step[1]] : [left + step[0], top + step[1], width, height]);
  });
  place(box);
  shape.focus({ preventScroll: true });
  return { place, remove: () => veil.remove() };
}
