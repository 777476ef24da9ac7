"""Functions around the door for attention, Attend → Attend: another mask, a stopwatch, one query
that is followed. A head or an edge knocked out, a patch, a cache are of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.attention.prepare import prepare
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError
from attnviz.files.tensors import Array
from attnviz.models.model import Attend, Floats

if TYPE_CHECKING:
    from attnviz.analysis.steps import Attended


def with_mask(attend: Attend, mask: Rule, stacks: Container[str]) -> Attend:
    """Put this mask in the place of the own masks of these stacks."""

    def door(stack: str, *qkv: Floats, **options: Any) -> Floats:
        given = options | {"mask": mask} if stack in stacks else options
        return attend(stack, *qkv, **given)

    return door


@dataclass
class Stopwatch:
    """The seconds that passed inside of a door."""

    seconds: float = 0.0


def with_stopwatch(
    attend: Attend, watch: Stopwatch, clock: Callable[[], float] = perf_counter
) -> Attend:
    """Add to the watch how long each call takes."""

    def door(*qkv: Any, **options: Any) -> Floats:
        start = clock()
        output = attend(*qkv, **options)
        watch.seconds += clock() - start
        return output

    return door


@dataclass(frozen=True)
class Watch:
    """One query of one head, whose attention is kept step by step."""

    stack: str
    query: int
    head: int
    layer: int = 0


def with_watch(attend: Attend, watch: Watch, seen: list[Attended]) -> Attend:
    """Append to `seen` what one query of one head does.

    Raises AttnvizError where a layer does more than the four steps show.
    """

    def door(
        stack: str, *qkv: Floats, layer: int = 0, w_output: Array | None = None, **options: Any
    ) -> Floats:
        output = attend(stack, *qkv, layer=layer, w_output=w_output, **options)
        if (stack, layer) == (watch.stack, watch.layer):
            seen.append(_attended(watch, qkv, options, output, w_output))
        return output

    return door


KEPT = ("query", "key", "value", "scores")


def with_vectors(
    attend: Attend, names: Container[str], kept: dict[str, dict[str, list[Floats]]]
) -> Attend:
    """Append to `kept`, by stack and name, what each layer attends with.

    names: of `KEPT`. Scores are those of `Stack.scores`.
    """

    def door(stack: str, *qkv: Floats, **options: Any) -> Floats:
        output = attend(stack, *qkv, **options)
        of_stack = kept.setdefault(stack, {name: [] for name in KEPT if name in names})
        for name, array in zip(KEPT, qkv, strict=False):
            if name in of_stack:
                of_stack[name].append(np.array(array))
        if "scores" in of_stack:
            of_stack["scores"].append(_scores(qkv, options))
        return output

    return door


def _scores(qkv: tuple[Floats, ...], options: dict[str, Any]) -> Floats:
    """(heads, queries, keys) before mask and softmax."""
    asked: dict[str, Any] = {name: options.get(name) for name in ("bias", "scale", "softcap")}
    inputs = prepare(*qkv, enable_gqa=qkv[0].shape[0] != qkv[1].shape[0], **asked)
    key = np.repeat(inputs.key, inputs.shared_by, axis=0)  # (heads, keys, head_dim)
    scores: Floats = inputs.query @ key.swapaxes(1, 2) * inputs.scale
    if inputs.softcap is not None:
        scores = inputs.softcap * np.tanh(scores / inputs.softcap)
    return sum(inputs.added, scores)


def _attended(
    watch: Watch, qkv: tuple[Floats, ...], options: dict[str, Any], output: Floats,
    w_output: Array | None,
) -> Attended:  # fmt: skip
    from attnviz.analysis.steps import Attended  # few runs are followed step by step

    inputs = prepare(*qkv, enable_gqa=qkv[0].shape[0] != qkv[1].shape[0], **options)
    plain = not inputs.added and inputs.softcap is None and inputs.sinks is None
    if not plain or w_output is None:
        raise AttnvizError(
            "The four steps are not all that this model does: it adds a bias or a cap to its "
            "scores, or has two kinds of queries.",
            "Follow a model without (the built-in heads, minilm, GPT-2, Llama …).",
            key="err.four_steps",
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
