"""A decoder of texts that is fed patches of a picture among its words (LLaVA, arXiv 2304.08485)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attnviz.frozen import dataclass
from attnviz.models.layers import Embedding, Floats
from attnviz.models.model import IMAGE, Attend, Layout
from attnviz.models.network.embeddings import Embed
from attnviz.models.network.grid import Grid
from attnviz.models.network.network import Feed, Limits, State
from attnviz.models.network.patches import PatchStem
from attnviz.models.network.places import picture_in, positions_of
from attnviz.models.network.projectors import Projector
from attnviz.models.network.tower import Tower


@dataclass(frozen=True)
class ImageMarks:
    """How a picture is written in a text. mark: what stands for it in a chat; whole: what the
    processor puts in its place, in which the image token stands once; end: what it puts behind the
    text. framed: the tokenizer puts its own special tokens around all that."""

    mark: str
    whole: str
    end: str = ""
    framed: bool = True

    def placed(self, text: str) -> str:
        """Return the text with the picture in it: where the mark is, or before all words."""
        if self.whole in text:
            return text
        found = text.replace(self.mark, self.whole, 1) if self.mark in text else self.whole + text
        return found + self.end


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
        x, there = self.plain(feed, role), picture_in(feed, self.image_token)
        if feed.encoded is None or not there.any():
            return x
        mixed: Floats = x.copy()
        mixed[there] = feed.encoded
        return mixed


@dataclass(frozen=True)
class SeeingDecoder:
    """The tower runs first where there is a picture; its states go in among the words.

    deep: layers of the tower whose states are added in the first layers of the decoder too, and
    what they pass. has_places: positions have three axes, two of which count rows and columns.
    """

    image: Tower
    text: Tower
    projector: Projector
    image_token: int
    marks: ImageMarks | None = None
    deep: tuple[tuple[int, Projector], ...] = ()
    has_places: bool = False

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

    def begin(self, feed: Feed) -> State:
        """Embed the picture; the text where there is none, or where it was run earlier."""
        is_seen = feed.encoded is not None or IMAGE not in feed.features
        return (self.text if is_seen else self.image).begin(feed)

    def layer(self, state: State, attend: Attend) -> State:
        """Run one layer; after the tower's last one the text begins."""
        if state.tower == self.text.stack:
            return self._deepened(self.text.layer(state, attend))
        state = self._kept(self.image.layer(state, attend))
        if not self.image.is_done(state):
            return state
        return self.text.begin(self._seen(state))

    def _grid(self, feed: Feed) -> Grid:
        """Rows and columns of the tower's patches."""
        stem = self.image.embeddings
        assert isinstance(stem, PatchStem)  # what reads pictures begins with patches
        return stem.grid_of(feed, IMAGE)

    def _seen(self, state: State) -> Feed:
        """What the decoder is fed once the tower is through: its final state as image tokens."""
        feed = state.shared.feed
        grid = self._grid(feed)
        seen, places = self.projector(self.image.end(state), grid), None
        if self.has_places:
            is_image = picture_in(feed, self.image_token)
            places = positions_of(is_image, self.projector.grid(grid))
        return replace(feed, encoded=seen, places=places)

    def _kept(self, state: State) -> State:
        """Keep what a layer of the tower gave, where a layer of the decoder adds it."""
        for layer, projector in self.deep:
            if layer == state.layer - 1:
                feed = state.shared.feed
                kept = (*feed.deep, projector(state.x, self._grid(feed)))
                state = replace(state, shared=replace(state.shared, feed=replace(feed, deep=kept)))
        return state

    def _deepened(self, state: State) -> State:
        """Add what the tower saw to the picture's tokens, after one of the first layers."""
        feed = state.shared.feed
        if state.layer > len(feed.deep):
            return state
        x = state.x.copy()
        x[picture_in(feed, self.image_token)] += feed.deep[state.layer - 1]
        return replace(state, x=x)

    def is_done(self, state: State) -> bool:
        """Say whether no layer of the decoder is left."""
        return state.tower == self.text.stack and self.text.is_done(state)

    def end(self, state: State) -> Floats:
        """Return the decoder's final hidden state: (tokens, width)."""
        return self.text.end(state)


def seeing(
    image: Tower, text: Tower, projector: Projector, token: int, marks: ImageMarks | None = None
) -> SeeingDecoder:
    """Join a tower and a decoder, whose text has the image token where patches stand."""
    words = WithPatches(text.embeddings, token)
    return SeeingDecoder(image, replace(text, embeddings=words), projector, token, marks)
