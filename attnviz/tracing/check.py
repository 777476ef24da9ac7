"""Is what a measure says of tokens true of the answer? Hide them in its order, and look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.check import (
    Array,
    Check,
    Curves,
    Ranking,
    curves_of,
    joined,
    rank_correlation,
)
from attnviz.analysis.effects import NONE
from attnviz.analysis.transform import MEASURES
from attnviz.errors import AttnvizError, bad_choice, known_arguments, out_of_range
from attnviz.files.samples import samples_folder
from attnviz.models import load_writer
from attnviz.models.model import SOURCE, Inputs
from attnviz.models.trained import TrainedModel
from attnviz.record.numbering import layers_and_heads
from attnviz.tracing.bench import Bench, Options, clean_run
from attnviz.tracing.read_out import COSINE, KL, choose_read_out
from attnviz.tracing.trace import trace

LENGTH, ONE_BY_ONE, ALL = "length", "one token at a time", "all"
LEAST_ORDERS, MOST_ORDERS = 20, 10_000
MOST_STEPS = 32  # points of a curve
LEAST_TOKENS = 3


@known_arguments(*Options.__annotations__)
def check(
    text: str | None = None, *, model: str | Path | TrainedModel = "minilm",
    measures: Sequence[str] = ("weights",), texts: Sequence[str] | None = None,
    layer: int = -1, answer: str | None = None, against: str | None = None,
    n_random: int = LEAST_ORDERS, seed: int = 0,
    progress: Callable[[int, int], object] | None = None, **options: Unpack[Options],
) -> Check:  # fmt: skip
    """Hide tokens in the order of each measure, and in random orders, and compare the answers.

    measures: of "weights", "values", "contributions", "rollout" and "flow", the attention that each
        token gets in `layer`, the mean over heads; "length", of its embedding: a control without
        any attention; or "all" of them that suit the texts.
    texts: several texts in place of one; ten bundled sentences where there is neither.
    answer, against: what is measured, as in `effects`.
    n_random, seed: how many random orders each text is given, at least 20, and what draws them.
    progress: called with texts done and texts to do.

    A curve has at most 32 points: so many of its tokens are hidden at a time. Special tokens are
    never hidden. Raises AttnvizError for what does not fit together, for a text of fewer than 3
    tokens, and for an answer that does not change when all tokens are hidden.
    """
    wanted = _wanted(measures)
    if not LEAST_ORDERS <= n_random <= MOST_ORDERS:
        raise out_of_range("The number of random orders", n_random, LEAST_ORDERS, MOST_ORDERS)
    opened = load_writer(model)
    chosen = _texts(text, texts, options)
    asked = _Asked(wanted, ALL in measures, layer, answer, against, n_random)
    random = np.random.default_rng(seed)
    found = []
    for done, one in enumerate(chosen):
        found.append(_of_text(opened, one, asked, random, options))
        if progress is not None:
            progress(done + 1, len(chosen))
    return _together(opened.name, found)


def _wanted(measures: Sequence[str]) -> tuple[str, ...]:
    known = (*MEASURES, LENGTH)
    for name in measures:
        if name not in (*known, ALL):
            raise bad_choice(name, "`measures`", (*known, ALL))
    return known if ALL in measures else tuple(dict.fromkeys(measures))


def _texts(text: str | None, texts: Sequence[str] | None, options: Options) -> Sequence[str | None]:
    """The one text, those that were given, or ten bundled sentences."""
    given = text is not None or any(value is not None for value in options.values())
    if texts is None and given:
        return [text]
    if texts is not None and text is not None:
        raise AttnvizError(
            "A text and several texts were given.", "Give one of them.", key="err.text_several"
        )
    if texts is None:
        file = samples_folder() / "corpora" / "reference.txt"
        return file.read_text(encoding="utf-8").splitlines()
    kept = [one for one in texts if one.strip()]
    if not kept:
        raise AttnvizError(
            "There is no text to check.", "Give at least one.", key="err.no_text_check"
        )
    return kept


@dataclass(frozen=True)
class _Asked:
    measures: tuple[str, ...]
    may_skip: bool  # a measure that does not suit the text
    layer: int
    answer: str | None
    against: str | None
    n_random: int


@dataclass(frozen=True)
class _OfText:
    """One text's numbers."""

    read_out: str
    unit: str
    orders: dict[str, tuple[Curves, float]]  # by measure: curves, rank correlation
    random: list[Curves]
    skipped: dict[str, str]


