"""The tiny model, run over a text."""

from __future__ import annotations

from attnviz.analysis.tiny import TinySteps, tiny_steps
from attnviz.inputs.text import last_word, tokenize
from attnviz.models.builtin.tiny import tiny
from attnviz.record.numbering import one_of
from attnviz.tracing.trace import position_of, trace_steps


def trace_tiny(
    text: str, query: str | None = None, *, head: int | str = 0, layer: int | str = 0,
    type: str | None = None,
    window: int = 1, global_tokens: list[str | int] | None = None,
) -> TinySteps:  # fmt: skip
    """Follow one query of the tiny model through the four steps, every number kept.

    text: four tokens at most. query: as `trace_steps` takes it. head: 0 "previous", 1 "long words".
    layer: the one there is. type, window, global_tokens: as in `trace`. Raises AttnvizError for
    longer texts, and for a query or a head that is not there.
    """
    model = tiny()
    _, chosen = one_of(str(layer), str(head), (0,), len(model.heads))
    followed = [
        trace_steps(
            text, query, head=each, model=model, type=type, window=window,
            global_tokens=global_tokens,
        )
        for each in range(len(model.heads))
    ]  # fmt: skip
    tokens = tokenize(text)
    place = last_word(tokens) if query is None else position_of(query, tokens)
    return tiny_steps(followed, chosen, model, tokens, place)
