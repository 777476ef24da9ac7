"""The one door through which every model's attention passes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.attention.masks import Rule, full
from attnviz.attention.rows import Options
from attnviz.attention.streaming import stream
from attnviz.stack import Stack
from attnviz.summary import Summarizer, Summary
from attnviz.tokens import Tokens

if TYPE_CHECKING:
    from attnviz.steps import Attended

Floats = NDArray[np.floating[Any]]

BUDGET_AT_MOST = 1 << 30  # bytes


def default_budget() -> int:
    """A quarter of the memory that is free, at most 1 GiB; in bytes."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not every system says
        return BUDGET_AT_MOST
    return min(free // 4, BUDGET_AT_MOST)


@dataclass(frozen=True)
class Watch:
    """One query of one head, whose attention is kept step by step."""

    stack: str
    query: int
    head: int
    layer: int = 0


class Recorder:
    """Runs a model's attention and keeps what was seen, stack by stack.

    tokens: for each stack, the tokens of its queries and of its keys. Weights are kept whole when
    all layers of them, with as much again to work on them, fit `budget` bytes; else they are
    streamed and a summary is kept.
    """

    def __init__(
        self,
        tokens: Mapping[str, tuple[Tokens, Tokens]],
        *,
        n_layers: int = 1,
        budget: int | None = None,
        watch: Watch | None = None,
    ):
        self._tokens = tokens
        self._n_layers = n_layers
        self._budget = default_budget() if budget is None else budget
        self._weights: dict[str, list[Floats]] = {}
        self._summaries: dict[str, list[Summary]] = {}
        self._masks: dict[str, list[Rule]] = {}
        self._watch = watch
        self.watched: Attended | None = None

    def attend(
        self,
        stack: str,
        query: Floats,
        key: Floats,
        value: Floats,
        *,
        mask: Rule | None = None,
        bias: ArrayLike | None = None,
        scale: float | None = None,
        softcap: float | None = None,
        sinks: ArrayLike | None = None,
    ) -> Floats:
        """Attention of the stack's next layer; arguments as in `scaled_dot_product_attention`.

        query: (heads, queries, head_dim); key and value: (heads or fewer, keys, …).
        Returns the output (heads, queries, value_dim).
        """
        rule = full() if mask is None else mask
        options = Options(mask=rule, bias=bias, scale=scale, softcap=softcap, sinks=sinks)
        options["enable_gqa"] = key.shape[0] != query.shape[0]
        layer = len(self._masks.setdefault(stack, []))
        self._masks[stack].append(rule)
        heads, n_queries, n_keys = query.shape[0], query.shape[1], key.shape[1]
        if not self._fits(heads * n_queries * n_keys * max(query.dtype.itemsize, 4)):
            watching = Summarizer(heads, n_queries, n_keys)
            output = stream(query, key, value, [watching], **options)
            self._summaries.setdefault(stack, []).append(watching.summary())
            return output
        output, weights = scaled_dot_product_attention(query, key, value, **options)
        self._weights.setdefault(stack, []).append(weights)
        if self._watch and (self._watch.stack, self._watch.layer) == (stack, layer):
            self.watched = _attended(self._watch, query, key, value, rule, scale, output)
        return output

    def stacks(self, head_names: tuple[str, ...] = ()) -> dict[str, Stack]:
        """What was recorded, for the record."""
        return {
            name: Stack(
                query_tokens=self._tokens[name][0],
                key_tokens=self._tokens[name][1],
                weights=np.stack(self._weights[name]) if name in self._weights else None,
                summary=Summary.of(self._summaries[name]) if name in self._summaries else None,
                masks=tuple(masks),
                head_names=head_names,
                two_texts=name == "cross",
            )
            for name, masks in self._masks.items()
        }

    def _fits(self, layer_bytes: int) -> bool:
        return 2 * layer_bytes * self._n_layers <= self._budget


def _attended(
    watch: Watch,
    query: Floats,
    key: Floats,
    value: Floats,
    rule: Rule,
    scale: float | None,
    output: Floats,
) -> Attended:
    from attnviz.steps import Attended  # few runs are followed step by step

    shared_by = query.shape[0] // key.shape[0]
    return Attended(
        query=query[watch.head, watch.query],
        keys=key[watch.head // shared_by],
        values=value[watch.head // shared_by],
        allowed=np.array(rule([watch.query], np.arange(key.shape[1]))[0]),
        scale=query.shape[-1] ** -0.5 if scale is None else scale,
        outputs=output[:, watch.query],
    )
