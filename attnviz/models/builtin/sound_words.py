"""What words say of the sound that they may be spoken in: how long they are, and a few letters.

Nothing is recognised. A word's letters tell how much of a text lies before it, and if everybody
spoke evenly, so much of the speech would lie before it too.
"""

from __future__ import annotations

import numpy as np

from attnviz.inputs.labels import without_marks
from attnviz.inputs.tokens import Tokens
from attnviz.models.builtin.parts import Floats, Parts
from attnviz.models.builtin.sound_features import SPOKEN, spoken_code

# Letters that hiss, in the scripts of English, French, Darija and Arabic.
HISSING = frozenset("szxcjçšžشسصزثخج")
PARTS = Parts(
    {
        "middle": 2 * SPOKEN.size,  # where the middle of a word is, by letters
        "start": 2 * SPOKEN.size,  # where it begins
        "pause": 2 * SPOKEN.size,  # where a mark stands at which one pauses
        "hiss": 2 * SPOKEN.size,  # where a word that hisses is
        "is word": 1,
        "is pause": 1,
        "is hiss": 1,
    }
)


def features(tokens: Tokens) -> Floats:
    """Return what each word of a text says of its sound: (tokens, PARTS.width) float32."""
    words = [without_marks(word) for word in tokens.slices()]
    letters = np.array([sum(map(str.isalnum, word)) for word in words], dtype=np.float64)
    before = (np.cumsum(letters) - letters) / max(letters.sum(), 1.0)
    middle = before + letters / 2 / max(letters.sum(), 1.0)
    spoken, paused = letters > 0, letters == 0
    hisses = np.array([bool(HISSING & {*word}) for word in words])
    table = np.zeros((len(words), PARTS.width), dtype=np.float32)
    for name, place, chosen in (
        ("middle", middle, spoken), ("start", before, spoken),
        ("pause", before, paused), ("hiss", middle, hisses),
    ):  # fmt: skip
        table[:, PARTS.at(name)] = spoken_code(place) * chosen[:, None]
    for name, chosen in (("is word", spoken), ("is pause", paused), ("is hiss", hisses)):
        table[:, PARTS.at(name)] = chosen[:, None]
    return table
