
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
