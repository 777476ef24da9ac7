// Maps and lines of the lesson on canvases that are as wide as there is room.

const MAP_CELL = 46,
  MAP_WRITTEN = 23, // pixels of a cell from which its number is written into it
  MAP_NAMES = 96, // pixels of the longest name; on a phone less, so that cells are left
  MAP_MANY = 10, // columns beside which names are shorter there
  MAP_NAMED = 10, // pixels of a cell from which tokens are named
  LINK_ROW = 26,
  LINK_ROOM = 260;

// The weights of a map: see quantised.py.
function matrixFrom({ levels, bits, largest }, rows, columns) {
  const found = numbers(fromBase64(levels).buffer, bits === 8 ? Uint8Array : Uint16Array);
  const table = tableOf(bits);
  return {
    rows,
    columns,
    weights: Float32Array.from(found, (level) => table[level] * largest),
    masked: Uint8Array.from(found, (level) => (level ? 0 : 1)),
  };
}

// A canvas of so many pixels of the page, as sharp as the screen is.
function sized(canvas, width, height) {
  const ratio = Math.max(devicePixelRatio || 1, 2); // 2 at least: paper is finer than a screen
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  return pen;
}

// One map with its tokens: who looks, who is looked at, and how much, also for those who cannot see.
function mapFigure(panel) {
  const { rows, columns } = panel;
  const matrix = matrixFrom(panel.maps[0], rows.length, columns.length);
  const shade = shades(matrix, "auto", true);
  const told = make("p", { className: "quiet pointed", dir: "ltr", role: "status" });
  const at = { row: null, column: null, place: null };
  const canvas = make("canvas", {
    tabIndex: 0,
    role: "img",
    "aria-label": `${say("ui.query")} × ${say("ui.key")}`,
    onpointermove: (event) => pointed(event),
    onpointerdown: (event) => pointed(event),
    onkeydown: (event) => moved(event),
  });
  canvas.append(spokenTable(panel, matrix));

  function choose(row, column) {
    if (row < 0 || column < 0 || row >= rows.length || column >= columns.length) return;
    Object.assign(at, { row, column });
    const cell = row * columns.length + column;
    const share = matrix.masked[cell] ? say("page.masked") : short(matrix.weights[cell], 8);
    told.replaceChildren(...isolated(`${token(rows[row])} → ${token(columns[column])} ${number(share)}`));
    draw();
  }
  function pointed(event) {
    const box = canvas.getBoundingClientRect(),
      { left, top, cell } = at.place;
    choose(
      Math.floor((event.clientY - box.top - top) / cell),
      Math.floor((event.clientX - box.left - left) / cell),
    );
  }
  function moved(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    choose((at.row ?? 0) + step[0], (at.column ?? 0) + step[1]);
  }
  function draw() {
    const room = figure.clientWidth || 320;
    at.place = placeOf(panel, room);
    const pen = sized(canvas, at.place.width, at.place.height);
    drawMap(pen, panel, matrix, shade, at);
  }
  const figure = make("figure", { className: "map-figure", dir: "ltr" }, canvas, told);
  figure.draw = draw;
  return figure;
}

// Where the cells of a map stand, and how large they are.
function placeOf({ rows, columns }, room) {
  const pen = make("canvas").getContext("2d");
  pen.font = font(13);
  const most = Math.min(MAP_NAMES, room / (columns.length > MAP_MANY ? 5 : 3.4));
  const widest = (labels) =>
    Math.min(Math.max(...labels.map((label) => pen.measureText(label).width)), most);
  const left = widest(rows) + 10;
  const named = widest(columns);
  let cell = Math.min((room - left - 2) / columns.length, MAP_CELL);
  const slanted = named > cell - 4;
  const over = slanted ? Math.max(0.72 * named - cell / 2, 0) : 0;
  cell = Math.max(Math.floor(Math.min((room - left - 2 - over) / columns.length, MAP_CELL)), 4);
  const top = slanted ? 0.72 * named + 16 : 24;
  return {
    left,
    top,
    cell,
    slanted,
    named,
    width: Math.ceil(left + cell * columns.length + over + 2),
    height: Math.ceil(top + cell * rows.length + 2),
  };
}

function drawMap(pen, { rows, columns, row }, matrix, shade, at) {
  const { left, top, cell, slanted, named } = at.place,
    width = cell * columns.length;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(painted(matrix, shade.shares), left, top, width, cell * rows.length);
  if (cell >= MAP_WRITTEN) drawShares(pen, matrix, shade, at.place);
  const size = Math.min(13, cell * 0.9);
  if (cell >= MAP_NAMED) {
    rows.forEach((label, i) =>
      drawName(pen, label, left - 6, top + (i + 0.5) * cell, size, i === at.row, "right", left - 8),
    );
    columns.forEach((label, i) => {
      pen.save();
      pen.translate(left + (i + 0.5) * cell, top - (slanted ? 6 : 11));
      if (slanted) pen.rotate(-Math.PI / 4);
      drawName(pen, label, 0, 0, size, i === at.column, slanted ? "left" : "center", slanted ? named : cell);
      pen.restore();
    });
  }
  pen.lineWidth = 2;
  pen.strokeStyle = "#d6336c"; // the frame of pictures, too
  if (row !== null) pen.strokeRect(left, top + row * cell, width, cell);
  pen.strokeStyle = inkOf("--accent");
  if (at.row !== null) pen.strokeRect(left + at.column * cell, top + at.row * cell, cell, cell);
}

