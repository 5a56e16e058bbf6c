
"use strict";
// The pictures by their keys. The first is in the page, the others are unpacked once it is shown.
const main = document.querySelector("main");
const pictures = new Map();
function add(key, markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  keep(key, template.content.firstElementChild);
}
function keep(key, svg) {
  const { width, height } = svg.viewBox.baseVal;
  pictures.set(key, { svg, width, height });
}
keep("", main.querySelector("svg"));

// What is not seen at first is compressed.
async function unpack() {
  const packed = atob(document.getElementById("packed").textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

let key;
let picture;
let svg;

// --- Moving and magnifying: what is seen of the picture is its viewBox.

let view;
let touched = false;

function show(next) {
  view = next;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
}

// The whole picture in the middle, no larger than it was drawn.
function whole() {
  if (!main.clientWidth) return { x: 0, y: 0, ...picture }; // not shown yet
  const scale = Math.min(1, main.clientWidth / picture.width, main.clientHeight / picture.height);
  const width = main.clientWidth / scale;
  const height = main.clientHeight / scale;
  return { x: (picture.width - width) / 2, y: (picture.height - height) / 2, width, height };
}

function fit() {
  show(whole());
  touched = false;
}

function zoom(factor, x = view.x + view.width / 2, y = view.y + view.height / 2) {
  const scale = main.clientWidth / view.width;
  if (factor > 1 ? scale > 20 : view.width > 4 * whole().width) return;
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

// One pointer moves the picture, two of them magnify it. One that stays where it is clicks.
const pointers = new Map();
let pressed; // what a click will be meant for: not what is under a pointer that has moved
const distance = (one, other) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);

main.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  main.setPointerCapture(event.pointerId);
  pressed = pointers.size === 0 ? event.target : main;
  pointers.set(event.pointerId, event);
});
main.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const slack = event.pointerType === "mouse" ? 4 : 10;
  if (pressed !== main && distance(event, before) < slack) return;
  pressed = main;
  pointers.set(event.pointerId, event);
  const other = [...pointers.values()].find((pointer) => pointer !== event);
  if (other) {
    const point = at(other);
    zoom(distance(event, other) / Math.max(1, distance(before, other)), point.x, point.y);
  } else {
    move(event.clientX - before.clientX, event.clientY - before.clientY);
  }
});
for (const end of ["pointerup", "pointercancel"]) {
  main.addEventListener(end, (event) => pointers.delete(event.pointerId));
}

new ResizeObserver(() => touched ? show({ ...view, height: (view.width * main.clientHeight) / main.clientWidth }) : fit()).observe(main);

// Paper gets the whole picture, whatever is seen of it on the screen.
addEventListener("beforeprint", () => {
  svg.setAttribute("viewBox", `0 0 ${picture.width} ${picture.height}`);
});
addEventListener("afterprint", () => show(view));

// --- Opening and folding: a door is a box or a frame that leads to another picture.

const DOORS = "[data-open], [data-close]";
const back = document.getElementById("back");
const status = document.querySelector("[role=status]");

const opens = (door) => "open" in door.dataset;
const behind = (door) => door.dataset.open ?? door.dataset.close;
const heading = (door) => door.querySelector("title").textContent.split("\n", 1)[0];

// Makes a button of a door, for keyboards and for those who listen.
function prepare(door) {
  if (door.hasAttribute("role")) return;
  door.setAttribute("role", "button");
  door.setAttribute("tabindex", "0");
  door.setAttribute("aria-expanded", String(!opens(door)));
  door.setAttribute("aria-label", `${opens(door) ? "Open" : "Fold"} ${heading(door)}`);
  if (opens(door)) return;
  // A frame has a bar around its name to click on. The room inside is for moving the picture.
  const name = door.querySelector("text");
  const { x, width } = door.querySelector("title + *").getBBox();
  const { y, height } = name.getBBox();
  const bar = document.createElementNS(svg.namespaceURI, "rect");
  bar.classList.add("bar");
  for (const [side, length] of Object.entries({ x, y: y - 4, width, height: height + 8 })) {
    bar.setAttribute(side, length);
  }
  name.before(bar);
}

