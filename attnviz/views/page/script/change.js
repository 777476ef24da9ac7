// Take over what the reader chooses, and have it drawn.

// Choices that no longer exist give way to ones that do.
function settle() {
  const source = sourceNow();
  state.layer = Math.min(state.layer, source.layers.length - 1);
  if (state.head !== null && state.head >= source.heads.length) state.head = null;
  if (state.head === null && source.heads.length === 1) state.head = 0;
  if (!merges().includes(state.merge)) state.merge = "";
  const names = placesNow().map(placeName);
  state.beside = state.beside.filter(
    ({ layer, head }, i) =>
      layer < source.layers.length &&
      head < source.heads.length &&
      names.indexOf(names[i + 1]) === i + 1,
  );
  const { rows, columns } = itemsNow();
  const first = Math.max(rows.special.indexOf(false), 0);
  state.query ??= rows.starts[first];
  state.query = rows.starts[itemAt(rows, state.query)];
  state.key = columns.starts[itemAt(columns, state.key ?? state.query)];
}

// Who draws: the frame around the views gives its functions when it is there.
const stage = {};

let drawing = 0,
  drawn = Promise.resolve();

// Take the reader's choices over and draw. What does not fit the new ones is forgotten.
function change(choices) {
  const elsewhere = "stack" in choices && choices.stack !== state.stack;
  if (elsewhere) Object.assign(state, { source: 0, query: null, key: null, pinned: false, told: false });
  if (elsewhere || "merge" in choices || "hide" in choices || "source" in choices)
    state.span = null;
  Object.assign(state, choices);
  settle();
  stage.keep();
  drawn = draw();
}

async function draw() {
  const mine = (drawing += 1),
    older = () => mine !== drawing; // something newer is to be drawn
  await new Promise(requestAnimationFrame);
  if (older()) return;
  stage.showFrame(); // all heads are on the screen before one is unpacked
  if (state.view === "heads") await stage.showHeads();
  await Promise.all(placesNow().map(({ layer }) => ready(sourceNow(), layer)));
  if (!older()) stage.showWeights();
}

// Move to another query or key: only what depends on them is drawn again. Who only passes over them
// leaves the page's address alone.
function look(row, column, asked, pinned = state.pinned, passing = false) {
  const { rows, columns } = itemsNow();
  const query = row === null ? state.query : rows.starts[row];
  const key = column === null ? state.key : columns.starts[column];
  const changed =
    [query, key, asked, pinned].join() !==
    [state.query, state.key, state.asked, state.pinned].join();
  Object.assign(state, { query, key, asked, pinned, told: state.told || !passing });
  if (changed) stage.point();
  if (!passing) stage.keep();
}

// Pointing looks; a click pins, and a click on what is pinned lets go.
function hover(row, column, asked) {
  if (!state.pinned) look(row, column, asked, false, true);
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
