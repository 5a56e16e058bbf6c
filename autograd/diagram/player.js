
// --- The lesson: the numbers of the picture come about, one moment after the other.

const player = document.getElementById("player");
const said = document.getElementById("said");
const play = document.getElementById("play");
const slider = document.getElementById("moment");
const SECONDS = 1.2; // between two moments
let moments = [];
let now = 0; // how many of them have been
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
    picture.state = states[0];
    picture.hidden = false;
    askable();
  }
  return picture.parts;
}

// Narrows a number that would be wider than the room beside its label.
function squeeze(number) {
  const label = number.previousElementSibling;
  const [left, right] = [label, number].map((part) => Number(part.getAttribute("x")));
  narrow(number, right - left - label.getComputedTextLength());
}

function narrow(words, room) {
  words.removeAttribute("textLength");
  words.removeAttribute("lengthAdjust");
  if (words.getComputedTextLength() <= room) return;
  set(words, { textLength: room, lengthAdjust: "spacingAndGlyphs" });
}

// Shows the picture as it is after so many moments.
function update() {
  const { groups, numbers } = parts();
  if (!lesson) return;
  paint();
  const { boxes, numbers: shown, arrows, flows } = lesson.pictures[key];
  const known = { data: [], grads: [] }; // the numbers of the steps that have some by now
  const found = new Map(); // the last number of each line, if it has one by now
  const reached = new Set(); // the boxes that have been reached in the forward pass
  const flowed = new Set(); // the arrows that something has flowed along
  for (const [count, [, step, number, use]] of moments.slice(0, now).entries()) {
    const box = boxes[step];
    const forward = count < state.data.length;
    if (forward) reached.add(box);
    if (use !== null) flowed.add(arrows[use]);
    if (forward) known.data[step] = state.data[step];
    else known.grads[step] = use === null ? 1 : state.totals[use];
    if (number && shown[box] === step) found.set(`${box} ${forward ? "data" : "grad"}`, number);
  }
  const whole = idle || now === moments.length;
  paintHeats(...(whole ? [state.data, state.data.map((_, step) => state.grads[step] ?? 0)]
    : [known.data, known.grads]));
  for (const [line, { text, number, whole: end, grounds }] of numbers) {
    const seen = whole || found.has(line);
    for (const part of [text, ...grounds]) part.classList.toggle("unseen", !seen);
    number.textContent = whole ? end : found.get(line) ?? end;
    squeeze(number);
  }
  const current = idle || now === 0 ? undefined : moments[now - 1];
  const lit = new Set();
  if (current) {
    const [, step, , use] = current;
    lit.add(boxes[step]);
    for (const [name, group] of groups) {
      const used = use === null
        ? now <= state.data.length && group.dataset.head === boxes[step]
        : name === arrows[use];
      if (used) lit.add(name);
    }
  }
  // A local derivative is known once its operation has been computed, a flow once it has flowed.
  for (const [name, group] of groups) {
    group.classList.toggle("lit", lit.has(name));
    const { head } = group.dataset;
    if (!head) continue;
    const seen = whole || (flows || hiding() ? flowed.has(name) : reached.has(head));
    const labels = group.querySelectorAll("text, rect");
    for (const label of labels) label.classList.toggle("unseen", !seen);
  }
}

function told() {
  if (idle) {
    return "Press Play, or the key “.”, to see how these numbers come about, one after the other.";
  }
  if (now === 0) return "Nothing has been computed yet.";
  return wordsOf(moments[now - 1]) + (now === moments.length ? score() : "");
}

// Goes to a moment, counted from 0, where nothing has been found yet.
function moment(next) {
  now = Math.max(0, Math.min(moments.length, next));
  idle = false;
  present();
  const lit = svg.querySelector(".node.lit");
  if (touched && lit) follow(lit);
}

function present() {
  update();
  if (chosen && asked.dataset.hides !== String(hiding())) ask(chosen);
  said.textContent = told();
  slider.max = moments.length;
  slider.value = now;
  const pass = now <= state.data.length ? "forward pass" : "backward pass";
  const place = `${now} of ${moments.length}, ${pass}`;
  slider.setAttribute("aria-valuetext", idle ? "the whole picture" : place);
  if (now === moments.length) pause();
  closeQuestion();
  fill();
  if (states.length > 1) announce();
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
  if (!quiz.hidden) return guess.focus();
  if (now === moments.length) moment(0);
  timer = setInterval(advance, SECONDS * 1000);
  shows("Pause", "M3 2h4v12H3zM9 2h4v12H9z");
}

// One moment on, unless its number is to be predicted first.
function advance() {
  if (!question()) moment(idle ? 1 : now + 1);
}

function step(next) {
  pause();
  moment(next);
}
