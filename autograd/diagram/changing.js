
// --- Changed: other numbers for the leaves.

const panel = document.getElementById("leaves");
const table = panel.querySelector("tbody");
const changing = document.getElementById("change");
let frame = 0; // the recorded state that is shown, or that was changed

// Shows other numbers, at the same moment.
function become(next) {
  const current = moments[now - 1];
  const ended = now === moments.length;
  state = next;
  moments = momentsOf();
  // A use that nothing gets to any more has no moment: that of the one before it.
  if (ended) now = moments.length;
  else if (current && current[3] !== null) {
    now = moments.findLastIndex(([, , , use]) => use === null || use <= current[3]) + 1;
  }
  tried.clear();
  present();
  if (chosen) ask(chosen);
}

// A finite difference of the result, from one side or from both: of several steps, those that
// differ least in what they give. Rounding spoils small ones, the curve large ones.
function difference(leaf, sides) {
  const x = state.data[leaf];
  const root = state.data.length - 1;
  const at = (by) => computed(state.data.with(leaf, x + by)).data[root];
  const scales = [Math.abs(x), Math.max(1, Math.abs(x))].filter((scale) => scale > 0);
  const found = scales.flatMap((scale) => [2, 3, 4, 5, 6, 7, 8].map((power) => {
    const [above, below] = sides.map((side) => side * scale * 10 ** -power);
    return (at(above) - at(below)) / (above - below);
  }));
  const gaps = found.map((y, i) => (i % 7 === 0 ? Infinity : Math.abs(y - found[i - 1])));
  const least = Math.min(...gaps.filter(Number.isFinite));
  return found[gaps.indexOf(least)] ?? NaN;
}

// The difference in words: two where it is one on the left and another on the right, at a kink.
function differenceOf(leaf) {
  const both = difference(leaf, [1, -1]);
  const slope = state.grads[leaf] ?? 0;
  if (Math.abs(both - slope) <= 1e-3 * Math.max(1e-3, Math.abs(slope))) return written(both);
  const [left, right] = [[0, -1], [1, 0]].map((sides) => difference(leaf, sides));
  if (Math.abs(left - right) <= 1e-3 * Math.max(Math.abs(left), Math.abs(right))) return written(both);
  return `${written(left)} to the left, ${written(right)} to the right`;
}

// Fills in the table: for each leaf its number, its gradient and a finite difference.
function fill() {
  if (panel.hidden) return;
  const hidden = hiding();
  for (const row of table.rows) {
    const leaf = Number(row.dataset.leaf);
    const [field, range] = row.querySelectorAll("input");
    const x = state.data[leaf];
    if (field !== document.activeElement) {
      field.value = written(x, state.digits);
      field.removeAttribute("aria-invalid");
    }
    if (range !== document.activeElement) {
      const size = Math.abs(states[frame].data[leaf]);
      const reach = size > 0 && size < 0.01 ? 4 * size : 2 * Math.max(1, Number.isFinite(size) ? size : 1);
      Object.assign(range, { min: -reach, max: reach, step: reach / 200, value: x });
    }
    row.cells[3].textContent = hidden ? "" : written(state.grads[leaf] ?? 0, state.digits);
    row.cells[4].textContent = hidden || !near(row) ? "" : differenceOf(leaf);
  }
  document.getElementById("reset").disabled = state === states[frame];
}

// Whether a row can be seen: differences of hundreds of leaves would take long.
function near(row) {
  if (table.rows.length <= 50) return true;
  const side = document.getElementById("side").getBoundingClientRect();
  const { top, bottom } = row.getBoundingClientRect();
  return bottom >= side.top && top <= side.bottom;
}
document.getElementById("side").addEventListener("scroll", () => fill());

function change(leaf, x) {
  if (Object.is(x, state.data[leaf])) return;
  become(computed(state.data.with(leaf, x)));
  tell();
}

// A page that is in a notebook's widget tells of its leaves, and is told of other numbers for them.
function tell() {
  if (parent === window) return;
  const numbers = leaves().map((leaf) => [lesson.names[leaf], state.data[leaf]]);
  if (numbers.every(([, x]) => Number.isFinite(x))) {
    parent.postMessage({ numbers: Object.fromEntries(numbers) }, "*");
  }
}

function listen({ source, data }) {
  if (parent === window || source !== parent || program === null || !data?.numbers) return;
  const next = [...state.data];
  for (const leaf of leaves()) {
    const x = data.numbers[lesson.names[leaf]];
    if (Number.isFinite(x)) next[leaf] = x;
  }
  if (next.some((x, step) => !lesson.formulas[step] && !Object.is(x, state.data[step]))) {
    become(computed(next));
  }
}

const leaves = () => lesson.names.flatMap((_, step) => (lesson.formulas[step] ? [] : [step]));

// A few leaves in the order of the graph, many by their names.
function inOrder(leaves) {
  if (leaves.length <= 20) return leaves;
  const { compare } = new Intl.Collator("en", { numeric: true });
  return leaves.toSorted((one, other) => compare(lesson.names[one], lesson.names[other]));
}

function addRow(leaf) {
  const row = table.insertRow();
  row.dataset.leaf = leaf;
  const name = lesson.names[leaf];
  const head = document.createElement("th");
  Object.assign(head, { textContent: name, scope: "row" });
  const field = Object.assign(document.createElement("input"), { type: "text", inputMode: "decimal" });
  const range = Object.assign(document.createElement("input"), { type: "range" });
  field.setAttribute("aria-label", name);
  range.setAttribute("aria-label", `${name}, slider`);
  field.addEventListener("input", () => {
    const x = parsed(field.value);
    field.toggleAttribute("aria-invalid", x === undefined);
    if (x !== undefined) change(leaf, x);
  });
  field.addEventListener("blur", () => setTimeout(fill)); // what is no number is not left there
  range.addEventListener("input", () => change(leaf, range.valueAsNumber));
  row.append(head);
  for (const input of [field, range]) row.insertCell().append(input);
  row.insertCell();
  row.insertCell();
}

changing.addEventListener("click", () => {
  panel.hidden = !panel.hidden;
  changing.setAttribute("aria-expanded", String(!panel.hidden));
  if (table.rows.length === 0) inOrder(leaves()).forEach(addRow);
  fill();
});
document.getElementById("reset").addEventListener("click", () => {
  become(states[frame]);
  tell();
});
