"""A model small enough to follow with a pencil: four tokens, four numbers a vector, two heads.

Its vectors are counted, not learned: 1, the token's place (0 is the first), the place times itself,
and the number of the word's characters. Its matrices hold small whole numbers.

- "previous": the score is 2 · (2 · (p - 1) · j - j²), which is largest at the key j = p - 1.
- "long words": the score is the number of the key's characters.

Divided by √4 = 2, softmaxed, and multiplied with values that are the vectors themselves; W_O takes
the mean of the two heads.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnviz.attention.masks import full
from attnviz.errors import AttnvizError
from attnviz.inputs.text import tokenize
from attnviz.inputs.tokens import Tokens
from attnviz.models.builtin.heads import Head, HeadsModel
from attnviz.models.builtin.parts import Floats
from attnviz.models.model import TEXT, Attend, Inputs, Layout, Prepared

MOST_TOKENS = 4
DIM = 4  # numbers of a vector, of a query, of a key and of a value
LONGEST = 12  # characters; longer words count as this long
NUMBERS = ("1", "p", "p²", "characters")


def tiny() -> TinyModel:
    """Make the tiny model."""
    previous = Head(
        "previous",
        _matrix([-4, -2, 0, 0], [4, 0, 0, 0], [0] * 4, [0] * 4),  # q = (4p - 4, -2, 0, 0)
        _matrix([0] * 4, [1, 0, 0, 0], [0, 1, 0, 0], [0] * 4),  # k = (p, p², 0, 0)
        np.eye(DIM, dtype=np.float32),
    )
    long_words = Head(
        "long words",
        _matrix([1, 0, 0, 0], [0] * 4, [0] * 4, [0] * 4),  # q = (1, 0, 0, 0)
        _matrix([0] * 4, [0] * 4, [0] * 4, [1, 0, 0, 0]),  # k = (characters, 0, 0, 0)
        np.eye(DIM, dtype=np.float32),
    )
    mean = np.tile(np.eye(DIM, dtype=np.float32) / np.float32(2), (2, 1))
    return TinyModel("tiny", "constructed", (previous, long_words), mean)


def vectors(tokens: Tokens) -> Floats:
    """Count what the model knows of each token: (tokens, DIM) float32, in the order of NUMBERS."""
    places = np.arange(len(tokens), dtype=np.float32)
    words = [piece or label for piece, label in zip(tokens.slices(), tokens.labels, strict=True)]
    letters = [min(len(word), LONGEST) for word in words]
    counted: Floats = np.stack(
        [np.ones_like(places), places, places**2, np.array(letters, dtype=np.float32)], axis=1
    )
    return counted


class TinyModel(HeadsModel):
    """Two heads over at most four words."""

    reads = frozenset({"text"})

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """One stack over one text."""
        names = tuple(head.name for head in self.heads)
        return {"self": Layout(2, 2, DIM, (full(),), TEXT, TEXT, names)}

    def prepare(self, inputs: Inputs) -> Prepared:
        """Cut the text into words. Raises AttnvizError for more than four of them."""
        inputs.refuse_unread(self.reads, "the tiny model")
        tokens = tokenize(inputs.require_text())
        if len(tokens) > MOST_TOKENS:
            raise AttnvizError(
                f"The tiny model reads {MOST_TOKENS} tokens, and the text has {len(tokens)}.",
                "Give a shorter text, or none.",
                key="err.tiny_long",
                n_tokens=len(tokens),
                limit_tokens=MOST_TOKENS,
            )
        return Prepared({TEXT: tokens}, tokenizer="words")

    def run(self, prepared: Prepared, attend: Attend) -> Floats:
        """Attend, and merge: (tokens, DIM) float32."""
        x = vectors(prepared.tokens[TEXT])
        q, k, v = (
            np.stack([x @ getattr(head, name) for head in self.heads])
            for name in ("w_query", "w_key", "w_value")
        )
        output = attend("self", q, k, v, mask=full(), w_output=self.w_output)
        merged: Floats = np.concatenate(list(output), axis=1) @ self.w_output
        return merged


def _matrix(*rows: list[int]) -> Floats:
    return np.array(rows, dtype=np.float32)
