
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

function addLine(kind, words, options = {}) {
  const element = Object.assign(document.createElement(kind), { textContent: words, ...options });
  answer.append(element);
  return element;
}

function ask(group) {
  const pressed = chosen === group ? buttons().findIndex(isPressed) : -1;
  const focused = chosen === group ? buttons().indexOf(document.activeElement) : -1;
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
  asked.dataset.hides = String(hiding());
  if (lesson && hiding()) addLine("p", "Its numbers are there once you have predicted them.");
  else if (told) (state === states[0] ? asDrawn : anew)(told, steps[0]);
  asked.hidden = false;
  buttons()[pressed]?.click();
  buttons()[focused]?.focus();
}

const buttons = () => [...answer.querySelectorAll("button")];
const isPressed = (button) => button.getAttribute("aria-pressed") === "true";

function addPath(words, path) {
  const button = addLine("button", words, { type: "button" });
  button.addEventListener("click", () => way(button, path));
}

// What Python has told of the paths to a step.
function asDrawn({ lines, paths }) {
  for (const [line, path] of lines) {
    if (path === null) addLine("p", line);
    else addPath(line, paths[path]);
  }
}

// The same with other numbers: the product along each path, and the sum.
function anew({ paths }, step) {
  const { slopes, grads, flows } = state;
  const products = paths.map((path) => {
    const cut = path.some((use) => flows[use] === null);
    const product = cut ? 0 : path.map((use) => slopes[use]).reduce((x, y) => x * y);
    const symbols = path.map((use) => lesson.uses[use][3]).join(" · ");
    const numbers = path.map((use) => factor(text(slopes[use]))).join(" · ");
    addPath(`${symbols}\n= ${numbers} = ${text(product)}`, path);
    return product;
  });
  const total = grads[step] ?? 0;
  const sum = products.reduce((x, y) => x + y, 0);
  const others = Math.abs(total - sum) > 1e-9 * Math.max(...products.map(Math.abs));
  const rest = others ? ", with the paths that are not listed" : "";
  if (paths.length > 1 || others) addLine("p", `The sum${rest}: ${text(total)}`);
}

// Shows the way of a path in the picture.
function way(button, path) {
  const pressed = isPressed(button);
  for (const other of buttons()) other.setAttribute("aria-pressed", "false");
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
    asked.focus();
  }
});

function closeAnswer() {
  const inside = asked.contains(document.activeElement);
  const group = chosen;
  dismiss();
  if (inside) group?.focus({ preventScroll: true });
}
document.getElementById("close").addEventListener("click", closeAnswer);
