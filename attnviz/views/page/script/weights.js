// From packed levels to weights: of tokens, of units, of one head or the mean of all.

// The page is shown while the rest of it is still read: blobs are at its end.
const allRead = new Promise((done) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", done);
  else done();
});

// The bytes of a blob.
async function blob(number) {
  await allRead;
  const element = document.getElementById(`blob-${number}`);
  const bytes = await unpacked(element.textContent);
  element.remove(); // the text is several times as large
  return bytes;
}

// The bytes of a zlib stream in base64.
function unpacked(text) {
  const stream = new Blob([fromBase64(text)])
    .stream()
    .pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

const opened = new Map(); // number of a blob: a promise of its bytes
const bytesOf = new Map(); // the same when it is there

function open(number) {
  if (!opened.has(number)) {
    opened.set(
      number,
      blob(number).then((bytes) => bytesOf.set(number, bytes)),
    );
  }
  return opened.get(number);
}

// All that one layer of a source needs.
function ready(source, layer) {
  const numbers = [source.levels[layer]];
  if (source.strongest) {
    const { away, weights, runs } = source.strongest;
    numbers.push(away[layer], weights[layer], ...(runs[layer] === null ? [] : [runs[layer]]));
  }
  return Promise.all(numbers.map(open));
}

// Weight of each level, as a share of the head's largest: see quantised.py. Level 0 is masked.
const tables = new Map();
function tableOf(bits) {
  if (!tables.has(bits)) {
    const steps = 2 ** bits - 2;
    tables.set(
      bits,
      Float32Array.from({ length: 2 ** bits }, (_, i) => (Math.max(i - 1, 0) / steps) ** 2),
    );
  }
  return tables.get(bits);
}

// Little-endian numbers, on any machine.
function numbers(buffer, Kind) {
  const found = new Kind(buffer);
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 || Kind.BYTES_PER_ELEMENT === 1)
    return found;
  const view = new DataView(buffer);
  const read = { 2: "getUint16", 4: "getInt32" };
  return found.map((_, i) => view[read[Kind.BYTES_PER_ELEMENT]](i * Kind.BYTES_PER_ELEMENT, true));
}

// What one sees of a side's tokens: tokens or units, with or without the special ones.
function itemsOf(tokens, merge, hide) {
  const from = tokens.units[merge] ?? { ...tokens, starts: null };
  const n = tokens.labels.length,
    all = from.labels.length;
  const special = new Set(tokens.special);
  const items = { labels: [], plain: [], starts: [], stops: [], between: [], special: [] };
  for (let i = 0; i < all; i += 1) {
    const start = from.starts ? from.starts[i] : i;
    if (hide && special.has(start)) continue;
    const second = tokens.second?.[start] ? "²" : "";
    items.labels.push(second + from.labels[i]);
    items.plain.push(from.plain[i]);
    items.starts.push(start);
    items.stops.push(from.starts ? (from.starts[i + 1] ?? n) : i + 1);
    items.between.push(from.between[i]);
    items.special.push(special.has(start));
  }
  items.between.push(from.between[all]);
  items.direction = tokens.direction;
  items.n = items.labels.length;
  items.whole = items.n === n;
  items.total = n;
  return items;
}

