// What a topic shows: lines, numbers, bars, tokens; maps are drawn in lesson_maps.js.

const LOOKS = { dim: "quiet", bold: "strong", token: "token-name", "": "" };

// Sentences run as their language does, formulas and names of texts as they do.
const runs = (text) => (RIGHT_TO_LEFT.test(text) ? "rtl" : "ltr");

function lineOf({ pieces }) {
  const parts = pieces.map(([text, look]) => make("span", { className: LOOKS[look] }, ...isolated(text)));
  return make("p", { dir: runs(pieces.map(([text]) => text).join("")) }, ...parts);
}

function numbersOf({ names, rows, strong }) {
  const hasBars = rows.some((row) => row[4] !== null);
  const cell = (text, look, column, isToken) =>
    make("td", { className: isToken && column === strong ? "strong" : LOOKS[look] }, ...isolated(text));
  const line = ([label, name, cells, look, weight]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row", className: LOOKS[name] }, make("bdi", {}, ...isolated(label))),
      ...cells.map((text, column) => cell(text, look, column, name === "token")),
      ...(hasBars ? [make("td", { className: "bar-cell" }, ...(weight === null ? [] : [barOf(weight)]))] : []),
    );
  const head = names.map((name) => make("th", { scope: "col" }, make("bdi", {}, ...isolated(name))));
  return make(
    "div",
    { className: "scroll", dir: "ltr" },
    make("table", { className: "numbers" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows.map(line))),
  );
}

// A bar that is as long as its share of the room.
function barOf(share) {
  const filled = make("span", { className: "filled" });
  filled.style.width = `${100 * share}%`;
  filled.style.background = colour(share);
  return make("span", { className: "track" }, filled);
}

const barsOf = ({ rows }) =>
  make(
    "ul",
    { className: "shares", dir: "ltr" },
    ...rows.map(([label, share]) =>
      make(
        "li",
        {},
        make("bdi", { textContent: label }),
        make("b", { textContent: `${(100 * share).toFixed(1)}%` }),
        barOf(share),
      ),
    ),
  );

const piecesOf = ({ name, labels }) =>
  make(
    "div",
    {},
    make("p", { className: "strong", dir: "ltr" }, ...isolated(name)),
    make(
      "div",
      { className: "pieces", dir: runs(labels.join("")) },
      ...labels.map((label) => make("bdi", { textContent: label })),
    ),
  );

const PANELS = {
  line: lineOf,
  numbers: numbersOf,
  bars: barsOf,
  pieces: piecesOf,
  map: mapFigure,
  grid: gridFigure,
  strips: stripsFigure,
  links: linksFigure,
  photos: photosFigure,
};
const panelOf = (panel) => PANELS[panel.kind](panel);
