"""Name → model. Each model reads tokens and sends its attention through a door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import AttnvizError, known_arguments
from attnviz.models.builtin.heads import builtin, random

if TYPE_CHECKING:
    from attnviz.models.model import Model
    from attnviz.models.trained import TrainedModel

CONSTRUCTED, RANDOM = "builtin", "random"
NAMES = (CONSTRUCTED, RANDOM, "minilm", "smollm2", "induction")
USUAL_WRITER = "smollm2"  # the model that writes unless another is named


@known_arguments()
def load_model(
    name: str | Path = CONSTRUCTED, *, heads: int = 4, cross: bool = False, seed: int = 0,
    over: str = "text", adapter: str | Path | None = None,
) -> Model:  # fmt: skip
    """Open the model of that name; AttnvizError when there is none, or not with so many heads.

    "builtin": heads constructed to look at one known thing each; with `cross`, heads that look
    from one text at another; over "image" at a picture, over "audio" at a
    sound. "random": random projections drawn with
    `seed`. "minilm": a small trained BERT. "smollm2": a small trained chat model. Else the folder
    of a checkpoint, a GGUF file, or an id on the hub: there heads and seed mean nothing, the
    checkpoint has its own.
    adapter: the folder of a LoRA adapter that changes the checkpoint's weights. The folder of an
    adapter in place of a checkpoint opens the model that it was trained on, and applies it.
    """
    if adapter is not None:
        return load_checkpoint(name, adapter)
    if name == CONSTRUCTED and over == "image":
        from attnviz.models.builtin.image_heads import image_heads  # most runs read a text

        return image_heads(heads, cross=cross)
    if name == CONSTRUCTED and over == "audio":
        from attnviz.models.builtin.sound_heads import sound_heads

        return sound_heads(heads, cross=cross)
    if name == CONSTRUCTED:
        return builtin(heads, cross=cross)
    if name == RANDOM:
        return random(heads, seed)
    return load_checkpoint(name)


def load_checkpoint(name: str | Path, adapter: str | Path | None = None) -> TrainedModel:
    """Open a checkpoint by its folder, its GGUF file, its id on the hub, "minilm" or "smollm2".

    adapter: the folder of a LoRA adapter to apply to it. Raises AttnvizError where there is none,
    and for the names of the built-in heads.
    """
    if name in (CONSTRUCTED, RANDOM):
        raise AttnvizError(
            f"{name} is not a checkpoint.",
            "Name a folder, a hub id, or minilm.",
            key="err.not_checkpoint",
            name=name,
        )
    from attnviz.models.find import find_base, find_folder  # the built-in heads need none of them
    from attnviz.models.trained import load

    if adapter is not None:
        adapter = find_folder(str(adapter), ())
    place = find_folder(str(name), NAMES)
    base = find_base(place) if adapter is None else None
    if base is not None:
        name, adapter, place = base[0], place, base[1]
    called = str(name) if name in NAMES else _short(str(name), place)
    return load(place, called, adapter)


def load_writer(model: str | Path | Model) -> TrainedModel:
    """Open a checkpoint that is to predict or to write, or take the one that was given.

    Raises AttnvizError for built-in heads, which have no words to choose from.
    """
    from attnviz.models.trained import TrainedModel

    if isinstance(model, TrainedModel):
        return model
    name = model if isinstance(model, str | Path) else model.name
    if name in (CONSTRUCTED, RANDOM):
        raise AttnvizError(
            f"The {name} heads look and say nothing: they have no words to choose from.",
            f"Give a checkpoint with a prediction head as `model`, such as {USUAL_WRITER}.",
            key="err.heads_look",
            name=name,
            usual_writer=USUAL_WRITER,
        )
    return load_checkpoint(name)


def _short(name: str, folder: Path) -> str:
    """Return a hub id as it is; of a folder or a file its own name."""
    return folder.resolve().name if Path(name).expanduser().exists() else name
