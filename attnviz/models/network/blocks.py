"""One layer: attention, perhaps cross-attention, and a feed-forward part, each added to what came
in, with a norm before it, after the sum, or with attention and feed-forward side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.layers import Activation, Floats, Linear, Norm
from attnviz.models.network.attention import AnyAttention, LayerDoor
from attnviz.threads import by_tokens


@dataclass(frozen=True)
class FeedForward:
    """down(activation(up(x))), or down(activation(gate(x)) * up(x)) with a gate."""

    up: Linear
    down: Linear
    activation: Activation
    gate: Linear | None = None

    def __call__(self, x: Floats) -> Floats:
        """(tokens, width) → (tokens, width)"""
        if self.gate is None:
            return self.down(self.activation(self.up(x)))
        gated = self.activation(self.gate(x))
        gated *= self.up(x)
        return self.down(gated)


@dataclass(frozen=True)
class ClampedFeedForward:
    """down((up + 1) * gate * sigmoid(slope * gate)), of a gate of `limit` at most and an `up`
    within ± limit (gpt-oss, arXiv 2508.10925). both: its rows are those of gate and up in turns."""

    both: Linear
    down: Linear
    slope: float
    limit: float

    def __call__(self, x: Floats) -> Floats:
        """(tokens, width) → (tokens, width)"""
        both = self.both(x)  # (tokens, 2 × inner)
        gate = np.minimum(both[:, ::2], x.dtype.type(self.limit))
        up = np.clip(both[:, 1::2], -self.limit, self.limit)
        share = (1 + np.tanh(gate * x.dtype.type(self.slope / 2))) / 2  # sigmoid
        return self.down((up + 1) * gate * share)


class AnyFeedForward(Protocol):
    """What a block needs of its feed-forward part."""

    def __call__(self, x: Floats) -> Floats:
        """(tokens, width) → (tokens, width), token by token"""


class Block(Protocol):
    """A layer in its two steps: `heads` looks at other tokens, `after` works token by token."""

    @property
    def attention(self) -> AnyAttention:
        """What its own attention is made of."""

    @property
    def cross(self) -> AnyAttention | None:
        """What looks at the encoder, in a decoder beside one."""

    def heads(self, door: LayerDoor, x: Floats) -> Floats:
        """Attend: (tokens, width) → the heads side by side, (tokens, heads × value_dim)."""

    def after(self, x: Floats, heads: Floats) -> Floats:
        """Make of the layer's input and of its heads what the next layer is given."""

    def add_attention(self, x: Floats, heads: Floats) -> Floats:
        """Add only what the layer's own attention gives, before cross-attention."""

    def cross_heads(self, door: LayerDoor, x: Floats) -> Floats:
        """Attend to the encoder: (tokens, width) → (tokens, heads × value_dim)."""

    def add_cross(self, x: Floats, heads: Floats) -> Floats:
        """Add what cross-attention gives, and the feed-forward part."""


def run_block(block: Block, x: Floats, door: LayerDoor, cross: LayerDoor | None) -> Floats:
    """Run one layer: (tokens, width) → (tokens, width). cross: the door of its cross-attention."""
    last = _at_once if isinstance(block, CrowdedBlock) else by_tokens
    heads = block.heads(door, x)
    if cross is None:
        return last(block.after, x, heads)
    x = by_tokens(block.add_attention, x, heads)
    return last(block.add_cross, x, block.cross_heads(cross, x))


def _at_once(work: Callable[..., Floats], *arrays: Floats) -> Floats:
    return work(*arrays)


