"""Name → model. Each model reads tokens and sends its attention through the recorder."""

from __future__ import annotations

from attnviz.errors import bad_choice
from attnviz.models.builtin import HeadsModel, builtin, random

__all__ = ["HeadsModel", "load_model"]

MODELS = ("builtin", "random")


def load_model(
    name: str = "builtin", *, heads: int = 4, cross: bool = False, seed: int = 0
) -> HeadsModel:
    """The model of that name; AttnvizError when there is none, or not with so many heads.

    "builtin": heads constructed to look at one known thing each; with `cross`, heads that look
    from one text at another. "random": random projections drawn with `seed`.
    """
    if name == "builtin":
        return builtin(heads, cross=cross)
    if name == "random":
        return random(heads, seed)
    raise bad_choice(name, "--model", MODELS)
