
// --- Changed: other numbers for the leaves.

const panel = document.getElementById("leaves");
const table = panel.querySelector("tbody");
const changing = document.getElementById("change");
let frame = 0; // the recorded state that is shown, or that was changed

// Shows other numbers, at the same moment; the field or slider that they come from is left alone.
let source;
function become(next, from) {
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
  source = from;
  present();
  source = undefined;
  if (chosen) ask(chosen);
  // Of several states the line beside the curve says it.
  if (states.length > 1 || hiding()) return;
  status.textContent = `${lesson.names.at(-1)} = ${text(state.data.at(-1))}`;
}

// A finite difference of the result, from one side or from both: of several steps the one with the
// smallest error, by how much it differs from a larger one, and by the rounding of the result.
function difference(leaf, sides) {
  const x = state.data[leaf];
  const at = (y) => evaluated(program, state.data.with(leaf, y)).data.at(-1);
  let best = { error: Infinity, slope: NaN };
  for (const scale of new Set([1, Math.abs(x)])) {
    let last = NaN;
    for (let power = 1; power <= 8; power++) {
      const [above, below] = sides.map((side) => x + side * scale * 10 ** -power);
      const [high, low] = [above, below].map(at);
      const slope = (high - low) / (above - below);
      const rounding = Number.EPSILON * Math.max(Math.abs(high), Math.abs(low)) / (above - below);
      const error = Math.abs(slope - last) + 4 * rounding;
      if (error < best.error) best = { error, slope };
      last = slope;
    }
  }
  return best.slope;
}

// The difference in words: two where it is one on the left and another on the right, at a kink.
function differenceOf(leaf) {
  const both = difference(leaf, [1, -1]);
  const slope = state.grads[leaf] ?? 0;
  const same = (x, y) => Math.abs(x - y) <= 1e-3 * Math.max(1e-3, Math.abs(x), Math.abs(y));
  const [left, right] = same(both, slope) ? [both, both]
    : [[0, -1], [1, 0]].map((sides) => difference(leaf, sides));
  if (Number.isNaN(both) || Number.isNaN(left) || Number.isNaN(right)) return "none";
  return same(left, right) ? written(both) : `${written(left)} to the left, ${written(right)} to the right`;
}

// Fills in the table: for each leaf its number, its gradient and, where it is seen, a finite
// difference, as those of hundreds of leaves would take long.
function fill() {
  if (panel.hidden) return;
  const hidden = hiding();
  const rows = [...table.rows];
  const seen = rows.filter(isSeen);
  rows.forEach(fillRow);
  state.differences ??= new Map();
  for (const row of seen) {
    const leaf = Number(row.dataset.leaf);
    if (!hidden && !state.differences.has(leaf)) state.differences.set(leaf, differenceOf(leaf));
    put(row.cells[4], hidden ? "" : state.differences.get(leaf));
  }
  disable(document.getElementById("reset"), state === states[frame]);
}

function fillRow(row) {
  const leaf = Number(row.dataset.leaf);
  const [field, range] = row.querySelectorAll("input");
  const x = state.data[leaf];
  const number = written(x, state.digits);
  if (field !== source && (field !== document.activeElement || source)) {
    if (field.value !== number) field.value = number;
    field.removeAttribute("aria-invalid");
  }
  if (range !== source) bound(range, x, Math.abs(states[frame].data[leaf]));
  put(row.cells[3], hiding() ? "" : written(state.grads[leaf] ?? 0, state.digits));
  put(row.cells[4], (!hiding() && state.differences?.get(leaf)) || "");
}

function put(cell, words) {
  if (cell.textContent !== words) cell.textContent = words;
}

// The limits of a slider: around 0, and as large as the number was.
function bound(range, x, size) {
  const reach = size > 1e-300 && size < 0.01 ? 4 * size : 2 * Math.max(1, size < 1e300 ? size : 1);
  if (Number(range.max) !== reach) Object.assign(range, { min: -reach, max: reach, step: reach / 200 });
  if (range.valueAsNumber !== x) range.value = x;
}

// A button that has nothing to do keeps the focus.
function disable(button, disabled) {
  button.setAttribute("aria-disabled", String(disabled));
}

// Whether a row can be seen.
function isSeen(row) {
  const side = document.getElementById("side").getBoundingClientRect();
  const { top, bottom } = row.getBoundingClientRect();
  return bottom >= side.top && top <= side.bottom;
}
document.getElementById("side").addEventListener("scroll", () => fill());

function change(leaf, x, from) {
  if (Object.is(x, state.data[leaf])) return;
  become(computed(state.data.with(leaf, x)), from);
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

function listen({ source: sender, data }) {
  if (sender !== parent || !data?.numbers) return;
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
    if (x !== undefined) change(leaf, x, field);
  });
  field.addEventListener("blur", () => setTimeout(fill)); // what is no number is not left there
  range.addEventListener("input", () => change(leaf, range.valueAsNumber, range));
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
  if (state === states[frame]) return;
  become(states[frame]);
  tell();
});
