"""Probe texts through a model: what its heads do whatever a text says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from attnviz.analysis.probe import PATTERNS, Claim, Probe, probed
from attnviz.errors import AttnvizError, bad_choice, out_of_range
from attnviz.files.samples import samples_folder
from attnviz.inputs.text import encode
from attnviz.models import load_writer
from attnviz.models.trained import TrainedModel
from attnviz.record.numbering import OF_LAYER, one_of
from attnviz.record.stack import Stack
from attnviz.tracing.trace import trace

LENGTH, SHORTEST = 32, 8  # tokens that come twice
N_RANDOM, MOST_RANDOM = 8, 1000


def probe(
    model: str | Path | TrainedModel = "minilm", *, n_random: int = N_RANDOM, seed: int = 0,
    texts: Sequence[str] | None = None, stack: str | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Probe:  # fmt: skip
    """Run random tokens that come twice, and sentences, and say what each head looks at in them.

    n_random, seed: how many random texts, at least 2, and what draws them; their ids are those of
    plain words where the model has a tokenizer. texts: sentences in place of ten bundled
        ones, which a model that knows no words is not given.
    stack: of an encoder-decoder, whose heads; the encoder's unless given. progress: called with
    texts done and texts to do.

    Raises AttnvizError for built-in heads and for a model that takes fewer than 16 tokens.
    """
    if not 2 <= n_random <= MOST_RANDOM:
        raise out_of_range("The number of random texts", n_random, 2, MOST_RANDOM)
    opened = load_writer(model)
    name = _stack_of(opened, stack)
    before, after, ids = _frame(opened)
    length = _length(opened, len(before) + len(after), len(ids))
    random = np.random.default_rng(seed)
    sentences = _sentences(texts) if len(ids) < opened.n_ids or texts is not None else []
    total = n_random + len(sentences)
    found: list[Stack] = []
    for done in range(n_random):
        drawn = random.choice(ids, length, replace=False).tolist()
        found.append(_traced(opened, name, None, [*before, *drawn, *drawn, *after]))
        _tell(progress, done + 1, total)
    read = []
    for done, one in enumerate(sentences):
        read.append(_traced(opened, name, one, None))
        _tell(progress, n_random + done + 1, total)
    return probed(opened.name, name, found, read, len(before), length)


def check_claim(found: Probe, claim: str) -> Claim:
    """Answer a claim such as "5.3 induction". Raises AttnvizError where it is not of that form, or
    there is no such head or pattern."""
    place, _, pattern = claim.strip().partition(" ")
    pattern = {"sink": "first"}.get(pattern.strip(), pattern.strip())
    if not (OF_LAYER.fullmatch(place) and pattern):
        raise AttnvizError(
            f'"{claim[:40]}" is not a claim about a head.',
            'Write layer.head and a pattern, such as "5.3 induction".',
            key="err.not_claim",
            claim=claim[:40],
        )
    if pattern not in PATTERNS:
        raise bad_choice(pattern, "the pattern of a claim", (*PATTERNS, "sink"))
    layers, heads = zip(*((one.layer, one.head) for one in found.heads), strict=True)
    known = sorted({*layers})
    layer, head = one_of("first", place, known, max(heads) + 1)
    return found.check(known[layer], head, pattern)


def _tell(progress: Callable[[int, int], object] | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _stack_of(model: TrainedModel, wanted: str | None) -> str:
    own = [name for name, layout in model.layouts.items() if layout.queries == layout.keys]
    if wanted is not None and wanted not in own:
        raise bad_choice(wanted, "`stack`", own)
    return wanted or own[0]


def _frame(model: TrainedModel) -> tuple[list[int], list[int], list[int]]:
    """The special tokens before and after a text, and ids to draw from: of words, or else all."""
    plain = [] if model.namer is None else [
        number for piece, number in model.namer.get_vocab().items()
        if piece.lstrip("Ġ▁#").isalpha() and number < model.n_ids
    ]  # fmt: skip
    if not plain:
        return [], [], [*range(model.n_ids)]
    tokens = encode(model.tokenizer, model.tokenizer.decode(plain[:1]))
    special = tokens.special.tolist()
    first = special.index(False) if False in special else 0
    last = len(special) - special[::-1].index(False) if False in special else len(special)
    marks = tokens.ids.tolist()
    return marks[:first], marks[last:], sorted(plain)


def _length(model: TrainedModel, n_marks: int, n_ids: int) -> int:
    room = LENGTH if model.n_positions is None else (model.n_positions - n_marks) // 2
    length = min(LENGTH, room, n_ids)
    if length < SHORTEST:
        raise AttnvizError(
            f"{model.name} takes too few tokens, or knows too few, to probe it.",
            f"Choose a model that takes {2 * SHORTEST} tokens and more.",
            key="err.takes_too",
            model=model.name,
            value=2 * SHORTEST,
        )
    return length


def _sentences(texts: Sequence[str] | None) -> list[str]:
    if texts is None:
        file = samples_folder() / "corpora" / "reference.txt"
        return file.read_text(encoding="utf-8").splitlines()
    kept = [one for one in texts if one.strip()]
    if len(kept) < 2:
        raise AttnvizError(
            "There are fewer than two texts.", "Give two or more, one a line.", key="err.fewer_than"
        )
    return kept


def _traced(model: TrainedModel, stack: str, text: str | None, ids: list[int] | None) -> Stack:
    """One text's stack; an encoder-decoder reads it on both sides."""
    both = model.reads_source
    record = trace(
        text, model=model, ids=ids, source=text if both else None,
        source_ids=ids if both else None, stack=stack, truncate=text is not None,
    )  # fmt: skip
    return record.stack
