// What the reader takes away: the picture of a view as a file, its numbers as a table.

const SHARPER = 2, // pixels of a saved picture for one on the screen
  PICTURE_MOST = 12_000, // pixels a side, more than any browser refuses
  MARGIN = 20;

const tools = {
  build() {
    const button = (name, act) =>
      make("button", { type: "button", id: name, textContent: say(`page.${name}`), onclick: act });
    this.told = make("span", { className: "told" });
    this.element = make(
      "div",
      { className: "tools" },
      button("save", () => this.save()),
      button("copy", () => this.copy()),
      this.told,
    );
    return this.element;
  },

  tell(key, values) {
    const said = say(key, values);
    this.told.replaceChildren(...isolated(said));
    document.getElementById("said").textContent = bare(said);
  },

  async save() {
    const picture = await new Promise((done) => pictureOf(state.view).toBlob(done));
    const place = placeName({ layer: sourceNow().numbers[state.layer], head: state.head });
    const name = `attnviz-${state.view}-${place}.png`;
    const link = make("a", { href: URL.createObjectURL(picture), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser has read it by then
    this.tell("page.saved", { path: token(name) });
  },

  async copy() {
    const table = tableOfNumbers();
    if (!(await copied(table.join("\n")))) return this.tell("page.not_copied");
    this.tell("page.copied", { n: table.length });
  },
};

// Into the clipboard; without leave for it, by the old way of selecting.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { value: text, readOnly: true });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

// The numbers of the heads that are shown, one below the other, with tabs between: spreadsheets take
// them as cells. Masked pairs are empty.
function tableOfNumbers() {
  const { rows, columns, source } = current(),
    digits = source.bits === 16 ? 6 : 3;
  const number = (weight) => String(Number(weight.toPrecision(digits)));
  return placesNow().flatMap(({ layer, head }, i) => {
    const name = harmless(chosenName(head, layer));
    const lines = source.strongest
      ? strongestLines(name, layer, head, number)
      : [
          [name, ...columns.labels.map(harmless)],
          ...rows.labels.map((label, row) => [harmless(label), ...cellsOf(layer, head, row, number)]),
        ];
    return [...(i ? [""] : []), ...lines.map((cells) => cells.join("\t"))];
  });
}

function cellsOf(layer, head, row, number) {
  const { columns, weights, masked } = matrixFor(layer, head);
  const cells = [];
  for (let at = row * columns; at < (row + 1) * columns; at += 1)
    cells.push(masked[at] ? "" : number(weights[at]));
  return cells;
}

// Of a long text: each query with the keys that were kept.
function strongestLines(name, layer, head, number) {
  const { rows, columns, source } = current(),
    lines = [[name, say("ui.key"), "weight"]];
  for (let row = 0; row < rows.n; row += 1)
    for (const { item, weight } of keptOf(source, layer, head, row, rows.n))
      lines.push([harmless(rows.labels[row]), harmless(columns.labels[item]), number(weight)]);
  return lines;
}

// A label that a spreadsheet would run gets an apostrophe, as in files/table.py.
const harmless = (label) =>
  /^[=+\-@\t\r]/.test(label) && !Number.isFinite(Number(label)) ? `'${label}` : label;

// A view as a canvas: its title, the view to its full width, what bright means.
function pictureOf(view) {
  const element = document.getElementById(`view-${view}`);
  const legend = document.querySelector(".legend");
  const width = Math.max(element.scrollWidth, 480) + 2 * MARGIN;
  const title = titleLines(width - 2 * MARGIN);
  const top = MARGIN + 22 * title.length + 10,
    below = top + element.scrollHeight + 10;
  const height = below + legend.offsetHeight + MARGIN;
  const sharper = Math.min(SHARPER, PICTURE_MOST / Math.max(width, height));
  const canvas = make("canvas", { width: width * sharper, height: height * sharper });
  const pen = canvas.getContext("2d");
  pen.scale(sharper, sharper);
  pen.fillStyle = inkOf("--card");
  pen.fillRect(0, 0, width, height);
  title.forEach((line, i) => write(pen, line, MARGIN, MARGIN + 22 * i + 11, font(15, i === 0)));
  const box = element.getBoundingClientRect();
  copyTo(pen, element, MARGIN - box.left + element.scrollLeft, top - box.top);
  const low = legend.getBoundingClientRect();
  copyTo(pen, legend, MARGIN - low.left, below - low.top);
  return canvas;
}

function write(pen, line, x, y, inFont) {
  Object.assign(pen, { font: inFont, fillStyle: inkOf("--ink"), textBaseline: "middle" });
  pen.textAlign = "left";
  pen.fillText(line, x, y);
}

function titleLines(width) {
  const pen = make("canvas").getContext("2d"),
    lines = [""];
  pen.font = font(15, true);
  for (const word of bare(sourceNow().titles[state.language]).split(" ")) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (pen.measureText(longer).width <= width || !lines[lines.length - 1])
      lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return [...lines, bare(placesNow().map(({ layer, head }) => chosenName(head, layer)).join("  |  "))];
}

// Draw an element and what is in it where it stands on the screen: backgrounds, canvases, words.
function copyTo(pen, element, right, down) {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden") return;
  const box = element.getBoundingClientRect();
  const [x, y, width, height] = [box.left + right, box.top + down, box.width, box.height];
  pen.save();
  pen.globalAlpha *= Number(style.opacity);
  if (style.overflowX === "hidden") {
    pen.beginPath();
    pen.rect(x, y, width, height);
    pen.clip();
  }
  plateTo(pen, style, x, y, width, height);
  if (element.tagName === "CANVAS" && element.width && element.height) {
    pen.imageSmoothingEnabled = style.imageRendering !== "pixelated";
    pen.drawImage(element, x, y, width, height);
  }
  for (const child of element.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) lettersTo(pen, child, style, right, down);
    else if (child.nodeType === Node.ELEMENT_NODE) copyTo(pen, child, right, down);
  }
  pen.restore();
}

function plateTo(pen, style, x, y, width, height) {
  const drawn = (kind) => {
    pen.beginPath();
    pen.roundRect(x, y, width, height, Math.min(parseFloat(style.borderTopLeftRadius) || 0, 12));
    pen[kind]();
  };
  if (style.backgroundColor !== "rgba(0, 0, 0, 0)") {
    pen.fillStyle = style.backgroundColor;
    drawn("fill");
  }
  for (const line of ["outline", "borderTop"]) {
    const thick = parseFloat(style[`${line}Width`]);
    if (!thick || style[`${line}Style`] !== "solid") continue;
    Object.assign(pen, { strokeStyle: style[`${line}Color`], lineWidth: thick });
    if (line === "outline" || style.borderBottomWidth === style.borderTopWidth) drawn("stroke");
  }
}

// Word by word: a line may break between any two, and each runs in its own direction.
function lettersTo(pen, node, style, right, down) {
  const range = document.createRange();
  Object.assign(pen, {
    font: `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`,
    fillStyle: style.color,
    textBaseline: "middle",
    textAlign: "left",
  });
  for (const { index, 0: word } of node.data.matchAll(/\S+/gu)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const box = range.getBoundingClientRect();
    pen.direction = RIGHT_TO_LEFT.test(word) ? "rtl" : "ltr";
    pen.fillText(word, box.left + right, (box.top + box.bottom) / 2 + down);
  }
}
