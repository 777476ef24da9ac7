"""A caption word by word: where in the picture a model looked when it chose each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.timeline import check_steps, step_rows
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.units import joined, starts
from attnviz.inputs.where import Boxes
from attnviz.record.record import AttentionRecord

Row = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CaptionWord:
    """One word that was written. probability: of its tokens together. row: the weights where they
    were chosen, (keys,), the mean of its tokens. special: the share of [CLS] and its like."""

    text: str
    probability: float
    row: Row
    special: float


def is_caption(record: AttentionRecord) -> bool:
    """Tell whether a record is of a text that a model wrote while it looked at a picture."""
    where = record.stack.key_tokens.where
    return record.settings.steps is not None and record.stack.two_texts and isinstance(where, Boxes)


def caption_words(
    record: AttentionRecord, layers: Sequence[int] = (), heads: Sequence[int] = ()
) -> tuple[CaptionWord, ...]:
    """Follow the words of a caption, by the mean of some layers and heads; of all unless named.

    Special tokens that were written are left out. Raises AttnvizError for a record of anything
    else.
    """
    check_steps(record)
    if not is_caption(record):
        raise AttnvizError(
            "This record's text was not written about a picture.",
            "Save the record of a caption that `attnviz caption` wrote.",
        )
    tokens, rows = record.stack.query_tokens, step_rows(record, layers, heads)
    shares = [float(step["probability"]) for step in record.settings.steps or ()]
    first, special = record.settings.prompt or 0, record.stack.key_tokens.special
    groups = starts(tokens, "words")
    names = joined(tokens, groups).labels
    stops = [*groups.tolist()[1:], len(tokens)]
    found = []
    for name, start, stop in zip(names, groups.tolist(), stops, strict=True):
        if start < first or tokens.special[start]:
            continue
        steps = slice(start - first, stop - first)
        row = rows[steps].mean(axis=0)
        probability = float(np.prod(shares[steps]))
        found.append(CaptionWord(name, probability, row, float(row[special].sum())))
    return tuple(found)
