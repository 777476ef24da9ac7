"""What a page knows of a record: a tree for JSON, and the levels of its weights as bytes.

Every string is made visible here: no control, bidi control or lone surrogate leaves.
"""

from __future__ import annotations

import unicodedata
import zlib
from base64 import b64encode
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.facts import Finding, SetAside
from attnviz.analysis.findings import best, findings
from attnviz.analysis.rollout import rollout
from attnviz.analysis.transform import FOLLOWED
from attnviz.inputs.labels import visible
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.units import KINDS, joined, numbered, starts
from attnviz.inputs.where import Bytes
from attnviz.language.language import PAGE, Language
from attnviz.language.languages import all_languages
from attnviz.language.reworded import reworded_note
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.threads import share
from attnviz.views.page.image import image_tree, jpegs
from attnviz.views.page.labels import labels_tree
from attnviz.views.page.quantised import bits_for, error, quantised
from attnviz.views.page.sound import Spans, sound_tree
from attnviz.views.page.vectors import vectors_tree
from attnviz.views.provenance import provenance
from attnviz.views.titles import head_title, layer_title, title
from attnviz.views.words import caveats, in_words

MOST_WEIGHTS = 1 << 25  # levels of one stack that a page carries; more are pooled
SIDES = (1024, 512, 256, 128, 64, 32)  # cells a side that a map is pooled to
SMALL_SIDE = 96  # cells a side of a map among all heads
STRONGEST = 8  # keys of each query that go with a pooled map
STRONGEST_STEPS = 65535
MOST_STRONGEST = 1 << 22  # of all queries and heads
MOST_ROWS_TOLD = 1 << 17  # queries of all heads up to which each head has findings of its own
WHOLE = 1e-3  # how far from 1 a row of float16 weights may sum
MOST_ROLLED = 1 << 30  # multiply-adds of a rollout: about a second

MORE_WORDS = (
    "ui.query", "ui.key", "ui.own_scale", "ui.sink", "ui.scale", "ui.grey", "ui.nothing",
    "ui.findings", "ui.hidden", "ui.timeline", "ui.looks_at", "ui.block.sink", "ui.block.system",
    "ui.block.prompt", "ui.block.written", "ui.block.source", "ui.block.special",
    "ui.sound_heads", "ui.sound_words", "ui.sound_lined", "ui.sound_beyond", "ui.sound_time",
    "ui.image_even",
)  # fmt: skip

Tree = dict[str, Any]
Array = NDArray[Any]


class Blobs:
    """Arrays that go beside the tree, packed by all workers at once."""

    def __init__(self) -> None:
        self._arrays: list[Array] = []

    def add(self, array: Array) -> int:
        """Return the number under which the tree speaks of an array."""
        self._arrays.append(array)
        return len(self._arrays) - 1

    def packed(self) -> list[bytes]:
        """Return each array's little-endian bytes, as zlib streams."""
        done = [b""] * len(self._arrays)

        def pack(i: int) -> None:
            done[i] = packed(self._arrays[i])

        share(partial(pack, i) for i in range(len(done)))
        return done


def packed(array: Array) -> bytes:
    """Return an array's little-endian bytes as a zlib stream."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    # level 1 and runs: on levels of attention as small as any other, and three times as fast
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    return packer.compress(little.data) + packer.flush()


def page_tree(record: AttentionRecord, blobs: Blobs, spans: Spans | None = None) -> Tree:
    """Describe everything but the reader's choices: stacks, titles, words, findings."""
    stacks = {name: _of_stack(record, name) for name in _shown_stacks(record)}
    pictures: list[Bytes] = []
    return {
        "stacks": [
            {
                "name": visible(name),
                "queries": _tokens(one.stack.query_tokens),
                "keys": None if _is_one(one.stack) else _tokens(one.stack.key_tokens),
                "twoTexts": one.stack.two_texts,
                "sound": sound_tree(one.stack, spans if name == record.name else None),
                "image": _images(one.stack, pictures),
                "sources": [_source(what, seen, blobs) for what, seen in _sources(one)],
            }
            for name, one in stacks.items()
        ],
        "pictures": jpegs(pictures),
        "caveats": _in_all(lambda language: caveats(record, language, PAGE)),
        "notes": _in_all(lambda language: _notes(record, language)),
        "made": _in_all(lambda language: provenance(record, language, PAGE)),
        "languages": languages_tree(MORE_WORDS),
    }


def _notes(record: AttentionRecord, language: Language) -> list[str]:
    return [visible(reworded_note(note, language, PAGE)) for note in record.notes]


