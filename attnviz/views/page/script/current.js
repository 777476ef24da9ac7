// What follows from the choices: the items, weights and shades that are looked at.

const kept = new Map(); // what was worked out last
function remembered(key, work) {
  if (!kept.has(key)) {
    if (kept.size > 8) kept.delete(kept.keys().next().value);
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

// The chosen head: its items, weights and shades. Only when `ready`.
function current() {
  const source = sourceNow(),
    { layer, head } = state,
    { rows, columns } = itemsNow();
  const matrix = matrixFor(layer, head);
  const shade = remembered(`shades ${whichWeights()} ${layer} ${head} ${state.scale}`, () =>
    shades(matrix, state.scale, !source.strongest),
  );
  return { source, layer, head, rows, columns, matrix, shade };
}

// The keys that one query looks at, strongest first: all of them, or those that were kept.
function keysOf(row) {
  const { source, matrix, layer, head, rows } = current();
  if (source.strongest) return keptOf(source, layer, head, row, rows.n);
  const found = [];
  for (let c = 0; c < matrix.columns; c += 1) {
    const at = row * matrix.columns + c;
    if (!matrix.masked[at]) found.push({ item: c, weight: matrix.weights[at] });
  }
  return found.sort((one, other) => other.weight - one.weight || one.item - other.item);
}

// The queries that look at one key, strongest first.
function queriesOf(column) {
  const { source, matrix, layer, head, rows } = current();
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

const headName = (source, head) =>
  head === null ? say("page.mean", { n: source.heads.length }) : source.heads[head];
