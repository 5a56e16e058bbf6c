
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
  const title = group.querySelector("title").textContent;
  return { group, looks, title, dead: group.classList.contains("dead") };
}

// Gives a box or an arrow its tooltip, and its name for those who listen.
function entitle(group, text) {
  group.querySelector("title").textContent = text;
  if (group.matches("[aria-label^=About]")) {
    group.setAttribute("aria-label", `About ${heading(group)}`);
  }
}

// The tooltip of a box with these steps, or of an arrow with these uses.
function tooltip(title, steps, uses) {
  const { data, slopes, grads, flows } = state;
  const [first] = title.split("\n");
  const told = steps.map((step) => `data ${data[step]}\ngrad ${grads[step] ?? 0}`);
  if (steps.length === 1) return `${lesson.formulas[steps[0]]}\n${told[0]}`;
  const lines = [
    ...steps.map((step, count) => `${nameOf(step)}: ${told[count].replace("\n", ", ")}`),
    ...uses.map((use) => {
      const [, symbol] = lesson.uses[use][3].split(" × ");
      const above = grads[lesson.uses[use][0]] ?? 0;
      return `${symbol} = ${slopes[use]}\nupstream ${above} × local = ${flows[use] ?? 0}`;
    }),
  ];
  if (lines.length > MOST_TOLD) lines.splice(MOST_TOLD, Infinity, `… ${lines.length - MOST_TOLD} more`);
  return [...(steps.length > 0 ? [first] : []), ...lines].join("\n");
}

const nameOf = (step) => lesson.formulas[step].split(" = ")[0];

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
  picture.label ??= svg.getAttribute("aria-label");
  const asDrawn = state === states[0];
  const other = `Computation graph of ${nameOf(data.length - 1)}, with other numbers than it was drawn with.`;
  svg.setAttribute("aria-label", asDrawn ? picture.label : other);
  const [aliveBoxes, liveArrows] = [new Set(), new Set()];
  boxes.forEach((box, step) => alive[step] && aliveBoxes.add(box));
  arrows.forEach((arrow, use) => lives[use] && liveArrows.add(arrow));
  const text = (x) => written(x, state.digits);
  for (const [name, look] of picture.drawn) {
    const { group } = look;
    if (group.matches(".cluster, .cut")) continue;
    const box = group.matches(".node");
    enliven(look, box ? aliveBoxes.has(name) : liveArrows.has(name));
    const here = (keys) => keys.flatMap((other, place) => (other === name ? [place] : []));
    const about = box ? [here(boxes), []] : [[], here(arrows)];
    entitle(group, asDrawn ? look.title : tooltip(look.title, ...about));
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
