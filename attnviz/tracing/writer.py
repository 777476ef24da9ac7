"""A checkpoint that reads token by token, and says after each what may come next."""

from __future__ import annotations

from typing import Self

import numpy as np

from attnviz.inputs.text import from_ids
from attnviz.models.layers import Floats
from attnviz.models.model import TEXT, Attend, Prepared
from attnviz.models.network.network import State
from attnviz.models.trained import TrainedModel
from attnviz.tracing.cache import KeyValueCache


class ModelWriter:
    """A model that has read its prompt, with the keys and values of what it read.

    An encoder runs once, with the prompt. Raises AttnvizError where the model has no head for the
    next token, or its weights give NaN or infinity.
    """

    def __init__(self, model: TrainedModel, prepared: Prepared):
        self._model, self._cache = model, KeyValueCache()
        self._ids = tuple(prepared.text.ids.tolist())
        self._renews_at = model.network.writer.renews_at
        self._source: Floats | None = None
        self._shift = 0
        self._hidden = self._read(prepared)[-1:]

    def logits(self) -> Floats:
        """Return the logits of the next token: (ids,) float32."""
        logits: Floats = self._model.logits(self._hidden)[0].astype(np.float32)
        return logits

    def write(self, chosen: int) -> None:
        """Read the chosen token."""
        new: tuple[int, ...] = (chosen,)
        self._cache.start = len(self._ids)
        self._ids += new
        if self._cache.start == self._renews_at:
            self._cache, new = KeyValueCache(), self._ids
        self._hidden = self._read(Prepared({TEXT: from_ids(new)}, shift=self._shift))[-1:]

    def part(self) -> Self:
        """Return another writer that has read the same, and goes on by itself."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._cache = self._cache.part()
        return other

    def _read(self, prepared: Prepared) -> Floats:
        """Run the new tokens; return their final hidden state (tokens, width)."""
        begun = self._model.begin(prepared, self._cache.start, self._source, self._cache.memory)
        return self._model.resume(begun, self._attend, self._look)

    @property
    def _attend(self) -> Attend:
        return self._cache.attend

    def _look(self, state: State) -> None:
        """Keep of what the encoder gave only its width: the cache has its keys and values. Keep
        how far positions are on, where tokens of a picture share some."""
        places = state.shared.feed.places
        if places is not None:
            self._shift = int(places.max()) + 1 - places.shape[1]
        if self._source is None and state.shared.source is not None:
            source = state.shared.source
            self._source = np.empty((0, source.shape[1]), source.dtype)
