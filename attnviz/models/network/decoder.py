"""The decoders with rotary positions: a norm before each part, and the masks of their layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.attention.masks import Rule, causal, full, local, sliding
from attnviz.models.checkpoint.config import Fields
from attnviz.models.layers import Embedding, Floats, RMSNorm
from attnviz.models.model import Attend, Layout
from attnviz.models.network.network import Attention, Feed, FeedForward
from attnviz.models.network.rope import Rope
from attnviz.threads import by_tokens

FULL, SLIDING = "full_attention", "sliding_attention"


@dataclass(frozen=True)
class Block:
    """One layer. Gemma 2 and 3 also norm what each part gives, before it is added."""

    norm: RMSNorm
    attention: Attention
    feed_norm: RMSNorm
    feed_forward: FeedForward
    after_attention: RMSNorm | None = None
    after_feed: RMSNorm | None = None

    def after(self, x: Floats, heads: Floats) -> Floats:
        """What the layer makes of its input and of what its heads gave, token by token."""
        x = x + _normed(self.after_attention, self.attention.output(heads))
        return x + _normed(self.after_feed, self.feed_forward(self.feed_norm(x)))


def _normed(norm: RMSNorm | None, x: Floats) -> Floats:
    return x if norm is None else norm(x)


@dataclass(frozen=True)
class Decoder:
    """Embeddings times `strength`, layers, a last norm. kinds: each layer's entry in `ropes`."""

    words: Embedding
    strength: float
    blocks: tuple[Block, ...]
    norm: RMSNorm
    masks: tuple[Rule, ...]
    ropes: Mapping[str, Rope]
    kinds: tuple[str, ...]

    n_positions = None  # rotations have no end

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """One stack, the mask of each layer."""
        return {"self": self.blocks[0].attention.layout(self.masks)}

    @property
    def n_ids(self) -> int:
        """Ids that have an embedding."""
        return len(self.words.weight)

    def __call__(self, feed: Feed, attend: Attend) -> Floats:
        """The final hidden state: (tokens, width)."""
        x = self.words(feed.ids)
        x = x * x.dtype.type(self.strength)
        rotations = {kind: rope.rotation(len(x)) for kind, rope in self.ropes.items()}
        for layer, (one, mask) in enumerate(zip(self.blocks, self.masks, strict=True)):
            rotation = rotations[self.kinds[layer]]
            heads = one.attention(
                attend, "self", layer, x, mask=mask, norm=one.norm, rotation=rotation
            )
            x = by_tokens(one.after, x, heads)
        return self.norm(x)


def layer_kinds(fields: Fields, n_layers: int, usual: list[str]) -> list[str]:
    """Which layers see everything before them and which a window."""
    kinds: list[str] = fields.per_layer("layer_types", n_layers, usual, (FULL, SLIDING))
    return kinds


def layer_masks(
    fields: Fields, kinds: list[str], window: int | None, *, both_ways: bool = False
) -> tuple[Rule, ...]:
    """The mask of each layer. A window of w means 0 <= i - j < w; both ways |i - j| <= w // 2."""
    if SLIDING in kinds and (type(window) is not int or window < 1):
        raise fields.wrong("sliding_window", window, "a whole number from 1")
    near = local((window or 1) // 2) if both_ways else sliding(window or 1)
    far = full() if both_ways else causal()
    return tuple(near if kind == SLIDING else far for kind in kinds)
