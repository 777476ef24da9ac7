"""A picture → the patches that a checkpoint looks at, and the pixels that it is fed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attnviz.errors import AttnvizError
from attnviz.inputs.image import open_picture, patch_tokens
from attnviz.inputs.tokens import Tokens
from attnviz.models.checkpoint.image_processor import read_image_processor
from attnviz.models.layers import Floats
from attnviz.models.model import IMAGE, Inputs
from attnviz.models.network.patches import PatchStem

if TYPE_CHECKING:
    from attnviz.models.trained import TrainedModel

CLS, DISTILLATION = "[CLS]", "[DIST]"


def see(model: TrainedModel, inputs: Inputs) -> tuple[Tokens, Floats]:
    """Open the picture and turn it into tokens and pixels (3, height, width).

    Raises AttnvizError where there is none, and for a size that the model has no positions for.
    """
    if inputs.image is None:
        raise AttnvizError(
            f"{model.name} ({model.family}) looks at a picture, and there is none.",
            "Give an `image`.",
            key="err.looks_picture",
            model=model.name,
            family=model.family,
        )
    picture = open_picture(inputs.image)
    processor = read_image_processor(model.checkpoint.folder, _looks_as(model))
    pixels, area = processor(picture.image)
    stem = model.network.tower(IMAGE).embeddings
    assert isinstance(stem, PatchStem)  # what reads pictures begins with patches
    grid = stem.grid(*pixels.shape[1:])
    # What is left at the right and at the bottom belongs to no patch.
    across = (area[2] - area[0]) * grid[1] * stem.size / pixels.shape[2]
    down = (area[3] - area[1]) * grid[0] * stem.size / pixels.shape[1]
    covered = (area[0], area[1], area[0] + across, area[1] + down)
    return patch_tokens(picture, grid, covered, _special(stem)), pixels


def seen_whole(model: TrainedModel) -> tuple[str, ...]:
    """Say where a model would be fed a picture in parts too, and is fed the whole alone."""
    if not read_image_processor(model.checkpoint.folder, _looks_as(model)).splits:
        return ()
    return (
        f"The picture is fed to {model.name} as a whole, without the enlarged parts that its "
        "processor adds (do_image_splitting).",
    )


def _looks_as(model: TrainedModel) -> str:
    """The model_type whose usual way of looking is meant: that of the encoder beside a decoder."""
    encoder = model.config.get("encoder")
    kind = encoder.get("model_type") if isinstance(encoder, Mapping) else None
    return kind if isinstance(kind, str) else model.family


def _special(stem: PatchStem) -> tuple[str, ...]:
    """The names of the tokens before the patches, in their order."""
    n_registers = 0 if stem.registers is None else len(stem.registers)
    registers = tuple(f"[R{i}]" for i in range(n_registers))
    return (*(CLS, DISTILLATION)[: len(stem.special)][:1], *registers,
            *(CLS, DISTILLATION)[1 : len(stem.special)])  # fmt: skip
