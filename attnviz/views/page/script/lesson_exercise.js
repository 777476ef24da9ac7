// Exercises that check themselves: a wrong answer gets its mistake and a hint, then the answer worked
// out. What is right is as in attnviz: a token in any capitals, a number nearly.

const TRIES = 2;
const results = new Map(); // of each exercise in each language: {tries, hinted, closed, right, told}
const resultOf = (place) => {
  const key = `${state.language} ${place}`;
  if (!results.has(key)) results.set(key, { tries: 0, hinted: false, closed: false, right: false, told: [] });
  return results.get(key);
};

const BEFORE = /^["«»\u200e\u200f\s]+|["«»\u200e\u200f\s]+$/g;

function accepts(one, given) {
  const said = given.replace(BEFORE, "").toLowerCase();
  if (one.value === null) return said === one.answer.toLowerCase();
  return Math.abs(numberIn(said) - one.value) <= one.near + 1e-9;
}

// A number as people write it: with a comma, with a %, in the digits of either script.
function numberIn(said) {
  const plain = said
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => digit.charCodeAt(0) & 15)
    .replace(/[%٪\s]+$/, "")
    .replace(/[,٫،]/, ".")
    .replace(/^−/, "-");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}

// One exercise under its number; place: where it stands, which names what was answered.
function exerciseOf(one, count, place) {
  const result = resultOf(place);
  const told = make("div", { className: "said", role: "status", "aria-live": "polite", dir: direction() });
  const input = one.choices.length ? null : inputOf();
  const buttons = one.choices.map((choice) =>
    make("button", { type: "button", dir: "auto", onclick: () => answer(choice) }, make("bdi", { textContent: choice.text })),
  );
  const hint = make("button", { type: "button", className: "hint", textContent: bareOf("exercise.hint"), onclick: showHint });
  const check = make("button", { type: "button", className: "check", textContent: say("exercise.check"), onclick: () => answer() });

  function inputOf() {
    return make("input", {
      type: "text",
      autocomplete: "off",
      spellcheck: false,
      dir: "auto",
      "aria-label": bareOf("exercise.answer"),
      onkeydown: (event) => {
        if (event.key === "Enter") answer();
      },
    });
  }
  // Nothing given is the wish for a hint, then for the answer.
  function answer(choice = null) {
    if (result.closed) return;
    const given = choice ? choice.text : (input?.value ?? "");
    if (!given.trim()) return result.hinted ? close() : showHint();
    if (choice ? !choice.mistake : accepts(one, given)) return right();
    result.tries += 1;
    result.told.push(["exercise.wrong", ""]);
    if (choice?.mistake) result.told.push(["exercise.mistake", choice.mistake]);
    if (result.tries >= TRIES) close();
    else showHint();
  }
  function showHint() {
    if (result.closed) return;
    if (!result.hinted) result.told.push(["exercise.hint", one.hint]);
    result.hinted = true;
    show();
  }
  function right() {
    result.right = true;
    result.told = [["exercise.right", ""]];
    close();
  }
  function close() {
    result.closed = true;
    result.told.push(["exercise.answer", null]);
    show();
  }
  function show() {
    told.replaceChildren(
      ...result.told.map(([key, text]) =>
        make("p", { className: key.replace(".", "-") }, make("b", { textContent: say(key) }), " ", ...(text === null ? workedOut(one) : isolated(text))),
      ),
    );
    const open = [...buttons, hint, check, ...(input ? [input] : [])];
    for (const element of open) element.disabled = result.closed;
    buttons.forEach((button, i) => button.classList.toggle("right", result.closed && !one.choices[i].mistake));
    showScore();
  }
  const card = make(
    "section",
    { className: "exercise", dir: direction() },
    make("h3", {}, `${say("exercise.try")} ${count}`),
    ...given(one),
    make("p", { className: "asked" }, ...isolated(one.question)),
    input
      ? make("div", { className: "answer" }, input, make("span", { className: "blank", textContent: "________" }), check, hint)
      : make("div", { className: "answer" }, make("div", { className: "choose" }, ...buttons), hint),
    told,
  );
  if (one.value !== null && !one.choices.length)
    card.insertBefore(make("p", { className: "quiet rounding", textContent: say("exercise.rounding") }), told);
  show();
  return card;
}

const bareOf = (key) => say(key).replace(/[:：]\s*$/, "");

// What an exercise shows: a text, or numbers in rows.
function given({ lines, rows }) {
  const above = lines
    .slice(0, lines.length - rows.length)
    .map((line) => make("p", { className: "given", dir: runs(line) }, ...isolated(line)));
  if (!rows.length) return above;
  const row = ([label, ...cells]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("bdi", { textContent: label })),
      ...cells.map((cell) => make("td", { className: cell === "__" ? "gap" : "" }, ...isolated(cell))),
    );
  const table = make("table", { className: "numbers" }, make("tbody", {}, ...rows.map(row)));
  return [...above, make("div", { className: "scroll", dir: "ltr" }, table)];
}

// The answer, and how it is found. What points from one to the other runs from left to right.
function workedOut({ answer, worked }) {
  return [
    make("bdi", { className: "strong", textContent: answer }),
    " \u2003",
    make("bdi", { className: "worked", dir: /[→=%√]/.test(worked) ? "ltr" : "auto" }, ...isolated(worked)),
  ];
}

function showScore() {
  const all = lessonsNow().flatMap(({ exercises }) => exercises);
  const right = [...results].filter(([key, { right }]) => right && key.startsWith(`${state.language} `));
  for (const element of document.querySelectorAll(".score"))
    tell(element, [say("exercise.score", { n: number(right.length), total: number(all.length) })]);
}
