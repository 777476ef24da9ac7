"""A part of a sound → its letters, by a model that says one for each frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.analysis.word_times import words_of
from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.inputs.sound import Sound
from attnviz.inputs.where import Times
from attnviz.models.checkpoint.ctc import GAP, CtcHead
from attnviz.models.hear import heard_waves
from attnviz.models.model import AUDIO, Prepared
from attnviz.models.network.stem import WaveStem
from attnviz.models.trained import TrainedModel
from attnviz.tracing.transcript import Window, Word


def listen(model: TrainedModel, head: CtcHead, sound: Sound) -> Window:
    """Write down one part of a sound. A word lasts from its first letter's frame to its last's; it
    looked where these frames look in the last layer, the mean over heads."""
    stem = model.network.tower(AUDIO).embeddings
    assert isinstance(stem, WaveStem)  # the caller made sure
    tokens, samples = heard_waves(model, sound, stem)
    last: dict[str, Any] = {}

    def door(_: str, *qkv: Any, **given: Any) -> Any:
        given.pop("w_output", None), given.pop("layer", None)
        output, last["weights"] = scaled_dot_product_attention(*qkv, **given)
        return output

    hidden = model.run(Prepared({AUDIO: tokens}, {AUDIO: samples}), door)
    ids, places, shares = head.read(hidden)
    each = -(-len(tokens) // len(hidden))  # frames that a letter is said for: an adapter joins some
    frames = [min(place * each, len(tokens) - 1) for place in places]
    pieces = [head.letters[i].replace(GAP, " ") for i in ids]
    where, weights = tokens.where, last["weights"].mean(axis=0)
    assert isinstance(where, Times)  # frames of a sound have times
    text, end = "".join(pieces), sound.begin + sound.duration
    said = [word for word in _words(pieces) if "".join(pieces[k] for k in word).strip()]
    words = tuple(
        Word(
            "".join(pieces[k] for k in word), float(where.times[frames[word[0]], 0]),
            float(where.times[frames[word[-1]], 1]), float(np.mean([shares[k] for k in word])),
        )
        for word in said
    )  # fmt: skip
    rows = [weights[[frames[k] for k in word]].mean(axis=0) for word in said]
    looked = np.stack(rows) if rows else None
    return Window(sound.begin, end, tuple(ids), text, words, 0.0, looked, where)


def _words(pieces: list[str]) -> list[list[int]]:
    """Letters between gaps: a gap begins the word after it."""
    if not pieces:
        return []
    spaced = [" " + piece.lstrip() if piece.startswith(" ") else piece for piece in pieces]
    return words_of(spaced)
