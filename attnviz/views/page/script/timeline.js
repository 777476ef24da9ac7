// A written text step by step: each token's probability, what each block of the text took, and
// where the model looked. A click on a step looks at its row.

const timeline = {
  element: null,

  build() {},

  show() {
    const { blocks, steps } = tree.timeline;
    const heads = ["", "p", ...blocks.map((name) => say(`ui.block.${name}`)), say("ui.looks_at")];
    const about = make("caption");
    tell(about, [say("ui.timeline"), say("page.timeline_of")]);
    this.element.replaceChildren(
      make(
        "table",
        { className: "steps" },
        about,
        make("thead", {}, make("tr", {}, ...heads.map((head) => written("th", head, { scope: "col" })))),
        make("tbody", {}, ...steps.map((step, i) => this.row(step, i))),
      ),
    );
    this.point();
  },

  row(step, i) {
    return make(
      "tr",
      { "data-row": String(i), onclick: () => this.choose(i) },
      make("th", { scope: "row" }, make("button", { type: "button" }, labelled(step.label))),
      this.probability(step.p),
      ...step.shares.map((share) => this.share(share)),
      make(
        "td",
        {},
        ...step.strongest.flatMap(([label, share], j) => [
          j ? "  " : "",
          labelled(label),
          make("small", { textContent: ` ${percent(share)}`, dir: "ltr" }),
        ]),
      ),
    );
  },

  probability(p) {
    const filled = make("span", { className: "filled" });
    filled.style.inlineSize = `${100 * p}%`;
    return make(
      "td",
      { className: "p" },
      make("b", { textContent: percent(p), dir: "ltr" }),
      make("span", { className: "track" }, filled),
    );
  },

  share(share) {
    const cell = make("td", { className: "share", textContent: percent(share) });
    cell.style.background = colour(share);
    cell.style.color = inkOn(share);
    return cell;
  },

  // Look at the row where a step was chosen, of the layer and head that are chosen.
  choose(i) {
    const { query } = tree.timeline.steps[i];
    change({ stack: 0, query, asked: "query", pinned: true });
    announce();
  },

  now() {
    return tree.timeline.steps.findIndex(({ query }) => query === state.query);
  },

  point() {
    for (const row of this.element.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
    this.element.querySelector("tr.others")?.remove();
    const row = this.chosen();
    if (!row || state.stack !== 0) return;
    row.classList.add("chosen");
    row.after(this.others(tree.timeline.steps[this.now()]));
  },

  // The likeliest tokens that were not taken.
  others(step) {
    return make(
      "tr",
      { className: "others" },
      make(
        "td",
        { colSpan: 3 + step.shares.length },
        ...isolated(say("page.others")),
        ...step.others.flatMap(([label, p]) => [
          "  ",
          labelled(label),
          make("small", { textContent: ` ${percent(p)}`, dir: "ltr" }),
        ]),
      ),
    );
  },

  chosen() {
    return this.element.querySelector(`[data-row="${this.now()}"]`);
  },

  key(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return false;
    const last = tree.timeline.steps.length - 1,
      at = this.now() < 0 ? (by > 0 ? 0 : last) : this.now() + by;
    this.choose(Math.min(Math.max(at, 0), last));
    drawn.then(() => this.chosen()?.scrollIntoView({ block: "nearest" }));
    return true;
  },
};
