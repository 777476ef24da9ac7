"""Where each token of a transcript looked over time, and the way through it that gave the times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from attnviz.inputs.where import Times
from attnviz.language.language import PICTURE, Language
from attnviz.views.over_time import Matrix, end_of_drawing, n_heard
from attnviz.views.picture.paper import LABEL_SIZE, SMALL_SIZE, coloured

ROW, TALLEST = 0.17, 6.0  # inches of a token, and of all of them
MOST_NAMES = 40  # tokens that are named


def matrix_height(matrix: Matrix) -> float:
    """Return inches that a matrix takes."""
    return min(ROW * len(matrix.labels), TALLEST)


def draw_matrix(
    axes: Axes, matrix: Matrix, where: Times, names: Sequence[str], language: Language
) -> None:
    """Draw tokens × frames with the time below, the path as a line, and a dashed line where the
    sound ends; of what is beyond it, as much as an eighth of the sound."""
    n, heard = end_of_drawing(where), n_heard(where)
    rows = matrix.weights[:, :n].astype(np.float64)
    largest = rows.max(axis=1, keepdims=True)
    shares = np.sqrt(np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0))
    begin, end = float(where.times[0, 0]), float(where.times[n - 1, 1])
    step = (end - begin) / n
    axes.imshow(
        coloured(shares, np.ones(shares.shape, dtype=np.bool_)), aspect="auto",
        interpolation="nearest", extent=(begin, end, len(rows) - 0.5, -0.5),
    )  # fmt: skip
    axes.plot(
        begin + (matrix.frames + 0.5) * step, matrix.tokens, color="white", linewidth=1.2,
    )  # fmt: skip
    if n > heard:
        axes.axvline(where.duration, color="white", linewidth=1, linestyle="--")
        axes.annotate(
            language.say("ui.sound_end", PICTURE), (where.duration, -0.5), (2, 2),
            textcoords="offset points", fontsize=SMALL_SIZE, annotation_clip=False,
        )  # fmt: skip
    if len(names) <= MOST_NAMES:
        axes.set_yticks(range(len(names)), names, fontsize=LABEL_SIZE - 2, parse_math=False)
    else:
        axes.tick_params(axis="y", labelsize=SMALL_SIZE)
    axes.tick_params(axis="x", labelsize=SMALL_SIZE)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(language.say("ui.sound_time", PICTURE), fontsize=SMALL_SIZE)
