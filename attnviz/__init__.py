"""See where every token looks.

What is public is listed in `__all__` and loads when it is first used; everything else is internal.
The folders, from the street down:

cli        the command line: reads options, writes to the terminal and the disk
tracing    runs a model while its attention is watched
views      shows a record: terminal, pictures, page, explorer
analysis   makes numbers and facts of a record
models     name → something that reads tokens and attends through a door
record     what one run saw, and its files
attention  queries, keys and values → weights
inputs     text, image or sound → tokens
files      bytes ↔ arrays
language   words for people
"""

from __future__ import annotations

from importlib import import_module

from attnviz._version import __version__ as __version__
from attnviz.record.shown_by import SHOWN_BY as _SHOWN_BY

TYPE_CHECKING = False  # typing would take a third of the time of `attnviz --version`
if TYPE_CHECKING:
    from typing import Any

    from attnviz.attention import masks, measures
    from attnviz.attention.dense import scaled_dot_product_attention
    from attnviz.errors import AttnvizError
    from attnviz.models import load_model
    from attnviz.record.from_weights import from_weights
    from attnviz.record.record import AttentionRecord, read
    from attnviz.tracing.check import check
    from attnviz.tracing.compare import compare
    from attnviz.tracing.effects import effects
    from attnviz.tracing.generate import generate
    from attnviz.tracing.predict import predict
    from attnviz.tracing.survey import survey
    from attnviz.tracing.trace import trace
    from attnviz.tracing.transcribe import transcribe

__all__ = [
    "AttentionRecord",
    "AttnvizError",
    "check",
    "compare",
    "effects",
    "from_weights",
    "generate",
    "load_model",
    "masks",
    "measures",
    "predict",
    "read",
    "scaled_dot_product_attention",
    "survey",
    "trace",
    "transcribe",
]

_HOMES = {  # public name → the module that has it; a module stands for itself
    "AttentionRecord": "attnviz.record.record",
    "AttnvizError": "attnviz.errors",
    "check": "attnviz.tracing.check",
    "compare": "attnviz.tracing.compare",
    "effects": "attnviz.tracing.effects",
    "from_weights": "attnviz.record.from_weights",
    "generate": "attnviz.tracing.generate",
    "load_model": "attnviz.models",
    "masks": "attnviz.attention",
    "measures": "attnviz.attention",
    "predict": "attnviz.tracing.predict",
    "read": "attnviz.record.record",
    "scaled_dot_product_attention": "attnviz.attention.dense",
    "survey": "attnviz.tracing.survey",
    "trace": "attnviz.tracing.trace",
    "transcribe": "attnviz.tracing.transcribe",
}

_SHOWN_BY.update(  # records know no views: here they meet
    axes="attnviz.views.python:plot",
    file="attnviz.views.python:save",
    heads="attnviz.views.python:heads",
    notebook="attnviz.views.notebook:html",
    page="attnviz.views.python:to_html",
    survey="attnviz.views.survey_files:save",
)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'attnviz' has no attribute {name!r}")
    if name in ("masks", "measures"):
        return import_module(f"{home}.{name}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
