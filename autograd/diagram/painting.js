
// --- The picture of a state that is not the one that was drawn.

const MOST_TOLD = 20; // how many numbers there are in a tooltip

function shade(x, largest) {
  const { colors } = lesson;
  if (x === undefined) return colors.card;
  if (Number.isNaN(x)) return colors.nan;
  if (x === 0) return colors.zero;
  const share = Number.isFinite(x) ? Math.min(1, Math.abs(x) / largest) : 1;
  const { length } = colors.positive;
  const size = Math.min(length, 1 + Math.floor(length * Math.sqrt(share)));
  return (x > 0 ? colors.positive : colors.negative)[size - 1];
}

// The colours of the cells of a heat map, in rows, as `autograd.diagram.heat` has them; what is
// undefined is not known yet.
function shades(numbers, shape, largest) {
  const { cells, fewer } = lesson.colors;
  let columns = shape.at(-1);
  let rows = numbers.length / columns;
  if (rows === 1 && columns > cells) {
    rows = Math.min(fewer, Math.ceil(columns / cells));
    columns = Math.ceil(columns / rows);
  }
  const [height, width] = [rows, columns].map((x) => (x <= cells ? 1 : Math.ceil(x / fewer)));
  const [high, wide] = [Math.ceil(rows / height), Math.ceil(columns / width)];
  const weight = (x) => (x === undefined ? -1 : Number.isNaN(x) ? Infinity : Math.abs(x));
  const blocks = Array.from({ length: high }, () => new Array(wide).fill(undefined));
  for (const [place, x] of numbers.entries()) {
    const row = blocks[Math.floor(Math.floor(place / columns) / height)];
    const column = Math.floor((place % columns) / width);
    if (weight(x) > weight(row[column])) row[column] = x;
  }
  const places = numbers.length;
  return blocks.map((row, i) => row.map((x, j) =>
    shade(x === undefined && i * height * columns + j * width >= places ? 0 : x, largest)));
}

// Draws the cells of a heat map within its frame anew, unless they are as they are.
const drawnCells = new WeakMap();
function drawCells(grid, rows) {
  if (drawnCells.get(grid) === rows.join()) return;
  drawnCells.set(grid, rows.join());
  const [x, y, width] = ["x", "y", "width"].map((name) => Number(grid.getAttribute(name)));
  const side = width / rows[0].length;
  while (grid.previousElementSibling.matches(".cells")) grid.previousElementSibling.remove();
  for (const [i, row] of rows.entries()) {
    for (const [j, fill] of row.entries()) {
      const cell = document.createElementNS(svg.namespaceURI, "path");
      cell.classList.add("cells");
      set(cell, {
        d: `M ${x + side * j} ${y + side * i} h ${side} v ${side} h ${-side} z`,
        fill, stroke: lesson.colors.card, "stroke-width": 0.75,
      });
      grid.before(cell);
    }
  }
}

