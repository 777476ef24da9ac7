"""A survey as one page that opens anywhere, offline: a click on a head shows its distribution over
texts and where it was strongest, with maps. It holds no script: links inside of the page do it all.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from io import BytesIO

import numpy as np

from attnviz.analysis.head_measures import MEASURES
from attnviz.analysis.head_patterns import KINDS
from attnviz.analysis.survey import Example, ExampleMap, Survey
from attnviz.digits import grouped
from attnviz.inputs.labels import shortened, visible
from attnviz.views.palette import RGB, ink_on, level, ramp

CELL, LABEL = 34, 26  # pixels
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
BAR = 260  # pixels of a distribution
TOKEN, BESIDE = 12, 84  # pixels of a map's cell, and of the tokens down and across
LONGEST = 11  # characters of a token there
MOST_MAPS = 1500  # of a page: of more heads fewer each, so that it opens at once

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 24px auto; max-width: 1100px;
  padding: 0 20px; color: #202130; background: #fff; }
h1 { font-size: 20px; } h2 { font-size: 17px; margin: 0 0 8px; }
p, caption { color: #5c5e70; } a { color: inherit; text-decoration: none; }
svg text { font: 11px system-ui, sans-serif; }
svg a:hover rect { stroke: #d6336c; stroke-width: 2; }
section { display: none; border: 1px solid #d8dae3; border-radius: 10px; padding: 16px 18px;
  margin-top: 18px; } section:target { display: block; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 10px 0; }
td, th { padding: 3px 12px 3px 0; text-align: start; font-weight: 400; vertical-align: middle; }
svg image { image-rendering: pixelated; } .maps { display: flex; flex-wrap: wrap; gap: 14px; }
figure { margin: 0; } figcaption { color: #5c5e70; font-size: 13px; }
th { color: #5c5e70; } .number { text-align: end; }
@media (prefers-color-scheme: dark) { body { background: #16171f; color: #e6e7ee; }
  section { border-color: #3a3c4a; } p, caption, figcaption, th { color: #a2a4b5; }
  svg text { fill: #e6e7ee; } }
"""


def survey_page(found: Survey, by: str) -> bytes:
    """Return the page, in UTF-8. The same survey gives the same bytes."""
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
    title = f"survey of {visible(found.model)}"
    told = f"{grouped(found.n)} texts, {grouped(found.part.n_tokens)} tokens · coloured by {by}"
    parts = [
        "<!doctype html>", '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1><p>{escape(told)}. Click a head: its distribution over texts, "
        "its labels, and where it was strongest.</p>",
        *_grid(found, by), *_sections(found), "</body></html>\n",
    ]  # fmt: skip
    return "\n".join(parts).encode()


def _hex(colour: RGB) -> str:
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def _grid(found: Survey, by: str) -> Iterator[str]:
    """Layers down, heads across, each a link to its section."""
    mean, sd = found.mean(by), found.sd(by)
    n_layers, n_heads = found.shape
    largest = float(np.nanmax(mean, initial=0.0)) or 1.0
    yield (
        f'<svg width="{LABEL + n_heads * CELL}" height="{LABEL + n_layers * CELL}" '
        'role="img" aria-label="layers and heads">'
    )
    for head in range(n_heads):
        x = LABEL + head * CELL + CELL // 2
        yield f'<text x="{x}" y="16" text-anchor="middle" fill="#5c5e70">{head}</text>'
    for layer in range(n_layers):
        y = LABEL + layer * CELL
        yield f'<text x="2" y="{y + 21}" fill="#5c5e70">{found.layer_numbers[layer]}</text>'
        for head in range(n_heads):
            value = float(mean[layer, head])
            colour = ramp()[0 if np.isnan(value) else level(value, largest)]
            place = f"{found.layer_numbers[layer]}.{head}"
            said = f"{place} {found.labels[layer][head]}: {value:.3f} ± {sd[layer, head]:.3f}"
            x = LABEL + head * CELL
            yield (
                f'<a href="#h{layer}-{head}"><rect x="{x}" y="{y}" width="{CELL - 1}" '
                f'height="{CELL - 1}" fill="{_hex(colour)}"><title>{escape(said)}</title></rect>'
                f'<text x="{x + CELL // 2}" y="{y + 21}" text-anchor="middle" '
                f'fill="{_hex(ink_on(colour))}" pointer-events="none">{_short(value)}</text></a>'
            )
    yield "</svg>"


def _short(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}".lstrip("0") if value < 10 else f"{value:.0f}"


