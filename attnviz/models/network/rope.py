"""Rotary positions as configs describe them: the base, the part of the head, the stretching."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import LARGEST_REAL, Fields
from attnviz.models.layers import Rotation

Frequencies = NDArray[np.floating[Any]]  # float32
Parameters = Mapping[str, Any]

MEANT_FOR_ALL = {"rope_type", "type", "rope_theta", "partial_rotary_factor",
    "mrope_section", "mrope_interleaved",  # of images: positions of a text are the same in all
}  # fmt: skip
ONLY_KINDS = ("full_attention", "sliding_attention")


@dataclass(frozen=True, eq=False)
class Rope:
    """Radians per position of each pair of features: (dim / 2,) float32, and what the rotated
    vectors are multiplied by. `long` takes the place of `frequencies` from `limit` tokens on, and
    `long_factor`, where there is one, that of `factor`.
    pairs: each feature turns with its neighbour. renews: where a growing text passes `limit`, all
    of it is turned anew (Phi 3); else keys in a cache stay as they were turned. axes: (dim / 2,),
    which axis of a position each pair follows, where positions have several (Qwen 2 VL)."""

    frequencies: Frequencies
    factor: float = 1.0
    long: Callable[[int], Frequencies] | None = None
    long_factor: float | None = None
    limit: int = 0
    pairs: bool = False
    renews: bool = False
    axes: NDArray[np.int64] | None = None

    def rotation(
        self, n_tokens: int, start: int = 0, places: NDArray[np.int64] | None = None
    ) -> Rotation:
        """Return the rotation of `n_tokens` positions from `start` on, or of `places` (axes,
        tokens) where positions have several; float32 as the models were trained."""
        n_all = start + n_tokens
        stretched = self.long is not None and n_all > self.limit
        frequencies = self.long(n_all) if stretched and self.long else self.frequencies
        if places is None or self.axes is None:
            angles = np.multiply.outer(np.arange(start, n_all, dtype=np.float32), frequencies)
        else:
            angles = places[self.axes].T.astype(np.float32) * frequencies
        has_own = stretched and self.long_factor is not None
        factor = np.float32(self.long_factor if has_own else self.factor)
        return Rotation(np.cos(angles) * factor, np.sin(angles) * factor, self.pairs)


def read_rope(
    fields: Fields, head_dim: int, *, kind: str = "", theta: float = 10000.0,
    theta_field: str = "rope_theta", partial: float = 1.0,
    partial_field: str = "partial_rotary_factor", scaled: bool = True, whole: int = 2048,
    original: int | None = None, fixed_base: bool = False, usual: str = "default",
) -> Rope:  # fmt: skip
    """Read the rotation that a config means, in its present form (`rope_parameters`, one for each
    `kind` of layer where kinds differ) or its older one (`rope_theta`, `rope_scaling` …).

    fixed_base: a dynamic rotation with an `alpha` is stretched by it once for all lengths.
    usual: the type that is meant where none is stated."""
    given = _object(fields, "rope_parameters")
    if kind and any(name in given for name in ONLY_KINDS):
        given = given.get(kind) or {}
        if not isinstance(given, Mapping):
            raise fields.wrong(f"rope_parameters.{kind}", given, "an object")
    old = _object(fields, "rope_scaling")
    found = {**(old if scaled else {}), **given}
    found.setdefault("rope_theta", fields.real(theta_field, theta))
    found.setdefault("partial_rotary_factor", fields.real(partial_field, partial))
    name = found.get("rope_type", found.get("type", usual))
    if name == "yarn" and "short_factor" in found:  # what early files of Phi 3 call it
        name = "longrope"
    if not isinstance(name, str) or name not in STRETCHES:
        raise fields.wrong("rope_type", name, f"one of {', '.join(STRETCHES)}")
    allowed, stretch = STRETCHES[name]
    if fixed_base and name == "dynamic" and found.get("alpha"):
        allowed, stretch = ALPHA, _alpha
    for field, value in found.items():
        if field not in MEANT_FOR_ALL | allowed and value:
            raise fields.wrong(f"rope_parameters.{field}", value, "absent")
    whole = fields.number("max_position_embeddings", whole)
    if "original_max_position_embeddings" in allowed:
        inner = found.get("original_max_position_embeddings")
        outer = fields.get("original_max_position_embeddings", original)  # Phi 3 keeps it outside
        found["original_max_position_embeddings"] = outer or inner or whole
    fields.get("original_max_position_embeddings")
    try:
        with np.errstate(all="raise", under="ignore"):
            whole_head = {"partial_rotary_factor": 1.0} if name == "proportional" else found
            plain = _powers(float(found["rope_theta"]), head_dim, whole_head)
            rope = stretch(plain, found, whole)
        if rope.frequencies.shape != plain.shape or not np.isfinite(rope.frequencies).all():
            raise ValueError("it gives no frequencies")
        if name == "longrope" and original is not None:
            rope = replace(rope, renews=True)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise fields.wrong(f"rope_parameters of type {name}", found, f"whole ({error})") from error
    return rope


def _object(fields: Fields, name: str) -> dict[str, Any]:
    value = fields.get(name, {})
    if not isinstance(value, Mapping):
        raise fields.wrong(name, value, "an object")
    return dict(value)


def _powers(theta: float, head_dim: int, found: Parameters) -> Frequencies:
    """theta^(2i / dim), rounded once: a power that is off in its last bit turns far tokens."""
    if not 0 < theta < LARGEST_REAL:
        raise ValueError(f"rope_theta is {theta}")
    dim = int(head_dim * found["partial_rotary_factor"])
    if not 0 < dim <= head_dim:
        raise ValueError(f"partial_rotary_factor is {found['partial_rotary_factor']}")
    exponents = np.arange(0, dim, 2, dtype=np.float32) / np.float32(dim)
    return np.power(theta, exponents.astype(np.float64)).astype(np.float32)


def _default(plain: Frequencies, _: Parameters, __: int) -> Rope:
    return Rope(1 / plain)


def _linear(plain: Frequencies, found: Parameters, _: int) -> Rope:
    return Rope(1 / plain / np.float32(found["factor"]))


def _dynamic(plain: Frequencies, found: Parameters, whole: int) -> Rope:
    """Let the base grow with texts longer than the model was trained on."""
    factor, theta = found["factor"], found["rope_theta"]
    dim = 2 * plain.size

    def longer(n_tokens: int) -> Frequencies:
        base = theta * (factor * n_tokens / whole - (factor - 1)) ** (dim / (dim - 2))
        return 1 / _powers(base, dim, {"partial_rotary_factor": 1.0})

    longer(whole + 1)  # what is wrong shows now, not in the middle of a long text
    return Rope(1 / plain, long=longer, limit=whole)


def _alpha(plain: Frequencies, found: Parameters, _: int) -> Rope:
    """Stretch the base once (Hunyuan)."""
    dim = 2 * plain.size
    base = found["rope_theta"] * found["alpha"] ** (dim / (dim - 2))
    return Rope(1 / _powers(base, dim, {"partial_rotary_factor": 1.0}))


def _llama3(plain: Frequencies, found: Parameters, _: int) -> Rope:
    """Slow waves are stretched, quick ones kept, those between blended (Llama 3.1)."""
    low, high = found["low_freq_factor"], found["high_freq_factor"]
    original, factor = found["original_max_position_embeddings"], np.float32(found["factor"])
    frequencies = 1 / plain
    lengths = np.float32(2 * math.pi) / frequencies  # of the waves, in tokens
    blend = (np.float32(original) / lengths - np.float32(low)) / np.float32(high - low)
    blend = np.clip(blend, 0, 1)
    return Rope((1 - blend) * frequencies / factor + blend * frequencies)


def _longrope(plain: Frequencies, found: Parameters, whole: int) -> Rope:
    """Take a factor for each wave, one set for short and one for long texts (arXiv 2402.13753)."""
    original = found["original_max_position_embeddings"]
    factor = found.get("factor") or whole / original
    growth = 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(original))
    short, long = (np.array(found[n], dtype=np.float32) for n in ("short_factor", "long_factor"))
    if short.shape != plain.shape or long.shape != plain.shape:
        raise ValueError(f"short_factor and long_factor have to have {plain.size} numbers")
    strength = found.get("attention_factor") or growth
    short_strength, long_strength = found.get("short_mscale"), found.get("long_mscale")
    return Rope(
        1 / (short * plain), short_strength or strength, lambda _: 1 / (long * plain),
        long_strength or strength, original,
    )  # fmt: skip


def _yarn(plain: Frequencies, found: Parameters, whole: int) -> Rope:
    """Slow waves stretched, quick ones kept, a ramp between (arXiv 2309.00071)."""
    original, dim, theta = (
        found["original_max_position_embeddings"], 2 * plain.size, found["rope_theta"]
    )  # fmt: skip
    factor = found.get("factor") or whole / original

    def place(turns: float) -> float:
        return dim * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(theta))

    low, high = place(found.get("beta_fast") or 32), place(found.get("beta_slow") or 1)
    if found.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    high += 0.001 if low == high else 0
    ramp = np.clip((np.arange(plain.size, dtype=np.float32) - low) / (high - low), 0, 1)
    frequencies = (ramp / factor + (1 - ramp)) / plain
    return Rope(frequencies.astype(np.float32), _yarn_strength(factor, found))


def _yarn_strength(factor: float, found: Parameters) -> float:
    def growth(weight: float) -> float:
        return 1.0 if factor <= 1 else 0.1 * weight * math.log(factor) + 1.0

    if found.get("attention_factor") is not None:
        return float(found["attention_factor"])
    if found.get("mscale") and found.get("mscale_all_dim"):
        return growth(found["mscale"]) / growth(found["mscale_all_dim"])
    return growth(1.0)


def _proportional(plain: Frequencies, found: Parameters, _: int) -> Rope:
    """Turn only the quick waves of the whole head, a share of them; the others stand (Gemma 4)."""
    turned = np.arange(plain.size) < int(found["partial_rotary_factor"] * plain.size)
    factor = np.float32(found.get("factor") or 1.0)
    return Rope(np.where(turned, 1 / plain, np.float32(0)) / factor)


STRETCHES: dict[str, tuple[set[str], Callable[[Frequencies, Parameters, int], Rope]]] = {
    "default": (set(), _default),
    "linear": ({"factor"}, _linear),
    "proportional": ({"factor"}, _proportional),
    "dynamic": ({"factor"}, _dynamic),
    "llama3": (
        {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"},
        _llama3,
    ),
    "longrope": (
        {
            "factor", "short_factor", "long_factor", "attention_factor", "short_mscale",
            "long_mscale",  # of Phi-3.5-MoE
            "original_max_position_embeddings",
        },
        _longrope,
    ),
    "yarn": (
        {
            "factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
            "truncate", "original_max_position_embeddings",
        },
        _yarn,
    ),
}  # fmt: skip
# What configs of Hunyuan hold beside it says nothing of their rotation.
ALPHA = {"alpha", "factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim"}
STRETCHES["su"] = STRETCHES["longrope"]  # its first name
STRETCHES["mrope"] = STRETCHES["default"]  # positions of images have three parts, of a text one
