// Words and elements. Text only ever becomes text: nothing here reads markup.

const LEFT_TO_RIGHT = "\u2066",
  FIRST_STRONG = "\u2068",
  END = "\u2069";
const DIRECTIONS = { "\u2066": "ltr", "\u2067": "rtl", "\u2068": "auto" };

const words = () => tree.languages.find((one) => one.tag === state.language) ?? tree.languages[0];

// The sentence `key` with its values in their places, as in Python's Language.say.
function say(key, values = {}) {
  return words().words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

const direction = () => (words().rightToLeft ? "rtl" : "ltr");
// Thousands apart, by a space that cannot be read as a decimal mark, as Python's `grouped`.
const grouped = (value) => value.toLocaleString("en").replaceAll(",", "\u202f");
const number = (value) =>
  `${LEFT_TO_RIGHT}${typeof value === "number" ? grouped(value) : value}${END}`;
const token = (label) => `${FIRST_STRONG}${label}${END}`;

// A share as whole percent, rounded half to even; what is not nothing is never 0%.
function percent(share) {
  const exact = 100 * share;
  let whole = Math.round(exact);
  if (whole - exact === 0.5 && whole % 2) whole -= 1;
  return share > 0 && !whole ? words().lessThanOne : `${whole}%`;
}

// A share beside a bar, as exact as its level; small ones keep one digit.
function short(share, bits) {
  const exact = 100 * share;
  if (exact < 0.005) return share > 0 ? "<0.01%" : "0%";
  if (exact < 0.95) return `${Number(exact.toPrecision(1))}%`;
  return `${exact.toFixed(bits === 16 ? 1 : 0)}%`;
}

// An element; `properties` are set as properties, or as attributes where their names have a dash,
// and for role; "on…" are listeners.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

// Text in which every part between isolates is an element of its own, so that two directions of
// writing do not mix each other up.
function isolated(text) {
  const parts = [];
  for (const piece of text.split(/([\u2066-\u2068][^\u2066-\u2069]*\u2069)/)) {
    const direction = DIRECTIONS[piece[0]];
    if (!direction) parts.push(piece);
    else parts.push(make("bdi", { dir: direction, textContent: piece.slice(1, -1) }));
  }
  return parts;
}

// Names with dots between, each in its own direction.
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
function dotted(text) {
  return text
    .split(" · ")
    .flatMap((part, i) => [
      i ? " · " : "",
      make("bdi", { dir: RIGHT_TO_LEFT.test(part) ? "rtl" : "ltr" }, ...isolated(part)),
    ]);
}

// What the page says beside a picture: pictures run from left to right in every language, sentences
// as their language does, each by itself.
function tell(element, sentences, between = " · ") {
  element.dir = direction();
  element.replaceChildren(
    ...sentences.flatMap((sentence, i) => [
      i ? between : "",
      make("bdi", { dir: direction() }, ...isolated(sentence)),
    ]),
  );
}

const written = (tag, text, properties = {}) => make(tag, properties, ...isolated(text));
const bare = (text) => text.replace(/[\u2066-\u2069]/g, "");