def _sections(found: Survey) -> Iterator[str]:
    quantiles = {name: [found.quantile(name, share) for share in SHARES] for name in found.measures}
    means = {name: (found.mean(name), found.sd(name)) for name in found.measures}
    n_maps = max(MOST_MAPS // (found.shape[0] * found.shape[1]), 1)
    for layer, head in np.ndindex(found.shape):
        yield f'<section id="h{layer}-{head}"><h2>head {found.layer_numbers[layer]}.{head}</h2>'
        yield f"<p>{escape(_labels(found, layer, head))}</p><table>"
        yield "<tr><th>measure<th>mean<th>sd<th>5 % · 25 % · 50 % · 75 % · 95 % of the texts</tr>"
        for name, (mean, sd) in means.items():
            marks = [float(each[layer, head]) for each in quantiles[name]]
            yield (
                f"<tr><td>{escape(MEASURES[name].long)}<td class=number>{mean[layer, head]:.3f}"
                f"<td class=number>{sd[layer, head]:.3f}<td>{_bar(marks)}</tr>"
            )
        yield "</table>"
        yield from _examples(found.examples(layer, head), n_maps)
        yield "</section>"


def _labels(found: Survey, layer: int, head: int) -> str:
    counts = found.part.kinds[:, layer, head]
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]]
    return " · ".join(f"{KINDS[i]} in {_texts(int(counts[i]))}" for i in order)


def _texts(n: int) -> str:
    return "1 text" if n == 1 else f"{grouped(n)} texts"


def _bar(marks: list[float]) -> str:
    """Where the middle half of the texts and the middle nine tenths lie, from 0 on."""
    if any(np.isnan(mark) for mark in marks):
        return "–"
    largest = max(1.0, marks[-1])
    low, first, middle, third, high = (BAR * mark / largest for mark in marks)
    return (
        f'<svg width="{BAR + 70}" height="16"><rect x="{low:.1f}" y="7" '
        f'width="{max(high - low, 1):.1f}" height="2" fill="#8a8d9f"/>'
        f'<rect x="{first:.1f}" y="3" width="{max(third - first, 1):.1f}" height="10" '
        f'fill="{_hex(ramp()[30])}"/><rect x="{middle - 1:.1f}" y="1" width="2" height="14" '
        f'fill="#d6336c"/><text x="{BAR + 8}" y="12" fill="#5c5e70">{marks[2]:.3g}</text></svg>'
    )


def _examples(examples: Sequence[Example], n_maps: int) -> Iterator[str]:
    """Where the head was strongest, and its maps of the first `n_maps` of these texts."""
    yield "<table><tr><th>weight<th>query → key<th>in<th>text</tr>"
    for one in examples:
        yield (
            f"<tr><td class=number>{one.weight:.2f}<td>{_pair(one)}"
            f"<td>{escape(visible(one.place))}<td><bdi>{escape(visible(one.context))}</bdi></tr>"
        )
    yield "</table><div class=maps>"
    for one in examples[:n_maps]:
        if one.map is not None:
            said = f"{one.weight:.2f} {_pair(one)}"
            yield f"<figure>{_map(one.map)}<figcaption>{said}</figcaption></figure>"
    yield "</div>"


def _pair(one: Example) -> str:
    query, key = escape(visible(one.query)), escape(visible(one.key))
    return f"<bdi>{query}</bdi> → <bdi>{key}</bdi>"


def _map(one: ExampleMap) -> str:
    """Queries down, keys across, the pair framed."""
    width, height = TOKEN * len(one.keys), TOKEN * len(one.queries)
    row, column = one.pair
    down = "".join(
        f'<text x="{BESIDE - 4}" y="{BESIDE + TOKEN * i + 10}" text-anchor="end">'
        f"{_token(label)}</text>"
        for i, label in enumerate(one.queries)
    )
    across = "".join(
        f'<text transform="translate({BESIDE + TOKEN * i + 10} {BESIDE - 4}) rotate(-90)">'
        f"{_token(label)}</text>"
        for i, label in enumerate(one.keys)
    )
    return (
        f'<svg width="{BESIDE + width}" height="{BESIDE + height}" role="img" '
        f'aria-label="attention map" fill="#5c5e70">{down}{across}'
        f'<image x="{BESIDE}" y="{BESIDE}" width="{width}" height="{height}" '
        f'preserveAspectRatio="none" href="{_png(one)}"/>'
        f'<rect x="{BESIDE + TOKEN * column}" y="{BESIDE + TOKEN * row}" width="{TOKEN}" '
        f'height="{TOKEN}" fill="none" stroke="#d6336c" stroke-width="2"/></svg>'
    )


def _token(label: str) -> str:
    return escape(shortened(visible(label), LONGEST))


def _png(one: ExampleMap) -> str:
    """The map's cells as a picture of one pixel each, in a data address."""
    from PIL import Image

    top = len(ramp()) - 1
    steps = np.rint(one.weights * (top / max(int(one.weights.max()), 1))).astype(np.uint8)
    picture, file = Image.fromarray(steps).convert("P"), BytesIO()
    picture.putpalette([channel for colour in ramp() for channel in colour])
    picture.save(file, "PNG")
    return "data:image/png;base64," + b64encode(file.getvalue()).decode()
