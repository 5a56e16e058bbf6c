
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
  }
  return picture.parts;
}

// Shows the picture as it is after so many moments.
function at_moment() {
  if (!lesson) return;
  const { groups, numbers } = parts();
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
