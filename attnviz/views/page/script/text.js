// The text as it was written, its tokens as bright as the chosen query's weights.

const text = {
  element: null,

  build() {
    this.part = make("p", { className: "part" });
    this.plates = make("div", { className: "plates" });
    this.element.replaceChildren(this.part, this.plates);
  },

  show() {
    const { rows, columns } = current();
    this.rows = windowAround(queryNow(), rows.n);
    this.columns = oneText() ? this.rows : windowAround(keyNow(), columns.n);
    const cropped = this.rows[0] || this.rows[1] < rows.n;
    tell(this.part, cropped ? [partOf(...this.rows, rows.n)] : []);
    const asking = this.plate(rows, this.rows, "query");
    this.plates.replaceChildren(
      asking,
      ...(oneText() ? [] : [this.plate(columns, this.columns, "key")]),
    );
    this.point();
  },

  plate(items, [from, to], asked) {
    const act = (act, i) => (asked === "query" ? act(i, null, "query") : act(null, i, "key"));
    const parts = [];
    for (let i = from; i < to; i += 1) {
      const between = items.between[i];
      parts.push(between || (i > from && items.special[i - 1] !== items.special[i] ? " " : ""));
      parts.push(
        make("span", {
          className: items.special[i] ? "token special" : "token",
          "data-item": String(i),
          textContent: items.plain[i],
          onpointerenter: () => act(hover, i),
          onclick: () => act(pin, i),
        }),
      );
    }
    if (to === items.n) parts.push(items.between[to]);
    return make(
      "div",
      {
        className: `plate ${asked}`,
        role: "application",
        tabIndex: 0,
        dir: items.direction,
        "aria-label": say(asked === "query" ? "ui.query" : "ui.key"),
      },
      ...parts,
    );
  },

  point() {
    const asked = byQuery() ? "query" : "key";
    const plates = this.plates.children;
    const shaded = oneText() || asked === "key" ? plates[0] : plates[1];
    for (const plate of plates) {
      for (const span of plate.querySelectorAll(".token")) {
        span.style.background = span.style.color = "";
        span.classList.toggle("masked", plate === shaded);
        span.classList.remove("chosen");
      }
    }
    for (const { item, share } of chosenRow()) {
      const span = this.token(shaded, item);
      if (!span) continue;
      span.classList.remove("masked");
      span.style.background = colour(share);
      span.style.color = inkOn(share);
    }
    this.chosen()?.classList.add("chosen");
  },

  chosen() {
    const [first, second] = this.plates.children;
    return byQuery() ? this.token(first, queryNow()) : this.token(second, keyNow());
  },

  token: (plate, item) => plate?.querySelector(`[data-item="${item}"]`),

  key(event) {
    const { rows, columns } = itemsNow();
    const asked = document.activeElement?.classList.contains("key") ? "key" : "query";
    const items = asked === "query" ? rows : columns;
    const onward = items.direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (!event.key.startsWith("Arrow")) return false;
    const by =
      (event.key === onward || event.key === "ArrowDown" ? 1 : -1) * (event.shiftKey ? 10 : 1);
    const at = Math.min(Math.max((asked === "query" ? queryNow() : keyNow()) + by, 0), items.n - 1);
    look(asked === "query" ? at : null, asked === "key" ? at : null, asked);
    const seen = this.token(this.plates.querySelector(`.${asked}`), at);
    if (seen) seen.scrollIntoView({ block: "nearest" });
    else this.show();
    announce();
    return true;
  },
};
