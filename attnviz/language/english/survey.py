"""How far a run is, and heads over many texts, in English."""

SENTENCES = {
    # How far a run is
    "run.left": "{time} left",
    "run.layer": "layer {n} of {total}",
    "run.text": "text {n} of {total}",
    "run.tokens": "{n} of {n_tokens}",
    "run.wrote": "{n_tokens}, {value} tokens/s",
    "run.stopped": "stopped",
    "run.texts": "{n_texts} · {n_tokens} · {value} texts/s",
    # Heads over many texts
    "survey.dashboard": "Dask's own dashboard: {path}",
    "survey.title": "survey of {model} · {down} × {across} heads · {n_texts}, {n_tokens}",
    "survey.groups": "groups: {choices}",
    "survey.differ": "{n} of {total} heads differ in {what}, {other} against {token}: {places}",
    "survey.no_differ": (
        "no head differs in {what} between {token} and {other} by more than chance"
    ),
    "survey.texts": "texts",
    "survey.note": "± is the standard deviation over texts; texts: how many have this label",
    "survey.failed": "{n_texts} could not be run; {path}: {reason}",
    "survey.cut": "{n_texts} cut at the model's longest length",
    "survey.empty": "empty lines left out: {n}",
    # Two surveys
    "survey.against": "{what}: {other} ({b} texts) against {token} ({a} texts)",
    "survey.chance": "{n} of {total} heads differ by more than chance ({pct} false at most)",
    "survey.first": "first",
    "survey.second": "second",
    "survey.tests": (
        "effect: Hedges' g; p: Welch's t-test, before the correction of Benjamini and Hochberg"
    ),
}
