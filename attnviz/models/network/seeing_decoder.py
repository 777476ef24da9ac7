"""A decoder of texts that is fed patches of a picture among its words (LLaVA, arXiv 2304.08485)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attnviz.frozen import dataclass
from attnviz.models.layers import Activation, Embedding, Floats, Linear
from attnviz.models.model import IMAGE, Attend, Layout
from attnviz.models.network.embeddings import Embed
from attnviz.models.network.network import Feed, Limits, State
from attnviz.models.network.tower import Tower


@dataclass(frozen=True)
class Projector:
    """outer(activation(inner(patches))): states of the tower as the decoder reads them. dropped:
    how many tokens before the patches are left out."""

    inner: Linear
    activation: Activation
    outer: Linear
    dropped: int

    def __call__(self, x: Floats) -> Floats:
        """(tokens of the tower, width) → (image tokens, width of the decoder)"""
        return self.outer(self.activation(self.inner(x[self.dropped :])))


@dataclass(frozen=True)
class WithPatches:
    """Embeddings of words, in which what the tower saw takes the places of the image token."""

    plain: Embed
    image_token: int

    @property
    def words(self) -> Embedding | None:
        """The table of ids."""
        return self.plain.words

    @property
    def limits(self) -> Limits:
        """What it can be fed."""
        return self.plain.limits

    def __call__(self, feed: Feed, role: str) -> Floats:
        """(tokens, width)"""
        x, there = self.plain(feed, role), feed.ids[role] == self.image_token
        if feed.encoded is None or not there.any():
            return x
        mixed: Floats = x.copy()
        mixed[there] = feed.encoded
        return mixed


@dataclass(frozen=True)
class SeeingDecoder:
    """The tower runs first where there is a picture; its states go in among the words."""

    image: Tower
    text: Tower
    projector: Projector
    image_token: int

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """The decoder's stack, and the tower's."""
        return {**self.text.layouts, **self.image.layouts}

    @property
    def writer(self) -> Tower:
        """The decoder: its final state is the network's."""
        return self.text

    def tower(self, role: str) -> Tower:
        """Return the tower that reads this role."""
        return self.image if role == IMAGE else self.text

    def limits(self, role: str) -> Limits:
        """Return what the tower that reads this role can be fed."""
        return self.tower(role).limits(role)

    def n_image_tokens(self, n_patches: int) -> int:
        """How many tokens of the text a picture of so many tokens in its tower becomes."""
        return n_patches - self.projector.dropped

    def begin(self, feed: Feed) -> State:
        """Embed the picture; the text where there is none, or where it was run earlier."""
        is_seen = feed.encoded is not None or IMAGE not in feed.features
        return (self.text if is_seen else self.image).begin(feed)

    def layer(self, state: State, attend: Attend) -> State:
        """Run one layer; after the tower's last one the text begins."""
        if state.tower == self.text.stack:
            return self.text.layer(state, attend)
        state = self.image.layer(state, attend)
        if not self.image.is_done(state):
            return state
        return self.text.begin(
            replace(state.shared.feed, encoded=self.projector(self.image.end(state)))
        )

    def is_done(self, state: State) -> bool:
        """Say whether no layer of the decoder is left."""
        return state.tower == self.text.stack and self.text.is_done(state)

    def end(self, state: State) -> Floats:
        """Return the decoder's final hidden state: (tokens, width)."""
        return self.text.end(state)
