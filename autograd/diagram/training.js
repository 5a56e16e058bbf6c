
// --- Trained: one recorded state after the other, with the curve of the result.

const training = document.getElementById("training");
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