// Colours the heat maps by the numbers that are known: for each step, undefined if it is not.
function paintHeats(data, grads) {
  for (const [box, several] of Object.entries(lesson.pictures[key].heats)) {
    const grids = [...parts().groups.get(box).querySelectorAll(".grid")];
    const both = grids.length > several.length;
    several.forEach(([steps, shape], count) => {
      const all = steps.map((step) => state.data[step]);
      const top = Math.max(0, ...all.map(Math.abs).filter(Number.isFinite));
      const values = steps.map((step) => data[step]);
      drawCells(grids[both ? 2 * count : count], shades(values, shape, top));
      const gradients = steps.map((step) => grads[step]);
      if (both) drawCells(grids[2 * count + 1], shades(gradients, shape, state.largest));
    });
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
  const title = group.querySelector("title").textContent;
  return { group, looks, title, dead: group.classList.contains("dead") };
}

// The colours of something that was dead when it was drawn, and has come to life.
function revived(group, element) {
  const { colors } = lesson;
  if (group.matches(".edge")) {
    return { fill: element.matches("text") ? colors.root : colors.arrow, stroke: colors.arrow };
  }
  const kind = ["leaf", "operation"].find((name) => group.classList.contains(name)) ?? "muted";
  const heading = Number(element.getAttribute("font-size")) > 12;
  const label = element.matches("tspan:first-child") && element.textContent.startsWith("data");
  const ink = heading && kind === "leaf" ? colors.leaf : label ? colors.muted : colors.ink;
  return { fill: element.matches("rect, path") ? colors.card : ink, stroke: colors[kind] };
}

// Shows whether something other than 0 gets to a box, or along an arrow.
function enliven({ group, looks, dead }, alive) {
  const { colors } = lesson;
  const box = group.matches(".node");
  for (const [element, look] of looks) {
    if (element.matches(".cells, .grid, .heat")) continue;
    element.removeAttribute("stroke-dasharray");
    set(element, look);
    if (alive !== dead) continue;
    const ground = box && element.matches("rect, path");
    const { fill, stroke } = alive
      ? revived(group, element)
      : { fill: ground ? colors.deadFill : colors.dead, stroke: colors.dead };
    if (look.fill && look.fill !== "none") set(element, { fill });
    if (!look.stroke || look.stroke === "none") continue;
    set(element, { stroke });
    if (alive) element.removeAttribute("stroke-dasharray");
    else set(element, { "stroke-dasharray": box ? "4 3" : "5 3" });
  }
  group.classList.toggle("dead", !alive);
}

// Gives a box or an arrow its tooltip, and its name for those who listen.
function entitle(group, words) {
  group.querySelector("title").textContent = words;
  if (group.matches("[aria-label^=About]")) {
    group.setAttribute("aria-label", `About ${heading(group)}`);
  }
}

// The name of a step, and its formula if it has another one.
const equation = (step) => {
  const [name, formula] = [lesson.names[step], lesson.formulas[step]];
  return formula && formula !== name ? `${name} = ${formula}` : name;
};

// The tooltip of a box with these steps, one of which may have its numbers there, or of an arrow
// with these uses; without numbers where they are to be predicted.
function tooltip(title, steps, single, uses) {
  const { data, slopes, grads, flows } = state;
  const hidden = hiding();
  const [first, ...drawn] = title.split("\n");
  if (hidden && steps.length > 1) return first;
  const told = (step) => (hidden ? [] : [`data ${inFull(data[step])}`, `grad ${inFull(grads[step] ?? 0)}`]);
  if (steps.length === 1) return [equation(steps[0]), ...told(steps[0])].join("\n");
  if (steps.length > 1) { // of those that were told of
    const lines = drawn.flatMap((line) => {
      if (single !== undefined && /^data |^grad /.test(line)) {
        return [told(single)[line.startsWith("data ") ? 0 : 1]];
      }
      const step = steps.find((step) => line.startsWith(`${lesson.names[step]} = `));
      if (step === undefined) return [line];
      return [`${lesson.names[step]} = ${inFull(data[step])}, grad ${inFull(grads[step] ?? 0)}`];
    });
    return [first, ...lines].join("\n");
  }
  const lines = uses.toReversed().map((use) => {
    const [node, , , symbol] = lesson.uses[use];
    if (hidden) return symbol;
    const product = `upstream ${inFull(grads[node] ?? 0)} × local = ${inFull(flows[use] ?? 0)}`;
    return `${symbol} = ${inFull(slopes[use])}\n${product}`;
  });
  if (lines.length > MOST_TOLD) lines.splice(MOST_TOLD, Infinity, `… ${lines.length - MOST_TOLD} more`);
  return lines.join("\n");
}

// Gives the picture the numbers of the state.
function paint() {
  const hidden = hiding();
  if (picture.state === state && picture.hidden === hidden) return;
  const { groups, numbers } = parts();
  const { boxes, numbers: shown, arrows, labels, local, flows } = lesson.pictures[key];
  const { data, slopes, grads, alive, lives, largest } = state;
  const asDrawn = state === states[0] && !hidden;
  picture.state = state;
  picture.hidden = hidden;
  picture.drawn ??= new Map([...groups].map(([name, group]) => [name, remember(group)]));
  picture.label ??= svg.getAttribute("aria-label");
  const [root] = lesson.names.slice(-1);
  svg.setAttribute("aria-label", asDrawn ? picture.label : `Computation graph of ${root}`);
  for (const [name, look] of picture.drawn) {
    const { group } = look;
    if (group.matches(".cluster, .cut")) continue;
    const box = group.matches(".node");
    const here = (keys) => keys.flatMap((other, place) => (other === name ? [place] : []));
    const [steps, uses] = box ? [here(boxes), []] : [[], here(arrows)];
    const single = shown[name];
    // What is dead is a number to be predicted, too.
    enliven(look, hidden || steps.some((step) => alive[step]) || uses.some((use) => lives[use]));
    entitle(group, asDrawn ? look.title : tooltip(look.title, steps, single, uses));
    const use = labels[name];
    if (use === undefined || !(local || flows)) continue;
    const [first, second] = group.querySelectorAll("text");
    const role = first.textContent.match(/^.*: /)?.[0] ?? "";
    const [above, slope] = [grads[lesson.uses[use][0]] ?? 0, slopes[use]].map(text);
    first.textContent = role + (local ? slope : `${above} × ${factor(slope)}`);
    if (second) second.textContent = `= ${text(state.flows[use] ?? 0)}`;
  }
  for (const [name, line] of numbers) {
    const [box, role] = name.split(" ");
    const step = shown[box];
    const x = role === "data" ? data[step] : grads[step] ?? 0;
    line.whole = text(x);
    if (role !== "grad" || line.grounds.length === 0) continue;
    if (!alive[step] && !hidden) continue;
    line.grounds.at(-1).setAttribute("fill", shade(x, largest));
    if (line.grounds.length > 1) {
      line.grounds[0].setAttribute("stroke", Number.isNaN(x) ? lesson.colors.hatch : "none");
    }
  }
  const scale = svg.querySelector(".legend .least");
  if (!scale) return;
  scale.textContent = hidden ? "grad" : `grad ${text(-largest)}`;
  svg.querySelector(".legend .most").textContent = hidden ? "" : text(largest);
  narrow(scale, Number(svg.querySelector(".swatch").getAttribute("x")) - scale.getAttribute("x") - 4);
}
