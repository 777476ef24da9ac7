"""Quantised safetensors: the parts that several tensors hold of a weight, seen as the weight.

The config says how the weights were quantised. Each library stores a layer in its own way:
`quantised_layers` has what their parts mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError
from attnviz.files import quantised_layers as layers
from attnviz.files.tensors import Array, Entry, Packed, Tensors, Transposed, Unpack, packed
from attnviz.frozen import dataclass

NEEDED = object()
DEEPEST = 4  # settings within settings that are looked into


@dataclass(frozen=True)
class Method:
    """How one library quantises: what unpacks a layer, by the part that tells such a layer."""

    name: str
    marks: Mapping[str, Callable[[layers.Parts, layers.Settings], layers.Layer]]
    result: str = ".weight"


METHODS = {
    "gptq": Method("gptq", {".qweight": layers.gptq}),
    "awq": Method("awq", {".qweight": layers.awq}),
    "mlx": Method("mlx", {".scales": layers.mlx}),
    "fp8": Method("fp8", {".weight_scale_inv": layers.scaled, ".weight_scale": layers.scaled}),
    "fbgemm_fp8": Method("fp8", {".weight_scale": layers.scaled}),
    "mxfp4": Method("mxfp4", {"_blocks": layers.mxfp4}, ""),
    "bitsandbytes": Method(
        "bitsandbytes",
        {".SCB": layers.int8_rows, ".weight.quant_map": layers.four_bits_of_a_table},
    ),
    "compressed-tensors": Method(
        "compressed-tensors",
        {".weight_packed": layers.packed_ints, ".weight_scale": layers.scaled},
    ),
}
PACKED_FORMATS = ("pack-quantized", "int-quantized", "float-quantized", "naive-quantized")


def quantisation(config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Return the method and the settings that a config names, or None if its weights are whole."""
    found = config.get("quantization_config") or config.get("compression_config")
    if isinstance(found, Mapping) and found.get("quant_method"):
        return str(found["quant_method"]).lower(), found
    if isinstance(found, Mapping) and (found.get("load_in_4bit") or found.get("load_in_8bit")):
        return "bitsandbytes", found  # its first configs named no method
    found = config.get("quantization") or found
    if isinstance(found, Mapping) and "bits" in found:
        return "mlx", found  # which names no method
    return ("unknown", found) if isinstance(found, Mapping) and found else None


def unpacked(tensors: Tensors, method: str, settings: Mapping[str, Any], place: Path) -> Tensors:
    """Return the tensors with every quantised layer as one weight, unpacked when it is used.

    Raises AttnvizError naming the method if it is not read, or a layer whose parts do not fit.
    """
    if method not in METHODS:
        raise _unread(method, settings, place)
    known = METHODS[method]
    settings = _of_weights(known, settings, place)
    entries: dict[str, Entry] = dict(tensors)
    found = list(_layers(known, tensors))
    if not found:
        raise AttnvizError(
            f"The config of {place} says that its weights are quantised "
            f"({_described(method, settings)}), and none of them is.",
            "Give the config that the weights were saved with.",
            key="err.config_says",
            place=place,
            method=_described(method, settings),
        )
    for stem, mark in found:
        taken: set[str] = set()
        try:
            own = settings.get(stem)  # MLX keeps what differs under the layer's name
            said = {**settings, **own} if isinstance(own, Mapping) else settings
            shape, unpack = known.marks[mark](_parts(tensors, stem, taken), said)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise AttnvizError(
                f"The layer {stem[:99]} of {place} is quantised ({_described(method, settings)}) "
                f"in a way that is not read: {str(error)[:99]}.",
                "Give the original checkpoint.",
                key="err.layer_quantised",
                stem=stem[:99],
                place=place,
                method=_described(method, settings),
                reason=str(error)[:99],
            ) from error
        for name in taken:
            entries.pop(name, None)
        entries[stem + known.result] = _entry(tensors, stem, mark, shape, unpack, taken, known)
    return Tensors(entries, tensors.aliases)


def _layers(known: Method, tensors: Tensors) -> Iterator[tuple[str, str]]:
    """The layers that are quantised, each with the part that tells so."""
    seen = set()
    for mark in known.marks:
        for name in tensors:
            stem = name.removesuffix(mark)
            if stem != name and stem not in seen:
                seen.add(stem)
                yield stem, mark


def _parts(tensors: Tensors, stem: str, taken: set[str]) -> layers.Parts:
    def part(suffix: str, axes: int | None, default: Any = NEEDED) -> Any:
        name = stem + (suffix if suffix.startswith("_") else f".{suffix}")
        if name not in tensors:
            if default is NEEDED:
                raise ValueError(f"{name[:99]} is missing")
            return default
        stored = tensors[name].stored
        if stored is None or axes not in (None, len(tensors[name].shape)):
            raise ValueError(f"{name[:99]} has the shape {list(tensors[name].shape)}")
        taken.add(name)
        return stored()

    return part


def _entry(
    tensors: Tensors, stem: str, mark: str, shape: tuple[int, ...], unpack: Unpack,
    taken: set[str], known: Method,
) -> Entry:  # fmt: skip
    def read() -> Array:
        whole = packed(shape, unpack)
        # Experts are stored (experts, out, in) where the model has (experts, in, out).
        return Transposed(whole) if len(shape) == 3 and isinstance(whole, Packed) else whole

    n_bytes = sum(tensors[name].n_bytes for name in taken)
    seen = shape if len(shape) < 3 else (shape[0], shape[2], shape[1])
    return Entry(tensors[stem + mark].file, known.name, seen, n_bytes, read)


def _of_weights(known: Method, settings: Mapping[str, Any], place: Path) -> Mapping[str, Any]:
    """The settings of the weights alone; compressed-tensors keeps them in groups of layers."""
    if known.name != "compressed-tensors":
        return settings
    layout, groups = settings.get("format"), settings.get("config_groups")
    found = [
        group["weights"]
        for group in (groups.values() if isinstance(groups, Mapping) else ())
        if isinstance(group, Mapping) and isinstance(group.get("weights"), Mapping)
    ]
    if layout not in PACKED_FORMATS or not found or any(one != found[0] for one in found):
        raise _unread(f"{known.name}, {layout}", settings, place)
    weights: Mapping[str, Any] = found[0]
    return weights


def _unread(method: str, settings: Mapping[str, Any], place: Path) -> AttnvizError:
    return AttnvizError(
        f"The weights of {place} are quantised ({_described(method, settings)}): "
        "give the original.",
        f"Read are: {', '.join(METHODS)}, and GGUF files.",
        key="err.weights_quantised",
        place=place,
        method=_described(method, settings),
        names=", ".join(METHODS),
    )


def _described(method: str, settings: Mapping[str, Any]) -> str:
    """ "hqq, 3 bit", as far as the settings say it."""
    bits = _stated_bits(settings, DEEPEST)
    return method[:60] if bits is None else f"{method[:60]}, {bits} bit"


def _stated_bits(settings: object, deepest: int) -> int | None:
    """How many bits settings name, or settings within them, the outermost first."""
    if not isinstance(settings, Mapping) or not deepest:
        return None
    for name in ("bits", "nbits", "num_bits", "w_bit", "wbits"):
        if type(settings.get(name)) is int:
            return int(settings[name])
    for flag, bits in (("load_in_4bit", 4), ("load_in_8bit", 8)):
        if settings.get(flag) is True:
            return bits
    inner = (_stated_bits(value, deepest - 1) for value in settings.values())
    return next((bits for bits in inner if bits is not None), None)
