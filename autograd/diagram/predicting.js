
// --- Predicted: a number is asked for before it is shown, and a wrong one tells of a mistake.

const predicting = document.getElementById("predict");
const quiz = document.getElementById("quiz");
const guess = document.getElementById("guess");
const verdict = document.getElementById("verdict");
const results = new Map(); // of the moments that were asked about, whether the first try was right
let tried = false;

const close = (x, y) => Object.is(x, y) || x === y || Math.abs(x - y) <= 5e-4 * Math.abs(y);

// A number as people type it: "−0,5", "1/3", "inf"; nan if it is said, undefined if it is none.
function parsed(text) {
  const plain = text.trim().toLowerCase().replaceAll("−", "-").replace(",", ".").replace(/^\+/, "");
  if (plain === "nan") return NaN;
  if (/^-?inf(inity)?$/.test(plain)) return plain.startsWith("-") ? -Infinity : Infinity;
  const parts = plain.split("/").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (parts.length > 2 || parts.some(Number.isNaN)) return undefined;
  return parts.length === 2 ? parts[0] / parts[1] : parts[0];
}

const read = (text) => Number(text.replace("inf", "Infinity"));

// What is asked about a moment: its formula; undefined where a number is given, or none is added.
function formulaOf([, step, number, use], count) {
  if (count === lesson.forward) return lesson.moments[count][0].split(" = ")[0];
  if (count < lesson.forward) return lesson.leaves.includes(step) ? undefined : lesson.formulas[step];
  return number && state.flows[use] !== null ? lesson.uses[use][3] : undefined;
}

// Asks for the next number, if there is something to be asked; returns whether it does.
function question() {
  const next = idle ? 0 : now;
  if (predicting.getAttribute("aria-pressed") !== "true" || next >= moments.length) return false;
  const formula = formulaOf(moments[next], next);
  if (formula === undefined) return false;
  pause();
  if (!quiz.hidden) {
    guess.focus();
    return true;
  }
  if (idle) moment(0);
  const [target] = formula.split(" += ");
  said.textContent = formula === target ? `${formula} = ?` : `${formula}. What is ${target} then?`;
  verdict.textContent = "";
  guess.value = "";
  tried = false;
  quiz.hidden = false;
  guess.focus();
  return true;
}

function closeQuestion() {
  if (quiz.contains(document.activeElement)) document.getElementById("forward").focus();
  quiz.hidden = true;
}

function check() {
  const x = parsed(guess.value);
  if (x === undefined) {
    verdict.textContent = "That is not a number: type 12, −0.5, 1/3, 2e-7, inf or nan.";
    return;
  }
  const right = close(x, read(moments[now][2]));
  if (!tried) results.set(now, right);
  tried = true;
  if (right) return reveal("Right. ");
  const [, mistake] = moments[now][4].find(([number]) => close(x, number)) ?? [];
  const why = mistake === undefined ? "not the number" : `what you get if ${lesson.mistakes[mistake]}`;
  verdict.textContent = `${written(x)} is ${why}. Try again, or press Show.`;
  guess.select();
}

// Shows the number; one that was not tried counts as wrong.
function reveal(words) {
  if (!tried) results.set(now, false);
  moment(now + 1);
  said.textContent = words + said.textContent;
}

function score() {
  if (results.size === 0) return "";
  const right = [...results.values()].filter(Boolean).length;
  return ` You predicted ${right} of ${results.size} numbers at the first try.`;
}

quiz.addEventListener("submit", (event) => {
  event.preventDefault();
  check();
});
document.getElementById("reveal").addEventListener("click", () => reveal(""));
predicting.addEventListener("click", () => {
  const on = predicting.getAttribute("aria-pressed") !== "true";
  predicting.setAttribute("aria-pressed", String(on));
  results.clear();
  if (!on) return present();
  if (now === moments.length) moment(0);
  advance();
});
