
// --- Trained: one recorded state after the other, with the curve of the result.

const training = document.getElementById("training");
const curve = document.getElementById("curve");
let points; // for each state, undefined where its result is not finite

function drawCurve() {
  const results = states.map(({ data }) => data.at(-1));
  const finite = results.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(...finite)];
  points = results.map((y, x) => Number.isFinite(y)
    ? [4 + (152 * x) / (states.length - 1), 44 - 40 * ((y / 2 - low / 2) / (high / 2 - low / 2 || 1))]
    : undefined);
  const lines = points.map((point, x) => point && (points[x - 1]
    ? `L ${point.join(" ")}`
    : `M ${point.join(" ")} h 0`)); // a point by itself is seen, too
  curve.querySelector("path").setAttribute("d", lines.filter(Boolean).join(" "));
}

// Says which state is shown, and marks it on the curve.
function announce() {
  const changed = state === states[frame] ? "" : "changed from ";
  const result = hiding() ? "" : `: ${lesson.names.at(-1)} = ${text(state.data.at(-1))}`;
  document.getElementById("state").textContent =
    `${changed}state ${frame + 1} of ${states.length}${result}`;
  const [cx, cy] = points[frame] ?? [-9, -9];
  set(curve.querySelector("circle"), { cx, cy });
  disable(document.getElementById("earlier"), frame === 0);
  disable(document.getElementById("later"), frame === states.length - 1);
}

function turnTo(next) {
  if (!states[next]) return;
  frame = next;
  become(states[frame]);
}
