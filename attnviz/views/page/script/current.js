// What follows from the choices: the items, weights and shades that are looked at.

const kept = new Map(); // what was worked out last
function remembered(key, work) {
  if (!kept.has(key)) {
    if (kept.size > 24) kept.delete(kept.keys().next().value);
    kept.set(key, work());
  }
  return kept.get(key);
}

function itemsNow() {
  const stack = stackNow(),
    merge = canJoin() ? state.merge : "",
    hide = state.hide && canJoin();
  return remembered(`items ${state.stack} ${merge} ${hide}`, () => {
    const rows = itemsOf(stack.queries, merge, hide);
    return { rows, columns: stack.keys ? itemsOf(stack.keys, merge, hide) : rows };
  });
}

const whichWeights = () =>
  [state.stack, state.source, canJoin() ? state.merge : "", state.hide && canJoin()].join(" ");

function matrixFor(layer, head) {
  const { rows, columns } = itemsNow();
  return remembered(`matrix ${whichWeights()} ${layer} ${head}`, () =>
    matrixOf(sourceNow(), layer, head, rows, columns),
  );
}

// The chosen head, or another: its items, weights and shades. Only when `ready`.
function current({ layer, head } = state) {
  const source = sourceNow(),
    { rows, columns } = itemsNow();
  const matrix = matrixFor(layer, head);
  const shade = remembered(`shades ${whichWeights()} ${layer} ${head} ${state.scale}`, () =>
    shades(matrix, state.scale, !source.strongest),
  );
  return { source, layer, head, rows, columns, matrix, shade };
}

// The keys that one query looks at, strongest first: all of them, or those that were kept.
function keysOf(row, place = state) {
  const { source, matrix, layer, head, rows } = current(place);
  if (source.strongest) return keptOf(source, layer, head, row, rows.n);
  const found = [];
  for (let c = 0; c < matrix.columns; c += 1) {
    const at = row * matrix.columns + c;
    if (!matrix.masked[at]) found.push({ item: c, weight: matrix.weights[at] });
  }
  return found.sort((one, other) => other.weight - one.weight || one.item - other.item);
}

// The queries that look at one key, strongest first.
function queriesOf(column, place = state) {
  const { source, matrix, layer, head, rows } = current(place);
  const found = [];
  for (let r = 0; r < rows.n; r += 1) {
    if (source.strongest) {
      const kept = keptOf(source, layer, head, r, rows.n).find((one) => one.item === column);
      if (kept) found.push({ item: r, weight: kept.weight });
    } else if (!matrix.masked[r * matrix.columns + column]) {
      found.push({ item: r, weight: matrix.weights[r * matrix.columns + column] });
    }
  }
  return found.sort((one, other) => other.weight - one.weight || one.item - other.item);
}

// The query and the key that are looked at, as items.
const queryNow = () => itemAt(itemsNow().rows, state.query ?? 0);
const keyNow = () => itemAt(itemsNow().columns, state.key ?? 0);

// The weight of one pair, or null where it is masked or was not kept.
function weightOf(row, column) {
  const { source, matrix } = current();
  if (source.strongest) return keysOf(row).find((one) => one.item === column)?.weight ?? null;
  const at = row * matrix.columns + column;
  return matrix.masked[at] ? null : matrix.weights[at];
}

// Whether the query is asked where it looks, or the key who looks at it. In a text a token is both.
const byQuery = () => state.asked === "query" || (state.view === "text" && oneText());
const foundNow = () => (byQuery() ? keysOf(queryNow()) : queriesOf(keyNow()));

const LEAST = 5e-5; // weight that is worth a bar or a name

// The chosen row, or column, with how bright each of its weights is on the chosen scale.
const chosenRow = () => withShares(foundNow(), brightest(), current().shade.scale);

// The weight of it that is brightest; without the sink if need be.
function brightest() {
  const { shade } = current(),
    sink = byQuery() && shade.sink ? shade.sink.column : -1;
  return foundNow().find(({ item }) => item !== sink)?.weight ?? 0;
}

// The mean first, then each head; where there is one head, only that.
function headsShown(source) {
  const heads = source.heads.map((_, i) => i);
  return heads.length > 1 ? [null, ...heads] : heads;
}

// "8 previous": its number, and what it is built to look at or was seen to.
function headName(source, head, layer) {
  if (head === null) return say("page.mean", { n: source.heads.length });
  return [source.heads[head], source.labels?.[layer]?.[head]].filter(Boolean).join(" ");
}

// "layer 3 · head 5 previous" or "layer 3 · mean of 12"; a rollout has no heads to tell apart.
function chosenName(head = state.head, layer = state.layer) {
  const source = sourceNow(),
    parts = [];
  if (source.layers.length > 1) parts.push(source.layers[layer]);
  if (source.what === "rollout") parts.push(source.heads[0].replace(/^\d+ /, ""));
  else if (head === null) parts.push(headName(source, source.heads.length > 1 ? null : 0));
  else parts.push(`head ${headName(source, head, layer)}`);
  return parts.join(" · ");
}

// Special tokens can be hidden where others are left.
function canHide({ queries, keys }) {
  const sides = [queries, keys ?? queries];
  return (
    sides.some((side) => side.special.length) &&
    sides.every((side) => side.special.length < side.labels.length)
  );
}
