// From weights to shares of the colour ramp, by the rules of scale.py, and to colours.

const MOST = 0.5,
  TIMES = 3,
  ALL = 0.999,
  HIGH = 0.98,
  FEW = 4,
  DECADES = 4; // as in scale.py
const SCALES = ["auto", "linear", "log", "rank", "no-sink"];
const MASKED_DARK = [62, 63, 74];

// {shares, largest, scale, sink}: how bright each weight of a matrix is.
function shades({ rows, columns, weights, masked }, scale, whole) {
  const sink = whole ? sinkOf(rows, columns, weights) : null;
  let largest = 0;
  if (sink && (scale === "no-sink" || (scale === "auto" && swallows(sink)))) {
    const rest = weights.filter((_, i) => i % columns !== sink.column && !masked[i]).sort();
    largest = rest[Math.ceil(HIGH * (rest.length - 1))] || rest[rest.length - 1] || 0;
    return { shares: scaled(weights, masked, largest, "no-sink"), largest, scale: "no-sink", sink };
  }
  for (const weight of weights) if (weight > largest) largest = weight;
  const used = ["log", "rank"].includes(scale) ? scale : "linear";
  return { shares: scaled(weights, masked, largest, used), largest, scale: used, sink: null };
}

// How bright weights are, of a head or of a row of it, where `largest` is the brightest.
function scaled(weights, masked, largest, scale) {
  if (scale === "log") return logarithmic(weights, largest);
  if (scale === "rank") return ranks(weights, masked);
  return linear(weights, largest);
}

// The same for pairs that each have a weight, none of them masked: every one with its share.
function withShares(found, largest, scale) {
  const weights = Float32Array.from(found, ({ weight }) => weight);
  const shares = scaled(weights, new Uint8Array(weights.length), largest, scale);
  return found.map((one, i) => ({ ...one, share: shares[i] }));
}

// Whether a column leaves the others dark.
const swallows = ({ share, following }) =>
  share <= ALL && (share > MOST || (following > 0 && share > TIMES * following));

// The column with most weight, its share, and that of the next; the row of the key itself says
// nothing.
function sinkOf(rows, columns, weights) {
  if (rows < FEW || columns < 2) return null;
  const sums = new Float64Array(columns);
  for (let i = 0; i < weights.length; i += 1) sums[i % columns] += weights[i];
  const column = sums.reduce((best, sum, c) => (sum > sums[best] ? c : best), 0);
  const each = new Float64Array(columns);
  let total = 0;
  for (let r = 0; r < rows; r += 1) {
    if (rows === columns && r === column) continue;
    for (let c = 0; c < columns; c += 1) {
      total += weights[r * columns + c];
      each[c] += weights[r * columns + c];
    }
  }
  if (total <= 0) return null;
  const others = each.filter((_, c) => c !== column);
  return { column, share: each[column] / total, following: Math.max(...others) / total };
}

const linear = (weights, largest) =>
  largest > 0
    ? weights.map((weight) => Math.min(Math.max(weight / largest, 0), 1))
    : weights.map(() => 0);

function logarithmic(weights, largest) {
  if (largest <= 0) return weights.map(() => 0);
  const smallest = largest * 10 ** -DECADES;
  return weights.map((weight) => Math.log10(Math.max(weight, smallest) / smallest) / DECADES);
}

// The place among all weights that are not masked; equal ones get equal places.
function ranks(weights, masked) {
  const sorted = weights.filter((_, i) => !masked[i]).sort();
  const places = new Map();
  for (let i = sorted.length - 1; i >= 0; i -= 1) places.set(sorted[i], i);
  const last = Math.max(places.get(sorted[sorted.length - 1]) ?? 0, 1);
  return weights.map((weight, i) => (masked[i] ? 0 : places.get(weight) / last));
}

const step = (share) => Math.round(Math.min(Math.max(share, 0), 1) * (tree.ramp.length - 1));
const colour = (share) => `rgb(${tree.ramp[step(share)].join(" ")})`;

// Black or white, whichever has more contrast.
function inkOn(share) {
  const [red, green, blue] = tree.ramp[step(share)].map((channel) =>
    channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}

const isDark = () =>
  state.theme === "dark" ||
  (state.theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
const maskedColour = () => (isDark() ? MASKED_DARK : tree.masked);

// A canvas of one pixel per cell.
function painted({ rows, columns, masked }, shares) {
  const canvas = make("canvas", { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const packed = (rgb) => new Uint32Array(new Uint8Array([...rgb, 255]).buffer)[0];
  const colours = tree.ramp.map(packed),
    hidden = packed(maskedColour());
  const last = colours.length - 1;
  for (let i = 0; i < pixels.length; i += 1) {
    pixels[i] = masked[i] ? hidden : colours[Math.round(shares[i] * last)];
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

// Smaller by whole factors, each cell the mean of what it covers.
function pooled(matrix, most) {
  const down = Math.ceil(matrix.rows / most),
    across = Math.ceil(matrix.columns / most);
  if (down === 1 && across === 1) return matrix;
  const rows = Math.ceil(matrix.rows / down),
    columns = Math.ceil(matrix.columns / across);
  const weights = new Float32Array(rows * columns),
    masked = new Uint8Array(rows * columns).fill(1);
  const toColumn = Uint32Array.from({ length: matrix.columns }, (_, c) => (c / across) | 0);
  for (let r = 0, i = 0; r < matrix.rows; r += 1) {
    const base = ((r / down) | 0) * columns;
    for (let c = 0; c < matrix.columns; c += 1, i += 1) {
      weights[base + toColumn[c]] += matrix.weights[i];
      masked[base + toColumn[c]] &= matrix.masked[i];
    }
  }
  for (let i = 0; i < weights.length; i += 1) {
    const high = Math.min(down, matrix.rows - ((i / columns) | 0) * down);
    const wide = Math.min(across, matrix.columns - (i % columns) * across);
    weights[i] /= high * wide;
  }
  return { rows, columns, weights, masked };
}
