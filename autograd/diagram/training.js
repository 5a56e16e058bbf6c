
// --- Trained: one recorded state after the other, with the curve of the result.

const training = document.getElementById("training");
const curve = document.getElementById("curve");

function drawCurve() {
  const results = states.map(({ data }) => data.at(-1));
  const finite = results.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(...finite)];
  const points = results.map((y, x) => Number.isFinite(y)
    ? [4 + (152 * x) / (states.length - 1), 44 - (40 * (y - low)) / (high - low || 1)]
    : undefined);
  curve.querySelector("polyline").setAttribute("points", points.filter(Boolean).join(" "));
  curve.points = points;
}

// Says which state is shown, and marks it on the curve.
function announce() {
  const changed = state === states[frame] ? "" : "changed from ";
  const result = written(state.data.at(-1), state.digits);
  document.getElementById("state").textContent =
    `${changed}state ${frame + 1} of ${states.length}: ${nameOf(state.data.length - 1)} = ${result}`;
  const [cx, cy] = curve.points[frame] ?? [-9, -9];
  set(curve.querySelector("circle"), { cx, cy });
  document.getElementById("earlier").disabled = frame === 0;
  document.getElementById("later").disabled = frame === states.length - 1;
}

function turnTo(next) {
  frame = Math.max(0, Math.min(states.length - 1, next));
  become(states[frame]);
}
