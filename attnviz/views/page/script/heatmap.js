// One head as a matrix: rows are queries, columns keys. Zooms, down to what was kept of long texts.

const CELL_MOST = 60,
  CELL_NAMED = 12,
  CELL_WRITTEN = 32,
  LABEL_MOST = 150; // pixels
const ABREAST = 330; // pixels that a map needs beside another
const DETAIL = 400; // tokens across, below which the kept keys of a long text are drawn one by one
const SCROLLED = 32; // tokens that keep their names on a narrow screen

const heatmap = {
  element: null,
  maps: [], // of each head that is seen: {layer, head, canvas, image}
  place: null, // {left, top, cell} in pixels, and the span that is drawn, of all of them alike
  drag: null,

  build() {
    this.sheet = make("div", { className: "sheet" });
    this.pen = make("canvas").getContext("2d"); // to measure labels with
    const button = (text, key, act) =>
      make("button", {
        type: "button",
        textContent: text,
        title: say(key),
        "aria-label": say(key),
        onclick: act,
      });
    this.tools = make(
      "div",
      { className: "zoom" },
      button("+", "page.zoom_in", () => this.zoom(0.5)),
      button("−", "page.zoom_out", () => this.zoom(2)),
      button("⤢", "page.whole", () => change({ span: null })),
      make("span", { className: "part" }),
    );
    this.maps = [];
    this.element.replaceChildren(this.tools, this.sheet);
  },

  newCanvas() {
    return make("canvas", {
      tabIndex: 0,
      role: "application",
      "aria-label": say("page.heatmap"),
      onpointermove: (event) => this.moved(event),
      onpointerdown: (event) =>
        (this.drag = { x: event.clientX, y: event.clientY, span: state.span, far: false }),
      onpointerup: (event) => this.released(event),
      onpointerleave: () => (this.drag = null),
      onwheel: (event) => this.wheel(event),
    });
  },

  // A canvas for each head that is seen. Those that are there stay: one may have the focus.
  fill() {
    const places = placesNow();
    while (this.maps.length > places.length) this.maps.pop();
    while (this.maps.length < places.length) this.maps.push({ canvas: this.newCanvas() });
    const named = chips();
    const figures = this.maps.map((map, i) => {
      const { matrix, shade } = current(places[i]),
        { layer, head } = places[i];
      const image = remembered(
        `image ${whichWeights()} ${layer} ${head} ${state.scale} ${isDark()}`,
        () => painted(matrix, shade.shares),
      );
      Object.assign(map, { layer, head, image });
      map.most = make("small", { textContent: `≤ ${percent(shade.largest)}`, dir: "ltr" });
      const caption = make("figcaption", {}, named[i] ?? "", map.most);
      return named.length ? make("figure", {}, caption, map.canvas) : map.canvas;
    });
    const focused = this.maps.find(({ canvas }) => canvas === document.activeElement);
    this.sheet.replaceChildren(...figures);
    focused?.canvas.focus({ preventScroll: true });
    this.sheet.classList.toggle("several", places.length > 1);
  },

  show() {
    const { rows, columns } = current();
    this.fill();
    const span = state.span ?? { top: 0, bottom: rows.n, left: 0, right: columns.n };
    this.place = this.fitted(rows, columns, span);
    this.tools.hidden = Math.max(rows.n, columns.n) < 2 * FEWEST;
    const seen = [
      partOf(span.top, span.bottom, rows.n),
      partOf(span.left, span.right, columns.n),
    ];
    tell(this.tools.lastChild, state.span ? seen : [], " × ");
    this.point();
  },

  // How large cells are, and where the map begins, so that all of it fits.
  fitted(rows, columns, span) {
    const across = span.right - span.left,
      down = span.bottom - span.top;
    const abreast = Math.max(Math.min(this.maps.length, Math.floor(this.element.clientWidth / ABREAST)), 1);
    const wide = this.element.clientWidth / abreast - (abreast > 1 ? 10 : 0),
      high = Math.max(360, innerHeight * 0.78);
    const { pen } = this;
    pen.font = font(13);
    const widest = (items, from, to) =>
      Math.min(
        LABEL_MOST,
        wide / 3,
        Math.max(...items.labels.slice(from, to).map((label) => pen.measureText(label).width)),
      );
    const left = down <= 120 ? widest(rows, span.top, span.bottom) + 14 : 54;
    const named = across <= 120 ? widest(columns, span.left, span.right) : 0;
    let cell = Math.min((wide - left - 8) / across, CELL_MOST);
    const slanted = named > cell - 6;
    const top = cell < CELL_NAMED ? 28 : slanted ? named * 0.72 + 18 : 28;
    const over = slanted && cell >= CELL_NAMED ? named * 0.72 - cell / 2 : 0;
    cell = Math.min(
      (wide - left - 8 - over) / across,
      CELL_MOST,
      Math.max((high - top) / down, CELL_NAMED + 2, 0),
    );
    if (down > 120) cell = Math.min(cell, (high - top) / down);
    if (cell >= 6) cell = Math.floor(cell);
    if (Math.max(across, down) <= SCROLLED) cell = Math.max(cell, CELL_NAMED + 1); // rather than no names
    const width = Math.ceil(left + across * cell + over + 8);
    return {
      left,
      top,
      cell,
      slanted,
      span,
      across,
      down,
      width,
      height: Math.ceil(top + cell * down + 8),
    };
  },

  point() {
    for (const map of this.maps) this.draw(map);
  },

  draw(map) {
    const { place } = this,
      { canvas } = map,
      { rows, columns, source } = current(map);
    const ratio = Math.min(devicePixelRatio || 1, 8192 / place.height);
    canvas.style.touchAction = state.span ? "none" : "pan-x pan-y"; // a finger moves what is closer
    canvas.style.width = `${place.width}px`;
    canvas.style.height = `${place.height}px`;
    canvas.width = Math.round(place.width * ratio);
    canvas.height = Math.round(place.height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    this.drawCells(pen, source, map);
    if (place.cell >= CELL_WRITTEN && !source.strongest) this.drawNumbers(pen, map);
    this.drawNames(pen, rows, columns);
    this.drawChosen(pen);
  },

  drawCells(pen, source, map) {
    if (this.detailed()) return this.drawKept(pen, map);
    const { left, top, cell, span, across, down } = this.place;
    const [height, width] = source.cells;
    pen.imageSmoothingEnabled = cell * width < 1;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(
      map.image,
      span.left / width,
      span.top / height,
      across / width,
      down / height,
      left,
      top,
      across * cell,
      down * cell,
    );
  },

  detailed() {
    return Boolean(sourceNow().strongest) && Math.max(this.place.across, this.place.down) <= DETAIL;
  },

  // Single weights of a long text, in place of its pooled map.
  drawKept(pen, map) {
    const { left, top, cell, span, across, down } = this.place;
    const pairs = [];
    pen.fillStyle = `rgb(${maskedColour().join(" ")})`;
    pen.fillRect(left, top, across * cell, down * cell);
    for (let row = span.top; row < span.bottom; row += 1) {
      const found = keysOf(row, map);
      this.drawRest(pen, row, found.length, map);
      for (const one of found) pairs.push({ ...one, row });
    }
    const side = Math.max(cell - 0.5, 1);
    for (const { row, item, share } of withShares(pairs, this.largest(map), current(map).shade.scale)) {
      if (item < span.left || item >= span.right) continue;
      pen.fillStyle = colour(share);
      pen.fillRect(left + (item - span.left) * cell, top + (row - span.top) * cell, side, side);
    }
  },

  // The pairs of a query that it may see and that have no weight of their own: they are 0 where
  // fewer than could be were kept, and else not known.
  drawRest(pen, row, kept, { layer }) {
    const { left, top, cell, span } = this.place,
      { from, to } = this.seen(row, layer);
    pen.fillStyle = this.misses(row, kept, layer) ? inkOf("--card") : colour(0);
    const high = row + 1 < span.bottom ? cell + 0.5 : cell; // no seam between rows
    pen.fillRect(
      left + (from - span.left) * cell,
      top + (row - span.top) * cell,
      (to - from) * cell,
      high,
    );
  },

  // The part of a row in sight that its query may see.
  seen(row, layer = state.layer) {
    const { left, right } = this.place.span,
      [firsts, stops] = maskOf(sourceNow(), layer) ?? [];
    const inside = (key) => Math.min(Math.max(key, left), right);
    return firsts ? { from: inside(firsts[row]), to: inside(stops[row]) } : { from: left, to: right };
  },

  // Whether a query may see keys whose weights were not kept, as far as the page knows.
  misses(row, kept, layer = state.layer) {
    const { strongest } = sourceNow(),
      runs = maskOf(sourceNow(), layer);
    return !runs || (kept === strongest.k && runs[1][row] - runs[0][row] > kept);
  },

  // What stands for pairs without weights, in words.
  rest() {
    const { top, bottom, left, right } = this.place.span,
      told = [];
    const rows = Array.from({ length: bottom - top }, (_, i) => top + i);
    const known = maskOf(sourceNow(), state.layer) !== null;
    if (!known) told.push(say("page.blank_or_masked"));
    else if (rows.some((row) => this.misses(row, keysOf(row).length))) told.push(say("page.blank"));
    const cut = ({ from, to }) => from > left || to < right;
    if (known && rows.some((row) => cut(this.seen(row)))) told.push(say("ui.grey"));
    return told;
  },

  // The weight that is brightest.
  largest(place = state) {
    if (!this.place || !this.detailed()) return current(place).shade.largest;
    const { top, bottom } = this.place.span;
    let largest = 0;
    for (let row = top; row < bottom; row += 1)
      largest = Math.max(largest, keysOf(row, place)[0]?.weight ?? 0);
    return largest || 1;
  },

  drawNumbers(pen, map) {
    const { left, top, cell, span } = this.place,
      { matrix, shade } = current(map);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = font(cell >= 40 ? 12 : 11);
    for (let row = span.top; row < span.bottom; row += 1) {
      for (let column = span.left; column < span.right; column += 1) {
        const at = row * matrix.columns + column;
        const whole = Math.round(100 * matrix.weights[at]);
        pen.fillStyle = matrix.masked[at] ? inkOf("--muted") : inkOn(shade.shares[at]);
        pen.globalAlpha = matrix.masked[at] || whole ? 1 : 0.55;
        pen.fillText(
          matrix.masked[at] ? "·" : String(whole),
          left + (column - span.left + 0.5) * cell,
          top + (row - span.top + 0.5) * cell,
        );
      }
    }
    pen.globalAlpha = 1;
  },

  drawNames(pen, rows, columns) {
    const { left, top, cell, span, slanted, across, down } = this.place;
    if (cell < CELL_NAMED) return this.drawPlaces(pen);
    const size = Math.min(13, cell * 0.85);
    for (let row = 0; row < down; row += 1) {
      const chosen = span.top + row === queryNow();
      drawName(
        pen,
        rows.labels[span.top + row],
        left - 8,
        top + (row + 0.5) * cell,
        size,
        chosen,
        "right",
        left - 12,
      );
    }
    for (let column = 0; column < across; column += 1) {
      const chosen = span.left + column === keyNow(),
        label = columns.labels[span.left + column];
      const x = left + (column + 0.5) * cell;
      if (!slanted) {
        drawName(pen, label, x, top - 12, size, chosen, "center", cell);
        continue;
      }
      pen.save();
      pen.translate(x, top - 8);
      pen.rotate(-Math.PI / 4);
      drawName(pen, label, 0, 0, size, chosen, "left", LABEL_MOST);
      pen.restore();
    }
  },

  // Numbers at round places, where there is no room for names.
  drawPlaces(pen) {
    const { left, top, cell, span, across, down } = this.place;
    pen.font = font(11);
    pen.fillStyle = inkOf("--muted");
    pen.textBaseline = "middle";
    const every = niceStep(Math.max(across, down) / 8);
    for (let row = Math.ceil(span.top / every) * every; row < span.bottom; row += every) {
      pen.textAlign = "right";
      pen.fillText(grouped(row), left - 8, top + (row - span.top + 0.5) * cell);
    }
    for (let column = Math.ceil(span.left / every) * every; column < span.right; column += every) {
      pen.textAlign = "center";
      pen.fillText(grouped(column), left + (column - span.left + 0.5) * cell, top - 12);
    }
  },

  // A line around the chosen row, and a box around the chosen pair.
  drawChosen(pen) {
    const { left, top, cell, span, across, down } = this.place;
    const row = queryNow() - span.top,
      column = keyNow() - span.left;
    const inside = (x, n) => x >= 0 && x < n;
    pen.strokeStyle = inkOf("--accent");
    pen.lineWidth = cell < 4 ? 0.5 : 1.5;
    if (inside(row, down))
      pen.strokeRect(left - 1, top + row * cell - 0.5, across * cell + 2, cell + 1);
    if (inside(column, across))
      pen.strokeRect(left + column * cell - 0.5, top - 1, cell + 1, down * cell + 2);
    if (!inside(row, down) || !inside(column, across)) return;
    const side = Math.max(cell, 5),
      middle = (side - cell) / 2;
    pen.lineWidth = 3;
    pen.strokeStyle = "#fff";
    pen.strokeRect(left + column * cell - middle, top + row * cell - middle, side, side);
    pen.lineWidth = 1.5;
    pen.strokeStyle = "#000";
    pen.strokeRect(left + column * cell - middle, top + row * cell - middle, side, side);
  },

  at(event) {
    const box = event.target.getBoundingClientRect(),
      { left, top, cell, span, across, down } = this.place;
    const column = Math.floor((event.clientX - box.left - left) / cell);
    const row = Math.floor((event.clientY - box.top - top) / cell);
    const inside = row >= 0 && row < down && column >= 0 && column < across;
    return inside ? { row: row + span.top, column: column + span.left } : null;
  },

  moved(event) {
    if (this.drag?.span && event.buttons) return this.pan(event);
    const at = this.at(event);
    if (at) hover(at.row, at.column, "query");
  },

  released(event) {
    const dragged = this.drag?.far;
    this.drag = null;
    const at = this.at(event);
    if (at && !dragged) pin(at.row, at.column, "query");
  },

  pan(event) {
    const { drag, place } = this,
      { rows, columns } = current();
    const right = Math.round((drag.x - event.clientX) / place.cell),
      down = Math.round((drag.y - event.clientY) / place.cell);
    if (!right && !down) return;
    drag.far = true;
    change({
      span: {
        ...shifted(drag.span.top, drag.span.bottom, down, rows.n, ["top", "bottom"]),
        ...shifted(drag.span.left, drag.span.right, right, columns.n, ["left", "right"]),
      },
    });
  },

  wheel(event) {
    if (!event.ctrlKey) return; // plain turning scrolls the page
    event.preventDefault();
    const at = this.at(event);
    if (at) look(at.row, at.column, "query");
    this.zoom(event.deltaY < 0 ? 0.7 : 1 / 0.7);
  },

  // Half as much, or twice, around the chosen pair.
  zoom(factor) {
    const { rows, columns } = current(),
      { span } = this.place;
    const vertical = zoomed(span.top, span.bottom, queryNow(), factor, rows.n);
    const horizontal = zoomed(span.left, span.right, keyNow(), factor, columns.n);
    const whole =
      vertical[1] - vertical[0] === rows.n && horizontal[1] - horizontal[0] === columns.n;
    change({
      span: whole
        ? null
        : { top: vertical[0], bottom: vertical[1], left: horizontal[0], right: horizontal[1] },
    });
  },

  key(event) {
    const { rows, columns } = itemsNow();
    const far = event.shiftKey ? 10 : 1;
    const steps = {
      ArrowLeft: [0, -far],
      ArrowRight: [0, far],
      ArrowUp: [-far, 0],
      ArrowDown: [far, 0],
    }[event.key];
    if (!steps) return false;
    const row = Math.min(Math.max(queryNow() + steps[0], 0), rows.n - 1);
    const column = Math.min(Math.max(keyNow() + steps[1], 0), columns.n - 1);
    look(row, column, "query");
    this.follow(row, column);
    announce();
    return true;
  },

  // Keep the chosen pair in sight.
  follow(row, column) {
    const { span } = state,
      { rows, columns } = itemsNow();
    if (!span) return;
    const over = (x, from, to) => (x < from ? x - from : x >= to ? x - to + 1 : 0);
    const down = over(row, span.top, span.bottom),
      right = over(column, span.left, span.right);
    if (!down && !right) return;
    change({
      span: {
        ...shifted(span.top, span.bottom, down, rows.n, ["top", "bottom"]),
        ...shifted(span.left, span.right, right, columns.n, ["left", "right"]),
      },
    });
  },
};
