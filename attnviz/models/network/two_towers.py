"""Two networks side by side, one for texts and one for pictures, which never look at each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attnviz.frozen import dataclass
from attnviz.models.layers import Floats
from attnviz.models.model import TEXT, Attend, Layout
from attnviz.models.network.network import Feed, Limits, State
from attnviz.models.network.tower import Tower


@dataclass(frozen=True)
class TwoTowers:
    """A run goes through the towers whose role is fed: pictures first, then texts."""

    text: Tower
    image: Tower

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """The stacks of both."""
        return {**self.image.layouts, **self.text.layouts}

    @property
    def writer(self) -> Tower:
        """The tower of texts: there is no head for words in either."""
        return self.text

    def tower(self, role: str) -> Tower:
        """Return the tower that reads this role."""
        return self.text if role == TEXT else self.image

    def limits(self, role: str) -> Limits:
        """Return what the tower that reads this role can be fed."""
        return self.tower(role).limits(role)

    def begin(self, feed: Feed) -> State:
        """Embed the picture where there is one, else the text."""
        first = self.image if self.image.role in feed.features else self.text
        return first.begin(feed)

    def layer(self, state: State, attend: Attend) -> State:
        """Run one layer; after the last one of the picture the text begins, where there is one."""
        tower = self._of(state)
        state = tower.layer(state, attend)
        if tower is self.image and tower.is_done(state) and TEXT in state.shared.feed.ids:
            begun = self.text.begin(state.shared.feed)
            seen = replace(begun.shared, source=self.image.end(state))
            return replace(begun, shared=seen)
        return state

    def is_done(self, state: State) -> bool:
        """Say whether no layer is left."""
        return self._of(state).is_done(state)

    def end(self, state: State) -> Floats:
        """Return the final hidden state of the last tower: (tokens, width)."""
        return self._of(state).end(state)

    def _of(self, state: State) -> Tower:
        return self.text if state.tower == self.text.stack else self.image
