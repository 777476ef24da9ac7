// Choices that every page has: the language, and light or dark. `act` is what follows from one.

function choice(name, label, options, value, act) {
  const select = make(
    "select",
    { id: `choose-${name}`, onchange: () => act(select.value) },
    ...options.map(([key, text]) =>
      make("option", {
        value: String(key),
        textContent: text,
        dir: "auto",
        selected: String(key) === String(value),
      }),
    ),
  );
  return make("label", {}, make("span", { textContent: label }), select);
}

const languageChoice = (act) =>
  choice(
    "language",
    say("page.language"),
    tree.languages.map(({ tag, name }) => [tag, name]),
    state.language,
    act,
  );
const themeChoice = (act) =>
  choice(
    "theme",
    say("page.theme"),
    ["system", "light", "dark"].map((theme) => [theme, say(`page.${theme}`)]),
    state.theme,
    act,
  );
