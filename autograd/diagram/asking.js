
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
  answer.replaceChildren();
  const name = group.dataset.key;
  const { boxes, labels } = lesson?.pictures[key] ?? { boxes: [], labels: {} };
  const steps = boxes.flatMap((box, step) => (box === name ? [step] : []));
  if (state !== states?.[0]) anew(group, steps, labels[name]);
  else asDrawn(group, steps.length === 1 ? lesson.asked[steps[0]] : undefined);
  asked.hidden = false;
}

// What Python has told of a box or an arrow.
function asDrawn(group, told) {
  const [first, ...others] = group.querySelector("title").textContent.split("\n");
  addLine("h2", first);
  for (const line of others) addLine("p", line);
  for (const [line, path] of told?.lines ?? []) {
    if (path === null) addLine("p", line);
    else {
      const button = addLine("button", line, { type: "button" });
      button.addEventListener("click", () => way(button, told.paths[path]));
    }
  }
}

// The same for other numbers: the value, the gradient, and what has been added up to it.
function anew(group, steps, label) {
  const { data, slopes, grads, flows } = state;
  const about = moments.slice(lesson.forward + 1);
  if (group.matches(".edge")) {
    const own = about.filter(([, , , use]) => lesson.pictures[key].arrows[use] === group.dataset.key);
    addLine("h2", own.length > 0 ? own[0][0].split(" = ")[0] : "Nothing flows here");
    if (label !== undefined) addLine("p", `local derivative ${slopes[label]}`);
    for (const [words] of own) addLine("p", words);
    return;
  }
  if (steps.length === 0) return addLine("h2", heading(group));
  addLine("h2", steps.length === 1 ? lesson.formulas[steps[0]] : heading(group));
  for (const step of steps.slice(0, 20)) {
    const name = steps.length > 1 ? `${nameOf(step)}: ` : "";
    addLine("p", `${name}data ${data[step]}, grad ${grads[step] ?? 0}`);
  }
  if (steps.length > 1) return;
  for (const [words, step, , use] of about) {
    if (step === steps[0] && flows[use] !== undefined) addLine("p", words);
  }
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
