// What drawings have in common: fonts, labels that fit, spans that move.

const FEWEST = 8; // items that the closest zoom shows

function zoomed(from, to, middle, factor, n) {
  const size = Math.min(Math.max(Math.round((to - from) * factor), Math.min(FEWEST, n)), n);
  const start = Math.min(Math.max(middle - (size >> 1), 0), n - size);
  return [start, start + size];
}

function shifted(from, to, by, n, [first, last]) {
  const start = Math.min(Math.max(from + by, 0), n - (to - from));
  return { [first]: start, [last]: start + to - from };
}

// Scroll to what is out of sight, at once: nothing moves by itself.
function bring(element) {
  if (!element) return;
  const { top, bottom } = element.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) element.scrollIntoView({ block: "center", inline: "nearest" });
}

const partOf = (from, to, n) =>
  say("page.part", { min: number(from), max: number(to - 1), n: number(n) });

// 1, 2 or 5 times a power of ten.
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return [1, 2, 5, 10].map((m) => m * power).find((m) => m >= least);
}

const FONTS =
  'system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", "DejaVu Sans", Tahoma, sans-serif';
const font = (size, bold = false) => `${bold ? 600 : 400} ${size}px ${FONTS}`;
const inkOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

// A label that fits, cut between characters that stand together.
function cut(pen, label, most) {
  if (pen.measureText(label).width <= most) return label;
  const characters = Intl.Segmenter
    ? [...new Intl.Segmenter().segment(label)].map((one) => one.segment)
    : [...label];
  while (characters.length > 1 && pen.measureText(`${characters.join("")}…`).width > most)
    characters.pop();
  return `${characters.join("")}…`;
}

// A label at a place of a canvas, no wider than `most`.
function drawName(pen, label, x, y, size, chosen, align, most) {
  pen.font = font(size, chosen);
  pen.fillStyle = inkOf(chosen ? "--accent" : "--ink");
  pen.textAlign = align;
  pen.textBaseline = "middle";
  pen.direction = "ltr";
  pen.fillText(cut(pen, label, most), x, y);
}
