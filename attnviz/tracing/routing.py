"""Which experts each token of a text passes: what the router of one layer chooses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from attnviz.analysis.routing import Routing
from attnviz.errors import AttnvizError, known_arguments
from attnviz.models import CONSTRUCTED, RANDOM, load_writer
from attnviz.models.layers import Floats, merge_heads
from attnviz.models.model import Attend, Inputs, Model, Prepared
from attnviz.models.network.blocks import PreNormBlock
from attnviz.models.network.experts import experts_in
from attnviz.models.network.network import State
from attnviz.models.network.tower import CROSS, Tower
from attnviz.models.trained import TrainedModel
from attnviz.tracing.cache import KeyValueCache


class Options(TypedDict, total=False):
    """What is read, as in `trace`."""

    ids: Sequence[int] | None
    source: str | None
    source_ids: Sequence[int] | None
    truncate: bool


@known_arguments(*Options.__annotations__)
def routing(
    text: str | None = None, *, model: str | Path | Model, layer: int = 0,
    **options: Unpack[Options],
) -> Routing:  # fmt: skip
    """Run a text, and return which experts each token passes in a layer, -1 for the last; of a
    model with an encoder, in a layer of its decoder.

    Raises AttnvizError for a model, or a layer, without experts.
    """
    if model in (CONSTRUCTED, RANDOM):
        raise _without(str(model))
    opened = load_writer(model)
    mixed = _mixed(opened)
    n_layers = len(opened.network.writer.blocks)
    chosen = layer + n_layers if layer < 0 else layer
    if chosen not in mixed:
        there = _ranges(list(mixed))
        raise AttnvizError(
            f"Layer {layer} of {opened.name} has no experts.",
            f"These have: {there}.",
            key="err.no_experts_there",
            layer=layer,
            model=opened.name,
            layers=there,
        )
    prepared = opened.prepare(Inputs(text, **options))
    block = mixed[chosen]
    experts = experts_in(block.feed_forward)
    assert experts is not None  # `_mixed` left out the others
    numbers, shares = experts.router(block.fed(*_before(opened, prepared, chosen)))
    labels = prepared.text.labels
    return Routing(opened.name, chosen, labels, len(experts.experts), numbers, shares)


def _ranges(layers: list[int]) -> str:
    """Name layers, in a row by the first and the last of them."""
    if layers == list(range(layers[0], layers[-1] + 1)) and len(layers) > 2:
        return f"{layers[0]}-{layers[-1]}"
    return ", ".join(map(str, layers))


def _mixed(model: TrainedModel) -> dict[int, PreNormBlock]:
    """The layers that have experts, by their numbers."""
    tower = model.network.writer
    blocks = enumerate(tower.blocks if isinstance(tower, Tower) else ())
    found = {
        layer: block for layer, block in blocks
        if isinstance(block, PreNormBlock) and experts_in(block.feed_forward) is not None
    }  # fmt: skip
    if not found:
        raise _without(model.name)
    return found


def _without(model: str) -> AttnvizError:
    return AttnvizError(
        f"{model} has no experts: all tokens pass the same feed-forward part.",
        "Give a mixture of experts (Mixtral, Qwen 3 MoE, gpt-oss, DeepSeek …).",
        key="err.no_experts",
        model=model,
    )


def _before(
    model: TrainedModel, prepared: Prepared, layer: int
) -> tuple[Floats, Floats, Floats | None]:
    """What a layer is given, what its heads give, and what those give that look at an encoder: all
    (tokens, …)."""
    states: list[State] = []
    heads: list[Floats] = []
    crossed: list[Floats] = []
    plain: Attend = KeyValueCache().attend

    def door(stack: str, *qkv: Floats, **given: Any) -> Floats:
        output = plain(stack, *qkv, **given)
        if stack == model.network.writer.stack:
            heads.append(merge_heads(output))
        if stack == CROSS:
            crossed.append(merge_heads(output))
        return output

    model.resume(model.begin(prepared), door, states.append)
    own = [state for state in states if state.tower == model.network.writer.stack]
    return own[layer].x, heads[layer], crossed[layer] if crossed else None