function drawShares(pen, matrix, shade, { left, top, cell }) {
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.font = font(cell >= 34 ? 12 : 10.5);
  for (let i = 0; i < matrix.weights.length; i += 1) {
    const row = Math.floor(i / matrix.columns);
    pen.fillStyle = matrix.masked[i] ? inkOf("--muted") : inkOn(shade.shares[i]);
    pen.fillText(
      matrix.masked[i] ? "·" : String(Math.round(100 * matrix.weights[i])),
      left + ((i % matrix.columns) + 0.5) * cell,
      top + (row + 0.5) * cell,
    );
  }
}

// The numbers of a canvas, for who does not see it.
function spokenTable({ rows, columns }, matrix) {
  const cell = (row, column) => {
    const at = row * columns.length + column;
    return make("td", {
      textContent: matrix.masked[at] ? say("page.masked") : `${Math.round(100 * matrix.weights[at])}%`,
    });
  };
  return make(
    "table",
    {},
    make("tr", {}, make("td"), ...columns.map((label) => make("th", { textContent: label, scope: "col" }))),
    ...rows.map((label, row) =>
      make("tr", {}, make("th", { textContent: label, scope: "row" }), ...columns.map((_, i) => cell(row, i))),
    ),
  );
}

// Heads side by side, each a small map under its name.
function gridFigure({ maps, rows, columns }) {
  const figures = maps.map((map) => {
    const matrix = matrixFrom(map, rows.length, columns.length);
    const canvas = painted(matrix, shades(matrix, "auto", true).shares);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", map.name);
    canvas.classList.toggle("few", rows.length <= 96);
    canvas.style.aspectRatio = `${columns.length} / ${Math.min(rows.length, 2 * columns.length)}`;
    return make("figure", {}, make("figcaption", {}, make("bdi", { textContent: map.name })), canvas);
  });
  return make("div", { className: "heads", dir: "ltr" }, ...figures);
}

// Words that listen: each a strip as long as the sound, bright where it looks.
function stripsFigure({ maps, rows, columns, seconds }) {
  const heads = maps.map((map) => {
    const matrix = matrixFrom(map, rows.length, columns.length);
    const whole = painted(matrix, shades(matrix, "auto", true).shares);
    const strips = rows.flatMap((label, row) => {
      const canvas = make("canvas", { width: columns.length, height: 1, role: "img", "aria-label": label });
      canvas.getContext("2d").drawImage(whole, 0, -row);
      return [make("bdi", { textContent: label }), canvas];
    });
    const times = ["0 s", `${seconds} s`].map((time) => make("small", { textContent: time }));
    return make(
      "div",
      { className: "strip-rows" },
      make("span", { className: "quiet" }, map.name),
      ...strips,
      make("span", { className: "quiet" }, ...times),
    );
  });
  return make("div", { dir: "ltr" }, ...heads);
}

// Tokens one below the other, and a line from each to the other token that it looks at most.
function linksFigure({ rows, links }) {
  const canvas = make("canvas", { role: "img", "aria-label": say("page.links") });
  canvas.append(
    ...links.map(([query, key, weight]) =>
      make("p", { textContent: `${rows[query]} → ${rows[key]} ${short(weight, 8)}` }),
    ),
  );
  const figure = make("figure", { className: "map-figure", dir: "ltr" }, canvas);
  figure.draw = () => {
    const measure = make("canvas").getContext("2d");
    measure.font = font(14);
    const widest = Math.max(...rows.map((label) => measure.measureText(label).width));
    const left = Math.min(widest, 110) + 10,
      right = left + 46;
    const wide = Math.min(Math.max((figure.clientWidth || 320) - left - right, 40), LINK_ROOM);
    const pen = sized(canvas, left + wide + right, LINK_ROW * rows.length);
    const middle = (i) => (i + 0.5) * LINK_ROW;
    const longest = Math.max(1, ...links.map(([query, key]) => Math.abs(query - key)));
    rows.forEach((label, i) => drawName(pen, label, left - 6, middle(i), 14, false, "right", left - 8));
    for (const [query, key, weight] of links) {
      const reach = wide * (0.1 + (0.9 * Math.abs(query - key)) / longest);
      pen.globalAlpha = 0.25 + 0.75 * weight;
      pen.lineWidth = 1 + 3.5 * weight;
      pen.strokeStyle = inkOf("--line-ink");
      pen.beginPath();
      pen.moveTo(left, middle(query));
      pen.bezierCurveTo(left + reach, middle(query), left + reach, middle(key), left, middle(key));
      pen.stroke();
      pen.globalAlpha = 1;
      const words = `${short(weight, 8)} ${rows[key]}`;
      drawName(pen, words, left + wide + 4, middle(query), 13, false, "left", right - 4);
    }
  };
  return figure;
}

// A picture, once for each row of weights over it.
function photosFigure({ photos }) {
  const [width, height] = photos.size;
  const figures = photos.drawn.map(([name, place]) => {
    const canvas = make("canvas", { width, height, role: "img", "aria-label": name });
    const jpeg = new Blob([fromBase64(tree.pictures[place])], { type: "image/jpeg" });
    createImageBitmap(jpeg).then((bitmap) => canvas.getContext("2d").drawImage(bitmap, 0, 0, width, height));
    return make("figure", {}, make("figcaption", {}, make("bdi", { textContent: name })), canvas);
  });
  return make("div", { className: "heads photos", dir: "ltr" }, ...figures);
}
