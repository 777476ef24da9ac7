// The frame around the views: titles, choices, tabs, keys; and the start.

const VIEW_OF = { heads: grid, heatmap, links, text, table, timeline, sound, image };

function build() {
  seen = null;
  const page = document.getElementById("page");
  document.documentElement.lang = state.language;
  document.documentElement.dir = words().rightToLeft ? "rtl" : "ltr";
  const views = VIEWS.map((view) => {
    VIEW_OF[view].element = make("div", {
      className: `view ${view}`,
      id: `view-${view}`,
      role: "tabpanel",
      "aria-labelledby": `tab-${view}`,
      dir: "ltr",
      onscroll: ({ target }) => showEdge(target),
    });
    return VIEW_OF[view].element;
  });
  const beside = side.build();
  page.replaceChildren(
    make(
      "header",
      {},
      make("h1"),
      make("div", { className: "choices" }, languageChoice(inLanguage), themeChoice(inTheme)),
    ),
    make("div", { className: "bar", id: "choices" }),
    make(
      "main",
      {},
      make(
        "div",
        { className: "card picture" },
        make(
          "div",
          { className: "tabs", role: "tablist", "aria-label": say("page.views") },
          ...VIEWS.map(tab),
        ),
        ...views,
        legend(),
        tools.build(),
      ),
      beside,
    ),
    make("div", { id: "said", role: "status", "aria-live": "polite" }),
  );
  for (const view of VIEWS) if (view !== "heads") VIEW_OF[view].build();
}

// What follows from the choices before any weights are there.
function showFrame() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  document.querySelector("h1").replaceChildren(...dotted(sourceNow().titles[state.language]));
  showChoices();
  for (const view of VIEWS) {
    VIEW_OF[view].element.hidden = view !== state.view;
    const selected = view === state.view,
      button = document.getElementById(`tab-${view}`);
    button.setAttribute("aria-selected", String(selected));
    button.tabIndex = selected ? 0 : -1;
  }
}

let seen = null; // the view on the screen

function showWeights() {
  const view = VIEW_OF[state.view];
  if (state.view !== "heads") view.show();
  showEdge(view.element);
  if (state.view !== seen) bring(view.chosen?.()); // later, where a reader scrolls to stays
  seen = state.view;
  showBrightest();
  side.show();
  showLegend();
  document.documentElement.dataset.drawn = state.view;
}

// A view that goes on beyond its edge fades there.
function showEdge(element) {
  const more = element.scrollWidth - element.clientWidth - element.scrollLeft;
  element.classList.toggle("more", more > 2);
}

// Only what follows from the query and the key.
function point() {
  showBrightest();
  side.point();
  VIEW_OF[state.view].point();
}

const tab = (view, i) =>
  make("button", {
    type: "button",
    role: "tab",
    id: `tab-${view}`,
    "aria-controls": `view-${view}`,
    title: String(i + 1),
    textContent: say(`page.${view}`),
    onclick: () => change({ view }),
  });

// Every word changes, so all of the page is built again; the focus stays where it was.
function inLanguage(language) {
  const place = focusNow();
  state.language = language;
  build();
  change({});
  drawn.then(place);
}

// What gives the focus back to its place once everything is drawn anew. A place without a name is
// counted from the nearest one around it that has a name.
function focusNow() {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return () => {};
  const { id } = focused.closest("[id]"),
    like = focused.tagName.toLowerCase();
  const around = () => document.getElementById(id);
  const at = focused.id ? -1 : [...around().querySelectorAll(like)].indexOf(focused);
  return () => {
    if (document.activeElement !== document.body) return; // the reader is elsewhere by now
    const again = at < 0 ? around() : around()?.querySelectorAll(like)[at];
    again?.focus({ preventScroll: true });
  };
}

function inTheme(theme) {
  change({ theme });
  document.getElementById("choose-theme").value = theme;
}

function showChoices() {
  const source = sourceNow(),
    stack = stackNow(),
    made = [];
  const focused = document.activeElement?.id;
  const number = (value) => (value === "null" ? null : Number(value));
  if (tree.stacks.length > 1) {
    made.push(
      choice(
        "stack",
        say("page.stack"),
        tree.stacks.map(({ name }, i) => [i, name]),
        state.stack,
        (i) => change({ stack: Number(i) }),
      ),
    );
  }
  if (stack.sources.length > 1) {
    made.push(
      choice(
        "source",
        say("page.measure"),
        stack.sources.map(({ what }, i) => [i, what]),
        state.source,
        (i) => change({ source: Number(i) }),
      ),
    );
  }
  if (source.layers.length > 1) {
    made.push(
      choice(
        "layer",
        say("page.layer"),
        source.layers.map((title, i) => [i, title]),
        state.layer,
        (i) => change({ layer: Number(i) }),
      ),
    );
  }
  if (source.heads.length > 1) {
    made.push(
      choice(
        "head",
        say("page.head"),
        headsShown(source).map((head) => [head, headName(source, head, state.layer)]),
        state.head,
        (head) => change({ head: number(head) }),
      ),
      besideChoice(),
    );
  }
  made.push(
    choice(
      "scale",
      say("page.scale"),
      SCALES.map((scale) => [scale, scale === "no-sink" ? "no sink" : scale]),
      state.scale,
      (scale) => change({ scale }),
    ),
  );
  if (canJoin() && merges().length > 1) {
    const named = merges().map((kind) => [kind, say(kind ? `page.${kind}` : "page.tokens")]);
    made.push(choice("merge", say("page.merge"), named, state.merge, (merge) => change({ merge })));
  }
  if (canJoin() && canHide(stack)) made.push(box("hide", "page.special"));
  document.getElementById("choices").replaceChildren(...made);
  if (focused) document.getElementById(focused)?.focus();
}

