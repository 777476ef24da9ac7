"""The lesson's topics on pictures, in Darija in Latin letters."""

SENTENCES = {
    "lesson.ask.patches": "Chno homa tokens dial tswira?",
    "lesson.ask.picture-heads": "3lach kay9ellbo heads f tswira?",
    "lesson.ask.cls": "Fin katchouf tswira kamla?",
    "lesson.ask.image-tokens": "Kifach model dial lougha kaychouf?",
    "lesson.patches.cut": (
        "Tswira katt9te3 l morabba3at sghar, patches: kul patch hiyya token li kaychouf okhrin,"
        " w smiytha mn ster w column dialha."
    ),
    "lesson.patches.row": (
        "Hna lte7t, patch wa7da kat9elleb 3la lloun dialha: li limouni kter 3ndo weight kter."
    ),
    "lesson.picture.heads": (
        "Head kay9elleb 3la nefs lloun, head akhor 3la chno 9rib, w okhrin 3la l7achya wla 3la "
        "chno bayn kter."
    ),
    "lesson.picture.constructed": (
        "Had lheads mebniyin, bach n3erfo chno kaydir kul wa7ed; model mderreb kayl9a dialo b "
        "rasso."
    ),
    "lesson.cls.one": (
        "Vision transformer 3ndo token wa7ed zayed 3la patches, [CLS]: ster dialo kay9ol mn ina"
        " patches tjem3 vector dial tswira kamla."
    ),
    "lesson.cls.share": (
        "Weight li kaymchi l [CLS] wla l registers makaynch f 7ta blasa f tswira: kan9olo ch7al"
        " 7daha."
    ),
    "lesson.cls.below": (
        "Hna makaynch model mderreb: f blast [CLS] dialo, lte7t kayn chno katt3ti patches "
        "kamlin l kul patch."
    ),
    "lesson.image_tokens.among": (
        "3nd model dial lougha, patches kaywelliw tokens wst lkelmat: kelma katchouf lkelmat w "
        "patches b7al b7al, w kul wa7da tamanha wa7ed."
    ),
    "lesson.image_tokens.below": (
        "Hna lte7t, kelmat dial llwan w lblayes kaychoufo tswira mersouma; kelma li ma kat9ol "
        "walo 3la tswira hiyya b7al b7al."
    ),
}
