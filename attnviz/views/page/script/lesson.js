// The lesson as a page: the path, the topics with their pictures and exercises, the answers at the end.

let figures = []; // that are drawn again where there is more room, or other light

function build() {
  const lessons = lessonsNow();
  document.documentElement.lang = state.language;
  document.documentElement.dir = direction();
  document.title = say("lesson.title");
  figures = [];
  const counter = { n: 0, answers: [] };
  const topics = lessons.map((lesson) => topicOf(lesson, counter));
  document.getElementById("page").replaceChildren(
    make(
      "header",
      {},
      make("h1", {}, say("lesson.title")),
      make("div", { className: "choices" }, languageChoice(inLanguage), themeChoice(inTheme), ...(counter.n ? [answersChoice()] : [])),
    ),
    ...(lessons.length > 1 ? [pathOf(lessons)] : []),
    make("main", { className: "lesson" }, ...topics),
    ...(counter.n ? [make("p", { className: "score" }), answersOf(counter.answers)] : []),
  );
  showScore();
  show();
}

function topicOf({ name, question, sentences, panels, exercises, command }, counter) {
  const shown = panels.map(panelOf);
  figures.push(...shown.filter((one) => one.draw));
  const asked = exercises.map((one) => {
    counter.n += 1;
    counter.answers.push({ one, count: counter.n, name });
    return exerciseOf(one, counter.n, `${name} ${counter.n}`);
  });
  return make(
    "section",
    { className: "card topic", id: name },
    make("p", { className: "quiet topic-name", dir: "ltr", textContent: name }),
    make("h2", { dir: direction() }, ...isolated(question)),
    ...sentences.map((sentence) => make("p", { dir: direction() }, ...isolated(sentence))),
    make("div", { className: "shown" }, ...shown),
    ...(command ? [make("p", { className: "quiet try" }, say("lesson.try"), " ", make("code", { dir: "ltr", textContent: command }))] : []),
    ...asked,
  );
}

function pathOf(lessons) {
  const listed = (ofPath) =>
    lessons
      .filter((lesson) => lesson.ofPath === ofPath)
      .map(({ name, question }) => make("li", {}, make("a", { href: `#${name}` }, ...isolated(question))));
  const beside = listed(false);
  return make(
    "nav",
    { className: "card" },
    make("h2", { textContent: say("lesson.path") }),
    make("ol", {}, ...listed(true)),
    ...(beside.length ? [make("h2", { textContent: say("lesson.beside") }), make("ul", {}, ...beside)] : []),
  );
}

// For a teacher: on the screen and on paper only where they are asked for.
function answersChoice() {
  const box = make("input", {
    type: "checkbox",
    id: "choose-answers",
    checked: state.answers,
    onchange: () => {
      state.answers = box.checked;
      show();
    },
  });
  return make("label", { className: "box" }, box, make("span", { textContent: say("exercise.show") }));
}

const answersOf = (answers) =>
  make(
    "section",
    { className: "card answers", id: "answers", dir: direction() },
    make("h2", { textContent: say("exercise.answers") }),
    make(
      "ol",
      {},
      ...answers.map(({ one, count, name }) =>
        make("li", { value: count }, make("span", { className: "quiet", dir: "ltr", textContent: name }), " ", ...workedOut(one)),
      ),
    ),
  );

function show() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  const answers = document.getElementById("answers");
  if (answers) answers.hidden = !state.answers;
  for (const figure of figures) figure.draw();
  document.documentElement.dataset.drawn = "lesson";
}

function inLanguage(language) {
  const topic = [...document.querySelectorAll(".topic")].find(
    (one) => one.getBoundingClientRect().bottom > 0,
  );
  state.language = language;
  build();
  if (scrollY > 0 && topic) document.getElementById(topic.id)?.scrollIntoView();
  document.getElementById("choose-language").focus({ preventScroll: true });
}

function inTheme(theme) {
  state.theme = theme;
  build();
}

// Paper is white.
let screenTheme = null;
addEventListener("beforeprint", () => {
  screenTheme ??= state.theme;
  state.theme = "light";
  show();
});
addEventListener("afterprint", () => {
  state.theme = screenTheme ?? state.theme;
  screenTheme = null;
  show();
});
let wide = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === wide) return;
  wide = innerWidth;
  show();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

build();