function box(name, key) {
  const input = make("input", {
    type: "checkbox",
    id: `choose-${name}`,
    checked: state[name],
    onchange: () => change({ [name]: input.checked }),
  });
  return make("label", { className: "box" }, input, make("span", { textContent: say(key) }));
}

// What bright means

function legend() {
  return make(
    "div",
    { className: "legend", dir: "ltr" },
    make("span"),
    make("canvas", { width: tree.ramp.length, height: 1, "aria-hidden": "true" }),
    make("span"),
    make("span", { className: "note" }),
  );
}

function showLegend() {
  const { shade, columns, matrix } = current();
  const [low, bar, , note] = document.querySelector(".legend").children;
  const pen = bar.getContext("2d");
  tree.ramp.forEach((rgb, i) => {
    pen.fillStyle = `rgb(${rgb.join(" ")})`;
    pen.fillRect(i, 0, 1, 1);
  });
  const own = ["heads", "sound", "image"].includes(state.view) || state.beside.length > 0;
  low.textContent = own ? "" : "0%";
  bar.hidden = state.view === "links" && state.beside.length > 0; // colours stand for heads
  const told = [];
  const kept = state.view === "heatmap" && heatmap.detailed();
  if (kept) told.push(say("page.kept", { n: sourceNow().strongest.k }));
  if (state.view === "heads" || (state.beside.length && ["heatmap", "links"].includes(state.view)))
    told.push(say("ui.own_scale"));
  else if (["timeline", "sound", "image"].includes(state.view)) {
    // shares of the whole; or the view says it
  } else if (shade.sink)
    told.push(
      say("ui.sink", {
        pct: token(percent(shade.sink.share)),
        key: token(columns.labels[shade.sink.column]),
      }),
    );
  else if (shade.scale !== "linear") told.push(say("ui.scale", { value: token(shade.scale) }));
  if (kept) told.push(...heatmap.rest());
  else if (matrix.masked.includes(1) && ["heads", "heatmap", "table"].includes(state.view))
    told.push(say("ui.grey"));
  tell(
    note,
    told.map((sentence) => sentence.replace(/[.]$/, "")), // a dot stands between them
  );
}

// The weight that is brightest: of the row where a view shows one, else of the head.
function showBrightest() {
  const { shade } = current(),
    high = document.querySelector(".legend").children[2];
  if (["heads", "sound", "image"].includes(state.view) || state.beside.length) high.textContent = "";
  else {
    const rows = ["links", "text"].includes(state.view);
    const most = rows
      ? brightest()
      : state.view === "heatmap"
        ? heatmap.largest()
        : state.view === "timeline"
          ? 1
          : shade.largest;
    const cut = shade.sink && !rows && state.view !== "timeline";
    high.textContent = (cut ? "≥ " : "") + percent(most);
  }
}

// Keys

const KEYS = {
  h: () => stepTo("head", -1),
  l: () => stepTo("head", 1),
  k: () => stepTo("layer", -1),
  j: () => stepTo("layer", 1),
  s: () => change({ scale: after(SCALES, state.scale) }),
  m: () => canJoin() && change({ merge: after(merges(), state.merge) }),
  x: () => document.getElementById("choose-hide")?.click(),
  g: () => inLanguage(after(tree.languages, words()).tag),
  d: () => inTheme(isDark() ? "light" : "dark"),
  "+": () => heatmap.zoom(0.5),
  "=": () => heatmap.zoom(0.5),
  "-": () => heatmap.zoom(2),
  0: () => change({ span: null }),
  Escape: () => look(null, null, state.asked, false),
  Enter: () => look(null, null, state.asked, true),
};

const after = (all, one) => all[(all.indexOf(one) + 1) % all.length];

// The head or layer before or after; heads begin with the mean.
function stepTo(what, by) {
  const source = sourceNow();
  const all = what === "head" ? headsShown(source) : source.layers.map((_, i) => i);
  const at = all.indexOf(state[what]) + by;
  if (at >= 0 && at < all.length) change({ [what]: all[at] });
}

function pressed(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.tagName === "SELECT") return;
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  if (tabs.includes(target) && ["ArrowLeft", "ArrowRight"].includes(key)) {
    const forward = (key === "ArrowRight") !== words().rightToLeft;
    const next = tabs[(tabs.indexOf(target) + (forward ? 1 : tabs.length - 1)) % tabs.length];
    next.click();
    next.focus();
    return event.preventDefault();
  }
  const inView = VIEW_OF[state.view].element.contains(target);
  const pressable = ["BUTTON", "SUMMARY", "INPUT"].includes(target.tagName);
  if ((inView || target === document.body) && VIEW_OF[state.view].key(event))
    return event.preventDefault();
  if (/^[1-9]$/.test(key) && VIEWS[Number(key) - 1]) change({ view: VIEWS[Number(key) - 1] });
  else if (key === "Enter" && pressable)
    return; // a button does what it says
  else if (KEYS[key] && (!"+=-0".includes(key) || state.view === "heatmap")) KEYS[key]();
}

// The start

function begin() {
  Object.assign(stage, { build, showFrame, showHeads: () => grid.show(), showWeights, point });
  Object.assign(stage, { keep: () => address.keep() });
  build();
  if (typeof DecompressionStream === "undefined") {
    document
      .querySelector(".picture")
      .replaceChildren(make("p", { className: "old", textContent: say("page.old") }));
    return;
  }
  document.addEventListener("keydown", pressed);
  settle();
  address.begin();
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => change({}));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => change({}));
  change({});
}

begin();
