// Beside the picture: where the chosen token looks, what the weights show, what the numbers are.

const BARS = 8; // at most

const side = {
  build() {
    this.heading = make("h2");
    this.pinned = make("button", {
      type: "button",
      className: "pinned",
      onclick: () => look(null, null, state.asked, false),
    });
    this.bars = make("ol", { className: "bars" });
    this.sum = make("p", { className: "quiet" });
    this.found = make("ul", { className: "findings" });
    this.foundHeading = make("h2");
    this.caveats = make("div", { className: "quiet" });
    this.pair = make("section", { className: "card pair" });
    this.about = make("div", { className: "quiet" });
    return make(
      "aside",
      {},
      make(
        "section",
        { className: "card" },
        make("div", { className: "card-head" }, this.heading, this.pinned),
        this.bars,
        this.sum,
      ),
      this.pair,
      make("section", { className: "card" }, this.foundHeading, this.found, this.caveats),
      make(
        "details",
        { className: "card" },
        make("summary", { textContent: say("page.about") }),
        this.about,
      ),
      make(
        "details",
        { className: "card" },
        make("summary", { textContent: say("page.keyboard") }),
        keyboardHelp(),
      ),
    );
  },

  show() {
    const source = sourceNow(),
      told = source.findings[state.language][state.layer];
    const own = source.heads.length > 1 && state.head !== null && told[state.head + 1];
    const ofSpecial = source.ofSpecial[state.layer][own ? state.head + 1 : 0];
    const sentences = (own || told[0]).filter((_, i) => !state.hide || !ofSpecial.includes(i));
    this.foundHeading.replaceChildren(
      ...isolated(say("ui.findings")),
      make("small", {}, ...dotted(chosenName(own ? state.head : null))),
    );
    this.found.replaceChildren(...sentences.map((sentence) => written("li", sentence)));
    this.caveats.replaceChildren(
      ...tree.caveats[state.language].map((sentence) => written("p", sentence)),
    );
    this.about.replaceChildren(
      ...this.aboutNumbers(source).map((sentence) => written("p", sentence)),
    );
    this.point();
  },

  aboutNumbers(source) {
    const told = [...source.about[state.language]];
    if (source.strongest) told.push(say("page.kept", { n: source.strongest.k }));
    const { hidden } = matrixFor(state.layer, state.head);
    if (state.hide && hidden > 0) told.push(say("ui.hidden", { pct: percent(hidden) }));
    return [...told, ...tree.notes[state.language], ...tree.made[state.language], `attnviz ${tree.attnviz}`];
  },

  point() {
    const { rows, columns } = current(),
      asking = state.asked === "query";
    const [asked, others] = asking ? [rows, columns] : [columns, rows];
    const at = asking ? queryNow() : keyNow();
    const found = (asking ? keysOf(at) : queriesOf(at)).filter(({ weight }) => weight >= LEAST);
    this.heading.replaceChildren(
      ...isolated(
        say(asking ? "page.looks" : "page.looked", {
          query: token(asked.labels[at]),
          key: token(asked.labels[at]),
        }),
      ),
    );
    this.pinned.hidden = !state.pinned;
    this.pinned.textContent = `${say("page.pinned")} ×`;
    this.bars.replaceChildren(
      ...found.slice(0, BARS).map((one) => this.bar(one, others, found[0].weight)),
    );
    if (!found.length) this.bars.append(make("li", { textContent: say("ui.nothing") }));
    this.sum.replaceChildren(...isolated(this.note(asking, found)));
    pair.show(this.pair);
  },

  bar({ item, weight }, items, largest) {
    const filled = make("span", { className: "filled" });
    filled.style.inlineSize = `${(100 * weight) / largest}%`;
    filled.style.background = colour(weight / largest);
    const place = make("span", { className: "place", textContent: String(items.starts[item]) });
    return make(
      "li",
      {},
      make(
        "button",
        {
          type: "button",
          onclick: () =>
            state.asked === "query" ? look(queryNow(), item, "query") : look(item, keyNow(), "key"),
          ondblclick: () => (oneText() ? look(item, null, "query") : null),
        },
        make("bdi", { textContent: items.labels[item] }),
        place,
        make("span", { className: "track" }, filled),
        make("b", { textContent: short(weight, sourceNow().bits), dir: "ltr" }),
      ),
    );
  },

  note(asking, found) {
    if (!asking || sourceNow().strongest) return state.pinned ? "" : say("page.hint");
    const sum = found.reduce((total, { weight }) => total + weight, 0);
    return (
      say("page.sum", { pct: `\u2066${percent(sum)}${END}` }) +
      (state.pinned ? "" : ` · ${say("page.hint")}`)
    );
  },
};

function keyboardHelp() {
  const keys = [
    [`1 – ${VIEWS.length}`, VIEWS.map((view) => say(`page.${view}`)).join(" · ")],
    ["← → ↑ ↓", say("page.move")],
    ["Enter", say("page.pin")],
    ["Esc", say("page.let_go")],
    ["h l", say("page.head")],
    ["k j", say("page.layer")],
    ["s", say("page.scale")],
    ["m", say("page.merge")],
    ["x", say("page.special")],
    ["+ − 0", [say("page.zoom_in"), say("page.zoom_out"), say("page.whole")].join(" · ")],
    ["g", say("page.language")],
    ["d", say("page.theme")],
  ];
  return make(
    "dl",
    {},
    ...keys.flatMap(([key, what]) => [
      make("dt", {}, make("kbd", { textContent: key, dir: "ltr" })),
      make("dd", {}, ...dotted(what)),
    ]),
  );
}

// A token and its share; the place of the token would run into them.
const toldBar = (one) =>
  [...one.querySelectorAll("bdi, b")].map((part) => part.textContent).join(" ") || one.textContent;

// The weight of a pair, or why there is none. Of a long text the strongest were kept: where fewer
// than could be were, the others are 0.
function toldWeight(row, column) {
  const weight = weightOf(row, column),
    { strongest } = sourceNow();
  if (weight !== null) return percent(weight);
  const runs = strongest && maskOf(sourceNow(), state.layer);
  if (!strongest || (runs && (column < runs[0][row] || column >= runs[1][row])))
    return say("page.masked");
  return runs && keysOf(row).length < strongest.k ? percent(0) : say("page.not_kept");
}

// Tell a screen reader which pair is chosen, and its weight.
function announce() {
  const { rows, columns } = itemsNow(),
    row = queryNow(),
    column = keyNow();
  const said =
    state.view === "heatmap"
      ? `${rows.labels[row]} ${words().rightToLeft ? "←" : "→"} ${columns.labels[column]}: ${toldWeight(row, column)}`
      : bare(side.heading.textContent) +
        " " +
        [...side.bars.children]
          .slice(0, 3)
          .map(toldBar)
          .join(", ");
  document.getElementById("said").textContent = said;
}
