"""What turns frames into letters: the head of a checkpoint trained with CTC (Graves 2006)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.json_file import read_json
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats, Linear

if TYPE_CHECKING:
    from attnviz.models.trained import TrainedModel

HEAD, VOCABULARY = "lm_head", "vocab.json"
GAP = "|"  # stands between words
MOST_LETTERS = 1 << 20


@dataclass(frozen=True)
class CtcHead:
    """output: hidden state → logits of letters. blank: the id that means none. letters: by id."""

    output: Linear
    blank: int
    letters: tuple[str, ...]

    def read(self, hidden: Floats) -> tuple[list[int], list[int], list[float]]:
        """Turn frames (frames, width) into the likeliest ids, repeats joined and blanks left out:
        ids, the frame at which each begins, and its probability there."""
        logits = self.output(hidden).astype(np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        best = logits.argmax(axis=1)
        begins = np.flatnonzero(np.diff(best, prepend=-1) != 0)
        kept = [int(frame) for frame in begins if best[frame] != self.blank]
        return [int(best[f]) for f in kept], kept, [float(shares[f, best[f]]) for f in kept]


def read_ctc_head(model: TrainedModel) -> CtcHead:
    """Read the head and its letters; AttnvizError where there is none."""
    weights = Weights(model.tensors, model.checkpoint.config_file.parent)
    if not weights.has(f"{HEAD}.weight"):
        raise AttnvizError(
            f"{model.name} ({model.family}) hears, and has no head for letters.",
            "Choose a checkpoint that was trained to write (…ForCTC), or Whisper.",
            key="err.hears_no",
            model=model.name,
            family=model.family,
        )
    n_letters, width = model.tensors[f"{HEAD}.weight"].shape
    blank = model.config.get("pad_token_id", 0)
    if not isinstance(blank, int) or not 0 <= blank < n_letters:
        raise AttnvizError(
            f"{model.name} says pad_token_id = {blank}.",
            "It is the blank's id.",
            key="err.says_pad",
            model=model.name,
            blank=blank,
        )
    letters = _letters(model.checkpoint.folder, n_letters)
    return CtcHead(weights.linear(HEAD, width, n_letters), blank, letters)


def _letters(folder: Path | None, n: int) -> tuple[str, ...]:
    """The letter of each id, as vocab.json has them; numbers where there is none."""
    numbers = [f"{GAP}{i}" for i in range(n)]
    file = None if folder is None else folder / VOCABULARY
    if file is None or not file.is_file():
        return tuple(numbers)
    found = read_json(file)
    for name, number in found.items() if isinstance(found, dict) else ():
        if isinstance(number, int) and 0 <= number < n and len(name) < MOST_LETTERS:
            numbers[number] = name
    return tuple(numbers)
