"""A picture as a checkpoint reads it: what preprocessor_config.json says, with Pillow.

The steps are those of transformers' Pillow processors, number for number. Its "fast" processors
resize with PyTorch instead: the attention of a model then differs by about 1e-3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import ceil, floor, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.processor_file import read_processor
from attnviz.models.interpolation import LINEAR, resized_parts

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST = 3072  # pixels of a side, and their square of a picture that is fed to a model
ROWS = 256  # of pixels that are worked on together
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)
LANCZOS, BILINEAR, BICUBIC = 1, 2, 3
SMALLEST_STEP = 1e-5  # of the scale that is sought for pictures that keep their shape
Area = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class ImageProcessor:
    """size: (height, width) that a picture is made, shortest: or its shorter side; neither: it
    stays as it is. resample: Pillow's number of the filter. crop: (height, width) of the middle
    that is kept. rescale, mean, std: what levels are multiplied by, and normed with. most_patches:
    the picture keeps its shape and gets so many patches of `patch` pixels at most (SigLIP 2).
    floats_first: levels are multiplied before they are resized, in float32 (DINOv3). longest: what
    the longer side is made first, the picture keeping its shape (Idefics 3). splits: the library
    feeds the picture in parts too, beside the whole, which alone is made here. area: the fewest and
    the most pixels of a picture that keeps its shape, with sides multiples of `patch` (Qwen 2)."""

    size: tuple[int, int] | None = (224, 224)
    shortest: int | None = None
    resample: int = BILINEAR
    crop: tuple[int, int] | None = None
    rescale: float | None = 1 / 255
    mean: tuple[float, ...] | None = HALF
    std: tuple[float, ...] | None = HALF
    most_patches: int | None = None
    patch: int = 16
    floats_first: bool = False
    longest: int | None = None
    splits: bool = False
    area: tuple[int, int] | None = None

    def __call__(self, image: Image) -> tuple[NDArray[np.float32], Area]:
        """Return the pixels (3, height, width), and which area of the picture they cover, in its
        own pixels: an area beyond its borders is filled with zeros."""
        wide, tall = image.size
        across, down = self._new_size(wide, tall) or image.size
        if across * down > LARGEST**2:
            raise AttnvizError(
                f"The model is fed {grouped(across)} × {grouped(down)} pixels of this picture, and "
                f"{grouped(LARGEST)} × {grouped(LARGEST)} are the most.",
                "Give a smaller picture, or cut it.",
                key="err.fed_pixels",
                width=across,
                height=down,
                most=LARGEST,
            )
        levels = self._in_floats(image) if self.floats_first else np.asarray(self._resized(image))
        x, y = wide / levels.shape[1], tall / levels.shape[0]
        pixels, left, top = self._cropped(levels)
        right, bottom = left + pixels.shape[1], top + pixels.shape[0]
        return self._normed(pixels), (left * x, top * y, right * x, bottom * y)

    def _resized(self, image: Image) -> Image:
        from PIL import Image as Pillow

        if self.longest is not None:
            first = even_size(*image.size, self.longest)
            image = image.resize(first, Pillow.Resampling(self.resample))
        size = self._new_size(*image.size)
        return image if size is None else image.resize(size, Pillow.Resampling(self.resample))

    def _new_size(self, wide: int, tall: int) -> tuple[int, int] | None:
        """Width and height that a picture is made; None where it stays as it is."""
        if self.most_patches is not None:
            return flexible_size(wide, tall, self.patch, self.most_patches)
        if self.area is not None:
            return size_within(wide, tall, self.patch, *self.area)
        if self.shortest is not None:
            short, long = min(wide, tall), max(wide, tall)
            longer = int(self.shortest * long / short)
            return (self.shortest, longer) if wide <= tall else (longer, self.shortest)
        return None if self.size is None else (self.size[1], self.size[0])

    def _in_floats(self, image: Image) -> NDArray[np.float32]:
        """Resized levels from 0 to 1: (height, width, 3)."""
        wide, tall = image.size
        strips = (image.crop((0, top, wide, min(top + ROWS, tall))) for top in range(0, tall, ROWS))
        levels = (np.asarray(strip, np.float32) * np.float32(self.rescale or 1) for strip in strips)
        size = self._new_size(wide, tall)
        if size is None:
            return np.concatenate([*levels])
        sharp = {BILINEAR: LINEAR, BICUBIC: -0.5}.get(self.resample, LINEAR)
        found = resized_parts(levels, (tall, wide), size[::-1], sharp, antialias=True)
        return found.astype(np.float32)

    def _cropped(self, pixels: NDArray[Any]) -> tuple[NDArray[Any], int, int]:
        """The middle, and where it begins: left and top, below 0 where zeros stand around."""
        if self.crop is None:
            return pixels, 0, 0
        (height, width), (tall, wide) = self.crop, pixels.shape[:2]
        top, left = (tall - height) // 2, (wide - width) // 2
        if top >= 0 and left >= 0:
            return pixels[top : top + height, left : left + width], left, top
        new_tall, new_wide = max(height, tall), max(width, wide)
        above, before = ceil((new_tall - tall) / 2), ceil((new_wide - wide) / 2)
        laid = np.zeros((new_tall, new_wide, pixels.shape[2]), pixels.dtype)
        laid[above : above + tall, before : before + wide] = pixels
        top, left = max(0, top + above), max(0, left + before)
        cut = laid[top : top + height, left : left + width]
        return cut, left - before, top - above

    def _normed(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        found = np.empty((3, *pixels.shape[:2]), dtype=np.float32)
        for top in range(0, len(pixels), ROWS):
            levels: NDArray[Any] = pixels[top : top + ROWS]
            if self.rescale is not None and not self.floats_first:
                levels = levels.astype(np.float64) * self.rescale
            some: NDArray[Any] = levels.astype(np.float32)
            if self.mean is not None and self.std is not None:
                some = (some - np.array(self.mean, some.dtype)) / np.array(self.std, some.dtype)
            found[:, top : top + ROWS] = some.transpose(2, 0, 1)
        return found


def flexible_size(wide: int, tall: int, patch: int, most: int) -> tuple[int, int]:
    """Return the largest width and height, whole patches each, that keep a picture's shape and give
    `most` patches at most: the scale is halved in on as SigLIP 2 was trained."""

    def sides(scale: float) -> tuple[int, int]:
        width, height = (max(patch, ceil(side * scale / patch) * patch) for side in (wide, tall))
        return width, height

    low, high = SMALLEST_STEP / 10, 100.0
    while high - low >= SMALLEST_STEP:
        middle = (low + high) / 2
        width, height = sides(middle)
        if (width / patch) * (height / patch) <= most:
            low = middle
        else:
            high = middle
    return sides(low)


def size_within(wide: int, tall: int, step: int, least: int, most: int) -> tuple[int, int]:
    """Return the width and height, multiples of `step` each, that are next to a picture's own and
    have from `least` to `most` pixels (Qwen 2 VL)."""
    width, height = (round(side / step) * step for side in (wide, tall))
    if width * height > most:
        shrunk = sqrt(tall * wide / most)
        width, height = (max(step, floor(side / shrunk / step) * step) for side in (wide, tall))
    elif width * height < least:
        grown = sqrt(least / (tall * wide))
        width, height = (ceil(side * grown / step) * step for side in (wide, tall))
    return width, height


def even_size(wide: int, tall: int, longest: int) -> tuple[int, int]:
    """Return width and height with this longer side; the shorter one is cut down to a whole number,
    and made even."""
    ratio = wide / tall
    shorter = int(longest / ratio) if wide >= tall else int(longest * ratio)
    shorter += shorter % 2
    return (longest, max(shorter, 1)) if wide >= tall else (max(shorter, 1), longest)


USUAL = {  # by model_type, where the folder has no file of its own
    "vit": ImageProcessor(),
    "deit": ImageProcessor((256, 256), None, BICUBIC, (224, 224)),
    "dinov2": ImageProcessor(None, 256, BICUBIC, (224, 224), mean=IMAGENET_MEAN, std=IMAGENET_STD),
    "clip": ImageProcessor(None, 224, BICUBIC, (224, 224), mean=CLIP_MEAN, std=CLIP_STD),
    "siglip": ImageProcessor((224, 224), None, BICUBIC),
    "siglip2": ImageProcessor(None, None, BILINEAR, most_patches=256),
    "vit_mae": ImageProcessor((224, 224), None, BICUBIC, mean=IMAGENET_MEAN, std=IMAGENET_STD),
    "swin": ImageProcessor((224, 224), None, BICUBIC, mean=IMAGENET_MEAN, std=IMAGENET_STD),
    "beit": ImageProcessor((224, 224), None, BICUBIC),
    "dinov3_vit": ImageProcessor(
        (224, 224), None, BILINEAR, mean=IMAGENET_MEAN, std=IMAGENET_STD, floats_first=True
    ),
    "blip": ImageProcessor((384, 384), None, BICUBIC, mean=CLIP_MEAN, std=CLIP_STD),
    "idefics3": ImageProcessor((364, 364), None, LANCZOS, longest=1456, splits=True),
    "qwen2_vl": ImageProcessor(
        None, None, BICUBIC, mean=CLIP_MEAN, std=CLIP_STD, patch=28, area=(56 * 56, 28 * 28 * 1280)
    ),
    "gemma3": ImageProcessor((224, 224), None, BILINEAR),
}
USUAL |= {
    "dinov2_with_registers": USUAL["dinov2"],
    "clip_vision_model": USUAL["clip"],
    "siglip_vision_model": USUAL["siglip"],
    "siglip2_vision_model": USUAL["siglip2"],
    "blip_vision_model": USUAL["blip"],
    "smolvlm": USUAL["idefics3"],
    "paligemma": USUAL["siglip"],
    "qwen2_5_vl": USUAL["qwen2_vl"],
    "qwen3_vl": USUAL["qwen2_vl"],
}


def read_image_processor(folder: Path | None, family: str) -> ImageProcessor:
    """Read how a checkpoint looks at a picture; what its family usually does where its folder does
    not say. Raises AttnvizError for steps that are not understood."""
    usual = USUAL.get(family, ImageProcessor())
    given = read_processor(folder, "image_processor")
    if not given:
        return usual
    if usual.longest is not None:
        return _in_two_steps(given, usual, folder)
    if usual.area is not None:
        return _within_area(given, usual, folder)
    sides, shortest = _size(given.get("size"), folder, square=usual.shortest is None)
    if given.get("do_resize") is False:
        sides = shortest = None
    elif given.get("size") is None:
        sides, shortest = usual.size, usual.shortest
    crops = given.get("do_center_crop", usual.crop is not None and "crop_size" not in given)
    crop, _ = _size(given.get("crop_size"), folder) if crops or "crop_size" in given else (None, 0)
    if given.get("do_center_crop", usual.crop is not None) is False:
        crop = None
    elif crop is None and given.get("do_center_crop", usual.crop is not None):
        crop = usual.crop
    norms = given.get("do_normalize", True) is not False
    rescale = given.get("rescale_factor", 1 / 255)
    return ImageProcessor(
        sides, shortest, _filter(given.get("resample", usual.resample), folder), crop,
        float(rescale) if given.get("do_rescale", True) is not False else None,
        _three(given.get("image_mean", usual.mean), folder) if norms else None,
        _three(given.get("image_std", usual.std), folder) if norms else None,
        _side(given.get("max_num_patches", usual.most_patches), folder)
        if usual.most_patches is not None and given.get("do_resize") is not False else None,
        _side(given.get("patch_size", usual.patch), folder) if usual.most_patches else usual.patch,
        usual.floats_first,
    )  # fmt: skip


def _in_two_steps(
    given: Mapping[str, Any], usual: ImageProcessor, folder: Path | None
) -> ImageProcessor:
    """The whole picture as Idefics 3 looks at it: the longer side first, then a square."""

    def side(name: str, or_else: int | None) -> int:
        inner = given.get(name) or {"longest_edge": or_else}
        return _side(inner.get("longest_edge") if isinstance(inner, Mapping) else inner, folder)

    square = side("max_image_size", usual.size[0] if usual.size else None)
    norms = given.get("do_normalize", True) is not False
    rescale = given.get("rescale_factor", 1 / 255)
    return ImageProcessor(
        (square, square), None, _filter(given.get("resample", usual.resample), folder), None,
        float(rescale) if given.get("do_rescale", True) is not False else None,
        _three(given.get("image_mean", usual.mean), folder) if norms else None,
        _three(given.get("image_std", usual.std), folder) if norms else None,
        longest=side("size", usual.longest) if given.get("do_resize") is not False else None,
        splits=given.get("do_image_splitting", usual.splits) is not False,
    )  # fmt: skip


def _within_area(
    given: Mapping[str, Any], usual: ImageProcessor, folder: Path | None
) -> ImageProcessor:
    """A picture that keeps its shape, as Qwen 2 VL looks at it."""
    size = given.get("size")
    size = size if isinstance(size, Mapping) else {}
    least, most = usual.area or (1, 1)
    fewest = given.get("min_pixels") or size.get("shortest_edge") or least
    largest = given.get("max_pixels") or size.get("longest_edge") or most
    if type(fewest) is not int or type(largest) is not int or not 0 < fewest <= largest:
        raise _wrong(folder, f"size is {json.dumps([fewest, largest], default=str)[:60]}")
    step = _side(given.get("patch_size", 14), folder) * _side(given.get("merge_size", 2), folder)
    norms = given.get("do_normalize", True) is not False
    rescale = given.get("rescale_factor", 1 / 255)
    return ImageProcessor(
        None, None, _filter(given.get("resample", usual.resample), folder), None,
        float(rescale) if given.get("do_rescale", True) is not False else None,
        _three(given.get("image_mean", usual.mean), folder) if norms else None,
        _three(given.get("image_std", usual.std), folder) if norms else None,
        patch=step, area=(fewest, largest) if given.get("do_resize") is not False else None,
    )  # fmt: skip


def _size(
    given: object, folder: Path | None, *, square: bool = True
) -> tuple[tuple[int, int] | None, int | None]:
    """Both sides, or the shorter one. square: what one number alone means (in older files)."""
    if given is None:
        return None, None
    if isinstance(given, Mapping) and {"height", "width"} <= given.keys():
        return (_side(given["height"], folder), _side(given["width"], folder)), None
    if isinstance(given, Mapping) and given.keys() == {"shortest_edge"}:
        return None, _side(given["shortest_edge"], folder)
    if not isinstance(given, Mapping):
        side = _side(given, folder)
        return ((side, side), None) if square else (None, side)
    raise _wrong(folder, f"size is {json.dumps(given, default=str)[:60]}")


def _side(given: object, folder: Path | None) -> int:
    if type(given) is not int or not 1 <= given <= LARGEST:
        raise _wrong(folder, f"a side is {str(given)[:40]}")
    return given


def _filter(given: object, folder: Path | None) -> int:
    if type(given) is not int or not 0 <= given <= 5:
        raise _wrong(folder, f"resample is {str(given)[:40]}")
    return given


def _three(given: object, folder: Path | None) -> tuple[float, ...]:
    numbers = given if isinstance(given, Sequence) and not isinstance(given, str) else ()
    good = [n for n in numbers if isinstance(n, int | float) and not isinstance(n, bool)]
    if len(good) != 3 or len(numbers) != 3:
        raise _wrong(folder, f"a mean or a deviation is {str(given)[:40]}")
    return tuple(map(float, good))


def _wrong(folder: Path | None, why: str) -> AttnvizError:
    return AttnvizError(
        f"The image processor of {folder} is not understood: {why}.",
        "Give the preprocessor_config.json that the model was saved with.",
        key="err.image_processor",
        place=folder,
        why=why,
    )
