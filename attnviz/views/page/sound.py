"""The frames of a sound as a page knows them: when they are, and the spectrogram over them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from attnviz.inputs.where import VOICE_RATE, Times
from attnviz.record.stack import Stack
from attnviz.views.over_time import drawn_picture, n_heard, seconds

DIGITS = 4  # of seconds

Tree = dict[str, Any]
Spans = Sequence[tuple[float, float]]


def sound_tree(stack: Stack, spans: Spans | None = None) -> Tree | None:
    """Return what is drawn of the keys of a stack that are frames of a sound: how many begin before
    it ends, their times, and the spectrogram, or None for it where it was left out. None for keys
    that are no frames. spans: seconds in which each query was said, where that is known."""
    where = stack.key_tokens.where
    if not isinstance(where, Times):
        return None
    n = n_heard(where)
    picture = drawn_picture(where)
    return {
        "times": np.round(where.times[:n], DIGITS).tolist(),
        "span": [round(second, DIGITS) for second in seconds(where)],
        "words": stack.query_tokens.where is None,  # each word listens; else frames do
        "lined": stack.query_tokens.where is None and bool(stack.head_names),
        "picture": None if picture is None else _picture_tree(picture),
        "voice": None if where.voice is None else _voice_tree(where),
        "spans": None if spans is None else np.round(spans, DIGITS).tolist(),
    }


def _voice_tree(where: Times) -> Tree:
    """The sound, and the second at which it begins."""
    assert where.voice is not None  # the caller made sure
    begin = round(float(where.times[0, 0]), DIGITS)
    return {"rate": VOICE_RATE, "begin": begin, "bytes": b64encode(where.voice.tobytes()).decode()}


def _picture_tree(picture: Any) -> Tree:
    """Bands from the highest on, as a canvas is filled."""
    bands, columns = picture.shape
    data = np.ascontiguousarray(picture[::-1]).tobytes()
    return {"bands": bands, "columns": columns, "bytes": b64encode(data).decode()}
