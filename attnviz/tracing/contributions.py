"""What each word contributes to each place of a layer, with values, the output map, the residual
connection and the norm in it: ALTI (Ferrando et al. 2022, arXiv 2203.04212).

The attention part of a layer is a sum over tokens j once the scale of its norm is held:
y_i = Σ_j T_i(x_j) + bias, and the closer y_i is to T_i(x_j) alone, the more j contributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models import load_writer
from attnviz.models.layers import Floats, LayerNorm, Norm, merge_heads
from attnviz.models.model import Attend, Model, Prepared
from attnviz.models.network.blocks import PostNormBlock, PreNormBlock
from attnviz.models.network.network import State
from attnviz.models.network.tower import Tower
from attnviz.models.trained import TrainedModel

AT_ONCE = 1 << 22  # numbers of (queries, keys, width) that are worked on together: 16 MiB
MOST = 1 << 28  # numbers of (heads, keys, width) that are held: 1 GiB
ROUNDING = 1e-3  # of the largest number, by which the parts may miss their sum

Array = NDArray[np.float64]
Around = Callable[[Attend], Attend]


def contributions(model: Model, prepared: Prepared, stack: str, around: Around) -> Array:
    """Return how much each token contributes to each place, layer by layer and through all layers
    below: (layers, tokens, tokens), rows that sum to 1.

    c_ij = max(0, ‖y_i‖₁ − ‖y_i − T_i(x_j)‖₁), each row divided by its sum. Layers are multiplied:
    the residual connection is in c already. around: what is put around the door, such as another
    mask.

    Raises AttnvizError for built-in heads, for a stack that looks at other tokens, for layers whose
    parts do not add up to what the layer gives, and for a text that would take too much memory.
    """
    run = _Run(_trained(model), stack, prepared)
    run.model.resume(run.model.begin(prepared), around(run.attend), run.watch)
    passed = np.stack(run.layers)
    for layer in range(1, len(passed)):
        passed[layer] = passed[layer] @ passed[layer - 1]
    return passed


def _trained(model: Model) -> TrainedModel:
    if model.origin == "trained":
        return load_writer(model)
    raise AttnvizError(
        f"Contributions need a model with layers and norms, and {model.name} has none.",
        "Choose a checkpoint, or `measure` values.",
        key="err.contributions_need",
        model=model.name,
    )


@dataclass(frozen=True, eq=False)
class _Attended:
    """One layer's attention: weights (heads, n, n), value (heads, n, dim), w_output."""

    weights: Floats
    value: Floats
    w_output: Floats


class _Run:
    """A run that turns each layer of a stack into contributions as soon as it is over."""

    def __init__(self, model: TrainedModel, stack: str, prepared: Prepared):
        self.model, self._stack = model, stack
        self._tower = _tower(model, stack)
        self._room(len(prepared.tokens[self._tower.role]))
        self.layers: list[Array] = []
        self._before: State | None = None
        self._seen: _Attended | None = None

    def _room(self, n: int) -> None:
        layout = self.model.layouts[self._stack]
        width = self._tower.blocks[0].attention.output.weight.shape[0]
        if layout.n_heads * n * width > MOST:
            raise AttnvizError(
                f"Contributions among {grouped(n)} tokens would take too much memory.",
                f"Give a text of at most {grouped(MOST // (layout.n_heads * width))} tokens.",
                key="err.contributions_among",
                n_tokens=n,
                value=MOST // (layout.n_heads * width),
            )

    def attend(
        self, stack: str, query: Floats, key: Floats, value: Floats, /, *, w_output: Any = None,
        layer: int = 0, **options: Any,  # noqa: ARG002 a door's
    ) -> Floats:  # fmt: skip
        """Attend in one layer, and keep what the own stack did."""
        shared = query.shape[0] // key.shape[0]
        output, weights = scaled_dot_product_attention(
            query, key, value, enable_gqa=shared > 1, **options
        )
        if stack == self._stack:
            merging = np.asarray(w_output).astype(output.dtype)
            self._seen = _Attended(weights, np.repeat(value, shared, axis=0), merging)
        return output

    def watch(self, state: State) -> None:
        """Look at the layer that lies between the state before and this one."""
        before, seen = self._before, self._seen
        if before is not None and seen is not None:
            block = self._tower.blocks[before.layer]
            assert isinstance(block, PreNormBlock | PostNormBlock)  # `_tower` refuses others
            self.layers.append(_of_layer(self.model.name, block, before.x, seen))
        self._before = state if state.tower == self._tower.stack else None
        self._seen = None


