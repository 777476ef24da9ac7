// Two columns of tokens, queries at the left and keys at the right, and lines between them.

const LINES_MOST = 4000,
  LINE_LEAST = 0.04,
  TOKENS_MOST = 600; // lines, share of the ramp, tokens shown
const ROW_HEIGHT = 26;

const links = {
  element: null,

  build() {
    this.left = make("div", {
      className: "column queries",
      role: "listbox",
      "aria-label": say("ui.query"),
    });
    this.right = make("div", {
      className: "column keys",
      role: "listbox",
      "aria-label": say("ui.key"),
    });
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.part = make("p", { className: "part" });
    this.heads = make("div", { className: "chips" });
    this.element.replaceChildren(
      this.heads,
      this.part,
      make(
        "div",
        { className: "columns" },
        this.left,
        make("div", { className: "between" }, this.canvas),
        this.right,
      ),
    );
  },

  show() {
    const { rows, columns } = current();
    this.rows = windowAround(queryNow(), rows.n);
    this.columns = windowAround(oneText() ? queryNow() : keyNow(), columns.n);
    const cropped = this.rows[0] || this.rows[1] < rows.n;
    tell(this.part, cropped ? [partOf(...this.rows, rows.n)] : []);
    this.fill(this.left, rows, this.rows, "query");
    this.fill(this.right, columns, this.columns, "key");
    this.heads.replaceChildren(...chips());
    this.edges = placesNow().map((place) => this.strongest(place));
    this.point();
  },

  fill(column, items, [from, to], asked) {
    const act = (act, i) => (asked === "query" ? act(i, null, "query") : act(null, i, "key"));
    const options = [];
    for (let i = from; i < to; i += 1) {
      options.push(
        make(
          "div",
          {
            role: "option",
            id: `${asked}-${i}`,
            tabIndex: -1,
            className: items.special[i] ? "special" : "",
            onpointerenter: () => act(hover, i),
            onclick: () => act(pin, i),
            onfocus: () => act(look, i),
          },
          make("bdi", { textContent: items.labels[i] }),
        ),
      );
    }
    column.replaceChildren(...options);
  },

  // The lines that are worth drawing, weakest first.
  strongest(place) {
    const { source, matrix, shade } = current(place),
      [top, bottom] = this.rows,
      [left, right] = this.columns;
    let edges = [];
    if (source.strongest) {
      for (let row = top; row < bottom; row += 1) {
        for (const { item, weight } of keysOf(row, place)) {
          if (item >= left && item < right) edges.push({ row, column: item, weight });
        }
      }
      const largest = edges.reduce((most, { weight }) => Math.max(most, weight), 0);
      edges = withShares(edges, largest, shade.scale);
    } else {
      for (let row = top; row < bottom; row += 1) {
        for (let column = left; column < right; column += 1) {
          const share = shade.shares[row * matrix.columns + column];
          if (share >= LINE_LEAST) edges.push({ row, column, share });
        }
      }
    }
    const largest = edges.reduce((most, { share }) => Math.max(most, share), 1e-9);
    for (const edge of edges) edge.share /= largest;
    return edges.sort((one, other) => one.share - other.share).slice(-LINES_MOST / placesNow().length);
  },

  point() {
    for (const option of this.element.querySelectorAll("[aria-selected]"))
      option.removeAttribute("aria-selected");
    for (const side of [this.left, this.right])
      for (const option of side.children) option.tabIndex = -1;
    const option = this.chosen();
    option?.setAttribute("aria-selected", "true");
    if (option) option.tabIndex = 0;
    this.glow();
    this.drawLines();
  },

  chosen() {
    const asked = state.asked === "query" ? `query-${queryNow()}` : `key-${keyNow()}`;
    return this.element.querySelector(`#${asked}`);
  },

  // The other column shows how much each of its tokens gets.
  glow() {
    const column = state.asked === "query" ? this.right : this.left,
      from = state.asked === "query" ? this.columns[0] : this.rows[0];
    for (const side of [this.left, this.right]) {
      for (const option of side.children) option.style.background = option.style.color = "";
    }
    if (state.beside.length) return this.stripes(column, from);
    for (const { item, share } of chosenRow()) {
      const option = column.children[item - from];
      if (!option || share < LINE_LEAST) continue;
      option.style.background = colour(share);
      option.style.color = inkOn(share);
    }
  },

  // Of several heads: a stripe of each one's colour, as strong as its share of that head's largest.
  stripes(column, from) {
    const places = placesNow(),
      shares = new Map(); // of an item: by head
    places.forEach((place, i) => {
      const found = byQuery() ? keysOf(queryNow(), place) : queriesOf(keyNow(), place);
      for (const { item, weight } of found) {
        if (!shares.has(item)) shares.set(item, new Array(places.length).fill(0));
        shares.get(item)[i] = found[0].weight ? weight / found[0].weight : 0;
      }
    });
    for (const [item, each] of shares) {
      const option = column.children[item - from];
      if (!option) continue;
      const stops = each.map((share, i) => {
        const seen = `${HEAD_COLOURS[i]}${Math.round(200 * share).toString(16).padStart(2, "0")}`;
        return `${seen} ${(100 * i) / each.length}% ${(100 * (i + 1)) / each.length}%`;
      });
      option.style.background = `linear-gradient(to right, ${stops.join(", ")}) no-repeat padding-box`;
    }
  },

  drawLines() {
    const count = Math.max(this.rows[1] - this.rows[0], this.columns[1] - this.columns[0]);
    const width = this.canvas.parentElement.clientWidth,
      height = count * ROW_HEIGHT;
    const ratio = Math.min(devicePixelRatio || 1, 16000 / height);
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    this.canvas.style.height = `${height}px`;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.lineCap = "round";
    pen.strokeStyle = inkOf("--line-ink");
    const row = queryNow(),
      column = keyNow();
    const chosen = (edge) => (state.asked === "query" ? edge.row === row : edge.column === column);
    const several = this.edges.length > 1;
    this.edges.forEach((edges, i) => {
      if (several) pen.strokeStyle = HEAD_COLOURS[i];
      for (const edge of edges)
        if (!chosen(edge)) this.line(pen, edge, width, 0.3 * edge.share, 0.75 + edge.share);
    });
    pen.strokeStyle = inkOf("--accent");
    this.edges.forEach((edges, i) => {
      if (several) pen.strokeStyle = HEAD_COLOURS[i];
      for (const edge of edges)
        if (chosen(edge)) this.line(pen, edge, width, 0.25 + 0.75 * edge.share, 1 + 3.5 * edge.share);
    });
  },

  line(pen, { row, column }, width, alpha, thick) {
    const y = (row - this.rows[0] + 0.5) * ROW_HEIGHT,
      end = (column - this.columns[0] + 0.5) * ROW_HEIGHT;
    pen.globalAlpha = alpha;
    pen.lineWidth = thick;
    pen.beginPath();
    pen.moveTo(0, y);
    pen.bezierCurveTo(width * 0.4, y, width * 0.6, end, width, end);
    pen.stroke();
  },

  key(event) {
    const { rows, columns } = itemsNow();
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] * (event.shiftKey ? 10 : 1);
    const asked = { ArrowLeft: "query", ArrowRight: "key" }[event.key] ?? state.asked;
    if (!by && asked === state.asked) return by === by || event.key.startsWith("Arrow");
    const row = Math.min(Math.max(queryNow() + (asked === "query" ? by || 0 : 0), 0), rows.n - 1);
    const column = Math.min(Math.max(keyNow() + (asked === "key" ? by || 0 : 0), 0), columns.n - 1);
    look(asked === "query" ? row : null, asked === "key" ? column : null, asked);
    const option = this.element.querySelector(
      asked === "query" ? `#query-${row}` : `#key-${column}`,
    );
    if (option) option.focus();
    else this.show();
    announce();
    return true;
  },
};

// At most so many items around one of n.
function windowAround(middle, n, most = TOKENS_MOST) {
  const start = Math.min(Math.max(middle - most / 2, 0), Math.max(n - most, 0));
  return [start, Math.min(start + most, n)];
}
