"""attnviz shows where every token looks. The public names load when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from attnviz import measures
    from attnviz.arrays import from_weights
    from attnviz.attention import masks
    from attnviz.attention.dense import scaled_dot_product_attention
    from attnviz.errors import AttnvizError
    from attnviz.models import load_model
    from attnviz.record import AttentionRecord, read
    from attnviz.tracing import trace

__all__ = [
    "AttentionRecord",
    "AttnvizError",
    "from_weights",
    "load_model",
    "masks",
    "measures",
    "read",
    "scaled_dot_product_attention",
    "trace",
]

_HOMES = {
    "AttentionRecord": "attnviz.record",
    "AttnvizError": "attnviz.errors",
    "from_weights": "attnviz.arrays",
    "load_model": "attnviz.models",
    "read": "attnviz.record",
    "scaled_dot_product_attention": "attnviz.attention.dense",
    "trace": "attnviz.tracing",
}


def __getattr__(name: str) -> Any:
    if name == "masks":
        return import_module("attnviz.attention.masks")
    if name == "measures":
        return import_module("attnviz.measures")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'attnviz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
