"""Effects as one offline page without any script: heads as a grid, tokens as bars, findings."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape

import numpy as np

from attnviz.analysis.effects import NONE, Effects
from attnviz.inputs.labels import visible
from attnviz.language.english import ENGLISH
from attnviz.language.language import PAGE, Language
from attnviz.views.effect_words import effect_number, effects_notes, effects_title
from attnviz.views.palette import ink_on, ramp

STYLE = """
:root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
body { margin: 1rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.2rem; } p { margin: .4rem 0; }
.wide { overflow-x: auto; }
table { border-spacing: 1px; font-variant-numeric: tabular-nums; margin: 1rem 0; direction: ltr; }
th { font-weight: 400; padding: .2rem .4rem; text-align: end; }
td { padding: .25rem .4rem; text-align: end; min-width: 2.6rem; font-size: .85rem; }
td.plain { text-align: start; }
rect { fill: currentColor; opacity: .75; }
"""
BAR = 240  # pixels of the longest bar


def page(found: Effects, language: Language = ENGLISH) -> bytes:
    """Return the page, in UTF-8. The same effects give the same bytes."""
    style = STYLE + "\n".join(_classes())
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    first, *more = effects_title(found, language, PAGE)
    direction = "rtl" if language.right_to_left else "ltr"
    parts = [
        f'<!doctype html>\n<html lang="{language.tag}" dir="{direction}">\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(first)}</title>\n<style>{style}</style>",
        f"<h1>{_text(first)}</h1>",
        *(f"<p>{_text(line)}</p>" for line in more),
        *_heads(found, language),
        *_tokens(found, language),
        *_edges(found, language),
        *(f"<p>{_text(note)}</p>" for note in effects_notes(found, language, PAGE)),
        "</html>\n",
    ]
    return "\n".join(parts).encode()


def _text(words: str) -> str:
    return escape(words)


def _classes() -> Iterator[str]:
    """One class a step of the ramp: a policy lets no style stand beside a cell."""
    for step, colour in enumerate(ramp()):
        red, green, blue = ink_on(colour)
        yield (
            f".c{step} {{ background: rgb({colour[0]}, {colour[1]}, {colour[2]}); "
            f"color: rgb({red}, {green}, {blue}); }}"
        )


def _heads(found: Effects, language: Language) -> Iterator[str]:
    """Layers down, heads across; colours are square roots, numbers stand in the cells."""
    if not np.isfinite(found.layers).any():
        return
    shown = found.table if np.isfinite(found.table).any() else np.zeros((len(found.layers), 0))
    largest = max(float(np.abs(shown).max(initial=0)), NONE)
    numbers = "".join(f"<th>{head}</th>" for head in range(shown.shape[1]))
    together = _text(language.say("effect.together", PAGE))
    yield f'<div class="wide"><table><tr><th></th>{numbers}<th>{together}</th></tr>'
    for layer, row in enumerate(shown):
        number = found.layer_numbers[layer]
        cells = "".join(
            _cell(number, head, float(v), largest, language) for head, v in enumerate(row)
        )
        whole = effect_number(float(found.layers[layer]), language)
        yield f"<tr><th>{number}</th>{cells}<td>{whole}</td></tr>"
    yield "</table></div>"


def _cell(layer: int, head: int, effect: float, largest: float, language: Language) -> str:
    step = round((abs(effect) / largest) ** 0.5 * (len(ramp()) - 1))
    number = effect_number(effect, language)
    return f'<td class="c{step}" title="{layer}.{head}: {number}">{number}</td>'


def _tokens(found: Effects, language: Language) -> Iterator[str]:
    ranked = found.ranked_tokens()
    if not ranked:
        return
    largest = max(max(abs(effect) for _, effect in ranked), NONE)
    yield "<table>"
    for position, effect in ranked:
        label = _text(visible(found.labels[position]))
        wide = round(BAR * abs(effect) / largest)
        bar = f'<svg width="{BAR}" height="12"><rect width="{wide}" height="12"/></svg>'
        number = effect_number(effect, language)
        yield (
            f'<tr><td class="plain"><bdi>{label}</bdi></td><td>{number}</td>'
            f'<td class="plain">{bar}</td></tr>'
        )
    yield "</table>"


def _edges(found: Effects, language: Language) -> Iterator[str]:
    for edge in found.edges:
        query, key = (f"<bdi>{_text(visible(name))}</bdi>" for name in (edge.query, edge.key))
        places = ", ".join(f"{found.layer_numbers[layer]}.{head}" for layer, head in edge.heads)
        # An arrow does not turn round with the direction of writing: the line keeps its own.
        yield f'<p dir="ltr">{query} → {key} {places} {effect_number(edge.effect, language)}</p>'
