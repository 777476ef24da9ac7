// One pair of tokens: its weight in every layer and head, and how its score comes about.

const PAIR_NAMED = 3, // heads that are named, the strongest first
  PAIR_CELL = [5, 22]; // pixels

const pair = {
  asked: 0,

  async show(card) {
    const source = sourceNow(),
      mine = (this.asked += 1);
    const several = source.layers.length * source.heads.length > 1;
    card.hidden = !several && !source.vectors;
    if (card.hidden) return;
    if (!state.told) return card.replaceChildren(written("p", say("page.pair_hint"), { className: "quiet" }));
    await Promise.all(source.layers.map((_, layer) => ready(source, layer)));
    if (source.vectors) await Promise.all(source.vectors.layers[state.layer].map(open));
    if (mine !== this.asked || source !== sourceNow()) return;
    const { rows, columns } = itemsNow(),
      row = queryNow(),
      column = keyNow();
    const names = { query: token(rows.labels[row]), key: token(columns.labels[column]) };
    card.replaceChildren(
      ...(several ? this.everywhere(card, row, column, names) : []),
      ...(source.vectors ? product.parts(source, names) : []),
    );
  },

  everywhere(card, row, column, names) {
    const source = sourceNow(),
      found = [];
    source.layers.forEach((_, layer) =>
      source.heads.forEach((_, head) =>
        found.push({ layer, head, weight: pairWeight(source, layer, head, row, column) }),
      ),
    );
    const seen = found.filter(({ weight }) => weight !== null);
    const strongest = [...seen].sort((one, other) => other.weight - one.weight);
    const named = strongest.slice(0, PAIR_NAMED).filter(({ weight }) => weight >= LEAST);
    return [
      written("h2", say("page.pair", names)),
      this.map(card, found, strongest[0]?.weight ?? 0),
      ...(seen.length ? [] : [written("p", say("page.masked"), { className: "quiet" })]),
      make("ol", { className: "strongest-heads" }, ...named.map((one) => this.named(source, one))),
    ];
  },

  named: (source, { layer, head, weight }) =>
    make(
      "li",
      {},
      make(
        "button",
        { type: "button", onclick: () => change({ layer, head }) },
        make("bdi", { textContent: chosenName(head, layer) }),
        make("b", { textContent: short(weight, source.bits), dir: "ltr" }),
      ),
    ),

  // Layers down, heads across, all on one scale; a click opens a head.
  map(card, found, largest) {
    const source = sourceNow();
    const across = source.heads.length,
      down = source.layers.length;
    const wide = (card.clientWidth || 340) - 60;
    const cell = Math.min(Math.max(Math.floor(wide / across), PAIR_CELL[0]), PAIR_CELL[1]);
    const canvas = make("canvas", { className: "pair-map", role: "img" });
    const ratio = devicePixelRatio || 1;
    const [width, height] = [26 + across * cell, 16 + down * cell];
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    for (const { layer, head, weight } of found) {
      pen.fillStyle =
        weight === null
          ? `rgb(${maskedColour().join(" ")})`
          : colour(largest ? weight / largest : 0);
      pen.fillRect(26 + head * cell, 16 + layer * cell, cell - 1, cell - 1);
    }
    this.drawNumbers(pen, across, source.numbers, cell);
    this.drawChosen(pen, cell);
    const at = ({ offsetX, offsetY }) =>
      found[Math.floor((offsetY - 16) / cell) * across + Math.floor((offsetX - 26) / cell)];
    const over = (event) => event.offsetX >= 26 && event.offsetY >= 16 && event.offsetX < width;
    canvas.addEventListener("click", (event) => {
      const one = over(event) && at(event);
      if (one) change({ layer: one.layer, head: one.head });
    });
    canvas.addEventListener("pointermove", (event) => {
      const one = over(event) && at(event);
      canvas.title = one
        ? `${chosenName(one.head, one.layer)}: ${one.weight === null ? say("page.masked") : short(one.weight, source.bits)}`
        : "";
    });
    return canvas;
  },

  drawNumbers(pen, across, numbers, cell) {
    Object.assign(pen, { font: font(10), fillStyle: inkOf("--muted"), textBaseline: "middle" });
    const every = niceStep(Math.ceil(14 / cell));
    pen.textAlign = "center";
    for (let head = 0; head < across; head += every)
      pen.fillText(String(head), 26 + (head + 0.5) * cell, 8);
    pen.textAlign = "right";
    for (let layer = 0; layer < numbers.length; layer += every)
      pen.fillText(String(numbers[layer]), 21, 16 + (layer + 0.5) * cell);
  },

  drawChosen(pen, cell) {
    Object.assign(pen, { strokeStyle: inkOf("--accent"), lineWidth: 2 });
    for (const { layer, head } of placesNow())
      if (head !== null)
        pen.strokeRect(26 + head * cell - 0.5, 16 + layer * cell - 0.5, cell, cell);
  },
};

