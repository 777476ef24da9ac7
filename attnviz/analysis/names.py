"""What a sentence calls a token."""

from __future__ import annotations

from collections import Counter

from attnviz.inputs.labels import shortened
from attnviz.inputs.tokens import Tokens

LONGEST = 48  # characters of a token, or of a sentence in its place, that a sentence quotes


def token_names(tokens: Tokens) -> tuple[str, ...]:
    """Return each token's label; where a text has it more than once, "cat#2" for the second."""
    labels = [shortened(label, LONGEST) for label in tokens.labels]
    times = Counter(labels)
    seen: Counter[str] = Counter()
    names = []
    for label in labels:
        seen[label] += 1
        names.append(f"{label}#{seen[label]}" if times[label] > 1 else label)
    return tuple(names)