def _in_all(say: Any) -> Tree:
    """What is said, by language."""
    return {language.tag: say(language) for language in all_languages().values()}


def languages_tree(more: Sequence[str]) -> list[Tree]:
    """Return every language with the words of pages, and more of its sentences by their keys."""
    return [_language(language, more) for language in all_languages().values()]


def _language(language: Language, more: Sequence[str]) -> Tree:
    page = [key for key in language.sentences if key.startswith("page.")]
    return {
        "tag": language.tag,
        "name": language.name,
        "rightToLeft": language.right_to_left,
        "lessThanOne": language.less_than_one,
        "words": {key: language.sentences[key] for key in (*page, *more)},
    }


def _is_one(stack: Stack) -> bool:
    return stack.key_tokens is stack.query_tokens


def _shown_stacks(record: AttentionRecord) -> Sequence[str]:
    """All stacks, the one to look at first."""
    return [record.name, *(name for name in record.stacks if name != record.name)]


def _of_stack(record: AttentionRecord, name: str) -> AttentionRecord:
    """The record with that stack to look at, and only the settings that speak of it."""
    if name == record.name:
        return record
    settings = replace(record.settings, hidden=None, merge=None)
    if settings.measure in FOLLOWED:
        settings = replace(settings, measure=None)
    return replace(record, shown=name, settings=settings)


def _images(stack: Stack, pictures: list[Bytes]) -> Tree:
    """Where the patches of either side lie."""
    return {
        "queries": image_tree(stack.query_tokens, pictures),
        "keys": None if _is_one(stack) else image_tree(stack.key_tokens, pictures),
    }


# Tokens


def _tokens(tokens: Tokens) -> Tree:
    """Labels, what stands between them in the text, and how they join to words."""
    second = None if tokens.segments is None else (tokens.segments > 0).tolist()
    labels = [visible(label) for label in tokens.labels]
    return {
        "labels": labels,
        "plain": labels,
        "between": _between(tokens),
        "special": np.flatnonzero(tokens.special).tolist(),
        "second": second,
        "direction": _direction(tokens.text or "".join(tokens.labels)),
        "units": {kind: unit for kind in KINDS if (unit := _units(tokens, kind)) is not None},
    }


def _units(tokens: Tokens, kind: str) -> Tree | None:
    """The tokens as words, sentences or lines; None where that makes no difference."""
    first = starts(tokens, kind)
    if not 1 < first.size < len(tokens):
        return None
    units = joined(tokens, first)
    labels = (units if kind == "words" else numbered(units)).labels
    return {
        "starts": first.tolist(),
        "labels": [visible(label) for label in labels],
        "plain": [visible(label) for label in units.labels],
        "between": _between(units),
    }


def _between(tokens: Tokens) -> list[str]:
    """What stands in the text before each token, and after the last; lines stay lines."""
    found, reached = [], 0
    for (start, stop), special in zip(tokens.spans.tolist(), tokens.special.tolist(), strict=True):
        piece = tokens.text[start:stop]
        first = start + len(piece) - len(piece.lstrip())
        if special or start >= stop or first < reached:
            found.append("")
            continue
        found.append(_spaced(tokens.text[reached:first]))
        reached = max(start + len(piece.rstrip()), first)
    return [*found, _spaced(tokens.text[reached:])]


def _spaced(text: str) -> str:
    return "".join(char if char in "\n\t" else visible(char) for char in text)


def _direction(text: str) -> str:
    """Of most letters."""
    kinds = [unicodedata.bidirectional(char) for char in text[:20_000]]
    return "rtl" if sum(k in ("R", "AL") for k in kinds) > kinds.count("L") else "ltr"


# Weights


def _sources(record: AttentionRecord) -> Iterator[tuple[str, AttentionRecord]]:
    """What can be shown of a stack: its weights, and rollout where there are layers to follow."""
    measure = record.settings.measure or "weights"
    yield measure, record
    stack = record.stack
    if measure == "weights" and _can_be_followed(record):
        stacks = {**record.stacks, record.name: rollout(stack)}
        settings = replace(record.settings, measure="rollout")
        yield "rollout", replace(record, stacks=stacks, settings=settings)


