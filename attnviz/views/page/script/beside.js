// Heads that are seen beside the chosen one: their colours, and how they are chosen and let go.

const HEAD_COLOURS = ["#e69f00", "#56b4e9", "#cc79a7", "#009e73", "#d55e00", "#7b7bff"];

// See a head beside the chosen one, or no longer.
function beside(place) {
  const others = state.beside.filter((one) => placeName(one) !== placeName(place));
  const added = others.length === state.beside.length ? [...others, place] : others;
  if (placeName(place) !== placeName(state)) change({ beside: added.slice(-BESIDE_MOST) });
}

// The heads of the layer first that is looked at, then those of the others.
function besideChoice() {
  const source = sourceNow(),
    several = source.layers.length > 1;
  const layers = source.layers.map((title, layer) => {
    const options = headsShown(source).map((head) =>
      make("option", {
        value: placeName({ layer, head }),
        textContent: `${several ? `${source.numbers[layer]} · ` : ""}${headName(source, head, layer)}`,
        dir: "auto",
      }),
    );
    return several ? make("optgroup", { label: title }, ...options) : options;
  });
  const first = make("option", { value: "", textContent: "+", selected: true });
  const select = make(
    "select",
    { id: "choose-beside", onchange: () => select.value && beside(placeFrom(select.value)) },
    first,
    ...layers.flat(),
  );
  return make("label", {}, make("span", { textContent: say("page.beside") }), select);
}

// What each head is called where several are seen, its colour, and a way to let it go.
function chips() {
  const places = placesNow();
  if (places.length < 2) return [];
  return places.map((place, i) => {
    const name = chosenName(place.head, place.layer);
    const colour = make("span", { className: "swatch" });
    colour.style.background = HEAD_COLOURS[i];
    if (!i) return make("span", { className: "chip" }, colour, name);
    return make(
      "button",
      {
        type: "button",
        className: "chip",
        title: say("page.remove"),
        "aria-label": `${say("page.remove")}: ${name}`,
        onclick: () => beside(place),
      },
      colour,
      `${name} ×`,
    );
  });
}
