"""A caption word by word: where in the picture a model looked when it chose each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.timeline import check_steps, step_rows
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.image import regridded
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.units import joined, starts
from attnviz.inputs.where import Boxes
from attnviz.record.numbering import HeadPlace
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Which

Row = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CaptionWord:
    """One word that was written. probability: of its tokens together. row: the weights where they
    were chosen, one for each token of the picture, the mean of its tokens. special: the share of
    [CLS] and its like. elsewhere: what went to words, where they stand beside the picture."""

    text: str
    probability: float
    row: Row
    special: float
    elsewhere: float = 0.0


def picture_of(record: AttentionRecord) -> tuple[Boxes, NDArray[np.int64]] | None:
    """Return the picture that the words of the shown stack look at, and the keys that are tokens of
    it; None where there is none. It is what the decoder looks at (cross-attention), or stands
    among the words (LLaVA), and the tower's own stack tells where its patches lie."""
    stack, seen = record.stack, record.stacks.get("image")
    where = stack.key_tokens.where
    if stack.two_texts and isinstance(where, Boxes):
        return where, np.arange(stack.shape[1])
    first, last = (record.settings.prompt_parts or {}).get("image", (0, 0))
    tower = None if seen is None else _in_squares(seen.key_tokens, last - first)
    if tower is None or stack.key_tokens.labels[first:last] != _labels(tower.grid):
        return None  # of columns that were cut out or merged, it is not known which are patches
    return tower, np.arange(first, last)


def _labels(grid: tuple[int, int]) -> tuple[str, ...]:
    """Name the patches of a grid."""
    return tuple(f"r{row}c{column}" for row in range(grid[0]) for column in range(grid[1]))


def _in_squares(patches: Tokens, n: int) -> Boxes | None:
    """Return what a tower's patches are to a decoder that reads `n` tokens of them: the patches, or
    squares; None where they are neither."""
    where = patches.where
    if not isinstance(where, Boxes) or not n:
        return None
    rows, columns = where.grid
    for side in range(1, min(where.grid) + 1):
        if (rows // side) * (columns // side) == n and not (rows % side or columns % side):
            found = regridded(patches, (rows // side, columns // side)).where
            return found if isinstance(found, Boxes) else None
    return None


def share_of_picture(record: AttentionRecord, layer: int, head: Which) -> float | None:
    """Return the mean share of what the words behind a picture give to it; None where there is no
    picture among the words, or no row was kept."""
    picture, stack = picture_of(record), record.stack
    if picture is None or stack.two_texts or stack.weights is None:
        return None
    rows = stack.map(layer, head, max(stack.shape)).mean[picture[1][-1] + 1 :]
    return float(rows[:, picture[1]].sum(axis=1).mean()) if len(rows) else None


def caption_words(
    record: AttentionRecord, layers: Sequence[int] = (), heads: Sequence[int] = (),
    apart: Sequence[HeadPlace] = (),
) -> tuple[CaptionWord, ...]:  # fmt: skip
    """Follow the words of a caption, by the mean of some layers and heads; of all unless named.

    apart: heads of different layers, in place of both.

    Special tokens that were written are left out. Raises AttnvizError for a record of anything
    else.
    """
    check_steps(record)
    picture = picture_of(record)
    if picture is None:
        raise AttnvizError(
            "This record's text was not written about a picture.",
            "Save the record of a caption that `attnviz caption` wrote.",
            key="err.this_record",
        )
    tokens, whole = record.stack.query_tokens, step_rows(record, layers, heads, apart)
    rows = whole[:, picture[1]]
    shares = [float(step["probability"]) for step in record.settings.steps or ()]
    first, special = record.settings.prompt or 0, ~picture[0].on_grid
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
        elsewhere = float(whole[steps].mean(axis=0).sum() - row.sum())
        found.append(
            CaptionWord(name, probability, row, float(row[special].sum()), max(elsewhere, 0.0))
        )
    return tuple(found)