def _of_text(
    model: TrainedModel, text: str | None, asked: _Asked, random: np.random.Generator,
    options: Options,
) -> _OfText:  # fmt: skip
    given: Any = {name: value for name, value in options.items() if value is not None}
    prepared = model.prepare(Inputs(text, **given))
    clean = clean_run(model, prepared)
    read_out = choose_read_out(model, prepared.text, clean.hidden, asked.answer, asked.against)
    stack = "cross" if SOURCE in prepared.tokens else next(iter(model.layouts))
    bench = Bench(model, prepared, clean, read_out, stack)
    curves = _Hiding(bench)
    alone = curves.alone()
    importance, skipped = {}, {}
    for name in asked.measures:
        try:
            importance[name] = _importance(bench, name, text, asked.layer, given)[curves.content]
        except AttnvizError as error:
            if not asked.may_skip:
                raise
            skipped[name] = str(error)
    importance[ONE_BY_ONE] = alone
    orders = {
        name: (curves.of(np.argsort(-one, kind="stable")), rank_correlation(one, alone))
        for name, one in importance.items()
    }
    drawn = [curves.of(random.permutation(len(alone))) for _ in range(asked.n_random)]
    return _OfText(read_out.what, read_out.unit, orders, drawn, skipped)


class _Hiding:
    """The curves of one text."""

    def __init__(self, bench: Bench):
        self._bench = bench
        self.content = np.flatnonzero(~bench.tokens.special)
        n = len(self.content)
        if n < LEAST_TOKENS:
            raise AttnvizError(
                f"The text has {n} tokens that can be hidden.",
                f"Give at least {LEAST_TOKENS}.",
                key="err.text_can",
                n_tokens=n,
                least_tokens=LEAST_TOKENS,
            )
        self._steps = np.unique(np.linspace(1, n - 1, min(n - 1, MOST_STEPS)).round().astype(int))
        unit = bench.read_out.unit
        self._sign = 1 if unit in (COSINE, KL) else -1
        gone = self._loss([tuple(self.content.tolist())])[0]
        self._whole = 1.0 if unit == COSINE else gone
        self._all_gone = gone / self._whole
        if abs(gone) < NONE:
            raise AttnvizError(
                "Hiding every token does not change this answer: there is nothing to rank.",
                "Choose another text or another `answer`.",
                key="err.hiding_every",
            )

    def _loss(self, sets: Sequence[tuple[int, ...]]) -> Array:
        """What of the answer is lost when these tokens are hidden: (sets,)."""
        loss: Array = self._sign * self._bench.without_tokens(sets)
        return loss

    def alone(self) -> Array:
        """What is lost with each token alone: (tokens that can be hidden,)."""
        return self._loss([(int(i),) for i in self.content])

    def of(self, order: NDArray[np.signedinteger[Any]]) -> Curves:
        """Hide the tokens in an order, and show them in it; order: places in `content`."""
        places = self.content[order].tolist()
        sets = [tuple(places[:k]) for k in self._steps] + [tuple(places[k:]) for k in self._steps]
        shares = self._loss(sets) / self._whole
        half = len(self._steps)
        return curves_of(
            self._steps.tolist(), len(places), shares[:half], 1 - shares[half:], self._all_gone
        )


def _importance(
    bench: Bench, name: str, text: str | None, layer: int, given: dict[str, Any]
) -> Array:
    """What each token gets by a measure, in the rows that the answer is read from: (tokens,)."""
    if name == LENGTH:
        return _lengths(bench)
    record = trace(text, model=bench.model, measure=name, **given)
    stack = record.stack
    if stack.weights is None:
        raise AttnvizError(
            "The weights of so long a text are streamed.",
            "Check a shorter text.",
            key="err.weights_so",
        )
    place = -1
    if name not in ("flow",) and len(stack.weights) > 1:
        ((place,), _) = layers_and_heads(str(layer), "mean", stack.layer_numbers, stack.n_heads)
    rows = stack.weights[place].mean(axis=0, dtype=np.float64)
    places = list(bench.read_out.places)
    found: Array = (rows[places] if places else rows).mean(axis=0)
    return found


def _lengths(bench: Bench) -> Array:
    """The length of each token's own vector."""
    words = bench.model.network.writer.embeddings.words
    if words is None:
        raise AttnvizError(
            "The model reads no words.", "Choose another measure.", key="err.model_reads"
        )
    vectors = words(bench.tokens.ids).astype(np.float64)
    lengths: Array = np.sqrt(np.square(vectors).sum(axis=-1))
    return lengths


def _together(model: str, found: Sequence[_OfText]) -> Check:
    names = [name for name in found[0].orders if all(name in one.orders for one in found)]
    rankings = [_ranking(name, found) for name in names]
    skipped = {name: why for one in found for name, why in one.skipped.items()}
    drawn = zip(*(one.random for one in found), strict=True)
    return Check(
        model, found[0].read_out, found[0].unit, len(found),
        tuple(one for one in rankings if one.name != ONE_BY_ONE),
        next(one for one in rankings if one.name == ONE_BY_ONE),
        tuple(joined(orders) for orders in drawn), tuple(skipped.items()),
    )  # fmt: skip


def _ranking(name: str, found: Sequence[_OfText]) -> Ranking:
    curves = joined([one.orders[name][0] for one in found])
    return Ranking(name, curves, np.array([one.orders[name][1] for one in found]))