@dataclass(frozen=True)
class PreNormBlock:
    """A norm before each part. ModernBERT's first layer has none before its attention, the
    embeddings were normed; Gemma 2 and 3 also norm what each part gives, before it is added, and
    T5Gemma what cross-attention gives; OLMo 2 norms only that. strength: what each part is
    multiplied by before it is added (Granite)."""

    norm: Norm | None
    attention: AnyAttention
    feed_norm: Norm | None
    feed_forward: AnyFeedForward
    after_attention: Norm | None = None
    after_feed: Norm | None = None
    cross_norm: Norm | None = None
    cross: AnyAttention | None = None
    strength: float = 1.0
    after_cross: Norm | None = None

    def heads(self, door: LayerDoor, x: Floats) -> Floats:
        """Attend from the normed input."""
        return self.attention(door, x, self.norm)

    def cross_heads(self, door: LayerDoor, x: Floats) -> Floats:
        """Attend to the encoder from the normed input."""
        assert self.cross is not None  # the tower has a door for it
        return self.cross(door, x, self.cross_norm)

    def add_attention(self, x: Floats, heads: Floats) -> Floats:
        """Return x + output(heads)"""
        return x + self._strong(_apply(self.after_attention, self.attention.output(heads)))

    def add_cross(self, x: Floats, heads: Floats) -> Floats:
        """Return x + output(heads), then the feed-forward part"""
        return self._feed(self._crossed(x, heads))

    def after(self, x: Floats, heads: Floats) -> Floats:
        """Return x + output(heads), then the feed-forward part"""
        return self._feed(self.add_attention(x, heads))

    def fed(self, x: Floats, heads: Floats, crossed: Floats | None = None) -> Floats:
        """Make of the layer's input and of its heads what the feed-forward part is given. crossed:
        the heads of its cross-attention."""
        x = self.add_attention(x, heads)
        return _apply(self.feed_norm, x if crossed is None else self._crossed(x, crossed))

    def _crossed(self, x: Floats, heads: Floats) -> Floats:
        assert self.cross is not None  # the tower has a door for it
        return x + _apply(self.after_cross, self.cross.output(heads))

    def _feed(self, x: Floats) -> Floats:
        fed = self.feed_forward(_apply(self.feed_norm, x))
        return x + self._strong(_apply(self.after_feed, fed))

    def _strong(self, x: Floats) -> Floats:
        return x if self.strength == 1 else x * x.dtype.type(self.strength)


@dataclass(frozen=True)
class CrowdedBlock(PreNormBlock):
    """A layer whose experts take only so many tokens of a text: what follows its attention works
    on all tokens at once, and on one text."""


@dataclass(frozen=True)
class Bottleneck:
    """up(relu(down(norm(x)))): a few numbers a language, between layers that all share (MMS, arXiv
    2305.13516)."""

    norm: Norm
    down: Linear
    up: Linear

    def __call__(self, x: Floats) -> Floats:
        """(tokens, width) → (tokens, width)"""
        return self.up(np.maximum(self.down(self.norm(x)), 0))


@dataclass(frozen=True)
class AdaptedBlock(PreNormBlock):
    """A layer after which a bottleneck adds what it makes of the sum."""

    adapter: Bottleneck | None = None

    def after(self, x: Floats, heads: Floats) -> Floats:
        """Return x + output(heads), then the feed-forward part, then the adapter"""
        y = self._feed(self.add_attention(x, heads))
        return y if self.adapter is None else y + self.adapter(y)


@dataclass(frozen=True)
class PostNormBlock:
    """Each part is added to what came in, and the sum is normed (BERT, BART)."""

    attention: AnyAttention
    attention_norm: Norm
    feed_forward: FeedForward
    norm: Norm
    cross: AnyAttention | None = None
    cross_norm: Norm | None = None

    def heads(self, door: LayerDoor, x: Floats) -> Floats:
        """Attend from the input."""
        return self.attention(door, x)

    def cross_heads(self, door: LayerDoor, x: Floats) -> Floats:
        """Attend to the encoder."""
        assert self.cross is not None  # the tower has a door for it
        return self.cross(door, x)

    def add_attention(self, x: Floats, heads: Floats) -> Floats:
        """Return norm(x + output(heads))"""
        return self.attention_norm(x + self.attention.output(heads))

    def add_cross(self, x: Floats, heads: Floats) -> Floats:
        """Return norm(x + output(heads)), then the feed-forward part"""
        assert self.cross is not None  # every layer with a cross-attention has both
        assert self.cross_norm is not None
        return self._feed(self.cross_norm(x + self.cross.output(heads)))

    def after(self, x: Floats, heads: Floats) -> Floats:
        """Return norm(x + output(heads)), then the feed-forward part"""
        return self._feed(self.add_attention(x, heads))

    def _feed(self, x: Floats) -> Floats:
        return self.norm(x + self.feed_forward(x))


@dataclass(frozen=True)
class SideBySideBlock(PreNormBlock):
    """Attention and feed-forward both start from the layer's input (GPT-NeoX, GPT-J)."""

    def after(self, x: Floats, heads: Floats) -> Floats:
        """Return x + output(heads) + feed_forward(norm(x))"""
        return x + self.attention.output(heads) + self.feed_forward(_apply(self.feed_norm, x))


def _apply(norm: Norm | None, x: Floats) -> Floats:
    return x if norm is None else norm(x)
