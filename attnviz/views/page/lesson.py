"""The lesson as one page that opens anywhere, offline: its topics in every language, what each
shows, and exercises that check themselves.

The page is built, escaped and held to its own script as the page of a record is (page.py).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from attnviz.analysis.links import strongest_others
from attnviz.frozen import dataclass
from attnviz.inputs.labels import visible
from attnviz.inputs.where import Times
from attnviz.language.language import Language
from attnviz.record.stack import Stack, Which
from attnviz.views.overlay import fitting, overlay, patches_of
from attnviz.views.overlay_drawings import drawings
from attnviz.views.page.data import languages_tree
from attnviz.views.page.image import jpegs
from attnviz.views.page.page import document
from attnviz.views.page.quantised import quantised
from attnviz.views.palette import INK, MASKED_PAPER, ramp
from attnviz.views.panels import TOKEN, Bars, Line, Numbers, Panel, Photos, Pieces, Shown
from attnviz.views.titles import head_title

SCRIPTS = (  # in this order: each uses only those before it
    "lesson_state.js", "words.js", "weights.js", "shades.js", "drawing.js", "choices.js",
    "lesson_maps.js", "lesson_panels.js", "lesson_exercise.js", "lesson.js",
)  # fmt: skip
STYLES = ("page.css", "lesson.css")
SIZE = 300  # pixels along the longer side of a picture that weights are laid over
FINE = 64 * 64  # weights up to which levels have 16 bits
MORE_WORDS = (
    "exercise.try", "exercise.answers", "exercise.right", "exercise.wrong", "exercise.hint",
    "exercise.answer", "exercise.mistake", "exercise.score", "exercise.rounding",
    "exercise.check", "exercise.show", "lesson.title", "lesson.path", "lesson.beside",
    "lesson.try", "ui.query", "ui.key",
)  # fmt: skip

Tree = dict[str, Any]


@dataclass(frozen=True)
class Lesson:
    """One topic in one language.

    exercises: each as a tree, with how near a number must be. command: what a reader may try next.
    of_path: whether it belongs to the path, or stands beside it.
    """

    name: str
    question: str
    sentences: tuple[str, ...]
    panels: tuple[Panel, ...]
    exercises: tuple[Mapping[str, Any], ...] = ()
    command: str | None = None
    of_path: bool = True


def lesson_page(lessons: Mapping[str, Sequence[Lesson]], language: Language) -> bytes:
    """Return the page, in UTF-8; it opens in `language`. lessons: the topics by language tag.

    Sentences hold isolates, which become elements of their own; labels are made visible here.
    """
    pictures: list[str] = []
    tree = {
        "lessons": {
            tag: [_lesson(one, pictures) for one in topics] for tag, topics in lessons.items()
        },
        "languages": languages_tree(MORE_WORDS),
        "language": language.tag,
        "pictures": pictures,
        "ramp": ramp(),
        "masked": MASKED_PAPER,
        "ink": INK,
    }
    return document(language.say("lesson.title"), language, tree, (), SCRIPTS, STYLES)


def _lesson(one: Lesson, pictures: list[str]) -> Tree:
    return {
        "name": one.name,
        "question": one.question,
        "sentences": one.sentences,
        "panels": [part for panel in one.panels for part in _panel(panel, pictures)],
        "exercises": one.exercises,
        "command": one.command,
        "ofPath": one.of_path,
    }


def _panel(panel: Panel, pictures: list[str]) -> Iterator[Tree]:
    if isinstance(panel, Line):
        pieces = [
            (visible(text) if style == TOKEN else text, style) for text, style in panel.pieces
        ]
        if any(text for text, _ in pieces):
            yield {"kind": "line", "pieces": pieces}
    elif isinstance(panel, Numbers):
        yield _numbers(panel)
    elif isinstance(panel, Bars):
        rows = [(visible(label), round(weight, 5)) for label, weight in panel.rows]
        yield {"kind": "bars", "rows": rows}
    elif isinstance(panel, Pieces):
        yield {"kind": "pieces", "name": panel.name, "labels": [*map(visible, panel.labels)]}
    elif isinstance(panel, Photos):
        laid = [(name, row, None) for name, row in panel.rows]
        yield {"kind": "photos", "photos": _photos(panel.patches, laid, pictures)}
    else:
        yield _shown(panel, pictures)


def _numbers(panel: Numbers) -> Tree:
    """Rows: label, how it stands out, numbers, how they do, and the share of a bar or None."""
    rows = [
        (visible(row.label) if row.name == TOKEN else row.label, row.name, row.cells, row.style,
         row.weight)
        for row in panel.rows
    ]  # fmt: skip
    return {"kind": "numbers", "names": panel.names, "rows": rows, "strong": panel.strong}


def _shown(panel: Shown, pictures: list[str]) -> Tree:
    """A record: over its picture, along its sound, as lines from token to token, or as maps."""
    stack, look = panel.record.stack, panel.look
    patches = patches_of(stack)
    if patches is not None:
        laid = [(one.name, one.row, one.query) for one in drawings(stack, look)]
        return {"kind": "photos", "photos": _photos(patches, laid, pictures)}
    sides = {
        "rows": [*map(visible, stack.query_tokens.names)],
        "columns": [*map(visible, stack.key_tokens.names)],
    }
    if look.show == "arcs":
        links = strongest_others(panel.record, look.layer, look.head)
        found = [(link.query, link.key, round(float(link.weight), 5)) for link in links]
        return {"kind": "links", "links": found} | sides
    several = look.show == "grid" or stack.key_tokens.where is not None
    heads: list[Which] = [*range(stack.n_heads)] if several and not look.heads else [look.head]
    maps = [_map(stack, look.layer, head) for head in heads]
    where = stack.key_tokens.where
    if isinstance(where, Times) and stack.query_tokens.where is None:
        seconds = round(float(where.times[-1, 1]), 1)
        return {"kind": "strips", "maps": maps, "seconds": seconds} | sides
    kind = "grid" if several else "map"
    return {"kind": kind, "maps": maps, "row": panel.row} | sides


def _map(stack: Stack, layer: int, head: Which) -> Tree:
    """Levels of one head's weights, as quantised.py has them."""
    size = max(stack.shape)
    weights, allowed = stack.map(layer, head, size).mean, stack.allowed(layer, size)
    bits = 16 if weights.size <= FINE else 8
    levels, largest = quantised(weights, allowed, bits)
    little = levels.astype(levels.dtype.newbyteorder("<"))
    return {
        "name": head_title(stack, head) if isinstance(head, int) else "",
        "levels": b64encode(little.tobytes()).decode(),
        "bits": bits,
        "largest": largest,
    }


def _photos(where: Any, laid: Sequence[tuple[str, Any, int | None]], pictures: list[str]) -> Tree:
    """The picture with weights laid over it, once for each row; equal ones are kept once."""
    size = fitting(where, SIZE, SIZE)
    drawn = jpegs(np.asarray(overlay(where, row, size, query)) for _, row, query in laid)
    places = []
    for (name, _, _), picture in zip(laid, drawn, strict=True):
        if picture not in pictures:
            pictures.append(picture)
        places.append((visible(name), pictures.index(picture)))
    return {"size": size, "drawn": places}
