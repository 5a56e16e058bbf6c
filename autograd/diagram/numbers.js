
// --- Numbers: those that Python found, in one or several states, and those that are found here.

const DIGITS = 6; // of numbers that are found here; Python's have 7
let lesson = null; // what Python tells; there is none until it is unpacked
let states = [];
let state; // the one that is shown

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

// A number where there is room for it: Python's with all its digits.
function inFull(x) {
  if (state.digits === DIGITS || !Number.isFinite(x) || Object.is(x, -0)) return written(x);
  return String(x).replace("e+", "e");
}

const text = (x) => (x === undefined ? "" : written(x, state.digits));
const factor = (words) => (words.startsWith("-") ? `(${words})` : words);

// --- States

// A state with these data and local derivatives: the gradients; for each use what flows along it,
// undefined where nothing gets to it, null where a selection cuts it off; what has been added up
// then; and what is alive, which means that something other than 0 can get there.
function swept({ data, slopes, ...others }) {
  const root = data.length - 1;
  const grads = new Array(data.length);
  const alive = new Array(data.length).fill(false);
  const flows = [];
  const totals = [];
  const earlier = []; // whether something had been added before
  const lives = [];
  grads[root] = 1;
  alive[root] = true;
  for (const [use, [node, operand, selects]] of lesson.uses.entries()) {
    if (grads[node] === undefined) continue;
    const cut = slopes[use] === 0 && selects;
    earlier[use] = grads[operand] !== undefined;
    flows[use] = cut ? null : grads[node] * slopes[use];
    if (!cut) {
      grads[operand] = grads[operand] === undefined ? flows[use] : grads[operand] + flows[use];
      lives[use] = (alive[node] && slopes[use] !== 0) || Number.isNaN(flows[use]);
      alive[operand] ||= lives[use];
    }
    totals[use] = grads[operand];
  }
  const largest = Math.max(0, ...grads.map(Math.abs).filter(Number.isFinite));
  return { ...others, data, slopes, grads, flows, totals, earlier, alive, lives, largest };
}

// The state that comes of other leaves; `given` has a number for each of them at its place.
function computed(given) {
  const { data, partials, kinks, reasons } = evaluated(program, given);
  const places = placesOfUses();
  const slopes = lesson.uses.map(([node], use) => partials[node][places[use]]);
  return swept({ data, slopes, kinks, reasons, digits: DIGITS });
}

// For each use, which of the operands of its node it is.
let places;
function placesOfUses() {
  if (places) return places;
  const rows = program.map(({ operands = [] }) =>
    operands.flatMap((x, place) => (typeof x === "number" ? [place] : [])));
  places = lesson.uses.map(([node]) => rows[node].shift());
  return places;
}

// --- Words, as `explain` has them, with the numbers of a state that Python does not know.

function equal(...parts) {
  return parts.filter((part, count) => part !== parts[count - 1]).join(" = ");
}

function saidOfValue(step) {
  const { data } = state;
  const name = lesson.names[step];
  if (!lesson.formulas[step]) return `${name} = ${text(data[step])} is given.`;
  const numbers = lesson.gaps[step].replaceAll(/⟦(-?)(\d+)⟧/g, (_, sign, place) =>
    (sign ? factor : String)(text(data[place])));
  const parts = [lesson.formulas[step], numbers, text(data[step])];
  if (parts[0] === name) parts.shift();
  const origin = Number.isNaN(data[step]) &&
    lesson.uses.every(([node, operand]) => node !== step || !Number.isNaN(data[operand]));
  return `${name} = ${equal(...parts)}${origin ? ". This is where a nan comes from." : ""}`;
}

function saidOfUse(use) {
  const { data, slopes, grads, flows, totals, earlier, kinks, reasons } = state;
  const [node, operand, selects, symbol, formula, clauses] = lesson.uses[use];
  const target = lesson.gradients[operand];
  const equation = (place) => `${lesson.names[place]} = ${text(data[place])}`;
  const given = (program?.[node].operands ?? []).map((x) =>
    (typeof x === "number" ? equation(x) : text(x[0])));
  if (flows[use] === null) {
    const which = clauses.length > 1 ? reasons?.[node][placesOfUses()[use]] : -1;
    const clause = which === undefined ? "#0 does not depend on it there" : clauses.at(which);
    return `Nothing is added to ${target}: ${clause.replaceAll(/#(\d+)/g, (_, place) =>
      (place === "0" ? lesson.operations[node] : given[place - 1] ?? "it"))}.`;
  }
  const atKink = kinks?.[node];
  const tied = atKink && selects; // which textbooks do not mention
  const local = formula && !tied && !Number.isNaN(slopes[use]) ? formula : factor(text(slopes[use]));
  const numbers = [grads[node], slopes[use]].map(text).map(factor).join(" × ");
  let said = `${target} += ${equal(`${lesson.gradients[node]} × ${local}`, numbers, text(flows[use]))}`;
  if (earlier[use]) said += `, so ${target} = ${text(totals[use])}`;
  if (!atKink) return said;
  const slope = given.length > 1 ? symbol : symbol.replace(/^∂/, "d").replace("/∂", "/d");
  return `${said}. Here ${lesson.operations[node]} is at a kink (${given.join(", ")}), ` +
    `where the derivative is a convention: ${slope} = ${text(slopes[use])}.`;
}

// The moments of the state: for each the words, or what makes them, the step, its number, the use,
// and wrong numbers.
function momentsOf() {
  if (state.moments) return state.moments;
  const { data, flows, totals } = state;
  if (!state.kinks && program) {
    const { kinks, reasons } = evaluated(program, data);
    Object.assign(state, { kinks, reasons });
  }
  const root = data.length - 1;
  const where = (words, step) => words + lesson.where[step];
  return [
    ...data.map((x, step) => [() => where(saidOfValue(step), step), step, text(x), null, []]),
    [`${lesson.gradients[root]} = 1: backpropagation begins.`, root, "1", null, []],
    ...lesson.uses.flatMap(([, operand], use) => flows[use] === undefined ? [] : [
      [() => where(saidOfUse(use), operand), operand, text(totals[use]), use, []],
    ]),
  ];
}

const wordsOf = ([words]) => (typeof words === "function" ? words() : words);