// Shows the picture of a key. The door that leads back where one came from gets the focus.
function turn(next) {
  const left = key;
  main.classList.toggle("turned", left !== undefined); // the first picture is there at once
  key = pictures.has(next) ? next : "";
  picture = pictures.get(key);
  svg = picture.svg;
  main.replaceChildren(svg);
  dismiss();
  fit();
  back.hidden = key === "";
  const doors = [...svg.querySelectorAll(DOORS)];
  if (doors.length > 0) svg.setAttribute("role", "group"); // an image has no buttons in it
  doors.forEach(prepare);
  const door = doors.find((door) => behind(door) === left);
  status.textContent = news(door, doors);
  update();
  if (left !== undefined) (door ?? main).focus({ preventScroll: true });
}

// What has happened, and what can be done next.
function news(door, doors) {
  if (door && !opens(door)) return `Opened ${heading(door)}. Click its name to fold it.`;
  const folded = door ? `Folded ${heading(door)}. ` : "";
  if (doors.some(opens)) return `${folded}Click a box marked ▸ to open it.`;
  return doors.length > 0 ? "Click the name of a frame to fold it." : "";
}

// Each picture has an address, so that links and the browser's buttons lead to it, too.
function go(next) {
  const address = new URL(location);
  address.hash = encodeURIComponent(next);
  history.pushState({ from: key }, "", address);
  turn(next);
}

async function enter(door) {
  await unpacked;
  // To fold what was just opened is to go back.
  if (!opens(door) && history.state?.from === behind(door)) history.back();
  else go(behind(door));
}

function leave() {
  if (key === "") return;
  if (history.state) history.back();
  else go("");
}

function addressed() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

addEventListener("popstate", () => turn(addressed()));
main.addEventListener("click", (event) => {
  const part = pressed ?? event.target; // nothing was pressed if a screen reader clicks
  pressed = undefined;
  const door = part.closest(DOORS);
  if (door && !part.matches("[data-close] > title + *")) enter(door);
  else inquire(part);
});
// Moves a part of a magnified picture to where it is seen.
function follow(part) {
  const [inner, outer] = [part, main].map((element) => element.getBoundingClientRect());
  if (inner.left >= outer.left && inner.right <= outer.right &&
      inner.top >= outer.top && inner.bottom <= outer.bottom) return;
  move((outer.left + outer.right - inner.left - inner.right) / 2,
    (outer.top + outer.bottom - inner.top - inner.bottom) / 2);
}
// Whoever walks through it by the keyboard sees where they are.
main.addEventListener("focusin", ({ target }) => {
  if (target !== main && target.matches(":focus-visible")) follow(target);
});

// --- Keys and buttons

const keys = {
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": fit,
  ArrowLeft: () => move(60, 0), ArrowRight: () => move(-60, 0),
  ArrowUp: () => move(0, 60), ArrowDown: () => move(0, -60),
  Escape: leave,
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // A button is pressed, a slider moved, and a field written in, by keys of its own.
  const { tagName, type } = event.target;
  const own = { BUTTON: /^( |Enter)$/, INPUT: type === "text" ? /^(?!Escape)/ : /^(Arrow|Home|End|Page)/ };
  if (own[tagName]?.test(event.key)) return;
  const door = event.target.closest(DOORS);
  const enters = door && (event.key === "Enter" || event.key === " ");
  if (!enters && !(event.key in keys)) return;
  event.preventDefault();
  if (!enters) keys[event.key]();
  else if (!event.repeat) enter(door); // a key held down would open and fold in turns
});
back.addEventListener("click", leave);
document.getElementById("in").addEventListener("click", () => zoom(1.25));
document.getElementById("out").addEventListener("click", () => zoom(0.8));
document.getElementById("fit").addEventListener("click", fit);
