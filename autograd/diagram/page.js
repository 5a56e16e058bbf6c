
"use strict";
// Moving and magnifying: what is seen of the picture is its viewBox.
const main = document.querySelector("main");
const svg = main.querySelector("svg");
const picture = { width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
let view;
let touched = false;

function show(next) {
  view = next;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
}

// The whole picture in the middle, no larger than it was drawn.
function fit() {
  const scale = Math.min(1, main.clientWidth / picture.width, main.clientHeight / picture.height);
  const width = main.clientWidth / scale;
  const height = main.clientHeight / scale;
  show({ x: (picture.width - width) / 2, y: (picture.height - height) / 2, width, height });
  touched = false;
}

function zoom(factor, x = view.x + view.width / 2, y = view.y + view.height / 2) {
  const scale = main.clientWidth / view.width;
  if (factor > 1 ? scale > 20 : view.width > 4 * Math.max(picture.width, main.clientWidth)) return;
  touched = true;
  show({
    x: x - (x - view.x) / factor,
    y: y - (y - view.y) / factor,
    width: view.width / factor,
    height: view.height / factor,
  });
}

function move(dx, dy) {
  touched = true;
  const unit = view.width / main.clientWidth;
  show({ ...view, x: view.x - dx * unit, y: view.y - dy * unit });
}

function at(event) {
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
}

main.addEventListener("wheel", (event) => {
  event.preventDefault();
  const point = at(event);
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  zoom(Math.exp(-event.deltaY * lines * 0.0015), point.x, point.y);
}, { passive: false });

// One pointer moves the picture, two of them magnify it.
const pointers = new Map();
main.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  main.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, event);
});
main.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  pointers.set(event.pointerId, event);
  const others = [...pointers.values()].filter((other) => other !== event);
  if (others.length === 0) {
    move(event.clientX - before.clientX, event.clientY - before.clientY);
  } else {
    const [other] = others;
    const distance = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const point = at(other);
    zoom(distance(event) / Math.max(1, distance(before)), point.x, point.y);
  }
});
for (const end of ["pointerup", "pointercancel"]) {
  main.addEventListener(end, (event) => pointers.delete(event.pointerId));
}

const keys = {
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": fit,
  ArrowLeft: () => move(60, 0), ArrowRight: () => move(-60, 0),
  ArrowUp: () => move(0, 60), ArrowDown: () => move(0, -60),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});
document.getElementById("in").addEventListener("click", () => zoom(1.25));
document.getElementById("out").addEventListener("click", () => zoom(0.8));
document.getElementById("fit").addEventListener("click", fit);

main.classList.add("moving");
new ResizeObserver(() => touched ? show({ ...view, height: (view.width * main.clientHeight) / main.clientWidth }) : fit()).observe(main);
fit();
