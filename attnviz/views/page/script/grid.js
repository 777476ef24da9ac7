// All layers and heads as small maps, each on its own scale: what to click at first.

const GRID_SIDE = 96; // cells a side of a map at most, as in pagedata.py

const grid = {
  element: null,
  drawnFor: "",

  async show() {
    const source = sourceNow();
    const drawnFor = [whichWeights(), state.scale, isDark(), state.language].join(" ");
    if (drawnFor !== this.drawnFor || !this.element.firstChild) {
      this.drawnFor = drawnFor;
      this.build(source);
      const small = source.small && itemsNow().rows.whole && itemsNow().columns.whole;
      for (let layer = 0; layer < source.layers.length; layer += 1) {
        await (small ? unpackSmall(source) : ready(source, layer));
        if (drawnFor !== this.drawnFor) return;
        this.fill(source, layer, small);
      }
    }
    this.point();
    document.documentElement.dataset.heads = drawnFor;
  },

  build(source) {
    const { rows, columns } = itemsNow(),
      heads = headsShown(source);
    const tall = rows.n / columns.n;
    if (heads.length === 1) {
      const maps = source.layers.map((title, layer) =>
        this.map(source, layer, heads[0], tall, [title]),
      );
      return this.element.replaceChildren(make("div", { className: "maps" }, ...maps));
    }
    const several = source.layers.length > 1;
    this.element.style.setProperty("--heads", heads.length);
    this.element.replaceChildren(
      ...source.layers.map((title, layer) =>
        make(
          "section",
          { className: "layer", "aria-label": title },
          several ? make("h3", { textContent: title }) : "",
          make(
            "div",
            { className: several ? "maps in-row" : "maps" },
            ...heads.map((head) => this.map(source, layer, head, tall, this.shortNames(source, layer, head))),
          ),
        ),
      ),
    );
  },

  // What stands below a map: its number, and below that what the head was seen to look at.
  shortNames(source, layer, head) {
    if (head === null) return [source.layers.length > 1 ? say("page.average") : headName(source, null)];
    return [source.heads[head], source.labels?.[layer]?.[head]].filter(Boolean);
  },

  map(source, layer, head, tall, shown) {
    const name = headName(source, head, layer);
    const canvas = make("canvas", { "aria-hidden": "true" });
    canvas.style.aspectRatio = String(1 / Math.min(tall, 2));
    return make(
      "button",
      {
        type: "button",
        className: "map",
        title: `${source.layers[layer]} · ${name}`,
        "aria-label": `${source.layers[layer]}, ${name}`,
        "data-place": `${layer} ${head}`,
        onclick: (event) =>
          event.shiftKey ? beside({ layer, head }) : change({ layer, head, view: "heatmap" }),
      },
      canvas,
      ...shown.map((line) => make("span", { textContent: line })),
    );
  },

  fill(source, layer, small) {
    const { rows, columns } = itemsNow();
    const scale = state.scale === "auto" ? "linear" : state.scale; // see small() in scale.py
    for (const head of headsShown(source)) {
      const matrix = small
        ? smallMatrix(source, layer, head)
        : pooled(matrixOf(source, layer, head, rows, columns), GRID_SIDE);
      const image = painted(matrix, shades(matrix, scale, !source.strongest).shares);
      const canvas = this.at(layer, head).firstChild;
      Object.assign(canvas, { width: image.width, height: image.height });
      canvas.classList.toggle("few", image.width <= 48);
      canvas.getContext("2d").drawImage(image, 0, 0);
    }
  },

  at(layer, head) {
    return this.element.querySelector(`[data-place="${layer} ${head}"]`);
  },

  point() {
    for (const map of this.element.querySelectorAll(".map[aria-current]"))
      map.removeAttribute("aria-current");
    for (const { layer, head } of placesNow())
      this.at(layer, head)?.setAttribute("aria-current", "true");
  },

  // Arrow keys go from map to map.
  key(event) {
    const { layers } = sourceNow(),
      heads = headsShown(sourceNow());
    const place = document.activeElement?.dataset?.place;
    const [layer, head] = place ? place.split(" ") : [String(state.layer), String(state.head)];
    let row = Number(layer),
      column = heads.map(String).indexOf(head);
    if (event.key === "ArrowLeft") column -= 1;
    else if (event.key === "ArrowRight") column += 1;
    else if (event.key === "ArrowUp") row -= 1;
    else if (event.key === "ArrowDown") row += 1;
    else return false;
    row = Math.min(Math.max(row, 0), layers.length - 1);
    column = Math.min(Math.max(column, 0), heads.length - 1);
    this.at(row, heads[column])?.focus();
    return true;
  },
};