// The item that holds a token, or the nearest one.
function itemAt(items, place) {
  let low = 0,
    high = items.n - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (items.starts[middle] <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

const levelsOf = (source, layer) =>
  numbers(bytesOf.get(source.levels[layer]), source.bits === 8 ? Uint8Array : Uint16Array);

// Token by token (or cell by cell) weights of a head, or the mean: {rows, columns, weights, masked}.
function plainMatrix(source, layer, head, shape) {
  const rows = Math.ceil(shape[0] / source.cells[0]),
    columns = Math.ceil(shape[1] / source.cells[1]);
  const size = rows * columns,
    table = tableOf(source.bits);
  const levels = levelsOf(source, layer);
  const heads = head === null ? source.heads.map((_, i) => i) : [head];
  const weights = new Float32Array(size),
    masked = new Uint8Array(size);
  for (const one of heads) {
    const largest = source.largest[layer][one] / heads.length,
      start = one * size;
    for (let i = 0; i < size; i += 1) weights[i] += table[levels[start + i]] * largest;
  }
  for (let i = 0; i < size; i += 1) masked[i] = levels[heads[0] * size + i] ? 0 : 1;
  return { rows, columns, weights, masked };
}

// Weights of items: added over the keys of a unit, averaged over its queries. A pair is masked
// where every part of it is. `hidden`: weight on keys that are not shown, mean over the queries.
function joinedMatrix(plain, rows, columns) {
  const weights = new Float32Array(rows.n * columns.n);
  const masked = new Uint8Array(weights.length).fill(1);
  let hidden = 0;
  for (let r = 0; r < rows.n; r += 1) {
    const height = rows.stops[r] - rows.starts[r];
    for (let row = rows.starts[r]; row < rows.stops[r]; row += 1) {
      const base = row * plain.columns;
      for (let c = 0; c < columns.n; c += 1) {
        const at = r * columns.n + c;
        for (let column = columns.starts[c]; column < columns.stops[c]; column += 1) {
          weights[at] += plain.weights[base + column] / height;
          masked[at] &= plain.masked[base + column];
        }
      }
      for (let column = 0; column < plain.columns; column += 1)
        hidden += plain.weights[base + column] / height;
    }
  }
  for (const weight of weights) hidden -= weight;
  return {
    rows: rows.n,
    columns: columns.n,
    weights,
    masked,
    hidden: Math.max(hidden / rows.n, 0),
  };
}

// Every head and the mean of every layer as small maps, by "layer head".
const smallMaps = new Map();
async function unpackSmall(source) {
  if (!smallMaps.has(source))
    smallMaps.set(source, numbers(await unpacked(source.small.levels), Uint8Array));
}

function smallMatrix(source, layer, head) {
  const [rows, columns] = source.small.shape,
    size = rows * columns;
  const n = source.heads.length,
    at = layer * (n + 1) + (head ?? n);
  const levels = smallMaps.get(source).subarray(at * size, (at + 1) * size);
  const table = tableOf(8),
    largest = source.small.largest[layer][head ?? n];
  return {
    rows,
    columns,
    weights: Float32Array.from(levels, (level) => table[level] * largest),
    masked: levels.map((level) => (level ? 0 : 1)),
  };
}

function matrixOf(source, layer, head, rows, columns) {
  const plain = plainMatrix(source, layer, head, [rows.total, columns.total]);
  return rows.whole && columns.whole ? plain : joinedMatrix(plain, rows, columns);
}

// The keys that queries of a long text may see, [firsts, one past the lasts]; null where the keys
// of a query stand apart.
const runsOf = new Map(); // number of a blob: its runs
function maskOf(source, layer) {
  const at = source.strongest.runs[layer];
  if (at === null) return null;
  if (!runsOf.has(at)) {
    const steps = numbers(bytesOf.get(at), Int32Array),
      half = steps.length / 2;
    const added = (from) => {
      let sum = 0;
      return steps.slice(from, from + half).map((by) => (sum += by));
    };
    runsOf.set(at, [added(0), added(half)]);
  }
  return runsOf.get(at);
}

// What was kept of one query of a long text.
function keptOf(source, layer, head, row, nRows) {
  const { k, away, weights, largest } = source.strongest;
  const steps = numbers(bytesOf.get(away[layer]), Int32Array);
  const shares = numbers(bytesOf.get(weights[layer]), Uint16Array);
  const start = ((head ?? source.heads.length) * nRows + row) * k;
  const found = [];
  for (let i = start; i < start + k; i += 1) {
    if (!shares[i]) continue;
    found.push({ item: row + steps[i], weight: (shares[i] / 65535) * largest[layer] });
  }
  return found;
}
