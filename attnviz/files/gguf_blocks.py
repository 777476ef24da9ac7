"""The block formats of ggml, as GGUF files hold them: blocks of bytes → float32.

A row is cut into blocks of 32 or 256 numbers, each with its own scale. The layouts are those of
https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h and what they mean is what
ggml-quants.c makes of them, in float32 and in its order of operations: to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.files.tensors import Unpack
from attnviz.frozen import dataclass

Bytes = NDArray[np.uint8]
Floats32 = NDArray[np.float32]
Fill = Callable[[Bytes, Floats32], None]  # (blocks, bytes) into (blocks, numbers)

AT_ONCE = 1 << 18  # numbers unpacked together: what lies between stays in the processor's cache
FOUR_BIT_LEVELS = np.array(  # IQ4's sixteen, unevenly spaced
    [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], dtype=np.float32
)
# MXFP4's sixteen, doubled: its scales are halved (OCP Microscaling Formats 1.0, table 4)
E2M1_DOUBLED = np.array([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], dtype=np.float32)


@dataclass(frozen=True)
class Blocks:
    """One format: how many numbers and bytes a block has, and how it is unpacked."""

    name: str
    n_columns: int
    n_bytes: int
    fill: Fill


def rows_of_blocks(blocks: Blocks, raw: Bytes) -> Unpack:
    """Return what unpacks chosen rows of raw (rows, blocks in a row, bytes of a block)."""

    def unpack(rows: Any) -> Floats32:
        chosen = raw[rows]  # a view for a slice
        out = np.empty((*chosen.shape[:2], blocks.n_columns), dtype=np.float32)
        flat = chosen.reshape(-1, blocks.n_bytes)
        numbers = out.reshape(-1, blocks.n_columns)
        step = AT_ONCE // blocks.n_columns
        with np.errstate(all="ignore"):  # infinite scales are found where their numbers are used
            for start in range(0, len(flat), step):
                blocks.fill(flat[start : start + step], numbers[start : start + step])
        return out.reshape(len(chosen), raw.shape[1] * blocks.n_columns)

    return unpack


def _halves(raw: Bytes, start: int) -> Floats32:
    """The float16 at this byte of each block: (blocks, 1) float32."""
    half: NDArray[np.float16] = raw[:, start : start + 2].copy().view("<f2")
    return half.astype(np.float32)


def _nibbles(packed: Bytes, out: NDArray[Any]) -> None:
    """(…, n) bytes → (…, 2 n): the low four bits of each, then the high ones."""
    half = packed.shape[-1]
    np.copyto(out[..., :half], packed & 15)
    np.copyto(out[..., half:], packed >> 4)


def _crumbs(packed: Bytes) -> Bytes:
    """(…, n) bytes → (…, 4, n): the lowest two bits of each, then the next …"""
    shifts = np.array([0, 2, 4, 6], dtype=np.uint8)[:, None]
    found: Bytes = packed[..., None, :] >> shifts & np.uint8(3)
    return found


def _bits(packed: Bytes) -> Bytes:
    """(…, n) bytes → (…, 8, n): the lowest bit of each, then the next …"""
    found: Bytes = packed[..., None, :] >> np.arange(8, dtype=np.uint8)[:, None] & np.uint8(1)
    return found


def _q4_0(raw: Bytes, out: Floats32) -> None:
    _nibbles(raw[:, 2:], out)
    out -= 8
    out *= _halves(raw, 0)


def _q4_1(raw: Bytes, out: Floats32) -> None:
    _nibbles(raw[:, 4:], out)
    out *= _halves(raw, 0)
    out += _halves(raw, 2)


def _five_bits(high: Bytes, low: Bytes, out: Floats32) -> None:
    """The fifth bits, (blocks, 4) bytes, above the other four, (blocks, 16) bytes."""
    _nibbles(low, out)
    fifth = np.unpackbits(high, axis=1, bitorder="little")
    out += fifth * np.float32(16)


def _q5_0(raw: Bytes, out: Floats32) -> None:
    _five_bits(raw[:, 2:6], raw[:, 6:], out)
    out -= 16
    out *= _halves(raw, 0)


def _q5_1(raw: Bytes, out: Floats32) -> None:
    _five_bits(raw[:, 4:8], raw[:, 8:], out)
    out *= _halves(raw, 0)
    out += _halves(raw, 2)


def _q8_0(raw: Bytes, out: Floats32) -> None:
    np.multiply(raw[:, 2:].view(np.int8), _halves(raw, 0), out=out)


def _iq4_nl(raw: Bytes, out: Floats32) -> None:
    _of_levels(raw[:, 2:], FOUR_BIT_LEVELS, out)
    out *= _halves(raw, 0)


def _mxfp4(raw: Bytes, out: Floats32) -> None:
    _of_levels(raw[:, 1:], E2M1_DOUBLED, out)
    power = raw[:, :1].astype(np.int32) - 128  # half of 2^(e - 127)
    out *= np.ldexp(np.float32(1), power)


def _of_levels(packed: Bytes, levels: Floats32, out: Floats32) -> None:
    half = packed.shape[-1]
    np.take(levels, packed & 15, out=out[..., :half], mode="clip")
    np.take(levels, packed >> 4, out=out[..., half:], mode="clip")


def _q2_k(raw: Bytes, out: Floats32) -> None:
    """16 scales and minima of 4 bits · 256 numbers of 2 bits · d · dmin"""
    scales, d, least = raw[:, :16], _halves(raw, 80), _halves(raw, 82)
    levels = _crumbs(raw[:, 16:80].reshape(-1, 2, 32)).reshape(-1, 16, 16)
    _scaled(levels, d * (scales & 15), out, least * (scales >> 4))


def _q3_k(raw: Bytes, out: Floats32) -> None:
    """256 third bits · 256 numbers of 2 bits · 16 scales of 6 bits in 12 bytes · d

    The third bit takes nothing off where it is set, and 4 where it is not."""
    third = _bits(raw[:, :32]).reshape(-1, 16, 16)
    low = _crumbs(raw[:, 32:96].reshape(-1, 2, 32)).reshape(-1, 16, 16)
    levels = low.astype(np.int8) - (third ^ 1).astype(np.int8) * np.int8(4)
    packed = raw[:, 96:108]
    scales = np.concatenate([packed[:, :8] & 15, packed[:, :8] >> 4], axis=1)
    scales |= _crumbs(packed[:, 8:]).reshape(-1, 16) << 4
    _scaled(levels, _halves(raw, 108) * (scales.astype(np.float32) - 32), out)


def _k_scales(raw: Bytes) -> tuple[Floats32, Floats32]:
    """Eight scales and eight minima of six bits, in the 12 bytes from byte 4 on, times the block's
    d and dmin: (blocks, 8) each."""
    scale, least, both = raw[:, 4:8], raw[:, 8:12], raw[:, 12:16]
    scales = np.concatenate([scale & 63, both & 15 | scale >> 2 & 48], axis=1)
    minima = np.concatenate([least & 63, both >> 4 | least >> 2 & 48], axis=1)
    return _halves(raw, 0) * scales, _halves(raw, 2) * minima


def _q4_k(raw: Bytes, out: Floats32) -> None:
    """d · dmin · scales · 4 times 32 bytes, each with 32 low and 32 high halves"""
    _nibbles(raw[:, 16:].reshape(-1, 4, 32), out.reshape(-1, 4, 64))
    _scale(out.reshape(-1, 8, 32), *_k_scales(raw))


def _q5_k(raw: Bytes, out: Floats32) -> None:
    """d · dmin · scales · 256 fifth bits · then as Q4_K"""
    levels = np.empty((len(raw), 4, 64), dtype=np.uint8)
    _nibbles(raw[:, 48:].reshape(-1, 4, 32), levels)
    levels |= _bits(raw[:, 16:48]).reshape(-1, 4, 64) << 4
    np.copyto(out, levels.reshape(-1, 256))
    _scale(out.reshape(-1, 8, 32), *_k_scales(raw))


def _q6_k(raw: Bytes, out: Floats32) -> None:
    """256 low halves of 4 bits · 256 high ones of 2 · 16 scales of 8 bits · d"""
    levels = np.empty((len(raw), 2, 128), dtype=np.uint8)
    _nibbles(raw[:, :128].reshape(-1, 2, 64), levels)
    levels |= _crumbs(raw[:, 128:192].reshape(-1, 2, 32)).reshape(-1, 2, 128) << 4
    scales = _halves(raw, 208) * raw[:, 192:208].view(np.int8)
    _scaled(levels.reshape(-1, 16, 16).view(np.int8) - np.int8(32), scales, out)


def _iq4_xs(raw: Bytes, out: Floats32) -> None:
    """d · 8 scales: the high 2 bits of all, then the low 4 · 8 times 16 bytes"""
    high = raw[:, 2:4].copy().view("<u2") >> np.arange(0, 16, 2, dtype=np.uint16) & 3
    low = np.stack([raw[:, 4:8] & 15, raw[:, 4:8] >> 4], axis=-1).reshape(-1, 8)
    scales = (low | high << 4).astype(np.float32) - 32
    parts = out.reshape(-1, 8, 32)
    _of_levels(raw[:, 8:].reshape(-1, 8, 16), FOUR_BIT_LEVELS, parts)
    parts *= (_halves(raw, 0) * scales)[..., None]


def _scaled(
    levels: NDArray[Any], scales: Floats32, out: Floats32, minima: Floats32 | None = None
) -> None:
    """levels (blocks, parts, numbers) times scales, less minima, (blocks, parts) each."""
    parts = out.reshape(levels.shape)
    np.copyto(parts, levels)
    _scale(parts, scales, minima)


def _scale(parts: Floats32, scales: Floats32, minima: Floats32 | None = None) -> None:
    parts *= scales[..., None]
    if minima is not None:
        parts -= minima[..., None]


# By the numbers that the files use.
PLAIN = {0: "F32", 1: "F16", 28: "F64", 30: "BF16"}
BLOCKS = {
    2: Blocks("Q4_0", 32, 18, _q4_0),
    3: Blocks("Q4_1", 32, 20, _q4_1),
    6: Blocks("Q5_0", 32, 22, _q5_0),
    7: Blocks("Q5_1", 32, 24, _q5_1),
    8: Blocks("Q8_0", 32, 34, _q8_0),
    10: Blocks("Q2_K", 256, 84, _q2_k),
    11: Blocks("Q3_K", 256, 110, _q3_k),
    12: Blocks("Q4_K", 256, 144, _q4_k),
    13: Blocks("Q5_K", 256, 176, _q5_k),
    14: Blocks("Q6_K", 256, 210, _q6_k),
    20: Blocks("IQ4_NL", 32, 18, _iq4_nl),
    23: Blocks("IQ4_XS", 256, 136, _iq4_xs),
    39: Blocks("MXFP4", 32, 17, _mxfp4),
}
UNREAD = {  # name, numbers and bytes of a block: opened, and refused when they are used
    9: ("Q8_1", 32, 40), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50), 21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 29: ("IQ1_M", 256, 56), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18),
}  # fmt: skip
