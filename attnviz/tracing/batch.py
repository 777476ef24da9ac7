"""Several runs of one model at once, where it can take texts together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from attnviz.models.model import Attend
from attnviz.tracing.plan import Plan

if TYPE_CHECKING:  # built-in heads do not wait for what opens checkpoints
    from attnviz.models.trained import TrainedModel

MOST_TOKENS = 1024  # that pass together: more are no quicker, and take more memory


def run_plans(plans: Sequence[Plan], attend: Callable[[int], Attend]) -> Iterator[list[int]]:
    """Run every plan, by its place, through its door, those of one checkpoint together; yield the
    places of those that have run, as they end."""
    for group in _groups(plans):
        if len(group) == 1:
            plans[group[0]].run(attend(group[0]))
        else:
            together = cast("TrainedModel", plans[group[0]].model)  # `_groups` joins no others
            together.run_together(
                [plans[i].prepared for i in group],
                [plans[i].under_mask(attend(i)) for i in group],
            )
        yield group


def _groups(plans: Sequence[Plan]) -> Iterator[list[int]]:
    """The places of plans that run together."""
    group: list[int] = []
    n_tokens = 0
    for i, plan in enumerate(plans):
        n = sum(len(tokens) for tokens in plan.prepared.tokens.values())
        joins = group and plan.model is plans[group[0]].model and n_tokens + n <= MOST_TOKENS
        if group and not (joins and _runs_together(plan)):
            yield group
            group, n_tokens = [], 0
        group.append(i)
        n_tokens += n
    if group:
        yield group


def _runs_together(plan: Plan) -> bool:
    return bool(getattr(plan.model, "runs_together", False))
