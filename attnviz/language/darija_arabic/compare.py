"""Things side by side, and heads, in Darija in Arabic letters."""

SENTENCES = {
    # Things that are compared
    "compare.colours": "orange = كتر، blue = قل",
    "compare.signs": "+ = كتر، - = قل",
    "compare.full": "اللون كامل ف {value} points",
    "compare.apart": (
        "{what}: السطور بعاد ب {value} nats ب المعدل (Jensen-Shannon divergence ≤ {max})"
    ),
    "compare.largest": "أكبر تبديل: «{query}» ← «{key}» {value} points",
    "compare.none": "ما كاين حتى تبديل كيبان: حتى weight ما تبدل ب نص point",
    "compare.rows": "السطور اللي تبدلو كتر، ب nats، و keys ديالهم ب points",
    "compare.heads": "heads اللي تبدلو كتر، ب nats: {places}",
    "compare.layer": "layer اللي تبدل كتر من {n}",
    "compare.lengths": "{what}: طول مختلف، داكشي علاش كيبانو و ما تنقصش واحد من لاخر",
    "compare.within": "أكبر فرق {value} ({places}): ما فاتش {max}",
    "compare.over": "أكبر فرق {value} ({places}): فات {max}",
    # Which heads link two words
    "link.weight": "weight من «{query}» ل «{key}» ف كل head",
    "link.strongest": "أكبر weights: {places}",
    "link.even": "إلا تقسم بحال بحال: {pct}",
    "link.several": "معدل ديال queries، مجموع ديال keys",
    "link.none": "حتى head ما كيربطهم: حتى واحد ما فات تقسيم بحال بحال",
    # What heads look at
    "heads.head": "head",
    "heads.looks_at": "كيشوف",
    "heads.sure": "sure",
    "heads.example": "مثلا",
    "heads.built_for": "مصنوع ل",
    "heads.sink": "كيرتاح ف {token}",
    "heads.rests": "كيرتاح",
    "heads.spread": "موزع",
    "heads.other": "حاجة خرا",
    "heads.short": "text قصير بزاف",
    "heads.unknown": "ما تخلاش",
    "heads.spread_out": "weight",
    "heads.wide": "{option}: گاع القياسات",
    "heads.cells": "كل خانة: أكبر weight من {rows} × {columns}",
    "heads.pooled": "خانة = {rows} × {columns}",
}
