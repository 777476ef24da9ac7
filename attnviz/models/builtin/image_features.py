"""What the built-in heads know of each patch: one row of numbers per patch, nothing learned.

colour        64  cosines and sines of the mean colour: products fall with the colours' distance
wide colour   64  the same, falling two and a half times more slowly: for words of colour
orientation    2  the direction of its edges, doubled, by how clear they are
row, column   16  sines and cosines of its row and of its column, at 8 frequencies
place          2  where it lies, left to right and top to bottom, from -1 to 1
flags          7  light, dark, vivid, edge, centre, odd, constant

Colours are OKLab's (Ottosson 2020), in which distances are near to what eyes see.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.inputs.image import Picture
from attnviz.models.builtin.parts import Floats, Parts

PATCHES = 196  # about so many: what a vision transformer makes of a picture
SIDE = 16  # pixels of a patch, once the picture is made to fit
FREQUENCIES = 2.0 * 0.6 ** np.arange(8.0)  # radians per patch
COLOURS = 32  # random frequencies of the colour code (Rahimi & Recht 2007)
NEAR_COLOUR, WIDE_COLOUR = 0.055, 0.055 * 2.5  # distances in OKLab at which products are 0.6
FLAGS = ("light", "dark", "vivid", "edge", "centre", "odd", "constant")
PARTS = Parts(
    {
        "colour": 2 * COLOURS,
        "wide colour": 2 * COLOURS,
        "orientation": 2,
        "row": 2 * FREQUENCIES.size,
        "column": 2 * FREQUENCIES.size,
        "place": 2,
        **dict.fromkeys(FLAGS, 1),
    }
)

Array = NDArray[np.float64]


def grid_of(size: tuple[int, int]) -> tuple[int, int]:
    """Return rows and columns of about `PATCHES` nearly square patches, for a width and height."""
    width, height = size
    columns = max(round(np.sqrt(PATCHES * width / height)), 1)
    return max(round(np.sqrt(PATCHES * height / width)), 1), columns


def features(picture: Picture) -> Floats:
    """Return the features of every patch of `grid_of`, row by row: (patches, PARTS.width)
    float32."""
    grid = grid_of(picture.size)
    pixels = _fitted(picture, grid)
    rows, columns = (index.ravel() for index in np.indices(grid))
    lab = _by_patch(oklab(pixels), grid).mean(axis=1)  # (patches, 3)
    table = np.zeros((len(lab), PARTS.width), dtype=np.float32)
    values: dict[str, Any] = {
        "colour": colour_code(lab, NEAR_COLOUR),
        "wide colour": colour_code(lab, WIDE_COLOUR),
        "row": _waves(rows),
        "column": _waves(columns),
        "place": np.stack([_spread(columns, grid[1]), _spread(rows, grid[0])], axis=1),
        **_edges(pixels, grid),
        **_of_colour(lab),
        "centre": np.clip(1 - np.hypot(_spread(columns, grid[1]), _spread(rows, grid[0])), 0, 1),
        "constant": np.ones(len(lab)),
    }
    for name, value in values.items():
        table[:, PARTS.at(name)] = np.reshape(value, (len(lab), -1))
    return table


def oklab(rgb: NDArray[Any]) -> Array:
    """Return sRGB bytes (…, 3) → lightness, green to red, blue to yellow (Ottosson 2020)."""
    encoded = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(linear @ _TO_CONES.T)
    found: Array = cones @ _TO_LAB.T
    return found


_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def colour_code(lab: NDArray[Any], distance: float) -> Array:
    """Return colours as vectors of length 1 whose products are about exp(-(d / distance)² / 2),
    where d is how far two colours are apart: (…, 3) → (…, 64)."""
    drawn = np.random.default_rng(0).standard_normal((3, COLOURS)) / distance
    angles = np.asarray(lab) @ drawn
    code: Array = np.concatenate([np.cos(angles), np.sin(angles)], axis=-1) / np.sqrt(COLOURS)
    return code


def _fitted(picture: Picture, grid: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture with `SIDE` × `SIDE` pixels for each patch: (rows × SIDE, columns × SIDE, 3)."""
    from PIL import Image

    size = (grid[1] * SIDE, grid[0] * SIDE)
    return np.asarray(picture.image.resize(size, Image.Resampling.BOX))


def _by_patch(pixels: NDArray[Any], grid: tuple[int, int]) -> NDArray[Any]:
    """(rows × SIDE, columns × SIDE, …) → (patches, SIDE², …)"""
    rows, columns = grid
    cut = pixels.reshape(rows, SIDE, columns, SIDE, *pixels.shape[2:]).swapaxes(1, 2)
    return cut.reshape(rows * columns, SIDE * SIDE, *pixels.shape[2:])


def _waves(places: NDArray[Any]) -> Array:
    angles = np.multiply.outer(places, FREQUENCIES)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _spread(places: NDArray[Any], n: int) -> Array:
    """The middles of n places, from -1 to 1."""
    return (2 * places + 1) / n - 1


def _edges(pixels: NDArray[np.uint8], grid: tuple[int, int]) -> dict[str, Array]:
    """How much lightness changes within each patch, and whether all in one direction.

    The structure tensor (Bigün & Granlund 1987): its coherence is 1 for one straight edge.
    """
    lightness = oklab(pixels)[..., 0]
    down, across = (np.asarray(np.gradient(lightness, axis=axis)) for axis in (0, 1))
    products: list[Array] = [across * across, down * down, across * down]
    xx, yy, xy = (_by_patch(product, grid).mean(axis=1) for product in products)
    steepness: Array = np.hypot(across, down)
    strength = _by_patch(steepness, grid).mean(axis=1)
    edge = np.minimum(strength / max(float(np.quantile(strength, 0.98)), 1e-3), 1)
    doubled = np.stack([xx - yy, 2 * xy], axis=1)  # cos and sin of twice the direction
    coherence = np.hypot(*doubled.T) / np.maximum(xx + yy, 1e-9)
    unit = doubled / np.maximum(np.hypot(*doubled.T), 1e-12)[:, None]
    clear = coherence * edge
    return {
        "orientation": unit * clear[:, None],
        "edge": edge,
    }


def _of_colour(lab: Array) -> dict[str, Array]:
    light = _stretched(lab[:, 0])
    away = np.linalg.norm(lab - np.median(lab, axis=0), axis=1)
    return {
        "light": light,
        "dark": 1 - light,
        "vivid": _stretched(np.hypot(lab[:, 1], lab[:, 2])),
        "odd": away / max(float(np.quantile(away, 0.98)), 1e-3),
    }


def _stretched(values: Array) -> Array:
    """From 0 for the least to 1 for the most, a twentieth of each set aside; a picture in which
    all are nearly alike stays so."""
    low, high = np.quantile(values, (0.05, 0.95))
    stretched: Array = np.clip((values - low) / max(high - low, 0.05), 0, 1)
    return stretched
