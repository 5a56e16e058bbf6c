
// --- Changed: other numbers for the leaves, and the states that were recorded.

const panel = document.getElementById("leaves");
const table = panel.querySelector("tbody");
const changing = document.getElementById("change");
const training = document.getElementById("training");
let frame = 0; // the state that is shown, or that was changed

// Shows other numbers, at the same moment.
function become(next) {
  state = next;
  moments = momentsOf(state);
  now = idle ? moments.length : Math.min(now, moments.length);
  results.clear();
  present();
  dismiss();
  fill();
}

// A central difference of the result. Its steps are so large that rounding does not matter.
function difference(leaf) {
  const root = state.data.length - 1;
  const step = Math.cbrt(Number.EPSILON) * Math.max(1, Math.abs(state.data[leaf]));
  const [above, below] = [step, -step].map((by) =>
    computed(state.data.with(leaf, state.data[leaf] + by)).data[root]);
  return (above - below) / (2 * step);
}

// Fills in the table: for each leaf its number, its gradient and a finite difference.
function fill() {
  if (panel.hidden) return;
  for (const row of table.rows) {
    const leaf = Number(row.dataset.leaf);
    const [field, range] = row.querySelectorAll("input");
    const x = state.data[leaf];
    if (field !== document.activeElement) field.value = written(x, state.digits);
    if (range !== document.activeElement) {
      const reach = 2 * Math.max(1, Math.abs(states[frame].data[leaf]));
      Object.assign(range, { min: -reach, max: reach, step: reach / 200, value: x });
    }
    row.cells[3].textContent = written(state.grads[leaf] ?? 0, state.digits);
    row.cells[4].textContent = written(difference(leaf));
  }
  document.getElementById("reset").disabled = state === states[frame];
}

function change(leaf, x) {
  if (Number.isNaN(x) || x === state.data[leaf]) return;
  become(found(computed(state.data.with(leaf, x)), DIGITS));
  tell();
}

// A page that is in a notebook's widget tells of its leaves, and is told of other numbers for them.
const nameOf = (leaf) => lesson.formulas[leaf];

function tell() {
  if (parent === window) return;
  const numbers = lesson.leaves.map((leaf) => [nameOf(leaf), state.data[leaf]]);
  if (numbers.every(([, x]) => Number.isFinite(x))) {
    parent.postMessage({ numbers: Object.fromEntries(numbers) }, "*");
  }
}

function listen({ source, data }) {
  if (parent === window || source !== parent || program === null || !data?.numbers) return;
  const next = [...state.data];
  for (const leaf of lesson.leaves) {
    const x = data.numbers[nameOf(leaf)];
    if (Number.isFinite(x)) next[leaf] = x;
  }
  if (lesson.leaves.some((leaf) => next[leaf] !== state.data[leaf])) {
    become(found(computed(next), DIGITS));
  }
}

addEventListener("message", listen);

function addRow(leaf) {
  const row = table.insertRow();
  row.dataset.leaf = leaf;
  const name = lesson.formulas[leaf];
  const head = document.createElement("th");
  Object.assign(head, { textContent: name, scope: "row" });
  const field = Object.assign(document.createElement("input"), { type: "text", inputMode: "decimal" });
  const range = Object.assign(document.createElement("input"), { type: "range" });
  field.setAttribute("aria-label", name);
  range.setAttribute("aria-label", `${name}, slider`);
  field.addEventListener("input", () => change(leaf, parsed(field.value) ?? NaN));
  range.addEventListener("input", () => change(leaf, range.valueAsNumber));
  row.append(head);
  for (const input of [field, range]) row.insertCell().append(input);
  row.insertCell();
  row.insertCell();
}

changing.addEventListener("click", () => {
  panel.hidden = !panel.hidden;
  changing.setAttribute("aria-expanded", String(!panel.hidden));
  if (table.rows.length === 0) lesson.leaves.forEach(addRow);
  fill();
});
document.getElementById("reset").addEventListener("click", () => {
  become(states[frame]);
  tell();
});

// --- Trained: one recorded state after the other, with the curve of the result.

const curve = document.getElementById("curve");

function drawCurve() {
  const results = states.map(({ data }) => data.at(-1));
  const finite = results.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(...finite)];
  const points = results.flatMap((y, x) => Number.isFinite(y)
    ? [[4 + (152 * x) / (states.length - 1), 44 - (40 * (y - low)) / (high - low || 1)]]
    : []);
  curve.querySelector("polyline").setAttribute("points", points.join(" "));
  curve.points = points;
}

function turnTo(next) {
  frame = Math.max(0, Math.min(states.length - 1, next));
  become(states[frame]);
  const result = written(state.data.at(-1), state.digits);
  const [name] = lesson.formulas.at(-1).split(" = ");
  document.getElementById("state").textContent =
    `state ${frame + 1} of ${states.length}: ${name} = ${result}`;
  const [cx, cy] = curve.points[frame] ?? [-9, -9];
  set(curve.querySelector("circle"), { cx, cy });
  document.getElementById("earlier").disabled = frame === 0;
  document.getElementById("later").disabled = frame === states.length - 1;
}

// --- The beginning

keys.Escape = () => (asked.hidden ? leave() : document.getElementById("close").click());

main.classList.add("moving");
turn("");
unpacked.then(() => {
  if (!addressed()) return;
  key = undefined; // nobody has come from the first picture
  turn(addressed());
});
if (lesson) {
  const turns = {
    first: () => step(0), before: () => step(now - 1), play: toggle,
    forward: () => { pause(); advance(); }, last: () => step(moments.length),
  };
  for (const [name, turn] of Object.entries(turns)) {
    document.getElementById(name).addEventListener("click", turn);
  }
  slider.addEventListener("input", () => step(slider.valueAsNumber));
  Object.assign(keys, {
    " ": toggle, ",": turns.before, ".": turns.forward, Home: turns.first, End: turns.last,
  });
  changing.hidden = program === null;
  if (states.length > 1) {
    const trains = { earlier: () => turnTo(frame - 1), later: () => turnTo(frame + 1) };
    for (const [name, turn] of Object.entries(trains)) {
      document.getElementById(name).addEventListener("click", turn);
    }
    Object.assign(keys, { "[": trains.earlier, "]": trains.later });
    training.hidden = false;
    drawCurve();
    turnTo(0);
  }
  player.hidden = false;
  present();
}
