
// --- Programs: for each node of a graph how it is computed, in topological order.

// The data of the nodes, and for each of them the partial derivatives with respect to its operands,
// whether it is at a kink, and for operands which of several reasons holds why nothing flows there;
// `given` has the numbers of the leaves at their places.
function evaluated(program, given) {
  const data = [];
  const kinks = [];
  const reasons = [];
  const partials = program.map(({ rule, operands }, place) => {
    if (!rule) {
      data.push(given[place]);
      return [];
    }
    const numbers = operands.map((x) => (typeof x === "number" ? data[x] : x[0]));
    const [value, slopes, zeros, ...cases] = rule(...numbers);
    data.push(value);
    const tied = operands.length === 2 && operands[0] === operands[1]; // with itself, always
    kinks[place] = zeros.includes(0) && !tied;
    reasons[place] = cases.map((several) => several.indexOf(0));
    // Where there is no value, there is no derivative.
    return Number.isNaN(value) && !numbers.some(Number.isNaN) ? slopes.map(() => NaN) : slopes;
  });
  return { data, partials, kinks, reasons };
}

// --- Functions that `Math` does not have, or has otherwise than C. They are as exact as a picture
// needs: to about 13 digits.

const copysign = (x, sign) => (sign < 0 || Object.is(sign, -0) ? -Math.abs(x) : Math.abs(x));

// The power of IEEE 754: of 1, and with an infinite exponent of -1, it is 1.
const pow = (x, y) =>
  x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;

// The error function: by its series, whose terms are all of one sign.
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = (2 / Math.sqrt(Math.PI)) * x * Math.exp(-x * x);
  let total = term;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return total;
}

// The complement: by a continued fraction where digits of 1 - erf(x) would cancel.
function erfc(x) {
  if (!(x > 1)) return 1 - erf(x);
  let fraction = x;
  for (let n = 200; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

// Python's rounding to a number of digits.
function rounded(x, digits) {
  if (!Number.isInteger(digits)) return NaN;
  if (!Number.isFinite(x)) return x;
  const scale = 10 ** Math.abs(digits);
  const scaled = digits < 0 ? x / scale : x * scale;
  if (!Number.isFinite(scaled)) return x;
  const below = Math.floor(scaled);
  const up = scaled - below > 0.5 || (scaled - below === 0.5 && below % 2 !== 0);
  const whole = copysign(up ? below + 1 : below, x);
  return digits < 0 ? whole * scale : whole / scale;
}

// The derivative of order n of sin(πx) / (πx), given the sine and the cosine of πx: by the series
// near 0, and beyond from those of lower orders.
function _sinc_derivative(n, x, sine, cosine) {
  if (!(n >= 0 && n < 100) || Number.isNaN(x)) return NaN;
  const order = Math.trunc(n);
  const t = Math.PI * x;
  if (Math.abs(t) > 0.5 * order + 1) {
    const waves = [sine, cosine, -sine, -cosine];
    let scale = 1 / Math.PI;
    let derivative = 0;
    for (let k = 0; k <= order; k++) {
      derivative = (scale * waves[k % 4] - k * derivative) / x;
      scale *= Math.PI;
    }
    return derivative;
  }
  let power = order % 2; // of t in the first term
  let term = Math.PI ** order * [1, -t, -1, t][order % 4];
  let total = 0;
  while (Math.abs(term) > 2 ** -60 * Math.abs(total)) {
    total += term / (order + power + 1);
    term *= -(t * t) / ((power + 1) * (power + 2));
    power += 2;
  }
  return total;
}
