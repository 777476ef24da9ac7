"""Queries, keys and scores that a record kept, for a page that multiplies them number by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.record.stack import Stack

MOST_NUMBERS = 1 << 20  # of queries, keys and scores together: 4 MB

Tree = dict[str, Any]


def vectors_tree(stack: Stack, blobs: Any) -> Tree | None:
    """Return where the queries, keys and, if kept, scores of each layer are found. None where they
    were not kept, or are more than a page carries."""
    kept = stack.vectors
    wanted = [name for name in ("query", "key", "scores") if name in kept]
    numbers = sum(kept[name].size for name in wanted)
    if not {"query", "key"} <= kept.keys() or numbers > MOST_NUMBERS:
        return None
    return {
        "dim": int(stack.query.shape[-1]),
        "keyHeads": int(stack.key.shape[1]),
        "layers": [
            [blobs.add(np.asarray(kept[name][layer], np.float32)) for name in wanted]
            for layer in range(stack.n_layers)
        ],
    }
