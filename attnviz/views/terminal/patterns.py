"""What heads were found to look at, beside their numbers, where nobody named them."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.analysis.head_labels import WITHOUT_PATTERN, labels_of
from attnviz.inputs.labels import visible
from attnviz.record.stack import Stack

LONGEST = 512  # tokens up to which heads are labelled: it takes every weight


def patterns(stack: Stack, layers: Sequence[int]) -> dict[tuple[int, int], str]:
    """Return what each head of some layers that has a pattern looks at, by layer and head; nothing
    of heads that have names, and where not every weight is at hand."""
    if stack.weights is None or max(stack.shape) > LONGEST or any(stack.head_names):
        return {}
    return {
        (layer, head): visible(str(label))
        for layer, labels in labels_of(stack, layers).items()
        for head, label in enumerate(labels)
        if label.kind not in WITHOUT_PATTERN
    }
