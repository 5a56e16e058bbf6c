
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

// What a picture has of the steps and the uses: groups by their keys, and in a box the numbers.
function parts() {
  if (!picture.parts) {
    const groups = new Map([...svg.querySelectorAll("[data-key]")].map((group) => [group.dataset.key, group]));
    const numbers = new Map();
    for (const [key, group] of groups) {
      for (const label of group.querySelectorAll("text > tspan:first-child")) {
        const role = label.textContent.trim();
        const number = label.nextElementSibling;
        if (!number || (role !== "data" && role !== "grad")) continue;
        const line = { text: label.parentElement, number, whole: number.textContent, grounds: [] };
        // The ground behind a gradient shows its size; over it, stripes mean nan.
        for (let at = line.text.previousElementSibling; role === "grad" && at?.matches("path") && !at.matches(".cells"); at = at.previousElementSibling) {
          line.grounds.push(at);
        }
        numbers.set(`${key} ${role}`, line);
      }
    }
    picture.parts = { groups, numbers };
    askable();
  }
  return picture.parts;
}

// Shows the picture as it is after so many moments.
function at_moment() {
  const { groups, numbers } = parts();
  if (!lesson) return;
  const { boxes, arrows, flows } = lesson.pictures[key];
  const found = new Map(); // the last number of each line, if it has one by now
  const computed = new Set(lesson.moments.slice(0, Math.min(now, lesson.forward)).map(([, step]) => boxes[step]));
  for (const [count, [, step, number]] of lesson.moments.slice(0, now).entries()) {
    if (number) found.set(`${boxes[step]} ${count < lesson.forward ? "data" : "grad"}`, number);
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
    if (use >= 0) lit.add(arrows[use]);
    else for (const arrow of groups.values()) if (arrow.dataset.head === boxes[current[1]]) lit.add(arrow.dataset.key);
  }
  // A local derivative is known once its operation has been computed, a flow once it has flowed.
  const flowed = new Set(arrows.slice(0, Math.max(0, now - lesson.forward)));
  for (const [name, group] of groups) {
    group.classList.toggle("lit", lit.has(name));
    const { head } = group.dataset;
    if (!head) continue;
    const seen = whole || (flows ? flowed.has(name) : computed.has(head));
    for (const label of group.querySelectorAll("text, rect")) label.classList.toggle("unseen", !seen);
  }
}

function told() {
  if (idle) return "Press Play, or the key “.”, to see how these numbers come about, one after the other.";
  if (now === 0) return "Nothing has been computed yet.";
  return lesson.moments[now - 1][0];
}

// Goes to a moment, counted from 0, where nothing has been found yet.
function moment(next) {
  now = Math.max(0, Math.min(lesson.moments.length, next));
  idle = false;
  show_moment();
}

function show_moment() {
  at_moment();
  said.textContent = told();
  slider.value = now;
  const pass = now <= lesson.forward ? "forward pass" : "backward pass";
  slider.setAttribute("aria-valuetext", idle ? "the whole picture" : `${now} of ${lesson.moments.length}, ${pass}`);
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

function add_line(kind, text, options = {}) {
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
  add_line("h2", first);
  for (const line of others) add_line("p", line);
  const { boxes } = lesson?.pictures[key] ?? { boxes: [] };
  const steps = boxes.flatMap((box, step) => (box === group.dataset.key ? [step] : []));
  const told = steps.length === 1 ? lesson.asked[steps[0]] : undefined;
  for (const [line, path] of told?.lines ?? []) {
    if (path === null) add_line("p", line);
    else add_line("button", line, { type: "button", onclick: (event) => way(event.target, told.paths[path]) });
  }
  asked.hidden = false;
}

// Shows the way of a path in the picture.
function way(button, path) {
  const pressed = button.getAttribute("aria-pressed") === "true";
  for (const other of answer.querySelectorAll("button")) other.setAttribute("aria-pressed", "false");
  for (const group of svg.querySelectorAll(".way")) group.classList.remove("way");
  if (pressed) return;
  button.setAttribute("aria-pressed", "true");
  const { groups } = parts();
  for (const use of path) {
    const arrow = groups.get(lesson.pictures[key].arrows[use]);
    for (const group of arrow ? [arrow, groups.get(arrow.dataset.tail), groups.get(arrow.dataset.head)] : []) {
      group.classList.add("way");
    }
  }
}

function dismiss() {
  for (const group of document.querySelectorAll("main :is(.chosen, .way)")) group.classList.remove("chosen", "way");
  asked.hidden = true;
  chosen = undefined;
}

const inquire = (part) => {
  const group = part.closest("main :is(.node, .edge)");
  if (group && !group.matches(DOORS)) ask(group);
};
main.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && event.target.matches(".node, .edge") && !event.target.matches(DOORS)) {
    event.preventDefault();
    event.stopPropagation(); // Space plays elsewhere
    ask(event.target);
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
    first: () => step(0), back: () => step((idle ? lesson.moments.length : now) - 1), play: toggle,
    forward: () => step(idle ? 1 : now + 1), last: () => step(lesson.moments.length),
  };
  for (const [name, turn] of Object.entries(turns)) {
    document.getElementById(name === "back" ? "before" : name).addEventListener("click", turn);
  }
  slider.max = lesson.moments.length;
  slider.addEventListener("input", () => step(slider.valueAsNumber));
  Object.assign(keys, {
    " ": toggle, ",": turns.back, ".": turns.forward, Home: turns.first, End: turns.last,
  });
  player.hidden = false;
  show_moment();
}
