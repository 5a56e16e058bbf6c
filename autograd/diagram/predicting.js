
// --- Predicted: a number is asked for before it is shown, and a wrong one tells of a mistake.

const predicting = document.getElementById("predict");
const quiz = document.getElementById("quiz");
const guess = document.getElementById("guess");
const verdict = document.getElementById("verdict");
const tried = new Set(); // the moments that were answered
const scored = { asked: 0, right: 0 }; // at the first try

// Whether the numbers that have not been found yet are to be predicted.
function hiding() {
  const on = predicting.getAttribute("aria-pressed") === "true";
  return on && !idle && now < moments.length;
}

// Whether a number is another one to three digits.
function alike(x, wanted) {
  if (!Number.isFinite(wanted) || wanted === 0) return x === wanted || (x !== x && wanted !== wanted);
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(wanted))) - 2);
  return Math.abs(x - wanted) <= 0.5001 * unit;
}

// A number as people type it: "−0,5", "1/3", "inf"; undefined if it is none, or may be two: "1,000".
function parsed(words) {
  const plain = words.trim().toLowerCase().replaceAll("−", "-").replace(/^\+/, "");
  if (plain === "nan") return NaN;
  if (/^-?inf(inity)?$/.test(plain)) return plain.startsWith("-") ? -Infinity : Infinity;
  const digits = plain.split("/").map((part) => part.trim());
  if (digits.some((part) => /^-?[1-9]\d{0,2},\d{3}(?!\d)/.test(part))) return undefined;
  const parts = digits.map((part) => part.replace(",", ".")).map((part) =>
    /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(part) ? Number(part) : NaN);
  if (parts.length > 2 || parts.some(Number.isNaN)) return undefined;
  return parts.length === 2 ? parts[0] / parts[1] : parts[0];
}

const read = (words) => Number(words.replace("inf", "Infinity"));

// What is asked about a moment; undefined where a number is given, or none is added.
function questionOf([, step, number, use], count) {
  if (count === states[0].data.length) return `${lesson.gradients[step]} = ?`;
  if (use === null) {
    return lesson.formulas[step] ? `${equation(step)} = ?` : undefined;
  }
  if (!number || state.flows[use] === null) return undefined;
  const [node, , , symbol] = lesson.uses[use];
  const target = lesson.gradients[step];
  return `${target} += ${lesson.gradients[node]} × ${symbol}. What is ${target} then?`;
}

// Asks for the next number, if there is something to be asked; returns whether it does.
function question() {
  const next = idle ? 0 : now;
  if (predicting.getAttribute("aria-pressed") !== "true" || next >= moments.length) return false;
  const words = questionOf(moments[next], next);
  if (words === undefined) return false;
  pause();
  if (!quiz.hidden) {
    guess.focus();
    return true;
  }
  if (idle) moment(0);
  said.textContent = words;
  verdict.textContent = "";
  guess.value = "";
  quiz.hidden = false;
  guess.focus();
  return true;
}

function closeQuestion() {
  if (quiz.contains(document.activeElement)) document.getElementById("forward").focus();
  quiz.hidden = true;
}

// Counts the first answer at a moment.
function counts(right) {
  if (tried.has(now)) return;
  tried.add(now);
  scored.asked += 1;
  scored.right += right;
}

function check() {
  const x = parsed(guess.value);
  if (x === undefined) {
    verdict.textContent = "That is not a number: type 12, −0.5, 1/3, 2e-7, inf or nan.";
    return;
  }
  const right = alike(x, read(moments[now][2]));
  counts(right);
  if (right) return reveal("Right. ");
  const [, mistake] = moments[now][4].find(([number]) => alike(x, number)) ?? [];
  const why = mistake === undefined ? "not the number" : `what you get if ${lesson.mistakes[mistake]}`;
  verdict.textContent = `${written(x)} is ${why}. Try again, or press Show.`;
  guess.select();
}

// Shows the number; one that was not tried counts as wrong.
function reveal(words) {
  counts(false);
  moment(now + 1);
  said.textContent = words + said.textContent;
}

function score() {
  if (scored.asked === 0) return "";
  const { right, asked } = scored;
  return ` You predicted ${right} of ${asked} numbers at the first try.`;
}

quiz.addEventListener("submit", (event) => {
  event.preventDefault();
  check();
});
document.getElementById("reveal").addEventListener("click", () => reveal(""));
predicting.addEventListener("click", () => {
  const on = predicting.getAttribute("aria-pressed") !== "true";
  predicting.setAttribute("aria-pressed", String(on));
  Object.assign(scored, { asked: 0, right: 0 });
  tried.clear();
  if (!on) return present();
  if (now === moments.length) moment(0);
  else present();
  advance();
});
