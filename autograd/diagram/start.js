
// --- The beginning: the first picture, then what was packed, the others and the lesson.

keys.Escape = () => {
  if (!asked.hidden) closeAnswer();
  else if (!quiz.contains(document.activeElement)) leave();
};

function learn(content) {
  lesson = content;
  const numbers = (several) => several.map(Number);
  states = lesson.states.map(({ data, slopes, moments }) =>
    swept({ data: numbers(data), slopes: numbers(slopes), moments, digits: 7 }));
  [state] = states;
  picture.state = state; // it shows these numbers
  moments = momentsOf();
  now = moments.length;
  const turns = {
    first: () => step(0), before: () => step(now - 1), play: toggle,
    forward: () => { pause(); advance(); }, last: () => step(moments.length),
  };
  const trains = { earlier: () => turnTo(frame - 1), later: () => turnTo(frame + 1) };
  for (const [name, act] of Object.entries({ ...turns, ...trains })) {
    document.getElementById(name).addEventListener("click", act);
  }
  slider.addEventListener("input", () => step(slider.valueAsNumber));
  Object.assign(keys, {
    " ": toggle, ",": turns.before, ".": turns.forward, Home: turns.first, End: turns.last,
  });
  changing.hidden = program === null;
  player.hidden = false;
  const skip = document.getElementById("skip");
  skip.hidden = false;
  skip.addEventListener("click", () => play.focus());
  if (states.length > 1) {
    Object.assign(keys, { "[": trains.earlier, "]": trains.later });
    training.hidden = false;
    drawCurve();
  }
  present();
  if (parent === window || program === null) return;
  addEventListener("message", listen);
  parent.postMessage({ ready: true }, "*");
}

main.classList.add("moving");
turn("");
const unpacked = unpack().then(({ lines, pictures: others, lesson: content }) => {
  for (const [name, numbers] of Object.entries(others)) {
    add(name, numbers.map((number) => lines[number]).join("\n"));
  }
  if (content) learn(content);
  if (!addressed()) return;
  key = undefined; // nobody has come from the first picture
  turn(addressed());
});
