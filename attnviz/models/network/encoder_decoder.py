"""An encoder that reads the source, and a decoder that is fed the text and looks at both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attnviz.frozen import dataclass
from attnviz.models.layers import Floats, Linear
from attnviz.models.model import Attend, Layout
from attnviz.models.network.network import Feed, Limits, State
from attnviz.models.network.tower import Tower


@dataclass(frozen=True)
class EncoderDecoder:
    """Two towers: the layers of the encoder come first. between: a map of what the encoder ends
    with, where the decoder has another width."""

    encoder: Tower
    decoder: Tower
    between: Linear | None = None

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Encoder, decoder, and the cross-attention from one to the other."""
        return {**self.encoder.layouts, **self.decoder.layouts}

    @property
    def writer(self) -> Tower:
        """The decoder: its final state is the network's."""
        return self.decoder

    def tower(self, role: str) -> Tower:
        """Return the tower that reads this role."""
        return self.encoder if role == self.encoder.role else self.decoder

    def limits(self, role: str) -> Limits:
        """Return what the tower that reads this role can be fed."""
        return self.tower(role).limits(role)

    def begin(self, feed: Feed) -> State:
        """Embed the source; or the text, where the encoder was run earlier."""
        return (self.encoder if feed.encoded is None else self.decoder).begin(feed)

    def layer(self, state: State, attend: Attend) -> State:
        """Run one layer; after the encoder's last one the decoder begins."""
        if state.tower == self.decoder.stack:
            return self.decoder.layer(state, attend)
        state = self.encoder.layer(state, attend)
        if not self.encoder.is_done(state):
            return state
        encoded = self.encoder.end(state)
        encoded = encoded if self.between is None else self.between(encoded)
        return self.decoder.begin(replace(state.shared.feed, encoded=encoded))

    def is_done(self, state: State) -> bool:
        """Say whether no layer of the decoder is left."""
        return state.tower == self.decoder.stack and self.decoder.is_done(state)

    def end(self, state: State) -> Floats:
        """Return the decoder's final hidden state: (tokens, width)."""
        return self.decoder.end(state)
