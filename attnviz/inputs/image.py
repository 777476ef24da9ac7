"""A picture from a file: opened with Pillow, turned as its camera says, laid on white.

Nothing of a file is unpacked before its size is known. What cannot be read is refused in one line.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnviz.digits import grouped
from attnviz.errors import AttnvizError, not_found
from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens, from_labels
from attnviz.inputs.where import NOT_ON_THE_GRID, Boxes

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MOST_PIXELS = 50_000_000  # 200 MB once unpacked, and as much again where it is laid on white
# What unpacks these keeps several copies at once: 15 and 11 bytes for each pixel.
MOST_OF = {"WEBP": 25_000_000, "progressive JPEG": 30_000_000}
LONGEST_SIDE = 100  # times the other: a thinner picture has no grid worth looking at
ROWS = 256  # that are laid on white together
THUMBNAIL = 320  # pixels of its longer side
WHITE = (255, 255, 255)

Pixels = NDArray[np.uint8]
BROKEN = (OSError, SyntaxError, ValueError, EOFError, OverflowError, MemoryError)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture in red, green and blue, as it is looked at."""

    image: Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.size

    @property
    def thumbnail(self) -> Pixels:
        """The whole picture with at most `THUMBNAIL` pixels along its longer side: (height, width,
        3) uint8."""
        from PIL import Image

        share = min(THUMBNAIL / max(self.size), 1)
        width, height = (max(round(side * share), 1) for side in self.size)
        return np.asarray(self.image.resize((width, height), Image.Resampling.BOX))


def open_picture(path: str | Path) -> Picture:
    """Open a picture: PNG, JPEG, WebP, the first frame of a GIF, BMP or TIFF.

    Raises AttnvizError for a file that is none of these, is cut off, or has more than 50 million
    pixels.
    """
    from PIL import Image, ImageOps

    place = Path(path)
    if place.is_dir():
        raise AttnvizError(
            f"{place} is a folder.", "Name a picture.", key="err.folder_name_picture", place=place
        )
    if not place.is_file():
        raise not_found(place)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size is looked at here
            with Image.open(place, formats=FORMATS) as image:
                _check_size(place, image)
                ImageOps.exif_transpose(image, in_place=True)
                return Picture(_flattened(image))
    except Image.DecompressionBombError as error:
        raise _too_large(place) from error
    except BROKEN as error:
        raise AttnvizError(
            f"{place} is not a picture that can be read ({_reason(error)}).",
            f"Give a file of one of these formats: {', '.join(FORMATS)}.",
            key="err.not_picture",
            place=place,
            reason=_reason(error),
            names=", ".join(FORMATS),
        ) from error


def grid_boxes(
    grid: tuple[int, int], area: tuple[float, float, float, float]
) -> NDArray[np.float64]:
    """Return the boxes of a grid of equal patches on an area of a picture, row by row.

    grid: rows and columns. area: left, top, right, bottom in pixels. Returns (rows × columns, 4).
    """
    (rows, columns), (left, top, right, bottom) = grid, area
    x, y = np.linspace(left, right, columns + 1), np.linspace(top, bottom, rows + 1)
    down, across = (index.ravel() for index in np.indices(grid))
    return np.stack([x[across], y[down], x[across + 1], y[down + 1]], axis=1)


def patch_tokens(
    picture: Picture,
    grid: tuple[int, int],
    area: tuple[float, float, float, float] | None = None,
    first: tuple[str, ...] = (),
) -> Tokens:
    """Return tokens for the patches of a picture, named "r3c7" by row and column from 0.

    area: what of the picture the grid covers, in pixels; all of it unless given. first: the names
    of special tokens that stand before the patches.
    """
    names = [*first, *(f"r{row}c{column}" for row in range(grid[0]) for column in range(grid[1]))]
    width, height = picture.size
    boxes = grid_boxes(grid, area or (0, 0, width, height))
    cells = np.concatenate([np.full(len(first), NOT_ON_THE_GRID), np.arange(len(boxes))])
    where = Boxes(
        np.concatenate([np.zeros((len(first), 4)), boxes]),
        cells.astype(np.int64),
        grid,
        picture.size,
        picture.thumbnail,
    )
    tokens = from_labels(names)
    spans = np.where(cells[:, None] < 0, 0, tokens.spans)
    return Tokens(
        tokens.text, tokens.ids, tokens.labels, tokens.pieces, spans, cells < 0, where=where
    )


def regridded(tokens: Tokens, grid: tuple[int, int]) -> Tokens:
    """Return the patches of another grid on the same part of the same picture; no special
    tokens."""
    where = tokens.where
    assert isinstance(where, Boxes)  # they are patches
    boxes = where.boxes[where.on_grid]
    area = (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
    found = from_labels([f"r{row}c{column}" for row in range(grid[0]) for column in range(grid[1])])
    cells = np.arange(grid[0] * grid[1], dtype=np.int64)
    placed = Boxes(grid_boxes(grid, area), cells, grid, where.size, where.thumbnail)
    return replace(found, where=placed)


def _check_size(place: Path, image: Image) -> None:
    """Look at what a file says of itself, before it is unpacked."""
    (width, height), kind = image.size, image.format or ""
    if "progressive" in image.info:
        kind = "progressive JPEG"
    most = MOST_OF.get(kind, MOST_PIXELS)
    if width * height > most:
        raise _too_large(
            place, f" ({grouped(width)} × {grouped(height)})", kind if most < MOST_PIXELS else ""
        )
    if max(width, height) > LONGEST_SIDE * min(width, height):
        raise AttnvizError(
            f"{place} is {grouped(width)} × {grouped(height)} pixels.",
            f"One side may be {LONGEST_SIDE} times the other at most: cut it.",
            key="err.pixels",
            place=place,
            width=width,
            height=height,
            longest_side=LONGEST_SIDE,
        )


def _too_large(place: Path, size: str = "", kind: str = "") -> AttnvizError:
    if kind:
        return AttnvizError(
            f"{place} has too many pixels{size}: {grouped(MOST_OF[kind])} are the most of a "
            f"{kind}.",
            "Make it smaller, or save it as PNG.",
            key="err.too_many_of",
            place=place,
            size=size,
            most_pixels=MOST_OF[kind],
            kind=kind,
        )
    return AttnvizError(
        f"{place} has too many pixels{size}: {grouped(MOST_PIXELS)} are the most.",
        "Make it smaller.",
        key="err.too_many",
        place=place,
        size=size,
        most_pixels=MOST_PIXELS,
    )


def _flattened(image: Image) -> Image:
    """Red, green and blue of 8 bits, some rows at a time: a copy of all takes as much again."""
    from PIL import Image as Pillow

    image.load()
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    width, height = image.size
    flat = Pillow.new("RGB", image.size)
    for top in range(0, height, ROWS):
        rows = image.crop((0, top, width, min(top + ROWS, height)))
        flat.paste(_on_white(rows), (0, top))
    return flat


def _on_white(image: Image) -> Image:
    """Red, green and blue of 8 bits; what is see-through lies on white."""
    from PIL import Image as Pillow

    if image.mode.startswith("I;16"):  # Pillow would cut off what is above 255
        levels = np.asarray(image, dtype=np.uint16) >> 8
        return Pillow.fromarray(levels.astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise ValueError("its pixels are numbers without a known range")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        layer = image.convert("RGBA")
        ground = Pillow.new("RGBA", layer.size, (*WHITE, 255))
        return Pillow.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _reason(error: BaseException) -> str:
    said = str(error).partition("\n")[0].split("<_io")[0].split("'/")[0].strip()
    return said[:80] or type(error).__name__