// The weight of a pair of items in one head, null where it is masked; of a long text 0 where it was
// not among the strongest.
function pairWeight(source, layer, head, row, column) {
  const { rows, columns } = itemsNow();
  if (source.strongest)
    return keptOf(source, layer, head, row, rows.n).find(({ item }) => item === column)?.weight ?? 0;
  const levels = levelsOf(source, layer),
    table = tableOf(source.bits),
    start = head * rows.total * columns.total;
  let sum = 0,
    allowed = false;
  for (let r = rows.starts[row]; r < rows.stops[row]; r += 1)
    for (let c = columns.starts[column]; c < columns.stops[column]; c += 1) {
      const level = levels[start + r * columns.total + c];
      allowed ||= level > 0;
      sum += table[level];
    }
  if (!allowed) return null;
  return (sum * source.largest[layer][head]) / (rows.stops[row] - rows.starts[row]);
}

// q · k of the chosen pair and head, number by number: where the record kept them.
const product = {
  parts(source, names) {
    const { dim, keyHeads, layers } = source.vectors;
    const heading = written("h2", say("page.product", names));
    if (state.head === null) return [heading, written("p", say("page.product_head"), { className: "quiet" })];
    const [query, key, scores] = layers[state.layer].map((one) => numbers(bytesOf.get(one), Float32Array));
    const q = this.row(query, state.head, queryToken(), stackNow().queries.labels.length, dim);
    const keys = (stackNow().keys ?? stackNow().queries).labels.length;
    const keyHead = Math.floor((state.head * keyHeads) / source.heads.length);
    const k = this.row(key, keyHead, keyToken(), keys, dim);
    const each = q.map((number, i) => number * k[i]);
    const sum = each.reduce((total, number) => total + number, 0);
    const told = [say("page.product_sum", { value: number(decimal(sum)) })];
    if (scores) {
      const at = (state.head * stackNow().queries.labels.length + queryToken()) * keys + keyToken();
      told.push(say("page.product_score", { value: number(decimal(scores[at])) }));
    }
    return [
      heading,
      ...[["q", q], ["k", k], ["q × k", each]].map(([name, row]) => this.strip(name, row)),
      written("p", told.join(" · "), { className: "quiet" }),
      this.table(q, k, each),
    ];
  },

  row: (all, head, place, n, dim) => all.slice((head * n + place) * dim, (head * n + place + 1) * dim),

  // Orange above 0, blue below.
  strip(name, row) {
    const canvas = make("canvas", { width: row.length, height: 1, "aria-hidden": "true" });
    const pen = canvas.getContext("2d");
    const largest = row.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
    row.forEach((number, i) => {
      const share = largest ? Math.abs(number) / largest : 0;
      pen.fillStyle = number < 0 ? `rgb(40 120 220 / ${share})` : `rgb(240 140 20 / ${share})`;
      pen.fillRect(i, 0, 1, 1);
    });
    return make("div", { className: "strip", dir: "ltr" }, make("small", { textContent: name }), canvas);
  },

  table(q, k, each) {
    const order = [...each.keys()].sort((one, other) => Math.abs(each[other]) - Math.abs(each[one]));
    const cells = (all) => all.map((one) => make("td", { textContent: one }));
    return make(
      "div",
      { className: "product", tabIndex: 0, dir: "ltr" },
      make(
        "table",
        {},
        make("thead", {}, make("tr", {}, ...["", "q", "k", "q × k"].map((name) => make("th", { textContent: name })))),
        make(
          "tbody",
          {},
          ...order.map((i) => make("tr", {}, ...cells([i, ...[q[i], k[i], each[i]].map(decimal)]))),
        ),
      ),
    );
  },
};

const decimal = (number) => number.toFixed(Math.abs(number) < 0.1 ? 3 : 2);
const queryToken = () => itemsNow().rows.starts[queryNow()];
const keyToken = () => itemsNow().columns.starts[keyNow()];
