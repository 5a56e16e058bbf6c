
// --- The lesson: the numbers of the picture come about, one moment after the other.

const lesson = JSON.parse(document.getElementById("lesson")?.textContent ?? "null");
const player = document.getElementById("player");
const said = document.getElementById("said");
const play = document.getElementById("play");
const slider = document.getElementById("moment");
const SECONDS = 1.2; // between two moments
let now = lesson?.moments.length; // how many moments have been
let idle = true; // the picture is whole, as nobody has begun
let timer;

// The ground of a gradient, whose shade is its size, and the stripes over it that mean nan.
function backdrop(text) {
  const found = [];
  let part = text.previousElementSibling;
  while (part?.matches("path:not(.cells)")) {
    found.push(part);
    part = part.previousElementSibling;
  }
  return found;
}

// What a picture has of the steps and the uses: groups by their keys, and in a box the numbers.
function parts() {
  if (!picture.parts) {
    const groups = new Map();
    const numbers = new Map();
    for (const group of svg.querySelectorAll("[data-key]")) {
      groups.set(group.dataset.key, group);
      for (const label of group.querySelectorAll("text > tspan:first-child")) {
        const role = label.textContent.trim();
        const number = label.nextElementSibling;
        if (!number || (role !== "data" && role !== "grad")) continue;
        const text = label.parentElement;
        const grounds = role === "grad" ? backdrop(text) : [];
        const line = { text, number, whole: number.textContent, grounds };
        numbers.set(`${group.dataset.key} ${role}`, line);
      }
    }
    picture.parts = { groups, numbers };
    askable();
  }
  return picture.parts;
}

// Shows the picture as it is after so many moments.
function update() {
  const { groups, numbers } = parts();
  if (!lesson) return;
  const { boxes, numbers: shown, arrows, flows } = lesson.pictures[key];
  const found = new Map(); // the last number of each line, if it has one by now
  const computed = new Set(); // the boxes that have been reached in the forward pass
  for (const [count, [, step, number]] of lesson.moments.slice(0, now).entries()) {
    const box = boxes[step];
    const forward = count < lesson.forward;
    if (forward) computed.add(box);
    if (number && shown[box] === step) found.set(`${box} ${forward ? "data" : "grad"}`, number);
  }
  const whole = idle || now === lesson.moments.length;
  for (const [line, { text, number, whole: end, grounds }] of numbers) {
    const seen = whole || found.has(line);
    for (const part of [text, ...grounds]) part.classList.toggle("unseen", !seen);
    number.textContent = whole ? end : found.get(line) ?? end;
  }
  const current = idle || now === 0 ? undefined : lesson.moments[now - 1];
  const lit = new Set();
  if (current) {
    lit.add(boxes[current[1]]);
    const use = now - 1 - lesson.forward;
    for (const [name, group] of groups) {
      const used = use < 0 ? group.dataset.head === boxes[current[1]] : name === arrows[use];
      if (used) lit.add(name);
    }
  }
  // A local derivative is known once its operation has been computed, a flow once it has flowed.
  const flowed = new Set(arrows.slice(0, Math.max(0, now - lesson.forward)));
  for (const [name, group] of groups) {
    group.classList.toggle("lit", lit.has(name));
    const { head } = group.dataset;
    if (!head) continue;
    const seen = whole || (flows ? flowed.has(name) : computed.has(head));
    const labels = group.querySelectorAll("text, rect");
    for (const label of labels) label.classList.toggle("unseen", !seen);
  }
}

function told() {
  if (idle) {
    return "Press Play, or the key “.”, to see how these numbers come about, one after the other.";
  }
  if (now === 0) return "Nothing has been computed yet.";
  return lesson.moments[now - 1][0];
}

// Goes to a moment, counted from 0, where nothing has been found yet.
function moment(next) {
  now = Math.max(0, Math.min(lesson.moments.length, next));
  idle = false;
  present();
}

function present() {
  update();
  said.textContent = told();
  slider.value = now;
  const pass = now <= lesson.forward ? "forward pass" : "backward pass";
  const place = `${now} of ${lesson.moments.length}, ${pass}`;
  slider.setAttribute("aria-valuetext", idle ? "the whole picture" : place);
  if (now === lesson.moments.length) pause();
}

