
// --- Changed: other numbers for the leaves.

const panel = document.getElementById("leaves");
const table = panel.querySelector("tbody");
const changing = document.getElementById("change");
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
  if (states.length > 1) announce();
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

// A few leaves in the order of the graph, many by their names.
function inOrder(leaves) {
  if (leaves.length <= 20) return leaves;
  const { compare } = new Intl.Collator("en", { numeric: true });
  return leaves.toSorted((one, other) => compare(nameOf(one), nameOf(other)));
}

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
  if (table.rows.length === 0) inOrder(lesson.leaves).forEach(addRow);
  fill();
});
document.getElementById("reset").addEventListener("click", () => {
  become(states[frame]);
  tell();
});
