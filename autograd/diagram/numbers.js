
// --- Numbers: those that Python found, in one or several states, and those that are found here.

const lesson = JSON.parse(document.getElementById("lesson")?.textContent ?? "null");
const DIGITS = 6; // of numbers that are found here
const MOST_TOLD = 20; // how many numbers there are in a tooltip

// A number as Python writes it, rounded to so many digits.
function written(x, digits = DIGITS) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (Object.is(x, -0)) return "-0";
  if (Number.isInteger(x) && Math.abs(x) <= 2 ** 53) return x.toFixed(0);
  const [mantissa, exponent] = significant(x, digits).split("e").map(Number);
  if (exponent < -4 || exponent >= digits) return `${mantissa}e${exponent}`;
  return `${Number(`${mantissa}e${exponent}`)}`;
}

// So many digits of a number. Python rounds a half to even, JavaScript away from 0.
function significant(x, digits) {
  const [long, exponent] = x.toExponential(digits + 29).split("e");
  const short = long.slice(0, digits + 1 + (x < 0));
  const half = /^50*$/.test(long.slice(short.length));
  return half && /[02468]$/.test(short) ? `${short}e${exponent}` : x.toExponential(digits - 1);
}

const factor = (text) => (text.startsWith("-") ? `(${text})` : text);

// The backward pass: the gradients; for each use what flows along it, undefined where nothing gets
// to it, null where a selection cuts it off; what has been added up then; and what is alive, which
// means that something other than 0 can get there.
function swept(data, slopes) {
  const root = data.length - 1;
  const grads = new Array(data.length);
  const alive = new Array(data.length).fill(false);
  const flows = [];
  const totals = [];
  const lives = [];
  grads[root] = 1;
  alive[root] = true;
  for (const [use, [node, selects, operand]] of lesson.uses.entries()) {
    if (grads[node] === undefined) continue;
    const cut = slopes[use] === 0 && selects;
    flows[use] = cut ? null : grads[node] * slopes[use];
    if (!cut) {
      grads[operand] = grads[operand] === undefined ? flows[use] : grads[operand] + flows[use];
      lives[use] = (alive[node] && slopes[use] !== 0) || Number.isNaN(flows[use]);
      alive[operand] ||= lives[use];
    }
    totals[use] = grads[operand];
  }
  return { data, slopes, grads, flows, totals, alive, lives };
}

// What is computed from other leaves; `given` has a number for each of them at its place.
function computed(given) {
  const { data, partials } = evaluated(program, given);
  const rows = program.map(({ operands = [] }, place) =>
    partials[place].filter((_, count) => typeof operands[count] === "number"));
  return { data, slopes: lesson.uses.map(([node]) => rows[node].shift()) };
}

function found({ data, slopes }, digits) {
  return { ...swept(data.map(Number), slopes.map(Number)), digits };
}

const states = lesson?.states.map((numbers) => found(numbers, 7)); // Python's digits
let state = states?.[0];

// The moments of a state: those that Python has told, or formulas with these numbers.
function momentsOf(state) {
  if (state === states[0]) return lesson.moments;
  const { data, slopes, grads, flows, totals } = state;
  const text = (x) => (x === undefined ? "" : written(x, state.digits));
  const forward = data.map((x, step) => {
    const given = lesson.leaves.includes(step) ? " is given." : "";
    return [`${lesson.formulas[step]} = ${text(x)}${given}`, step, text(x), null, []];
  });
  const backward = [...lesson.uses.entries()].filter(([use]) => flows[use] !== undefined);
  return [...forward, lesson.moments[lesson.forward], ...backward.map(
    ([use, [node, , operand, formula]]) => {
      const [target] = formula.split(" += ");
      const total = text(totals[use]);
      let said = `Nothing is added to ${target}: it is not selected.`;
      if (flows[use] !== null) {
        const product = [grads[node], slopes[use]].map(text).map(factor).join(" × ");
        said = `${formula} = ${product} = ${text(flows[use])}`;
        if (!Object.is(totals[use], flows[use])) said += `, so ${target} = ${total}`;
      }
      return [said, operand, total, use, []];
    })];
}
