"""Things side by side, and heads, in English."""

SENTENCES = {
    # Things that are compared
    "compare.colours": "orange = more, blue = less",
    "compare.signs": "+ = more, - = less",
    "compare.full": "full at {value} points",
    "compare.apart": (
        "{what}: rows {value} nats apart on average (Jensen-Shannon divergence ≤ {max})"
    ),
    "compare.largest": 'largest change: "{query}" → "{key}" {value} points',
    "compare.none": "no visible change: no weight differs by half a point",
    "compare.rows": "rows that changed most, in nats, and their keys in points",
    "compare.heads": "heads that changed most, in nats: {places}",
    "compare.layer": "the layer that changed most of {n}",
    "compare.lengths": "{what}: of another length, so shown and not subtracted",
    "compare.within": "largest difference {value} ({places}): within {max}",
    "compare.over": "largest difference {value} ({places}): over {max}",
    # Which heads link two words
    "link.weight": 'the weight from "{query}" to "{key}" in each head',
    "link.strongest": "strongest: {places}",
    "link.even": "an even spread would be {pct}",
    "link.several": "averaged over the queries, added over the keys",
    "link.none": "no head links them: nowhere more than an even spread",
    # What heads look at
    "heads.head": "head",
    "heads.looks_at": "looks at",
    "heads.sure": "sure",
    "heads.example": "for example",
    "heads.built_for": "built for",
    "heads.sink": "rests on {token}",
    "heads.rests": "rests",
    "heads.spread": "spread",
    "heads.other": "other",
    "heads.short": "too short to tell",
    "heads.unknown": "not kept",
    "heads.spread_out": "weight",
    "heads.wide": "{option}: every measure",
    "heads.cells": "each cell the largest of up to {rows} × {columns} weights",
    "heads.pooled": "{rows} × {columns} a cell",
}
