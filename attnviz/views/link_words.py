"""Which heads link two words: what is said of it in the terminal, in pictures and in files."""

from __future__ import annotations

from json import dumps
from typing import Any

from attnviz.analysis.head_labels import WITHOUT_PATTERN, look
from attnviz.analysis.word_link import WordLink
from attnviz.files.table import table_text
from attnviz.inputs.labels import visible
from attnviz.language.language import Guard, Language
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.titles import title

MOST = 5  # heads that are named
PICTURES = (".png", ".svg", ".pdf")
SUFFIXES = (*PICTURES, ".json", ".csv")  # that hold the link; others hold the record


def link_lines(
    record: AttentionRecord, link: WordLink, language: Language, guard: Guard
) -> list[str]:
    """Return the title, what the numbers are, and below them the strongest heads with what they
    look at."""
    query, key = (", ".join(map(visible, names)) for names in (link.queries, link.keys))
    what = language.say("link.weight", guard, query=query, key=key)
    told = [what]
    if len(link.rows) > 1 or len(link.columns) > 1:
        told.append(language.say("link.several", guard))
    return [title(record, language, guard), " · ".join(told)]


def link_note(record: AttentionRecord, link: WordLink, language: Language, guard: Guard) -> str:
    """Return the strongest heads, and what an even spread would give."""
    even = language.say("link.even", guard, pct=float(link.even.max(initial=0)))
    strongest = link.strongest(MOST)
    if not strongest:
        return f"{language.say('link.none', guard)} · {even}"
    labels = head_labels(record, strongest)
    places = ", ".join(
        f"{link.layer_numbers[layer]}.{head} {percent(weight)}%{label and f' ({label})'}"
        for (layer, head, weight), label in zip(strongest, labels, strict=True)
    )
    return f"{language.say('link.strongest', guard, places=places)} · {even}"


def head_labels(record: AttentionRecord, heads: list[tuple[int, int, float]]) -> list[str]:
    """Return what each of some heads looks at: as it was built, or as its weights say; "" for
    none."""
    stack = record.stack
    if stack.head_names:
        return [visible(stack.head_name(head)) for _, head, _ in heads]
    layers = sorted({layer for layer, _, _ in heads})
    found = {(one.layer, one.head): one.label for one in look(stack, layers)}
    labels = [found[stack.layer_numbers[layer], head] for layer, head, _ in heads]
    return ["" if one.kind in WITHOUT_PATTERN else visible(str(one)) for one in labels]


def data(record: AttentionRecord, link: WordLink) -> dict[str, Any]:
    """Return the link for programs: JSON-ready. strongest: those above an even spread, all of
    them."""
    strongest = link.strongest(link.weights.size)
    return {
        "model": record.model.name,
        "type": record.kind,
        "settings": dict(record.settings),
        "query": {"tokens": list(link.queries), "positions": list(link.rows)},
        "key": {"tokens": list(link.keys), "positions": list(link.columns)},
        "weights": link.weights.tolist(),
        "even": link.even.tolist(),
        "strongest": [
            {"layer": link.layer_numbers[layer], "head": head, "weight": weight}
            for layer, head, weight in strongest
        ],
    }


def written(record: AttentionRecord, link: WordLink, suffix: str, look: Look) -> bytes:
    """Return the bytes of a file: the heads as numbers, or as a picture, in the language and the
    style of a look."""
    if suffix == ".json":
        return (dumps(data(record, link), indent=1) + "\n").encode()
    if suffix == ".csv":
        return table(link).encode()
    from attnviz.views.picture.word_link import link_picture  # matplotlib, only to draw

    return link_picture(record, link, suffix[1:], look.language, look.figure)


def table(link: WordLink) -> str:
    """Return one line for each head, in order."""
    rows = [
        (link.layer_numbers[layer], head, float(weight), float(link.even[layer]))
        for layer, heads in enumerate(link.weights)
        for head, weight in enumerate(heads)
    ]
    return table_text([("layer", "head", "weight", "even"), *rows])
