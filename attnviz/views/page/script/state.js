// What the reader chose, what follows from it, and drawing again when it changes.

const VIEWS = ["heads", "heatmap", "links", "text", "table"];
const state = {
  view: tree.start.view,
  stack: 0,
  source: 0, // which of the stack's: weights, rollout
  layer: tree.start.layer,
  head: tree.start.head, // null is the mean
  scale: tree.start.scale,
  merge: "", // words, sentences, lines, or tokens as they are
  hide: false,
  language: tree.start.language,
  theme: "system",
  query: null, // tokens, so that they stay when units are merged
  key: null,
  asked: "query", // whose weights stand beside the picture: the query's or the key's
  pinned: false,
  span: null, // the part of the heatmap that is seen: {top, bottom, left, right} in items
};

const stackNow = () => tree.stacks[state.stack];
const sourceNow = () => stackNow().sources[state.source];
const oneText = () => stackNow().keys === null;
const canJoin = () => !sourceNow().strongest;
const merges = () => [
  "",
  ...Object.keys({ ...stackNow().queries.units, ...stackNow().keys?.units }),
];

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

// Choices that no longer exist give way to ones that do.
function settle() {
  const source = sourceNow();
  state.layer = Math.min(state.layer, source.layers.length - 1);
  if (state.head !== null && state.head >= source.heads.length) state.head = null;
  if (state.head === null && source.heads.length === 1) state.head = 0;
  if (!merges().includes(state.merge)) state.merge = "";
  const { rows, columns } = itemsNow();
  const first = Math.max(rows.special.indexOf(false), 0);
  state.query ??= rows.starts[first];
  state.query = rows.starts[itemAt(rows, state.query)];
  state.key = columns.starts[itemAt(columns, state.key ?? state.query)];
}

let drawing = 0,
  drawn = Promise.resolve();

// Take the reader's choices over and draw. What does not fit the new ones is forgotten.
function change(choices) {
  const elsewhere = "stack" in choices && choices.stack !== state.stack;
  if (elsewhere) Object.assign(state, { source: 0, query: null, key: null, pinned: false });
  if (elsewhere || "merge" in choices || "hide" in choices || "source" in choices)
    state.span = null;
  Object.assign(state, choices);
  settle();
  drawn = draw();
}

async function draw() {
  const mine = (drawing += 1),
    older = () => mine !== drawing; // something newer is to be drawn
  await new Promise(requestAnimationFrame);
  if (older()) return;
  showFrame();
  if (state.view === "heads") await grid.show(); // all heads are on the screen before one is unpacked
  await ready(sourceNow(), state.layer);
  if (!older()) showWeights();
}

// Move to another query or key: only what depends on them is drawn again.
function look(row, column, asked, pinned = state.pinned) {
  const { rows, columns } = itemsNow();
  const query = row === null ? state.query : rows.starts[row];
  const key = column === null ? state.key : columns.starts[column];
  const changed =
    [query, key, asked, pinned].join() !==
    [state.query, state.key, state.asked, state.pinned].join();
  Object.assign(state, { query, key, asked, pinned });
  if (changed) point();
}

// Pointing looks; a click pins, and a click on what is pinned lets go.
function hover(row, column, asked) {
  if (!state.pinned) look(row, column, asked);
}

function pin(row, column, asked) {
  const { rows, columns } = itemsNow();
  const same =
    state.pinned &&
    state.asked === asked &&
    (row === null || rows.starts[row] === state.query) &&
    (column === null || columns.starts[column] === state.key);
  look(row, column, asked, !same);
}