function shows(label, shape) {
  play.setAttribute("aria-label", label);
  play.querySelector("path").setAttribute("d", shape);
}

function pause() {
  clearInterval(timer);
  timer = undefined;
  shows("Play", "M3 1v14l12-7z");
}

function toggle() {
  if (timer) return pause();
  if (now === lesson.moments.length) moment(0);
  timer = setInterval(() => moment(now + 1), SECONDS * 1000);
  shows("Pause", "M3 2h4v12H3zM9 2h4v12H9z");
}

function step(next) {
  pause();
  moment(next);
}

// --- Asked: a box or an arrow that is clicked tells what it is, and how its gradient comes about.

const asked = document.getElementById("asked");
const answer = asked.querySelector("div");
let chosen;

// Makes a button of everything that can be asked, for keyboards and for those who listen.
function askable() {
  for (const group of svg.querySelectorAll(".node:not([data-open]), .edge")) {
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", "0");
    group.setAttribute("aria-label", `About ${heading(group)}`);
    svg.setAttribute("role", "group");
  }
}

function addLine(kind, text, options = {}) {
  const element = Object.assign(document.createElement(kind), { textContent: text, ...options });
  answer.append(element);
  return element;
}

function ask(group) {
  dismiss();
  chosen = group;
  group.classList.add("chosen");
  const [first, ...others] = group.querySelector("title").textContent.split("\n");
  answer.replaceChildren();
  addLine("h2", first);
  for (const line of others) addLine("p", line);
  const { boxes } = lesson?.pictures[key] ?? { boxes: [] };
  const steps = boxes.flatMap((box, step) => (box === group.dataset.key ? [step] : []));
  const told = steps.length === 1 ? lesson.asked[steps[0]] : undefined;
  for (const [line, path] of told?.lines ?? []) {
    if (path === null) addLine("p", line);
    else {
      const button = addLine("button", line, { type: "button" });
      button.addEventListener("click", () => way(button, told.paths[path]));
    }
  }
  asked.hidden = false;
}

// Shows the way of a path in the picture.
function way(button, path) {
  const pressed = button.getAttribute("aria-pressed") === "true";
  for (const other of answer.querySelectorAll("button")) {
    other.setAttribute("aria-pressed", "false");
  }
  for (const group of svg.querySelectorAll(".way")) group.classList.remove("way");
  if (pressed) return;
  button.setAttribute("aria-pressed", "true");
  const { groups } = parts();
  for (const use of path) {
    const arrow = groups.get(lesson.pictures[key].arrows[use]);
    if (!arrow) continue; // within a box
    const { tail, head } = arrow.dataset;
    for (const group of [arrow, groups.get(tail), groups.get(head)]) group.classList.add("way");
  }
}

function dismiss() {
  for (const group of main.querySelectorAll(".chosen, .way")) {
    group.classList.remove("chosen", "way");
  }
  asked.hidden = true;
  chosen = undefined;
}

// Asks about the box or the arrow that something is part of; returns whether there is one.
function inquire(part) {
  const group = part.closest(".node, .edge");
  if (!group || group.matches(DOORS)) return false;
  ask(group);
  return true;
}

main.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && inquire(event.target)) {
    event.preventDefault();
    event.stopPropagation(); // Space plays elsewhere
  }
});
document.getElementById("close").addEventListener("click", () => {
  const group = chosen;
  dismiss();
  group?.focus({ preventScroll: true });
});
keys.Escape = () => (asked.hidden ? leave() : document.getElementById("close").click());

main.classList.add("moving");
turn(addressed());
if (lesson) {
  const turns = {
    first: () => step(0), before: () => step(now - 1), play: toggle,
    forward: () => step(idle ? 1 : now + 1), last: () => step(lesson.moments.length),
  };
  for (const [name, turn] of Object.entries(turns)) {
    document.getElementById(name).addEventListener("click", turn);
  }
  slider.max = lesson.moments.length;
  slider.addEventListener("input", () => step(slider.valueAsNumber));
  Object.assign(keys, {
    " ": toggle, ",": turns.before, ".": turns.forward, Home: turns.first, End: turns.last,
  });
  player.hidden = false;
  present();
}
