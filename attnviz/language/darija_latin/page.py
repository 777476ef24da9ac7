"""The page, in Darija in Latin letters."""

SENTENCES = {
    # The page
    "page.heads": "Heads kamlin",
    "page.heatmap": "Heatmap",
    "page.links": "Khtout",
    "page.text": "Text",
    "page.table": "Table",
    "page.timeline": "Timeline",
    "page.timeline_of": (
        "shares: mo3ddal dial ga3 layers w heads; clicki 3la token bach tchouf ster dialo"
    ),
    "page.sound": "M3a lwe9t",
    "page.no_frames": "Keys dial had jozz2 machi l7dat dial sout.",
    "page.others": "Okhrin:",
    "page.views": "Ach ban",
    "page.stack": "Jozz2 dial model",
    "page.layer": "Layer",
    "page.head": "Head",
    "page.mean": "mo3ddal ({n})",
    "page.measure": "Chno",
    "page.scale": "Scale",
    "page.merge": "Jme3",
    "page.tokens": "tokens kif homa",
    "page.words": "kelmat",
    "page.sentences": "jomal",
    "page.lines": "stora",
    "page.special": "Khebbi special tokens",
    "page.language": "Lougha",
    "page.theme": "Mdowwi wla meghlou9",
    "page.system": "b7al system",
    "page.light": "mdowwi",
    "page.dark": "meghlou9",
    "page.looks": '"{query}" kaychouf',
    "page.looked": 'Chkoun kaychouf "{key}"',
    "page.sum": "lmajmou3 dial ster {pct}",
    "page.hint": (
        "Dowwez souris 3la token bach tchouf fin kaychouf; clicki wla Enter bach tchedd fih."
    ),
    "page.pin": "chedd",
    "page.let_go": "tle9",
    "page.pinned": "mchedoud",
    "page.masked": "mkhebbi",
    "page.move": "queries w keys okhrin",
    "page.zoom_in": "9erreb",
    "page.zoom_out": "Be33ed",
    "page.whole": "Kolchi",
    "page.keyboard": "Clavier",
    "page.about": "3la had r9am",
    "page.part": "tokens mn {min} 7tal {max}, f lmajmou3 {n}",
    "page.error": (
        "Tswira mn weights dial {n} bits: lfer9 m3a weight li tsejjel makayfoutch "
        "{difference} (weights mn 0 7tal 1)."
    ),
    "page.kept": (
        "Tswira pooled; mn kul query khellina keys li 3ndhom akbar weight wa7ed b wa7ed: {n}."
    ),
    "page.not_kept": "makhellinahch",
    "page.blank": "khawi = makhellinahch",
    "page.blank_or_masked": "khawi = makhellinahch, wla mkhebbi",
    "page.strongest": "Kul query w keys li 3ndhom akbar weight",
    "page.old": (
        "Had navigateur ma9derch y7ell r9am dial page: khdem b wa7ed mn 2023 wla jdid kter."
    ),
    "page.noscript": "Had page katresm b JavaScript, w howa me7bous hna.",
    "page.average": "mo3ddal",
    "page.beside": "7da",
    "page.remove": "7iyyed",
    "page.save": "Sejjel tswira",
    "page.copy": "Copier r9am",
    "page.saved": "tsejjel: {path}",
    "page.copied": "tcopiaw: {n} dial stora",
    "page.not_copied": "Had navigateur makaykhellich page tcopier.",
    "page.pair": '"{query}" → "{key}" f kul head',
    "page.pair_hint": "Clicki 3la jouj tokens, wla 3la key, bach tchouf weight dialhom f kul head.",
    "page.product": 'q · k dial "{query}" w "{key}", ra9m b ra9m',
    "page.product_head": "Khtar head wa7ed: lmo3ddal ma3ndou la query la key.",
    "page.product_sum": "lmajmou3 = q · k = {value}",
    "page.product_score": "score 9bel mask w softmax: {value}",
    "page.image": "Tswira",
    "page.no_patches": "Had jozz2 dial model makaychouf 7ta tswira.",
    "page.root_scale": "ddow: jidr dial weight, akbar wa7ed howa li mdowwi kter",
    "page.in_picture": "{pct} mn ster f tswira",
    "page.shift": (
        "clicki 3la patch bach tchouf ster dialo, Shift w clicki bach tchouf column dialo"
    ),
    "page.play": "Sme3",
    "page.stop": "7bes",
}
