"""`attnviz caption`: a sentence about a picture, and where each of its words looked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.cli.commands.generate import Written, show_written
from attnviz.cli.writing_options import Writing

NAMES = "nlpconnect/vit-gpt2-image-captioning, Salesforce/blip-image-captioning-base"
INSTEAD = 'attnviz run "a red ball" --image FILE shows where words for colours and places look.'


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Caption(Written):
    """Choose what is shown of a caption: all layers and heads of its cross-attention together."""

    show: options.Show = "caption"


@options.spread
def caption(
    *,
    image: Annotated[Path, typer.Argument(help="PNG, JPEG, WebP, GIF, BMP or TIFF.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="BLIP, ViT-GPT2, TrOCR: a folder, a hub id.")
    ] = "",
    text: Annotated[str | None, typer.Option(help="How the caption begins: a photo of …")] = None,
    writing: Writing,
    display: Caption,
) -> None:
    """Let a model write about a picture, and show where it looked for each word.

    attnviz caption cat.jpg --model Salesforce/blip-image-captioning-base

    attnviz caption cat.jpg --model FOLDER --num-beams 4 --layer last -o caption.png

    attnviz caption line.png --model microsoft/trocr-small-printed
    """
    from attnviz.cli.applications import need_model
    from attnviz.cli.writing import stream_to_screen
    from attnviz.errors import AttnvizError
    from attnviz.models import load_checkpoint
    from attnviz.tracing.generate import generate as write

    need_model(model, "caption", NAMES, INSTEAD)
    display.check([image])
    opened = load_checkpoint(model)
    if not opened.describes:
        raise AttnvizError(
            f"{opened.name} ({opened.family}) does not write about pictures.",
            f"Try {NAMES}.",
            key="err.does_not",
            model=opened.name,
            family=opened.family,
            names=NAMES,
        )
    display.check_places(opened)
    stream = None if display.for_programs else stream_to_screen
    found = write(text, image=image, model=opened, stream=stream, **writing.settings())
    show_written(found, display)
