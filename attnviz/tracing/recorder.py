"""The one door through which every model's attention passes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.attention.blocks import inverse, row_sums
from attnviz.attention.dense import attend_all
from attnviz.attention.masks import full
from attnviz.attention.prepare import Inputs, prepare
from attnviz.attention.rules import Rule
from attnviz.attention.streaming import Block, Observer, stream_inputs
from attnviz.attention.value_weights import value_lengths, value_weighted
from attnviz.errors import AttnvizError
from attnviz.files.tensors import Array
from attnviz.models.model import StackShape
from attnviz.record.part import Cut, CutObserver, Focus, UnitsObserver
from attnviz.record.stack import Place, Stack
from attnviz.record.summary import Summarizer, Summary
from attnviz.tracing.memory import Choice, block_rows, choose, default_budget, said

if TYPE_CHECKING:
    from attnviz.analysis.steps import Attended

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Watch:
    """One query of one head, whose attention is kept step by step."""

    stack: str
    query: int
    head: int
    layer: int = 0


Progress = Callable[[str, int, int], object]  # told stack, layer, and rows just done


class Recorder:
    """Runs a model's attention and keeps what was seen, stack by stack.

    shapes: each stack's tokens and layers. Weights are kept whole when all layers of them, with as
    much again to work on them, fit `budget` bytes; else they are streamed and a summary is kept,
    and with it what `focus` names: a part at full detail, or units in place of tokens.
    values: keep, in place of weights, what each key gives to each query by the length of its
    value, as a share of the row (Kobayashi et al. 2020).
    """

    def __init__(
        self,
        shapes: Mapping[str, StackShape],
        *,
        budget: int | None = None,
        watch: Watch | None = None,
        values: bool = False,
        focus: Mapping[str, Focus] | None = None,
        progress: Progress | None = None,
    ):
        self._shapes = shapes
        self._budget = default_budget() if budget is None else budget
        self._weights: dict[str, Floats] = {}  # (layers, heads, queries, keys)
        self._summaries: dict[str, list[Summary]] = {}
        self._masks: dict[str, list[Rule]] = {}
        self._key_heads: dict[str, int] = {}
        self._watch = watch
        self._values = values
        self._focus = focus or {}
        self._focused: dict[str, list[Floats]] = {}
        self._choices: dict[str, Choice] = {}
        self._progress = progress or (lambda *_: None)
        self.watched: Attended | None = None

    def attend(
        self,
        stack: str,
        query: Floats,
        key: Floats,
        value: Floats,
        *,
        layer: int = 0,
        mask: Rule | None = None,
        bias: ArrayLike | None = None,
        scale: float | None = None,
        softcap: float | None = None,
        sinks: ArrayLike | None = None,
        w_output: Array | None = None,
    ) -> Floats:
        """One layer's attention, in the order of layers; arguments as in
        `scaled_dot_product_attention`.

        query: (heads, queries, head_dim); key and value: (heads or fewer, keys, …).
        w_output: (heads × value_dim, width), what the model merges the heads with.
        Returns the output (heads, queries, value_dim).
        """
        rule = full() if mask is None else mask
        inputs = prepare(
            query, key, value, mask=rule, bias=bias, scale=scale, softcap=softcap, sinks=sinks,
            enable_gqa=key.shape[0] != query.shape[0],
        )  # fmt: skip
        masks = self._masks.setdefault(stack, [])
        assert layer == len(masks), f"layer {layer} of {stack} comes after {len(masks) - 1}"
        masks.append(rule)
        self._key_heads[stack] = key.shape[0]
        if stack not in self._choices:
            self._choices[stack] = choose(inputs, self._shapes[stack].n_layers, self._budget)
            self._check_focus(stack, inputs)
        if self._choices[stack].map_size is not None:
            return self._stream(stack, inputs, w_output)
        weights = self._room(stack, inputs)[layer]
        output = attend_all(inputs, weights)
        self._progress(stack, layer, inputs.n_queries)
        if self._values:
            weights[...] = _by_values(weights, inputs, w_output)
        if self._watch and (self._watch.stack, self._watch.layer) == (stack, layer):
            self.watched = _attended(self._watch, inputs, output, w_output)
        return output

    def _stream(self, stack: str, inputs: Inputs, w_output: Array | None) -> Floats:
        """One layer whose weights are not kept."""
        choice, summaries = self._choices[stack], self._summaries.setdefault(stack, [])
        shape, dtype = (inputs.n_queries, inputs.n_keys), inputs.query.dtype
        watching = Summarizer(inputs.lead[0], *shape, choice.map_size or 0, dtype)
        near: list[CutObserver | UnitsObserver] = []
        if stack in self._focus:
            near.append(self._focus[stack].observer(inputs.lead[0], shape, dtype))
        output = np.empty((*inputs.query.shape[:2], inputs.value.shape[-1]), dtype)
        advance = partial(self._progress, stack, len(summaries))
        observers: list[Observer] = [watching, *near]
        if self._values:
            observers = [_ByValues(inputs, w_output, observers)]
        at_once = block_rows(inputs, choice.room)
        stream_inputs(inputs, observers, output, at_once, advance)
        summaries.append(watching.summary())
        self._focused.setdefault(stack, []).extend(each.weights for each in near)
        return output

    def stacks(self) -> dict[str, Stack]:
        """What was recorded, for the record."""
        found = {
            name: Stack(
                query_tokens=self._shapes[name].queries,
                key_tokens=self._shapes[name].keys,
                weights=self._weights.get(name),
                summary=Summary.of(self._summaries[name]) if name in self._summaries else None,
                masks=tuple(masks),
                head_names=self._shapes[name].head_names,
                two_texts=name == "cross",
                key_heads=self._key_heads[name],
            )
            for name, masks in self._masks.items()
        }
        return found | {
            name: _part_of(found[name], self._focus[name], np.stack(layers))
            for name, layers in self._focused.items()
            if layers
        }

    @property
    def focused(self) -> bool:
        """Whether a focus was kept, because its stack was streamed."""
        return any(self._focused.values())

    def _check_focus(self, stack: str, inputs: Inputs) -> None:
        """Refuse a part or units whose weights do not fit in their turn."""
        focus = self._focus.get(stack)
        if focus is None or self._choices[stack].map_size is None:
            return
        n_layers, n_weights = self._shapes[stack].n_layers, math.prod((*inputs.lead, *focus.shape))
        needed, most = n_layers * n_weights * inputs.query.dtype.itemsize, self._budget
        if needed > (most or default_budget()):
            rows, columns = focus.shape
            raise AttnvizError(
                f"{rows:,} × {columns:,} weights in {n_layers * inputs.lead[0]} heads take "
                f"{said(needed)}, and {said(most)} may be used.",
                "Ask for a smaller part (`rows`, `columns`), larger units, or fewer heads.",
            )

    def _room(self, stack: str, inputs: Inputs) -> Floats:
        """Where the weights of all layers of a stack go, made when the first of them comes."""
        if stack not in self._weights:
            shape = (self._shapes[stack].n_layers, *inputs.lead, inputs.n_queries, inputs.n_keys)
            self._weights[stack] = np.zeros(shape, inputs.query.dtype)
        return self._weights[stack]


def _part_of(whole: Stack, focus: Focus, weights: Floats) -> Stack:
    """The part of a streamed stack that was kept at full detail."""
    queries, keys = focus.tokens(whole.query_tokens, whole.key_tokens)
    made = {rule: focus.mask(rule, whole.shape) for rule in set(whole.masks)}
    return replace(
        whole,
        query_tokens=queries,
        key_tokens=keys,
        weights=weights,
        summary=None,
        masks=tuple(made[rule] for rule in whole.masks),
        two_texts=whole.two_texts or queries is not keys,
        place=Place(whole, focus.rows, focus.columns) if isinstance(focus, Cut) else None,
        head_names=whole.head_names if isinstance(focus, Cut) or focus.kind == "words" else (),
    )


def _by_values(weights: Floats, inputs: Inputs, w_output: Array | None) -> Floats:
    lengths = value_weighted(weights, inputs.value, _merging(inputs, w_output))
    sums = lengths.sum(axis=-1, keepdims=True)
    shares: Floats = np.divide(lengths, sums, out=np.zeros_like(lengths), where=sums > 0)
    return shares


def _merging(inputs: Inputs, w_output: Array | None) -> Floats:
    if w_output is None:
        raise AttnvizError(
            "This model has two kinds of values, which cannot be weighed.", "Choose another."
        )
    return w_output.astype(inputs.query.dtype, copy=False)


class _ByValues:
    """Weighs every block by the lengths of its keys' values, in place, before others see it."""

    def __init__(self, inputs: Inputs, w_output: Array | None, watching: Sequence[Observer]):
        self._lengths = np.stack([*value_lengths(inputs.value, _merging(inputs, w_output))])
        self._watching = watching

    def see(self, block: Block) -> None:
        """Weights become shares of what each row takes; a row that takes nothing stays 0."""
        keys = np.clip(block.keys, 0, self._lengths.shape[1] - 1)  # beside the text all is 0
        weights = block.weights  # (tiles, rows, columns)
        weights *= self._lengths[block.head][keys][:, None, :]
        weights *= inverse(row_sums(weights))
        for observer in self._watching:
            observer.see(block)


def _attended(watch: Watch, inputs: Inputs, output: Floats, w_output: Array | None) -> Attended:
    from attnviz.analysis.steps import Attended  # few runs are followed step by step

    plain = not inputs.added and inputs.softcap is None and inputs.sinks is None
    if not plain or w_output is None:
        raise AttnvizError(
            "The four steps are not all that this model does: it adds a bias or a cap to its "
            "scores, or has two kinds of queries.",
            "Follow a model without (the built-in heads, minilm, GPT-2, Llama …).",
        )
    (source,) = inputs.source((watch.head,))
    return Attended(
        query=inputs.query[watch.head, watch.query],
        keys=inputs.key[source],
        values=inputs.value[source],
        allowed=np.array(inputs.rule([watch.query], np.arange(inputs.n_keys))[0]),
        scale=inputs.scale,
        outputs=output[:, watch.query],
        w_output=w_output.astype(output.dtype),
    )
