"""What is measured of heads beside their weights: how much they write, and what changes without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.effects import Array
from attnviz.models import load_writer
from attnviz.models.layers import Floats
from attnviz.models.network.network import State
from attnviz.models.trained import TrainedModel
from attnviz.record.record import AttentionRecord
from attnviz.tracing.effects import effects
from attnviz.tracing.knock_out import KnockOut, Removal
from attnviz.tracing.plan import Plan, make_plan
from attnviz.tracing.trace import trace

OF_EFFECTS = ("ids", "pair", "source", "source_ids", "truncate")


def trace_heads(
    text: str | None, *, stack: str | None = None, effect: bool = False,
    reference: Sequence[str] | None = None, progress: Callable[[int, int], object] | None = None,
    **options: Any,
) -> AttentionRecord:  # fmt: skip
    """Trace as `trace` does; of a checkpoint, measure beside it what its heads write, and with
    `effect` what changes without each (`effects`, whose `reference` and `progress` these are).

    Both stand in `Stack.of_heads` of the shown stack, (layers, heads) each.
    """
    plan = make_plan(text, **options)
    record = trace(text, **(options | {"model": plan.model}), stack=stack)
    if plan.model.origin != "trained":
        return record
    model = load_writer(plan.model)
    if model.has_global_tokens:
        return record
    found = {"writes": writes(model, plan, record.name)}
    if effect:
        given = {name: options[name] for name in OF_EFFECTS if options.get(name) is not None}
        measured = effects(text, model=model, stack=record.name, reference=reference,
                           progress=progress, **given)  # fmt: skip
        found["effect"] = measured.table
    return with_measures(record, found)


def with_measures(record: AttentionRecord, found: Mapping[str, Array]) -> AttentionRecord:
    """Return the record with these measures (layers, heads) of its shown stack's heads."""
    stack = replace(record.stack, of_heads={**record.stack.of_heads, **found})
    return replace(record, stacks={**record.stacks, record.name: stack})


def writes(model: TrainedModel, plan: Plan, stack: str) -> Array:
    """Return the mean over queries of ‖z_h W_O^h‖ / ‖x‖, where z_h is what a head gives before the
    output map and x what enters the layer: (layers, heads)."""
    run = _Run(stack)
    model.resume(model.begin(plan.prepared), plan.under_mask(run.attend), run.watch)
    return np.stack(run.layers)


class _Run:
    """A run that measures what heads write as soon as a layer attends."""

    def __init__(self, stack: str):
        self._stack = stack
        self._plain = KnockOut([Removal({})], -1)
        self._entering: NDArray[np.float64] = np.ones(1)
        self.layers: list[Array] = []

    def watch(self, state: State) -> None:
        """Keep the length of what enters the next layer: (tokens,)."""
        self._entering = np.sqrt(np.square(state.x, dtype=np.float64).sum(axis=-1))

    def attend(self, stack: str, *qkv: Floats, w_output: Any = None, **given: Any) -> Floats:
        """Attend in one layer, and measure the own stack's heads."""
        output = self._plain.attend(stack, *qkv, w_output=w_output, **given)
        if stack == self._stack:
            self.layers.append(_lengths(output, w_output, self._entering))
        return output


def _lengths(output: Floats, w_output: Any, entering: Array) -> Array:
    """(heads,): how long what each head adds is, against what it is added to."""
    heads, _, dim = output.shape
    maps = np.asarray(w_output).astype(output.dtype).reshape(heads, dim, -1)
    found = []
    for each, matrix in zip(output, maps, strict=True):  # a head at a time: (queries, width)
        lengths = np.sqrt(np.square(each @ matrix, dtype=np.float64).sum(axis=-1))
        found.append(float((lengths / np.maximum(entering, 1e-30)).mean()))
    return np.array(found)