def _tower(model: TrainedModel, stack: str) -> Tower:
    """The layers of a stack; AttnvizError where their attention is no sum over the same tokens."""
    network: Any = model.network
    towers = [network] if isinstance(network, Tower) else [
        one for one in vars(network).values() if isinstance(one, Tower)
    ]  # fmt: skip
    for tower in towers:
        known = all(isinstance(block, PreNormBlock | PostNormBlock) for block in tower.blocks)
        plain = len(tower.attending) == len(tower.blocks) and not model.has_global_tokens
        if tower.stack == stack and known and plain:
            return tower
    raise AttnvizError(
        f"Contributions follow one text through plain layers, and {stack} of {model.name} is "
        "another kind.",
        "Choose an encoder, a decoder by itself, or `measure` values.",
        key="err.contributions_follow",
        stack=stack,
        model=model.name,
    )


def _of_layer(name: str, block: PreNormBlock | PostNormBlock, x: Floats, seen: _Attended) -> Array:
    """(tokens, tokens): each row's shares, of the attention part of one layer."""
    n = len(x)
    heads = merge_heads(np.matmul(seen.weights, seen.value))
    summed = block.attention.output(heads)  # with its bias
    given = block.add_attention(x, heads).astype(np.float64)  # y
    maps = seen.w_output.reshape(len(seen.value), seen.value.shape[-1], -1)
    moved = np.matmul(seen.value, maps).swapaxes(0, 1)  # (keys, heads, width)
    shares = np.empty((n, n))
    for rows in _blocks(n, n * x.shape[1]):
        parts = np.matmul(seen.weights[:, rows].transpose(2, 1, 0), moved).swapaxes(0, 1)
        parts, bias = _through_norm(block, parts, x, summed, rows)
        missed = np.abs(parts.sum(axis=1) + bias - given[rows]).max()
        if missed > ROUNDING * max(np.abs(given).max(), 1.0):
            raise _not_a_sum(name)
        apart = np.abs(given[rows, None] - parts).sum(axis=-1)
        shares[rows] = np.maximum(np.abs(given[rows]).sum(axis=-1)[:, None] - apart, 0)
    total = shares.sum(axis=1, keepdims=True)
    found: Array = np.divide(shares, total, out=np.eye(n), where=total > 0)
    return found


def _through_norm(
    block: PreNormBlock | PostNormBlock, parts: Floats, x: Floats, summed: Floats, rows: slice
) -> tuple[Floats, Floats]:
    """T_i(x_j) and what belongs to no token: parts (rows, keys, width) of what the heads give
    become parts of what the layer's attention part gives."""
    own = np.arange(len(x))[rows]
    bias = summed[rows] - parts.sum(axis=1)  # the output map's own
    if isinstance(block, PostNormBlock):
        parts[np.arange(len(own)), own] += x[rows]
        return _scaled(block.attention_norm, parts, bias, x[rows] + summed[rows])
    parts, bias = _scaled(block.after_attention, parts, bias, summed[rows])
    parts, bias = parts * block.strength, bias * block.strength
    parts[np.arange(len(own)), own] += x[rows]
    return parts, bias


def _scaled(norm: Norm | None, parts: Floats, bias: Floats, whole: Floats) -> tuple[Floats, Floats]:
    """Norm parts (rows, keys, width) and a bias (rows, width) with the scale of their sum `whole`
    (rows, width)."""
    if norm is None:
        return parts, bias
    weight = np.asarray(norm.weight).astype(whole.dtype)
    if not isinstance(norm, LayerNorm):
        scale = (weight + norm.offset) / np.sqrt(np.square(whole).mean(-1) + norm.eps)[:, None]
        return parts * scale[:, None], bias * scale
    scale = weight / np.sqrt(whole.var(axis=-1) + norm.eps)[:, None]
    centred = parts - parts.mean(axis=-1, keepdims=True)
    left = (bias - bias.mean(axis=-1, keepdims=True)) * scale
    own = 0 if norm.bias is None else np.asarray(norm.bias).astype(whole.dtype)
    return centred * scale[:, None], left + own


def _blocks(n: int, each: int) -> Iterator[slice]:
    step = max(AT_ONCE // each, 1)
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def _not_a_sum(name: str) -> AttnvizError:
    return AttnvizError(
        f"The layers of {name} do more than add up what tokens give: contributions would miss it.",
        "Choose `measure` values or weights.",
        key="err.layers_do",
        name=name,
    )
