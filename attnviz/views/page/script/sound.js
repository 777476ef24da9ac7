// Weights over the time of a sound: its spectrogram, and below it a line for each word, or, where
// frames listen, for each head. The chosen line lights its moments in the spectrogram.

// The sound itself, where the record kept it: 8 bits on the mu-law curve, see inputs/sound.py.
const voice = {
  context: null,
  source: null,

  button() {
    const stop = this.source !== null;
    return (this.element = make("button", {
      type: "button",
      id: "play",
      className: "chip",
      textContent: this.name(stop),
      onclick: () => (this.source ? this.stop() : this.play()),
    }));
  },

  name: (stop) => `${stop ? "■" : "▶"} ${say(stop ? "page.stop" : "page.play")}`,

  samples({ bytes }) {
    return Float32Array.from(atob(bytes), (char) => {
      const level = (char.charCodeAt(0) - 127.5) / 127.5;
      return (Math.sign(level) * (256 ** Math.abs(level) - 1)) / 255;
    });
  },

  play() {
    const of = stackNow().sound.voice,
      samples = this.samples(of);
    this.context ??= new AudioContext();
    this.context.resume();
    const buffer = this.context.createBuffer(1, samples.length, of.rate);
    buffer.copyToChannel(samples, 0);
    this.source = this.context.createBufferSource();
    Object.assign(this.source, { buffer, onended: () => this.stop() });
    this.source.connect(this.context.destination);
    const begin = this.context.currentTime;
    this.source.start();
    this.element.textContent = this.name(true);
    const follow = () => {
      if (!this.source) return;
      sound.played(of.begin + this.context.currentTime - begin);
      requestAnimationFrame(follow);
    };
    follow();
  },

  stop() {
    const { source } = this;
    this.source = null;
    if (source) source.onended = null;
    source?.stop();
    this.element.textContent = this.name(false);
    sound.played(null);
  },
};