def _can_be_followed(record: AttentionRecord) -> bool:
    """Whether the stack has layers of whole rows, of one text, that are little work to follow."""
    stack, n = record.stack, record.stack.shape[0]
    return (
        stack.weights is not None
        and record.settings.merge is None
        and record.settings.hidden is None
        and stack.place is None
        and stack.n_layers > 1
        and not stack.numbers  # what stands between them cannot be followed
        and not stack.two_texts
        and stack.query_tokens == stack.key_tokens
        and stack.n_layers * n**3 <= MOST_ROLLED
        and np.allclose(stack.weights.sum(axis=-1), 1, atol=WHOLE)  # else a part was cut out
    )


def _source(what: str, record: AttentionRecord, blobs: Blobs) -> Tree:
    stack, size = record.stack, _size(record.stack)
    cells = stack.map(0, 0, size).cells
    n_cells = -(-stack.shape[0] // cells[0]) * -(-stack.shape[1] // cells[1])
    bits = bits_for(stack.n_layers * stack.n_heads * n_cells)
    numbers, largest = [], []
    for layer in range(stack.n_layers):
        levels, most = _levels(stack, layer, size, bits)
        numbers.append(blobs.add(levels))
        largest.append(most)
    within = error(max(map(max, largest)), bits)
    return {
        "what": visible(what),
        "titles": _in_all(lambda language: title(record, language, PAGE)),
        "layers": [visible(layer_title(stack, i)) for i in range(stack.n_layers)],
        "numbers": list(stack.layer_numbers),
        "heads": [visible(head_title(stack, i)) for i in range(stack.n_heads)],
        "labels": labels_tree(stack) if what == "weights" else None,
        "vectors": vectors_tree(stack, blobs) if what == "weights" else None,
        "cells": cells,
        "bits": bits,
        "largest": largest,
        "levels": numbers,
        "small": _small(stack) if max(stack.shape) > SMALL_SIDE else None,
        "strongest": None if cells == (1, 1) else _strongest(stack, blobs),
        "about": _in_all(lambda language: _about(language, bits, within, cells)),
        **_findings(record),
    }


def _about(language: Language, bits: int, within: float, cells: tuple[int, int]) -> list[str]:
    told = [language.say("page.error", PAGE, n=bits, difference=_rounded_up(within))]
    if cells != (1, 1):
        told.append(language.say("ui.cells", PAGE, rows=cells[0], columns=cells[1]))
    return told


def _rounded_up(number: float) -> str:
    """One digit that is no less: "0.004" for 0.0031."""
    if not number:
        return "0"
    unit = Decimal(10) ** Decimal(number).adjusted()
    return f"{Decimal(number).quantize(unit, ROUND_CEILING).normalize():f}"


def _size(stack: Stack) -> int:
    """Cells a side of the largest map that fits a page: every pair if possible."""
    whole = max(stack.shape)
    sides = SIDES if stack.weights is None else (whole, *(s for s in SIDES if s < whole))
    for size in sides:
        rows, columns = (min(n, size) for n in stack.shape)
        if stack.n_layers * stack.n_heads * rows * columns <= MOST_WEIGHTS:
            break
    return size


def _levels(stack: Stack, layer: int, size: int, bits: int) -> tuple[Array, list[float]]:
    """The levels of a layer, (heads, rows, columns), and each head's largest weight."""
    allowed = stack.allowed(layer, size)
    levels = np.empty((stack.n_heads, *allowed.shape), np.uint8 if bits == 8 else np.uint16)
    largest = [0.0] * stack.n_heads

    def fill(head: int) -> None:
        dense = stack.weights if max(stack.shape) <= size else None
        weights = stack.map(layer, head, size).mean if dense is None else dense[layer, head]
        levels[head], largest[head] = quantised(weights, allowed, bits)

    share(partial(fill, head) for head in range(stack.n_heads))
    return levels, largest


def _small(stack: Stack) -> Tree:
    """Every head and the mean (last) as a small map: a page shows all before it unpacks any."""
    allowed = [stack.allowed(layer, SMALL_SIDE) for layer in range(stack.n_layers)]
    levels = np.empty((stack.n_layers, stack.n_heads + 1, *allowed[0].shape), np.uint8)
    largest = [[0.0] * (stack.n_heads + 1) for _ in allowed]

    def fill(layer: int) -> None:
        heads = [stack.map(layer, head, SMALL_SIDE).mean for head in range(stack.n_heads)]
        for i, weights in enumerate([*heads, np.mean(heads, axis=0)]):
            levels[layer, i], largest[layer][i] = quantised(weights, allowed[layer], 8)

    share(partial(fill, layer) for layer in range(stack.n_layers))
    return {
        "shape": allowed[0].shape,
        "levels": b64encode(packed(levels)).decode(),
        "largest": largest,
    }


def _strongest(stack: Stack, blobs: Blobs) -> Tree:
    """Each query's strongest keys, of every head and of their mean (last): how many tokens away
    they are, and their weights as shares of the layer's largest."""
    rows = stack.n_layers * (stack.n_heads + 1) * stack.shape[0]
    k = min(max(MOST_STRONGEST // rows, 1), STRONGEST, stack.shape[1])
    here = np.arange(stack.shape[0])[:, None]
    away, weights, most = [], [], []
    for layer in range(stack.n_layers):
        found = [stack.strongest(layer, head, k) for head in (*range(stack.n_heads), "mean")]
        values = np.stack([values for _, values in found])
        steps = np.stack([places - here for places, _ in found])  # small numbers pack well
        most.append(float(values.max(initial=0)))
        away.append(blobs.add(np.where(values > 0, steps, 0).astype(np.int32)))
        shares = values * (STRONGEST_STEPS / (most[-1] or 1))
        weights.append(blobs.add(shares.round().astype(np.uint16)))
    runs = _runs(stack, blobs)
    return {"k": k, "away": away, "weights": weights, "largest": most, "runs": runs}


def _runs(stack: Stack, blobs: Blobs) -> list[int | None]:
    """The keys that each query may see, by layer: layers with the same mask share the numbers."""
    known: dict[bytes, int] = {}
    found: list[int | None] = []
    for layer in range(stack.n_layers):
        runs = stack.runs(layer)
        if runs is None:
            found.append(None)
            continue
        edges = np.diff(runs, axis=1, prepend=0).astype(np.int32)  # steps pack well
        key = edges.tobytes()
        if key not in known:
            known[key] = blobs.add(edges)
        found.append(known[key])
    return found


# Findings


def _findings(record: AttentionRecord) -> Tree:
    """Findings: sentences by language, then by layer, of the mean first, then of each head. Of
    special: which of them are about special tokens alone, and are not said where these are
    hidden."""
    stack = record.stack
    rows = stack.n_layers * stack.n_heads * stack.shape[0]
    told = stack.n_heads > 1 and rows <= MOST_ROWS_TOLD
    facts: list[list[list[Finding]]] = [[] for _ in range(stack.n_layers)]

    def find(layer: int) -> None:
        heads = range(stack.n_heads) if told else ()
        facts[layer] = [
            _of_mean(record, layer),
            *(_of_head(record, layer, head) for head in heads),
        ]

    share(partial(find, layer) for layer in range(stack.n_layers))
    special = {
        label
        for tokens in (stack.query_tokens, stack.key_tokens)
        for label, is_special in zip(tokens.labels, tokens.special.tolist(), strict=True)
        if is_special
    }
    return {
        "findings": _in_all(
            lambda language: [
                [in_words(found, language, PAGE) for found in layer] for layer in facts
            ]
        ),
        "ofSpecial": [
            [
                [i for i, fact in enumerate(found) if _is_of_special(fact, special)]
                for found in layer
            ]
            for layer in facts
        ],
    }


def _is_of_special(fact: Finding, special: Set[str]) -> bool:
    return isinstance(fact, SetAside) and set(fact.tokens) <= special


def _of_mean(record: AttentionRecord, layer: int) -> list[Finding]:
    if record.stack.weights is None:
        return best(findings(record, layer))
    return best(findings(_only(record, layer)))


def _of_head(record: AttentionRecord, layer: int, head: int) -> list[Finding]:
    """The facts of one head, under its own number."""
    if record.stack.weights is None:
        return best(findings(record, layer, head, (head,)))
    found = best(findings(_only(record, layer, head)))
    return [_renumbered(fact, head) for fact in found]


def _renumbered(fact: Finding, head: int) -> Finding:
    values: dict[str, Any] = {"head": head} if hasattr(fact, "head") else {}
    return replace(fact, **values)


def _only(record: AttentionRecord, layer: int, head: int | None = None) -> AttentionRecord:
    """The record with one layer, or one head, of the stack: so much less has to be measured."""
    stack = record.stack
    assert stack.weights is not None  # streamed ones are measured already
    heads = slice(None) if head is None else slice(head, head + 1)
    alone = replace(
        stack,
        weights=stack.weights[layer : layer + 1, heads],
        masks=stack.masks[layer : layer + 1],
        numbers=stack.numbers[layer : layer + 1],
        head_names=stack.head_names[heads],
        key_heads=None,
    )
    return replace(record, stacks={record.name: alone}, shown=record.name)
