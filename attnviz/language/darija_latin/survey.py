"""How far a run is, and heads over many texts, in Darija in Latin letters."""

SENTENCES = {
    # How far a run is
    "run.left": "mazal {time}",
    "run.layer": "layer {n} mn {total}",
    "run.text": "text {n} mn {total}",
    "run.tokens": "{n} mn {n_tokens}",
    "run.wrote": "mektoub: {n_tokens}, {value} tokens/s",
    "run.stopped": "we9ef",
    "run.texts": "{n_texts} · {n_tokens} · {value} texts/s",
    # Heads over many texts
    "survey.dashboard": "Dashboard dial Dask: {path}",
    "survey.title": "survey dial {model} · {down} × {across} heads · {n_texts}, {n_tokens}",
    "survey.groups": "majmou3at: {choices}",
    "survey.differ": "{n} mn {total} heads mkhtalfin f {what}, {other} 9ddam {token}: {places}",
    "survey.no_differ": "7ta head ma mkhtalef f {what} bin {token} w {other} kter mn chance",
    "survey.texts": "texts",
    "survey.note": "± howa standard deviation bin texts; texts: ch7al fihom b had label",
    "survey.failed": "{n_texts} ma9dernach n7esbohom; {path}: {reason}",
    "survey.cut": "{n_texts} me9tou3 f l7edd dial toul f model",
    "survey.empty": "stora khawyin li ma7sebnach: {n}",
    # Two surveys
    "survey.against": "{what}: {other} ({b} texts) 9ddam {token} ({a} texts)",
    "survey.chance": (
        "{n} mn {total} heads mkhtalfin kter mn chance (3la l2aktar {pct} mnhom ghalat)"
    ),
    "survey.first": "lowel",
    "survey.second": "tani",
    "survey.tests": (
        "effect: Hedges' g; p: t-test dial Welch, 9bel tas7i7 dial Benjamini w Hochberg"
    ),
}
