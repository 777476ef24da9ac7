"""How far a run is, and heads over many texts, in Darija in Arabic letters."""

SENTENCES = {
    # How far a run is
    "run.left": "مازال {time}",
    "run.layer": "layer {n} من {total}",
    "run.text": "text {n} من {total}",
    "run.tokens": "{n} من {n_tokens}",
    "run.wrote": "مكتوب: {n_tokens}، {value} tokens/s",
    "run.stopped": "وقف",
    "run.texts": "{n_texts} · {n_tokens} · {value} texts/s",
    # Heads over many texts
    "survey.dashboard": "هادا dashboard ديال Dask: {path}",
    "survey.title": "survey ديال {model} · {down} × {across} heads · {n_texts}، {n_tokens}",
    "survey.groups": "مجموعات: {choices}",
    "survey.differ": "{n} من {total} heads مختلفين ف {what}، {other} قدام {token}: {places}",
    "survey.no_differ": "حتى head ما مختلف ف {what} بين {token} و {other} كتر من chance",
    "survey.texts": "texts",
    "survey.note": "± هو standard deviation بين texts؛ texts: شحال فيهم ب هاد الـ label",
    "survey.failed": "{n_texts} ماقدرناش نحسبوهم؛ {path}: {reason}",
    "survey.cut": "{n_texts} مقطوع ف الحد ديال الطول ف الموديل",
    "survey.empty": "سطور خاويين اللي ماحسبناش: {n}",
    # Two surveys
    "survey.against": "{what}: {other} ({b} texts) قدام {token} ({a} texts)",
    "survey.chance": ("{n} من {total} heads مختلفين كتر من chance (على الأكتر {pct} منهم غلط)"),
    "survey.first": "اللول",
    "survey.second": "تاني",
    "survey.tests": (
        "effect: Hedges' g؛ p: t-test ديال Welch، قبل التصحيح ديال Benjamini و Hochberg"
    ),
}
