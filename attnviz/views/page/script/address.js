// The reader's choices in the page's address, `#layer=2&head=8&query=it`: a link opens on what it
// was copied from. Tokens are named where a name is enough, and else have their position.

const ADDRESS_DELAY = 200; // ms: browsers refuse an address that changes too often

const address = {
  opened: "", // what the page would say of itself before anybody chose anything
  shown: "", // what it last said
  waiting: 0,

  begin() {
    this.opened = this.said();
    this.read();
    addEventListener("hashchange", () => {
      if (location.hash !== this.shown) {
        this.read();
        change({});
      }
    });
  },

  said() {
    const { view, layer, head, scale, merge, hide, language, told, asked, beside } = state;
    const { start } = tree,
      stack = stackNow();
    const parts = new URLSearchParams();
    if (tree.stacks.length > 1) parts.set("stack", stack.name);
    if (state.source) parts.set("measure", sourceNow().what);
    parts.set("view", view);
    parts.set("layer", layer);
    parts.set("head", head ?? "mean");
    if (beside.length) parts.set("with", beside.map(placeName).join(","));
    if (told) {
      parts.set("query", tokenName(stack.queries, state.query));
      parts.set("key", tokenName(stack.keys ?? stack.queries, state.key));
      if (asked === "key") parts.set("asked", "key");
    }
    if (scale !== start.scale) parts.set("scale", scale);
    if (merge) parts.set("merge", merge);
    if (hide) parts.set("hide", "special");
    if (language !== start.language) parts.set("lang", language);
    return `#${parts}`;
  },

  // Write what is chosen, a little later.
  keep() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      const said = this.said();
      if (said === this.shown || (!location.hash && said === this.opened)) return;
      this.shown = said;
      try {
        history.replaceState(null, "", said);
      } catch {
        // a frame in a notebook has no address of its own
      }
    }, ADDRESS_DELAY);
  },

  // Take over what the address says, as far as it exists.
  read() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const among = (name, all) => (all.includes(parts.get(name)) ? parts.get(name) : null);
    const stack = tree.stacks.findIndex(({ name }) => name === parts.get("stack"));
    if (stack >= 0) state.stack = stack;
    const source = stackNow().sources.findIndex(({ what }) => what === parts.get("measure"));
    if (source >= 0) state.source = source;
    state.view = among("view", VIEWS) ?? state.view;
    state.scale = among("scale", SCALES) ?? state.scale;
    state.merge = among("merge", merges()) ?? state.merge;
    if (parts.has("hide")) state.hide = canHide(stackNow()) && parts.get("hide") === "special";
    const languages = tree.languages.map(({ tag }) => tag);
    state.language = among("lang", languages) ?? state.language;
    this.readPlace(parts);
    this.readTokens(parts);
    if (document.documentElement.lang !== state.language) stage.build();
  },

  readPlace(parts) {
    if (parts.has("layer")) state.layer = placeFrom(parts.get("layer"))?.layer ?? state.layer;
    if (parts.get("head") === "mean") state.head = null;
    else if (parts.has("head")) {
      const place = placeFrom(parts.get("head"));
      if (place) Object.assign(state, place.head === undefined ? { head: place.layer } : place);
    }
    const named = (parts.get("with") ?? "").split(",").map(placeFrom);
    const whole = named.filter((one) => one && one.head !== undefined);
    // A link without them has none; without a link the page opens on its own.
    if (parts.size) state.beside = whole.slice(0, BESIDE_MOST);
  },

  readTokens(parts) {
    const { queries, keys } = stackNow();
    const query = tokenFrom(queries, parts.get("query")),
      key = tokenFrom(keys ?? queries, parts.get("key"));
    if (query === null && key === null) return;
    state.asked = parts.get("asked") === "key" ? "key" : "query";
    Object.assign(state, { query, key, pinned: true, told: true });
  },
};

// A token's label where no other token has it and it is no number, else its position.
function tokenName({ labels }, place) {
  const label = labels[place];
  const alone = labels.indexOf(label) === labels.lastIndexOf(label);
  return alone && !/^\d*$/.test(label) ? label : String(place);
}

// The position of a token, or of the first token of a word; null where there is none.
function tokenFrom({ labels, units }, said) {
  if (said === null) return null;
  if (/^\d+$/.test(said)) return Number(said) < labels.length ? Number(said) : null;
  if (labels.includes(said)) return labels.indexOf(said);
  for (const unit of Object.values(units))
    if (unit.plain.includes(said)) return unit.starts[unit.plain.indexOf(said)];
  return null;
}