const sound = {
  element: null,

  build() {},

  show() {
    const of = stackNow().sound;
    if (!of) {
      this.lines = [];
      this.element.replaceChildren(make("p", { className: "quiet" }, ...isolated(say("page.no_frames"))));
      return;
    }
    this.told = make("p", { className: "quiet", dir: direction() });
    this.light = make("canvas", { className: "light", "aria-hidden": "true" });
    this.span = make("div", { className: "said-span", hidden: true });
    this.cursor = make("div", { className: "cursor", hidden: true });
    this.lines = this.linesOf(of);
    this.element.replaceChildren(
      this.told,
      of.voice ? voice.button() : "",
      make(
        "div",
        { className: "over-time" },
        ...(of.picture ? [make("span"), this.picture(of.picture), make("span")] : []),
        make("span"),
        this.axis(of.span),
        make("span", { className: "seconds", textContent: say("ui.sound_time") }),
        ...this.lines.flatMap((line) => this.line(line)),
      ),
    );
    this.point();
  },

  // What each line is: its name, whose weights it has, and what a click on it chooses.
  linesOf(of) {
    const { source, layer, head, rows } = current();
    if (of.words)
      return rows.labels.map((name, row) => ({ name, layer, head, row, at: () => row }));
    return headsShown(source).map((one) => ({
      name: headName(source, one),
      layer,
      head: one,
      row: null,
      at: queryNow,
    }));
  },

  line(line) {
    const canvas = make("canvas", { height: 1, "aria-hidden": "true" });
    const peak = make("small", { dir: "ltr" });
    const button = make(
      "button",
      {
        type: "button",
        onclick: () => this.choose(line),
        onpointerenter: () => line.row !== null && hover(line.row, null, "query"),
        onfocus: () => line.row !== null && hover(line.row, null, "query"),
      },
      make("bdi", { textContent: line.name }),
    );
    Object.assign(line, { canvas, peak, button });
    canvas.addEventListener("pointerenter", () => {
      if (line.row !== null) hover(line.row, null, "query");
    });
    canvas.addEventListener("click", () => this.choose(line));
    return [button, canvas, peak];
  },

  choose(line) {
    if (line.row === null) change({ head: line.head });
    else {
      pin(line.row, null, "query");
      announce();
    }
  },

  // The weights of a line on the frames that are drawn, and the share of them beyond the sound.
  weightsOf({ layer, head, at }) {
    const { source, rows, columns } = current(),
      { times } = stackNow().sound;
    const found = new Float32Array(times.length);
    let beyond = 0;
    const add = (item, weight) => {
      if (columns.starts[item] >= times.length) beyond += weight;
      else found.fill(weight, columns.starts[item], columns.stops[item]);
    };
    if (source.strongest)
      for (const { item, weight } of keptOf(source, layer, head, at(), rows.n)) add(item, weight);
    else {
      const matrix = matrixFor(layer, head),
        start = at() * matrix.columns;
      for (let c = 0; c < matrix.columns; c += 1)
        if (!matrix.masked[start + c]) add(c, matrix.weights[start + c]);
    }
    return { found, beyond };
  },

  point() {
    const of = stackNow().sound;
    if (!of || !this.lines.length) return;
    let beyond = 0;
    for (const line of this.lines) {
      const weights = this.weightsOf(line);
      beyond += weights.beyond / this.lines.length;
      this.fill(line, weights.found, of);
      const chosen = line.row === null ? line.head === state.head : line.row === queryNow();
      line.button.classList.toggle("chosen", chosen);
      line.canvas.classList.toggle("chosen", chosen);
      if (chosen) {
        this.lighten(weights.found);
        this.showSpan(of, line.row);
      }
    }
    this.tell(of, beyond);
  },

  tell(of, beyond) {
    const query = token(current().rows.labels[queryNow()]);
    const told = [of.words ? say("ui.sound_words") : say("ui.sound_heads", { query })];
    if (beyond > 0) told.push(say("ui.sound_beyond", { pct: token(percent(beyond)) }));
    if (of.lined) told.push(say("ui.sound_lined"));
    tell(this.told, told);
  },

  // A line on its own scale, of which the root is drawn, and where its largest weight is.
  fill({ canvas, peak }, found, of) {
    const largest = found.reduce((most, weight) => Math.max(most, weight), 0);
    const at = found.indexOf(largest);
    canvas.width = found.length;
    const pen = canvas.getContext("2d");
    found.forEach((weight, i) => {
      pen.fillStyle = colour(largest ? Math.sqrt(weight / largest) : 0);
      pen.fillRect(i, 0, 1, 1);
    });
    peak.textContent = largest ? `${of.times[at][0].toFixed(2)}s ${percent(largest)}` : "";
  },

  // The moment in which a word was said, where that is known.
  showSpan(of, row) {
    const said = of.spans && row !== null ? of.spans[itemsNow().rows.starts[row]] : null;
    this.span.hidden = !said;
    if (said) this.place(this.span, of.span, said[0], said[1]);
  },

  place(element, [first, last], from, to) {
    const share = (time) => Math.min(Math.max((time - first) / (last - first), 0), 1);
    element.style.left = `${100 * share(from)}%`;
    element.style.width = `${100 * (share(to) - share(from))}%`;
  },

  // While the sound is played: a line runs along, and the word that is said is lit.
  played(time) {
    const of = stackNow().sound;
    if (!of || !this.cursor?.isConnected) return;
    this.cursor.hidden = time === null;
    if (time === null) return;
    this.place(this.cursor, of.span, time, time);
    const said = of.spans?.findIndex(([begin, end]) => begin <= time && time < end) ?? -1;
    if (said >= 0) look(itemAt(itemsNow().rows, said), null, "query", state.pinned, true);
  },

  lighten(found) {
    const largest = found.reduce((most, weight) => Math.max(most, weight), 0);
    Object.assign(this.light, { width: found.length, height: 1 });
    const pen = this.light.getContext("2d");
    found.forEach((weight, i) => {
      pen.fillStyle = `rgb(255 140 0 / ${largest ? 0.6 * Math.sqrt(weight / largest) : 0})`;
      pen.fillRect(i, 0, 1, 1);
    });
  },

  picture({ bands, columns, bytes }) {
    const canvas = make("canvas", { width: columns, height: bands, "aria-hidden": "true" });
    const pen = canvas.getContext("2d"),
      drawn = pen.createImageData(columns, bands),
      levels = atob(bytes);
    for (let i = 0; i < levels.length; i += 1) {
      const level = levels.charCodeAt(i);
      drawn.data.set([level, level, level, 255], 4 * i);
    }
    pen.putImageData(drawn, 0, 0);
    const listens = (event) => this.listen(event);
    return make("div", { className: "spectrogram", onclick: listens }, canvas, this.light, this.span, this.cursor);
  },

  // The moment that was clicked at listens, where moments do.
  listen({ currentTarget, clientX }) {
    const { words, times } = stackNow().sound;
    if (words) return;
    const { left, width } = currentTarget.getBoundingClientRect();
    const frame = Math.floor(((clientX - left) / width) * times.length);
    look(itemAt(itemsNow().rows, Math.min(frame, times.length - 1)), null, "query", true);
    announce();
  },

  axis([first, last]) {
    const times = [0, 1, 2, 3].map((i) => first + ((last - first) * i) / 4);
    return make(
      "div",
      { className: "times", dir: "ltr" },
      ...times.map((time) => make("small", { textContent: `${time.toFixed(2)}s` })),
    );
  },

  chosen() {
    return this.element.querySelector("button.chosen");
  },

  key(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by || !this.lines.length) return false;
    const last = this.lines.length - 1,
      at = this.lines.findIndex(({ button }) => button.classList.contains("chosen")) + by;
    const line = this.lines[Math.min(Math.max(at, 0), last)];
    if (line.row === null) change({ head: line.head });
    else look(line.row, null, "query", true);
    drawn.then(() => bring(this.chosen()));
    return true;
  },
};
