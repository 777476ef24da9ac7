// Weights laid over the picture that was looked at: the picture grey, much weight orange, each cell
// as large as its patch. What is no patch, [CLS] or the words of a caption, stands below it.

const ORANGE = [255, 150, 20],
  OUTLINE = "rgb(90 220 255)", // around the patch that looks
  GREY = 0.45, // of the picture's lightness below the weights
  OUTSIDE = 0.18, // of it where no patch lies: as in overlay.py
  PHOTO_MOST = 640, // pixels
  SMALL_PHOTO = 132,
  MASS = "rgb(235 235 235)", // around the patches that hold so much of the weight
  MASSES = [null, 0.5, 0.75, 0.9],
  CHIPS_MOST = 400;

const photos = new Map(); // number of a picture: what is drawn of it, once it is there

function photoOf(number) {
  if (number === null || photos.has(number)) return photos.get(number) ?? null;
  photos.set(number, null);
  const jpeg = new Blob([fromBase64(tree.pictures[number])], { type: "image/jpeg" });
  createImageBitmap(jpeg).then((bitmap) => {
    photos.set(number, bitmap);
    image.grounds.clear();
    if (state.view === "image") image.point();
  });
  return null;
}

const image = {
  element: null,
  grounds: new Map(), // what lies below the weights, by its size
  mass: null, // of the weight on the picture, whose patches are outlined

  build() {},

  show() {
    const { queries, keys } = stackNow().image;
    this.of = queries ?? keys;
    if (!this.of) {
      this.element.replaceChildren(written("p", say("page.no_patches"), { className: "quiet" }));
      return;
    }
    this.told = make("p", { className: "quiet", dir: direction() });
    this.photo = make("canvas", {
      tabIndex: 0,
      role: "application",
      "aria-label": say("page.image"),
      onpointermove: (event) => this.over(event, hover),
      onclick: (event) => this.over(event, pin),
    });
    this.turn = make("button", {
      type: "button",
      className: "chip",
      onclick: () => this.turnRound(),
    });
    this.around = make("button", {
      type: "button",
      className: "chip mass",
      onclick: () => {
        this.mass = MASSES[(MASSES.indexOf(this.mass) + 1) % MASSES.length];
        this.point();
      },
    });
    this.words = this.wordsOf();
    this.heads = headsShown(sourceNow()).map((head) => this.small(head));
    this.element.replaceChildren(
      this.photo,
      this.told,
      make("div", { className: "chips" }, this.turn),
      make("div", { className: "chips words", dir: "auto" }, ...this.words.map((one) => one.button)),
      make("div", { className: "chips" }, this.around),
      make("div", { className: "photos" }, ...(this.heads.length > 1 ? this.heads : [])),
    );
    this.point();
  },

  small(head) {
    const { source, layer } = current();
    return make(
      "button",
      { type: "button", className: "map", "data-head": String(head), onclick: () => change({ head }) },
      make("canvas", { "aria-hidden": "true" }),
      make("span", { textContent: headName(source, head, layer) }),
    );
  },

  // Where the patches lie that are lit, and those that are pointed at. Of a text that looks at a
  // picture both are the keys.
  sides() {
    const { queries, keys } = stackNow().image;
    const lit = byQuery() ? (oneText() ? queries : keys) : queries;
    return { lit, pointed: queries ?? keys };
  },

  point() {
    if (!this.of || !this.photo?.isConnected) return;
    const { lit, pointed } = this.sides();
    const found = this.weights(state);
    const wide = Math.min(this.element.clientWidth || PHOTO_MOST, PHOTO_MOST);
    this.draw(this.photo, lit ? found : null, wide, lit ?? pointed);
    this.outline(this.photo, lit ?? pointed);
    for (const button of this.heads) {
      const head = button.dataset.head === "null" ? null : Number(button.dataset.head);
      const weights = this.weights({ layer: state.layer, head });
      this.draw(button.firstChild, lit ? weights : null, SMALL_PHOTO, lit ?? pointed);
      button.toggleAttribute("aria-current", head === state.head);
    }
    this.drawWords(found);
    this.tell(lit, found);
  },

  // The weights of the chosen row, or column, by item.
  weights(place) {
    const { rows, columns } = itemsNow();
    const n = byQuery() ? columns.n : rows.n,
      found = new Float32Array(n);
    const each = byQuery() ? keysOf(queryNow(), place) : queriesOf(keyNow(), place);
    for (const { item, weight } of each) found[item] = weight;
    return found;
  },

  litItems: () => (byQuery() ? itemsNow().columns : itemsNow().rows),

  // Draw weights over a picture. The largest of a patch is brightest, and brightness goes with the
  // root of the weight, so that small ones are seen too.
  draw(canvas, found, wide, of) {
    const [width, height] = this.sizeOf(of, wide);
    Object.assign(canvas, { width, height });
    const pen = canvas.getContext("2d");
    pen.drawImage(this.ground(of, width, height), 0, 0);
    if (!found) return;
    const items = this.litItems();
    let largest = 0;
    for (let i = 0; i < items.n; i += 1)
      if (of.cells[items.starts[i]] >= 0) largest = Math.max(largest, found[i]);
    if (!largest) return;
    for (let i = 0; i < items.n; i += 1) {
      const cell = of.cells[items.starts[i]];
      if (cell < 0 || found[i] <= 0) continue;
      pen.fillStyle = `rgb(${ORANGE.join(" ")} / ${0.75 * Math.sqrt(found[i] / largest)})`;
      pen.fillRect(...this.boxOf(of, cell, width, height));
    }
    this.enclose(pen, this.holding(found, items, of), of, width, height);
  },

  // The cells of the fewest patches that hold so much of what lies on the picture.
  holding(found, items, of) {
    const held = new Set();
    if (this.mass === null) return held;
    const cells = Array.from(found, (weight, i) => [weight, of.cells[items.starts[i]]]);
    const ranked = cells.filter(([weight, cell]) => cell >= 0 && weight > 0);
    ranked.sort(([one], [other]) => other - one);
    let left = this.mass * ranked.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, cell] of ranked) {
      if (left <= 1e-7) break;
      held.add(cell);
      left -= weight;
    }
    return held;
  },

  // A line where a cell that is held has a neighbour that is not.
  enclose(pen, held, of, width, height) {
    const columns = of.grid[1];
    pen.fillStyle = MASS;
    for (const cell of held) {
      const [x, y, wide, tall] = this.boxOf(of, cell, width, height);
      const column = cell % columns;
      if (!held.has(cell - columns)) pen.fillRect(x, y, wide, 1);
      if (!held.has(cell + columns)) pen.fillRect(x, y + tall - 1, wide, 1);
      if (!column || !held.has(cell - 1)) pen.fillRect(x, y, 1, tall);
      if (column === columns - 1 || !held.has(cell + 1)) pen.fillRect(x + wide - 1, y, 1, tall);
    }
  },

  sizeOf({ size: [across, down] }, wide) {
    const most = Math.max(innerHeight * 0.62, 200);
    const share = Math.min(wide / across, most / down);
    return [Math.max(Math.round(across * share), 1), Math.max(Math.round(down * share), 1)];
  },

  // The place of a cell in whole pixels, so that nothing shows between two.
  boxOf({ grid: [rows, columns], box: [left, top, right, bottom], size }, cell, width, height) {
    const row = Math.floor(cell / columns),
      column = cell % columns;
    const x = (i) => Math.round(((left + ((right - left) * i) / columns) * width) / size[0]);
    const y = (i) => Math.round(((top + ((bottom - top) * i) / rows) * height) / size[1]);
    return [x(column), y(row), x(column + 1) - x(column), y(row + 1) - y(row)];
  },

  // The picture in grey, darker where no patch lies.
  ground(of, width, height) {
    const name = `${of.picture} ${of.box} ${width} ${height}`;
    if (!this.grounds.has(name)) {
      if (this.grounds.size > 8) this.grounds.clear();
      this.grounds.set(name, this.newGround(of, width, height));
    }
    return this.grounds.get(name);
  },

  newGround(of, width, height) {
    const canvas = make("canvas", { width, height });
    const pen = canvas.getContext("2d");
    const photo = photoOf(of.picture);
    pen.fillStyle = "rgb(128 128 128)";
    pen.fillRect(0, 0, width, height);
    if (photo) pen.drawImage(photo, 0, 0, width, height);
    const drawn = pen.getImageData(0, 0, width, height);
    const { data } = drawn;
    const { grid, box, size } = of;
    const edge = (share, length, most) => Math.round((share * length) / most);
    const [left, right] = [box[0], box[2]].map((x) => edge(x, width, size[0]));
    const [top, bottom] = [box[1], box[3]].map((y) => edge(y, height, size[1]));
    for (let y = 0, i = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1, i += 4) {
        const inside = grid[0] && x >= left && x < right && y >= top && y < bottom;
        const light = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
        data[i] = data[i + 1] = data[i + 2] = light * (inside ? GREY : OUTSIDE);
      }
    pen.putImageData(drawn, 0, 0);
    return canvas;
  },

  // A line around the patch that looks, or that is looked at.
  outline(canvas, of) {
    const { queries, keys } = stackNow().image;
    const side = byQuery() ? queries : (keys ?? (oneText() ? queries : null));
    const items = byQuery() ? itemsNow().rows : itemsNow().columns;
    const cell = side?.cells[items.starts[byQuery() ? queryNow() : keyNow()]] ?? -1;
    if (cell < 0 || side !== of) return;
    const pen = canvas.getContext("2d");
    Object.assign(pen, { strokeStyle: OUTLINE, lineWidth: 2.5 });
    pen.setLineDash(byQuery() ? [] : [5, 4]);
    pen.strokeRect(...this.boxOf(of, cell, canvas.width, canvas.height));
  },

  // The patch under the mouse: its row, or with Shift its column. Patches that are only looked at
  // have a column alone.
  over(event, act) {
    const { queries, keys } = stackNow().image;
    const box = this.photo.getBoundingClientRect();
    const { pointed } = this.sides();
    const item = this.itemAt(
      pointed,
      queries ? itemsNow().rows : itemsNow().columns,
      (event.clientX - box.left) / box.width,
      (event.clientY - box.top) / box.height,
    );
    if (item < 0) return;
    const column = !queries || (event.shiftKey && (oneText() || keys));
    if (column) act(null, item, "key");
    else act(item, null, "query");
    if (act === pin) announce();
  },

  itemAt({ grid: [rows, columns], box: [left, top, right, bottom], size, cells }, items, x, y) {
    const column = Math.floor(((x * size[0] - left) / (right - left)) * columns),
      row = Math.floor(((y * size[1] - top) / (bottom - top)) * rows);
    if (row < 0 || column < 0 || row >= rows || column >= columns) return -1;
    const place = cells.indexOf(row * columns + column);
    return place < 0 ? -1 : itemAt(items, place);
  },

  // From who looks to who is looked at, and back: for those who have no Shift.
  turnRound() {
    if (byQuery()) look(null, oneText() ? queryNow() : keyNow(), "key", true);
    else look(oneText() ? keyNow() : queryNow(), null, "query", true);
    announce();
  },

  // What is no patch: its share is told where it is looked at, or looks.
  wordsOf() {
    const { rows, columns } = itemsNow(),
      { queries, keys } = stackNow().image;
    const beside = (items, of, side) =>
      items.starts.flatMap((start, i) => (of && of.cells[start] >= 0 ? [] : [{ i, items, side }]));
    const all = [
      ...beside(rows, queries, "query"),
      ...(oneText() ? [] : beside(columns, keys, "key")),
    ];
    return all.slice(0, CHIPS_MOST).map((word) => this.word(word));
  },

  word(word) {
    const { i, items, side } = word;
    const act = (act, event) => {
      const column = side === "key" || (event.shiftKey && oneText());
      if (column) act(null, i, "key");
      else act(i, null, "query");
    };
    word.share = make("small", { dir: "ltr" });
    word.button = make(
      "button",
      {
        type: "button",
        className: "chip",
        onpointerenter: (event) => act(hover, event),
        onclick: (event) => (act(pin, event), announce()),
      },
      make("bdi", { textContent: items.labels[i] }),
      word.share,
    );
    return word;
  },

  drawWords(found) {
    const asked = byQuery() ? "query" : "key",
      at = byQuery() ? queryNow() : keyNow();
    const largest = found.reduce((most, weight) => Math.max(most, weight), 0);
    for (const { i, side, button, share } of this.words) {
      const lit = oneText() || side !== asked;
      const light = lit && largest ? 0.75 * Math.sqrt(found[i] / largest) : 0;
      button.classList.toggle("chosen", (oneText() || side === asked) && i === at);
      button.style.background = light ? `rgb(${ORANGE.join(" ")} / ${light})` : "";
      share.textContent = lit ? percent(found[i]) : "";
    }
  },

  tell(lit, found) {
    const { rows, columns } = itemsNow();
    const name = byQuery() ? rows.labels[queryNow()] : columns.labels[keyNow()];
    const sides = { query: token(name), key: token(name) };
    const told = [say(byQuery() ? "page.looks" : "page.looked", sides), say("page.root_scale")];
    if (lit && byQuery()) {
      const items = this.litItems();
      const share = items.starts.reduce(
        (sum, start, i) => sum + (lit.cells[start] >= 0 ? found[i] : 0),
        0,
      );
      told.push(say("page.in_picture", { pct: token(percent(share)) }));
    }
    if (Math.max(...found) - Math.min(...found) < 1e-6) told.push(say("ui.image_even"));
    if (stackNow().image.queries) told.push(say("page.shift"));
    tell(this.told, told);
    this.around.textContent = bare(
      this.mass === null
        ? say("page.no_mass")
        : say("page.mass", { pct: token(percent(this.mass)) }),
    );
    this.turn.textContent = bare(say(byQuery() ? "page.looked" : "page.looks", sides));
    this.turn.hidden = !oneText() && !(stackNow().image.queries && stackNow().image.keys);
  },

  chosen() {
    return this.photo;
  },

  // Arrows go from patch to patch.
  key(event) {
    const of = this.sides().pointed;
    const by = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -of?.grid[1],
      ArrowDown: of?.grid[1],
    }[event.key];
    if (!by) return false;
    const items = stackNow().image.queries ? itemsNow().rows : itemsNow().columns;
    const rowed = byQuery() && stackNow().image.queries;
    const at = items.starts[rowed ? queryNow() : keyNow()];
    const cell = Math.max(of.cells[at], 0) + (of.cells[at] < 0 ? 0 : by);
    const place = of.cells.indexOf(cell);
    if (place < 0) return true;
    if (rowed) look(itemAt(items, place), null, "query", true);
    else look(null, itemAt(items, place), "key", true);
    announce();
    return true;
  },
};
