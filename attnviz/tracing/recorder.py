"""The one door through which every model's attention passes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.attention.dense import attend_all
from attnviz.attention.masks import full
from attnviz.attention.prepare import Bias, Inputs, prepare
from attnviz.attention.rules import Rule
from attnviz.attention.streaming import Observer, stream_inputs
from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.files.tensors import Array
from attnviz.models.model import StackShape
from attnviz.record.part import Cut, Focus
from attnviz.record.stack import Place, Stack
from attnviz.record.summary import Summary
from attnviz.tracing.memory import (
    PART,
    Storage,
    block_rows,
    choose_storage,
    default_budget,
    format_bytes,
)
from attnviz.tracing.observers import Summarizer
from attnviz.tracing.part_observers import (
    CutObserver,
    UnitsObserver,
    ValueShares,
    observer_of,
    value_shares,
)

Floats = NDArray[np.floating[Any]]
# Called with the stack, the layer, and how many of its rows just ended.
Progress = Callable[[str, int, int], object]


class Recorder:
    """A door that runs a model's attention and keeps what was seen, stack by stack.

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
        self._values = values
        self._focus = focus or {}
        self._focused: dict[str, list[Floats]] = {}
        self._storage: dict[str, Storage] = {}
        self._progress = progress or (lambda *_: None)

    def attend(
        self,
        stack: str,
        query: Floats,
        key: Floats,
        value: Floats,
        *,
        layer: int = 0,
        mask: Rule | None = None,
        bias: Bias | None = None,
        scale: float | None = None,
        softcap: float | None = None,
        sinks: ArrayLike | None = None,
        w_output: Array | None = None,
    ) -> Floats:
        """Attend in one layer, layers in their order; arguments as in
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
        # Where layers share keys among other numbers of heads, no one number is said of them.
        same = self._key_heads.get(stack, key.shape[0]) == key.shape[0]
        self._key_heads[stack] = key.shape[0] if same else query.shape[0]
        if stack not in self._storage:
            self._storage[stack] = choose_storage(
                inputs, self._shapes[stack].n_layers, self._budget
            )
            self._check_focus(stack, inputs)
        if self._storage[stack].map_size is not None:
            return self._stream(stack, inputs, w_output)
        weights = self._weights_of(stack, inputs)[layer]
        output = attend_all(inputs, weights)
        self._progress(stack, layer, inputs.n_queries)
        if self._values:
            weights[...] = value_shares(weights, inputs, w_output)
        return output

    def _stream(self, stack: str, inputs: Inputs, w_output: Array | None) -> Floats:
        """Attend in one layer whose weights are not kept."""
        storage, summaries = self._storage[stack], self._summaries.setdefault(stack, [])
        shape, dtype = (inputs.n_queries, inputs.n_keys), inputs.query.dtype
        watching = Summarizer(inputs.lead[0], *shape, storage.map_size or 0, dtype)
        near: list[CutObserver | UnitsObserver] = []
        if stack in self._focus:
            near.append(observer_of(self._focus[stack], inputs.lead[0], shape, dtype))
        output = np.empty((*inputs.query.shape[:2], inputs.value.shape[-1]), dtype)
        advance = partial(self._progress, stack, len(summaries))
        observers: list[Observer] = [watching, *near]
        if self._values:
            observers = [ValueShares(inputs, w_output, observers)]
        at_once = block_rows(inputs, storage.room)
        stream_inputs(inputs, observers, output, at_once, advance)
        summaries.append(watching.summary())
        self._focused.setdefault(stack, []).extend(each.weights for each in near)
        return output

    def stacks(self) -> dict[str, Stack]:
        """Return what was recorded, for the record."""
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
                numbers=self._shapes[name].layout.numbers,
            )
            for name, masks in self._masks.items()
        }
        return found | {
            name: _part_of(found[name], self._focus[name], _joined(layers))
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
        if focus is None or self._storage[stack].map_size is None:
            return
        n_layers, n_weights = self._shapes[stack].n_layers, math.prod((*inputs.lead, *focus.shape))
        needed = n_layers * n_weights * inputs.query.dtype.itemsize
        most = max(self._budget, PART)
        if needed > most:
            rows, columns = focus.shape
            raise AttnvizError(
                f"{grouped(rows)} × {grouped(columns)} weights in {n_layers * inputs.lead[0]} "
                f"heads take "
                f"{format_bytes(needed)}, and {format_bytes(most)} may be used.",
                "Ask for a smaller part (`rows`, `columns`), larger units, or fewer heads.",
                key="err.weights_heads",
                rows=rows,
                columns=columns,
                value=n_layers * inputs.lead[0],
                needed=format_bytes(needed),
                most=format_bytes(most),
            )

    def _weights_of(self, stack: str, inputs: Inputs) -> Floats:
        """Allocate (layers, heads, queries, keys) on the first layer of a stack."""
        if stack not in self._weights:
            shape = (self._shapes[stack].n_layers, *inputs.lead, inputs.n_queries, inputs.n_keys)
            self._weights[stack] = np.zeros(shape, inputs.query.dtype)
        return self._weights[stack]


def _joined(layers: list[Floats]) -> Floats:
    """Layers as one array, each let go as soon as it is copied: a part may fill the memory."""
    joined = np.empty((len(layers), *layers[0].shape), layers[0].dtype)
    for layer in range(len(layers)):
        joined[layer] = layers[layer]
        layers[layer] = joined[layer]
    return joined


def _part_of(whole: Stack, focus: Focus, weights: Floats) -> Stack:
    """Make a stack of the part of a streamed one that was kept at full detail."""
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
