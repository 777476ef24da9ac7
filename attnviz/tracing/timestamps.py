"""Timestamps that a model writes between its words: which may come, and what they cut out.

Rules: transformers 5, WhisperTimeStampLogitsProcessor and generation_whisper.py, which follow
OpenAI's whisper/decoding.py and whisper/transcribe.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.layers import Floats
from attnviz.models.network.prediction_head import log_softmax
from attnviz.tracing.processors import BANNED, Ids

PER_TIMESTAMP = 2  # mel frames from one timestamp to the next: the stride of the convolutions


@dataclass(frozen=True)
class TimestampRules:
    """A processor of scores. first: the id of 0.00 s; all ids from it on are timestamps, and the
    one before it means that there are none. end: the id that ends a text. n_prompt: tokens before
    the first new one. latest: how many timestamps after 0.00 a text may begin; None for any."""

    first: int
    end: int
    n_prompt: int
    latest: int | None = None

    def __call__(self, ids: Ids, scores: Floats) -> Floats:
        """Ban what may not come after ids (tokens,): a timestamp first, then pairs that never
        fall; and all words where timestamps together are likelier than the likeliest word."""
        found, new = scores.copy(), ids[self.n_prompt :]
        found[self.first - 1] = BANNED
        self._in_pairs(found, new)
        if not len(new):
            found[: self.first] = BANNED
            if self.latest is not None:
                found[self.first + self.latest + 1 :] = BANNED
        shares = log_softmax(found.astype(np.float32))
        times, words = shares[self.first :], shares[: self.first]
        if len(times) and np.logaddexp.reduce(times) > words.max():
            found[: self.first] = BANNED
        return found

    def _in_pairs(self, scores: Floats, new: Ids) -> None:
        is_time = new >= self.first
        after_time = bool(is_time[-1:].any())
        after_two = after_time and bool(len(new) < 2 or is_time[-2])
        if after_two:
            scores[self.first :] = BANNED
        elif after_time:
            scores[: self.end] = BANNED
        if is_time.any():
            last = int(new[is_time][-1])
            begins_now = after_time and not after_two  # a pair may have the same time twice
            scores[self.first : last + (not begins_now)] = BANNED


@dataclass(frozen=True)
class Cut:
    """A segment: the places of its ids (from, to), and when it begins and ends, in timestamps."""

    places: tuple[int, int]
    begin: int
    end: int


def segments(ids: Sequence[int], first: int, n_heard: int) -> tuple[list[Cut], int]:
    """Cut what a window wrote at its pairs of timestamps, and say how far the next one moves on.

    first: the id of 0.00 s. n_heard: mel frames of sound in the window. Returns the segments, and
    mel frames: to the last pair, whose rest is heard anew, else the whole window.
    """
    times = [i >= first for i in ids]
    ends = [place for place, (a, b) in enumerate(pairwise(times), 1) if a and b]
    if not ends:
        stamped = [i - first for i, is_time in zip(ids, times, strict=True) if is_time]
        last = stamped[-1] if stamped and stamped[-1] else n_heard // PER_TIMESTAMP
        return [Cut((0, len(ids)), 0, last)], n_heard
    whole = times[-2:] == [False, True]  # nothing is said after the last timestamp
    if whole:
        ends.append(len(ids))
    found, begun = [], 0
    for end in ends:
        found.append(Cut((begun, end), ids[begun] - first, ids[end - 1] - first))
        begun = end
    if whole:
        return found, n_heard
    begun, past = found[-1].places
    closed = Cut((begun, past + 1), found[-1].begin, found[-1].end)  # with both of its pair
    return [*found[:-1], closed], max(closed.end, 1) * PER_TIMESTAMP
