"""Things side by side, and heads, in Darija in Latin letters."""

SENTENCES = {
    # Things that are compared
    "compare.colours": "orange = kter, blue = 9ell",
    "compare.signs": "+ = kter, - = 9ell",
    "compare.full": "loun kamel f {value} points",
    "compare.apart": (
        "{what}: stora b3ad b {value} nats b lmo3ddal (Jensen-Shannon divergence ≤ {max})"
    ),
    "compare.largest": 'akbar tbdil: "{query}" → "{key}" {value} points',
    "compare.none": "ma kayn 7ta tbdil kayban: 7ta weight ma tbeddel b ness point",
    "compare.rows": "stora li tbeddlo kter, b nats, w keys dialhom b points",
    "compare.heads": "heads li tbeddlo kter, b nats: {places}",
    "compare.layer": "layer li tbeddel kter mn {n}",
    "compare.lengths": "{what}: toul mkhtalef, dakchi 3lach kaybano w ma tne99esch wa7ed mn lakhor",
    "compare.within": "akbar far9 {value} ({places}): ma fatch {max}",
    "compare.over": "akbar far9 {value} ({places}): fat {max}",
    # Which heads link two words
    "link.weight": 'weight mn "{query}" l "{key}" f kul head',
    "link.strongest": "akbar weights: {places}",
    "link.even": "ila t9essem b7al b7al: {pct}",
    "link.several": "mo3ddal dial queries, majmou3 dial keys",
    "link.none": "7ta head ma kayrbethom: 7ta wa7ed ma fat t9sim b7al b7al",
    # What heads look at
    "heads.head": "head",
    "heads.looks_at": "kaychouf",
    "heads.sure": "sure",
    "heads.example": "matalan",
    "heads.built_for": "mesnou3 l",
    "heads.sink": "kayrta7 f {token}",
    "heads.rests": "kayrta7",
    "heads.spread": "mwezze3",
    "heads.other": "7aja khra",
    "heads.short": "text 9sir bezzaf",
    "heads.unknown": "ma tkhellach",
    "heads.spread_out": "weight",
    "heads.wide": "{option}: ga3 l9iyasat",
    "heads.cells": "kul khana: akbar weight mn {rows} × {columns}",
    "heads.pooled": "khana = {rows} × {columns}",
}
