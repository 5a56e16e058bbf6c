
// --- Numbers: those that Python found, in one or several states, and those that are found here.

const lesson = JSON.parse(document.getElementById("lesson")?.textContent ?? "null");
const DIGITS = 6; // of numbers that are found here

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

// --- The picture of a state that is not the one that was drawn.

const { colors } = lesson ?? {};

function shade(x, largest) {
  if (Number.isNaN(x)) return colors.nan;
  if (x === 0) return colors.zero;
  const share = Number.isFinite(x) ? Math.min(1, Math.abs(x) / largest) : 1;
  const { length } = colors.positive;
  const size = Math.min(length, 1 + Math.floor(length * Math.sqrt(share)));
  return (x > 0 ? colors.positive : colors.negative)[size - 1];
}

// The colours of the cells of a heat map, in rows, as `autograd.diagram.heat` has them.
function shades(numbers, shape, largest) {
  let columns = shape.at(-1);
  let rows = numbers.length / columns;
  if (rows === 1 && columns > colors.cells) {
    rows = Math.min(colors.fewer, Math.ceil(columns / colors.cells));
    columns = Math.ceil(columns / rows);
  }
  const [height, width] = [rows, columns].map((x) =>
    x <= colors.cells ? 1 : Math.ceil(x / colors.fewer));
  const [high, wide] = [Math.ceil(rows / height), Math.ceil(columns / width)];
  const weight = (x) => (Number.isNaN(x) ? Infinity : Math.abs(x));
  const blocks = Array.from({ length: high }, () => new Array(wide).fill(0));
  for (const [place, x] of numbers.entries()) {
    const row = blocks[Math.floor(Math.floor(place / columns) / height)];
    const column = Math.floor((place % columns) / width);
    if (weight(x) > weight(row[column])) row[column] = x;
  }
  return blocks.map((row) => row.map((x) => shade(x, largest)));
}

// Draws the cells of a heat map within its frame anew.
function drawCells(grid, rows) {
  const [x, y, width] = ["x", "y", "width"].map((name) => Number(grid.getAttribute(name)));
  const side = width / rows[0].length;
  while (grid.previousElementSibling.matches(".cells")) grid.previousElementSibling.remove();
  for (const [i, row] of rows.entries()) {
    for (const [j, fill] of row.entries()) {
      const cell = document.createElementNS(svg.namespaceURI, "path");
      cell.classList.add("cells");
      set(cell, {
        d: `M ${x + side * j} ${y + side * i} h ${side} v ${side} h ${-side} z`,
        fill, stroke: colors.card, "stroke-width": 0.75,
      });
      grid.before(cell);
    }
  }
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

// A box or an arrow, with what it looked like when it was drawn.
function remember(group) {
  const looks = [...group.querySelectorAll("rect, path, text, tspan")].map((element) => [
    element,
    Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value])),
  ]);
  return { group, looks, dead: group.classList.contains("dead") };
}

// Shows whether something other than 0 gets to a box, or along an arrow.
function enliven({ group, looks, dead }, alive) {
  const box = group.matches(".node");
  const dashes = box ? "4 3" : "5 3";
  for (const [element, look] of looks) {
    if (element.matches(".cells, .grid, .heat")) continue;
    element.removeAttribute("stroke-dasharray");
    set(element, look);
    if (alive !== dead) continue;
    const [fill, stroke] = [look.fill, look.stroke].map((color) => color && color !== "none");
    const ground = box && element.matches("rect, path");
    if (alive) {
      element.removeAttribute("stroke-dasharray");
      if (stroke) set(element, { stroke: colors.arrow });
      if (fill) set(element, { fill: ground ? colors.card : box ? colors.ink : colors.arrow });
    } else {
      if (stroke) set(element, { stroke: colors.dead, "stroke-dasharray": dashes });
      if (fill) set(element, { fill: ground ? colors.deadFill : colors.dead });
    }
  }
  group.classList.toggle("dead", !alive);
}

// Gives the picture the numbers of the state.
function paint() {
  if (picture.state === state) return;
  const { groups, numbers } = parts();
  const { boxes, numbers: shown, heats, arrows, labels, local, flows, largest } = lesson.pictures[key];
  const { data, slopes, grads, alive, lives } = state;
  picture.state = state;
  picture.drawn ??= new Map([...groups].map(([name, group]) => [name, remember(group)]));
  const [aliveBoxes, liveArrows] = [new Set(), new Set()];
  boxes.forEach((box, step) => alive[step] && aliveBoxes.add(box));
  arrows.forEach((arrow, use) => lives[use] && liveArrows.add(arrow));
  const text = (x) => written(x, state.digits);
  for (const [name, look] of picture.drawn) {
    const { group } = look;
    if (group.matches(".cluster, .cut")) continue;
    enliven(look, group.matches(".node") ? aliveBoxes.has(name) : liveArrows.has(name));
    const use = labels[name];
    if (use === undefined || !(local || flows)) continue;
    const [first, second] = group.querySelectorAll("text");
    const role = first.textContent.match(/^.*: /)?.[0] ?? "";
    const [above, slope] = [text(grads[lesson.uses[use][0]] ?? 0), text(slopes[use])];
    first.textContent = role + (local ? slope : `${above} × ${factor(slope)}`);
    if (second) second.textContent = `= ${text(state.flows[use] ?? 0)}`;
  }
  for (const [line, parts] of numbers) {
    const [box, role] = line.split(" ");
    const step = shown[box];
    const x = role === "data" ? data[step] : grads[step] ?? 0;
    parts.whole = text(x);
    if (role === "grad" && parts.grounds.length > 0 && aliveBoxes.has(box)) {
      parts.grounds.at(-1).setAttribute("fill", shade(x, largest));
      if (parts.grounds.length > 1) {
        parts.grounds[0].setAttribute("stroke", Number.isNaN(x) ? colors.hatch : "none");
      }
    }
  }
  for (const [box, several] of Object.entries(heats)) {
    const grids = [...groups.get(box).querySelectorAll(".grid")];
    const both = grids.length > several.length;
    several.forEach(([steps, shape], count) => {
      const values = steps.map((step) => data[step]);
      const top = Math.max(0, ...values.map(Math.abs).filter(Number.isFinite));
      drawCells(grids[both ? 2 * count : count], shades(values, shape, top));
      const gradients = steps.map((step) => grads[step] ?? 0);
      if (both) drawCells(grids[2 * count + 1], shades(gradients, shape, largest));
    });
  }
}
