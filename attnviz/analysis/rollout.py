"""What reaches a layer from the words themselves: attention followed through all layers below.

Rollout and flow read weights as shares of what is passed on, with the residual connection as a
part of its own (Abnar & Zuidema 2020, arXiv 2005.00928). They say where a layer's tokens can have
their content from, not why the model decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.max_flow import max_flow
from attnviz.attention.masks import from_array
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError, bad_choice, out_of_range
from attnviz.record.stack import Stack

Floats = NDArray[np.float64]
Weights = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Shape = tuple[int, ...]

FUSIONS: dict[str, Callable[[Weights], Weights]] = {  # of the heads of all layers
    "mean": lambda weights: weights.mean(axis=1, dtype=np.float64),
    "max": lambda weights: weights.max(axis=1),
    "min": lambda weights: weights.min(axis=1),
}

# The work of flow grows with tokens⁴ × layers; so much of it takes 10 to 20 seconds.
MOST_TOKENS, MOST_LAYERS = 48, 12


def rollout(stack: Stack, *, fusion: str = "mean", residual: float = 0.5) -> Stack:
    """Return attention rollout (Abnar & Zuidema 2020): R_l = Â_l R_{l-1} from R_0 = I, for every
    layer l.

    Â_l = (1 - residual) A_l + residual I, where A_l is the mean, largest or least weight of the
    heads. For "max" and "min" each row of Â_l is divided by its sum, as their users do (vit-explain
    and others): against those the residual weighs less or more than was asked. For "mean" rows
    stay as they are: weight that a sink took, or that was hidden, is missing from the sum.

    Returns a stack of as many layers with one head, which says what it is: (layers, 1, n, n), row
    i of layer l being what of each input reaches token i after layer l. Masks are what the masks
    of the layers below let through; causal ones stay causal.

    Raises AttnvizError for a streamed stack, for cross-attention or a part of a map, whose queries
    are other tokens than its keys, and for another fusion or a residual outside 0 … 1.
    """
    mixed = _mixed(stack, "Rollout", fusion, residual)
    rolled = np.empty_like(mixed)
    reached = np.eye(mixed.shape[-1])
    for layer, passed in enumerate(mixed):
        reached = passed @ reached
        rolled[layer] = reached
    name = f"rollout, {_in_words(fusion, residual)}"
    return followed(stack, rolled, reaches(stack, residual), name)


def flow(
    stack: Stack, *, fusion: str = "mean", residual: float = 0.5, layer: int | None = None
) -> Stack:
    """Return attention flow (Abnar & Zuidema 2020): the maximum flow from token (l, i) to each
    input j, through a network whose edges from layer to layer have Â (see `rollout`) as capacities.

    As in the authors' code each row is divided by its sum; `max_flow` gives the flows themselves.

    Returns a stack of one layer with one head, (1, 1, n, n): that of `layer`, or of the last one.
    One, because every layer is another n² problems over all layers below it, and the last is what
    the model's answer is made from. Work grows with n⁴ times the layers.

    Raises AttnvizError where `rollout` does, for a layer that is not there, and for more than the
    work of 48 tokens and 12 layers.
    """
    mixed = _mixed(stack, "Flow", fusion, residual)
    last = stack.n_layers - 1 if layer is None else layer
    if not 0 <= last < stack.n_layers:
        raise out_of_range("Layer", last, 0, stack.n_layers - 1)
    _refuse_much_work(n_layers=last + 1, n_tokens=stack.shape[0])
    flows = max_flow(mixed[: last + 1])
    name = f"flow to layer {last}, {_in_words(fusion, residual)}"
    return followed(
        stack, _whole_rows(flows)[None], reaches(stack, residual)[last : last + 1], name
    )


def _mixed(stack: Stack, what: str, fusion: str, residual: float) -> Floats:
    """Â of every layer: (layers, tokens, tokens)."""
    _refuse_other_stacks(stack, what)
    if fusion not in FUSIONS:
        raise bad_choice(fusion, "the fusion of heads", FUSIONS)
    if not 0 <= residual <= 1:
        raise AttnvizError(
            f"The residual is {residual}.",
            "It is a share, from 0 to 1.",
            key="err.residual",
            residual=residual,
        )
    assert stack.weights is not None  # others were refused
    fused = FUSIONS[fusion](stack.weights).astype(np.float64)
    mixed: Floats = (1 - residual) * fused + residual * np.eye(stack.shape[0])
    return mixed if fusion == "mean" else _whole_rows(mixed)


def _whole_rows(weights: Floats) -> Floats:
    """Each row divided by its sum; a row of zeros stays one."""
    total = weights.sum(axis=-1, keepdims=True)
    divided: Floats = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return divided


def _refuse_other_stacks(stack: Stack, what: str) -> None:
    if stack.two_texts or stack.query_tokens != stack.key_tokens:
        raise AttnvizError(
            f"{what} follows tokens from layer to layer, and here queries and keys are not the "
            "same tokens:",
            "choose a stack of self-attention, and all of it (a part of its rows and columns can "
            "be shown afterwards).",
            key="err.follows_tokens",
            what=what,
        )
    if stack.numbers:
        raise AttnvizError(
            f"{what} follows attention through all layers, and here some have none:",
            "tokens are mixed there in another way, which it cannot follow.",
            key="err.follows_gaps",
            what=what,
        )
    if stack.weights is None:
        raise AttnvizError(
            f"{what} needs all weights; for a text this long they are streamed.",
            "Give a shorter text.",
            key="err.needs_all",
            what=what,
        )


def _refuse_much_work(n_layers: int, n_tokens: int) -> None:
    if n_tokens**4 * n_layers > MOST_TOKENS**4 * MOST_LAYERS:
        fitting = int((MOST_TOKENS**4 * MOST_LAYERS / n_layers) ** 0.25)
        raise AttnvizError(
            f"Flow through {n_layers} layers of {n_tokens} tokens would take too long: the limit "
            f"is {MOST_TOKENS} tokens in {MOST_LAYERS} layers, or {fitting} in {n_layers}.",
            "Give a shorter text or a lower layer, or choose rollout, which has no limit.",
            key="err.flow_through",
            n_layers=n_layers,
            n_tokens=n_tokens,
            most_tokens=MOST_TOKENS,
            most_layers=MOST_LAYERS,
            fitting=fitting,
        )


def _in_words(fusion: str, residual: float) -> str:
    share = {0.5: "½", 0: "no"}.get(residual, f"{residual:g}")
    return f"{fusion} of heads, {share} residual"


def followed(stack: Stack, weights: Floats, reached: list[Bools], name: str) -> Stack:
    """Return the stack with followed weights (layers, n, n) as its one head."""
    assert stack.weights is not None
    masks: tuple[Rule, ...] = tuple(map(from_array, reached))
    return replace(
        stack,
        weights=weights[:, None].astype(stack.weights.dtype),
        summary=None,
        vectors={},
        masks=masks,
        head_names=(name,),
        key_heads=None,
    )


def reaches(stack: Stack, residual: float) -> list[Bools]:
    """Return from which inputs the masks let anything through, for each layer: (n, n) each; empty
    if no masks are known."""
    n = stack.shape[0]
    reached, found = np.eye(n, dtype=np.float32), []
    for rule in stack.masks:
        passed = rule.to_array(n, n) | (np.eye(n, dtype=np.bool_) & (residual > 0))
        reached = (passed.astype(np.float32) @ reached > 0).astype(np.float32)
        found.append(reached > 0)
    return found
