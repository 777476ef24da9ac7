// The same numbers as a table, for screen readers and for copying: all of them, or the strongest.

const TABLE_WHOLE = 1600,
  TABLE_ROWS = 1000,
  TABLE_KEYS = 5; // pairs; rows and keys of the other kind

const table = {
  element: null,

  build() {},

  show() {
    const { rows, columns, source } = current();
    const whole = !source.strongest && rows.n * columns.n <= TABLE_WHOLE;
    this.element.replaceChildren(whole ? this.whole(rows, columns) : this.strongest(rows, columns));
    this.point();
  },

  whole(rows, columns) {
    const { matrix, shade } = current();
    const cell = (at) => {
      if (matrix.masked[at])
        return make("td", {
          className: "hidden-pair",
          textContent: "·",
          "aria-label": say("page.masked"),
        });
      const td = make("td", { textContent: short(matrix.weights[at], sourceNow().bits) });
      td.style.background = colour(shade.shares[at]);
      td.style.color = inkOn(shade.shares[at]);
      return td;
    };
    return make(
      "table",
      { className: "whole" },
      caption(`${say("ui.query")} × ${say("ui.key")}`),
      make(
        "thead",
        {},
        make("tr", {}, make("td"), ...columns.labels.map((label) => named("th", label, "col"))),
      ),
      make(
        "tbody",
        {},
        ...rows.labels.map((label, row) =>
          make(
            "tr",
            { "data-row": String(row) },
            named("th", label, "row"),
            ...columns.labels.map((_, column) => cell(row * matrix.columns + column)),
          ),
        ),
      ),
    );
  },

  strongest(rows, columns) {
    const [from, to] = windowAround(queryNow(), rows.n, TABLE_ROWS);
    const { source } = current(),
      body = [];
    for (let row = from; row < to; row += 1) {
      const cells = keysOf(row)
        .slice(0, TABLE_KEYS)
        .map(({ item, weight }) =>
          make("td", {}, labelled(columns.labels[item]), ` ${short(weight, source.bits)}`),
        );
      body.push(
        make(
          "tr",
          { "data-row": String(row) },
          make("td", { className: "place", textContent: String(row) }),
          named("th", rows.labels[row], "row"),
          ...cells,
        ),
      );
    }
    const part = to - from < rows.n ? [partOf(from, to, rows.n)] : [];
    return make(
      "table",
      { className: "strongest" },
      caption(say("page.strongest"), ...part),
      make("tbody", {}, ...body),
    );
  },

  point() {
    for (const row of this.element.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
    this.chosen()?.classList.add("chosen");
  },

  chosen() {
    return this.element.querySelector(`[data-row="${queryNow()}"]`);
  },

  key(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return false;
    const row = Math.min(Math.max(queryNow() + by, 0), itemsNow().rows.n - 1);
    look(row, null, "query");
    this.chosen()?.scrollIntoView({ block: "nearest" });
    announce();
    return true;
  },
};

function caption(...sentences) {
  const element = make("caption");
  tell(element, [...chosenName().split(" · "), ...sentences]);
  return element;
}

const named = (tag, label, scope) => make(tag, { scope }, labelled(label));

// A label that is cut where it is long, for the eye only.
const labelled = (label) =>
  make("bdi", { className: "label", textContent: label, title: label });
