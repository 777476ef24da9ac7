"""What quantised layers mean: whole numbers or few-bit floats, scales and zero points → float32.

Each function takes the stored arrays of one layer, as the library that saved them laid them out,
and gives the shape of its weight, (n_out, n_in), and what unpacks rows of it. Everything is worked
out in float32; the libraries round further, to the half precision that they compute in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.files.gguf_blocks import E2M1_DOUBLED
from attnviz.files.tensors import Unpack

Stored = NDArray[Any]
Parts = Callable[..., Stored]  # (suffix, axes, default) → the stored array; ValueError without it
Settings = Mapping[str, Any]
Layer = tuple[tuple[int, ...], Unpack]

AWQ_ORDER = (0, 4, 1, 5, 2, 6, 3, 7)  # where each of eight columns stands in its word
INT8_UNIT = np.float32(1 / 127)  # bitsandbytes: rows are scaled so that their largest is 127


def gptq(part: Parts, settings: Settings) -> Layer:
    """Return GPTQ (arXiv 2210.17323) as AutoGPTQ stores it: scale × (q - zero - 1), a group at a
    time."""
    bits = _bits(settings, (2, 4, 8))
    per_word = 32 // bits
    words, scales = part("qweight", 2), part("scales", 2)  # (in / per_word, out), (groups, out)
    n_in, n_out = len(words) * per_word, words.shape[1]
    n_groups = len(scales)
    groups = part("g_idx", 1, np.arange(n_in) // -(-n_in // max(n_groups, 1)))
    zeros = _spread(part("qzeros", 2), bits)  # (groups, out)
    _check(scales.shape == (n_groups, n_out) and zeros.shape == scales.shape)
    _check(groups.shape == (n_in,) and _within(groups, n_groups))
    least = 0 if settings.get("checkpoint_format") == "gptq_v2" else 1

    def unpack(rows: Any) -> NDArray[np.float32]:
        q = _spread(np.ascontiguousarray(words[:, rows].T), bits).astype(np.float32)
        q -= zeros.T[rows].astype(np.float32)[:, groups] + np.float32(least)
        q *= scales.T[rows].astype(np.float32)[:, groups]
        return q

    return (n_out, n_in), unpack


def awq(part: Parts, settings: Settings) -> Layer:
    """Return AWQ (arXiv 2306.00978), its GEMM layout: scale × (q - zero), eight columns to a
    word."""
    _bits(settings, (4,))
    if str(settings.get("version", "gemm")).lower() != "gemm":
        raise ValueError(f"the layout {str(settings['version'])[:20]}")
    words, scales = part("qweight", 2), part("scales", 2)  # (in, out / 8), (groups, out)
    zeros = _columns_of_awq(part("qzeros", 2))  # (groups, out)
    n_in, n_out, n_groups = len(words), 8 * words.shape[1], len(scales)
    _check(scales.shape == (n_groups, n_out) and zeros.shape == scales.shape)
    width = _group_width(n_in, n_groups)

    def unpack(rows: Any) -> NDArray[np.float32]:
        chosen = np.arange(n_out)[rows]
        first, last = (int(chosen.min()) // 8, int(chosen.max()) // 8) if chosen.size else (0, -1)
        q = _columns_of_awq(words[:, first : last + 1]).T[chosen - 8 * first].astype(np.float32)
        return _by_groups(q, width, scales.T[rows], zeros.T[rows])

    return (n_out, n_in), unpack


def _columns_of_awq(words: Stored) -> NDArray[np.uint8]:
    """(rows, words) → (rows, 8 × words)"""
    n_words = words.shape[1]
    columns = _spread(words, 4).reshape(len(words), n_words, 8)
    return columns[:, :, AWQ_ORDER].reshape(len(words), 8 * n_words)


def mlx(part: Parts, settings: Settings) -> Layer:
    """Return MLX's affine layout: scale × q + bias, the lowest bits of a word first."""
    bits = _bits(settings, (2, 4, 8))
    words, scales, biases = part("weight", 2), part("scales", 2), part("biases", 2)
    n_out, n_in = len(words), words.shape[1] * 32 // bits
    _check(len(scales) == n_out and biases.shape == scales.shape)
    width = _group_width(n_in, scales.shape[1])

    def unpack(rows: Any) -> NDArray[np.float32]:
        q = _spread(np.ascontiguousarray(words[rows]), bits).astype(np.float32)
        parts = q.reshape(len(q), n_in // width, width)
        parts *= scales[rows].astype(np.float32)[..., None]
        parts += biases[rows].astype(np.float32)[..., None]
        return q

    return (n_out, n_in), unpack


def packed_ints(part: Parts, settings: Settings) -> Layer:
    """Return compressed-tensors, pack-quantized: scale × (q - zero), q stored plus half of its
    range."""
    bits = _bits(settings, (4, 8))
    words, scales = part("weight_packed", 2), part("weight_scale", 2)
    n_out, n_in = (int(n) for n in part("weight_shape", 1))
    half = 1 << (bits - 1)
    _check(len(words) == n_out == len(scales) and words.shape[1] == -(-n_in * bits // 32))
    groups = part("weight_g_idx", 1, np.arange(n_in) // _group_width(n_in, scales.shape[1]))
    _check(groups.shape == (n_in,) and _within(groups, scales.shape[1]))
    packed = part("weight_zero_point", 2, None)
    zeros = np.zeros(scales.shape, np.float32)
    if packed is not None:  # (out × bits / 32, groups)
        zeros = _spread(np.ascontiguousarray(packed.T), bits)[:, :n_out].T.astype(np.float32) - half
        _check(zeros.shape == scales.shape)

    def unpack(rows: Any) -> NDArray[np.float32]:
        q = _spread(np.ascontiguousarray(words[rows]), bits)[:, :n_in].astype(np.float32)
        q -= zeros[rows][:, groups] + np.float32(half)
        q *= scales[rows].astype(np.float32)[:, groups]
        return q

    return (n_out, n_in), unpack


def scaled(part: Parts, settings: Settings) -> Layer:
    """Return Eight-bit whole numbers or floats times a scale: one for all, for each row or each
    block."""
    numbers = part("weight", 2)
    n_out, n_in = numbers.shape
    scales = part("weight_scale_inv", None, None)
    scales = part("weight_scale", None) if scales is None else scales
    zeros = part("weight_zero_point", None, None)
    scales = scales.reshape(-1, 1) if scales.ndim < 2 else scales
    _check(scales.ndim == 2 and scales.size > 0)
    height, width = _block(settings, (n_out, n_in), scales.shape)
    _check(zeros is None or zeros.size == scales.size)

    def unpack(rows: Any) -> NDArray[np.float32]:
        q: NDArray[np.float32] = numbers[rows].astype(np.float32)
        which = np.arange(n_out)[rows] // height
        if zeros is not None:
            q -= _widened(zeros.reshape(scales.shape)[which], width, n_in)
        q *= _widened(scales[which], width, n_in)
        return q

    return (n_out, n_in), unpack


def _block(settings: Settings, shape: tuple[int, int], grid: tuple[int, ...]) -> tuple[int, int]:
    """How many rows and columns share a scale."""
    given = settings.get("weight_block_size")
    given = given if isinstance(given, list) else []
    whole = len(given) == 2 and all(type(n) is int and n > 0 for n in given)
    if whole and tuple(-(-n // size) for n, size in zip(shape, given, strict=True)) == grid:
        return given[0], given[1]
    sizes = tuple(-(-n // max(count, 1)) for n, count in zip(shape, grid, strict=True))
    _check(all(-(-n // max(s, 1)) == count for n, s, count in zip(shape, sizes, grid, strict=True)))
    return max(sizes[0], 1), max(sizes[1], 1)


def _widened(scales: Stored, width: int, n_in: int) -> NDArray[np.float32]:
    return np.repeat(scales.astype(np.float32), width, axis=1)[:, :n_in]


def int8_rows(part: Parts, _: Settings) -> Layer:
    """Return bitsandbytes' int8 (arXiv 2208.07339): each row times its largest / 127."""
    numbers, largest = part("weight", 2), part("SCB", 1)
    _check(len(largest) == len(numbers))

    def unpack(rows: Any) -> NDArray[np.float32]:
        q: NDArray[np.float32] = numbers[rows].astype(np.float32)
        q *= largest[rows].astype(np.float32)[:, None]
        q *= INT8_UNIT
        return q

    return (len(numbers), numbers.shape[1]), unpack


def four_bits_of_a_table(part: Parts, _: Settings) -> Layer:
    """Return bitsandbytes' nf4 and fp4 (arXiv 2305.14314): a table's entries times the largest of
    each block of the flattened weight; the largest may be quantised once more."""
    state = _state(part)
    n_out, n_in = state["shape"]
    size, block = n_out * n_in, state["blocksize"]
    numbers, table = part("weight", None).reshape(-1), part("weight.quant_map", 1)
    _check(numbers.dtype == np.uint8 and numbers.size == -(-size // 2) and table.size == 16)
    largest = _largest(part, state)
    _check(largest.size == -(-size // block))
    table = table.astype(np.float32)

    def unpack(rows: Any) -> NDArray[np.float32]:
        chosen = np.arange(n_out)[rows]
        if not chosen.size:
            return np.empty((0, n_in), np.float32)
        start, stop = int(chosen.min()) * n_in, (int(chosen.max()) + 1) * n_in
        both = numbers[start // 2 : -(-stop // 2)]
        q = np.stack([both >> 4, both & 15], axis=1).reshape(-1)  # the high half comes first
        values: NDArray[np.float32] = table[q[start % 2 : start % 2 + stop - start]]
        values *= largest[np.arange(start, stop) // block]
        taken: NDArray[np.float32] = values.reshape(-1, n_in)[chosen - chosen.min()]
        return taken

    return (n_out, n_in), unpack


def _state(part: Parts) -> dict[str, Any]:
    """What the library says of a layer, in JSON."""
    raw = part("weight.quant_state.bitsandbytes__nf4", 1, None)
    raw = part("weight.quant_state.bitsandbytes__fp4", 1) if raw is None else raw
    state = json.loads(raw.tobytes().decode())
    shape, sizes = state["shape"], [state["blocksize"], state.get("nested_blocksize", 1)]
    _check(len(shape) == 2 and all(type(n) is int and n > 0 for n in [*shape, *sizes]))
    return dict(state)


def _largest(part: Parts, state: Mapping[str, Any]) -> NDArray[np.float32]:
    found = part("weight.absmax", 1)
    nested = part("weight.nested_absmax", 1, None)
    if nested is None:
        return found.astype(np.float32)
    table, block = part("weight.nested_quant_map", 1), state["nested_blocksize"]
    _check(found.dtype == np.uint8 and table.size == 256 and nested.size == -(-found.size // block))
    values = table.astype(np.float32)[found] * np.repeat(nested, block)[: found.size]
    return np.asarray(values + np.float32(state["nested_offset"]), dtype=np.float32)


def mxfp4(part: Parts, _: Settings) -> Layer:
    """Return microscaling floats of four bits, as gpt-oss stores its experts: blocks of 32 with a
    power of two for each (OCP Microscaling Formats 1.0). The shape has a leading axis of experts.
    """
    blocks, scales = (
        part("_blocks", 4),
        part("_scales", 3),
    )  # (experts, out, groups, 16), (…, groups)
    _check(blocks.shape[:3] == scales.shape and blocks.shape[3] == 16)
    _check(blocks.dtype == scales.dtype == np.uint8)
    n_experts, n_out, n_groups, _ = blocks.shape
    flat, powers = blocks.reshape(-1, n_groups, 16), scales.reshape(-1, n_groups)
    table = E2M1_DOUBLED / np.float32(2)

    def unpack(rows: Any) -> NDArray[np.float32]:
        values = table[_spread(np.ascontiguousarray(flat[rows]), 4)]  # (n, groups, 32)
        values *= np.ldexp(np.float32(1), powers[rows].astype(np.int32) - 127)[..., None]
        return values.reshape(len(values), n_groups * 32)

    return (n_experts, n_out, n_groups * 32), unpack


def _spread(words: Stored, bits: int) -> NDArray[np.uint8]:
    """(…, n) words → (…, n × bits of a word / bits) numbers, the lowest bits first."""
    raw = np.ascontiguousarray(words).view(np.uint8)
    per_byte = 8 // bits
    found = np.empty((*raw.shape[:-1], raw.shape[-1] * per_byte), np.uint8)
    for place in range(per_byte):
        found[..., place::per_byte] = raw >> (bits * place) & ((1 << bits) - 1)
    return found


def _by_groups(
    q: NDArray[np.float32], width: int, scales: Stored, zeros: Stored
) -> NDArray[np.float32]:
    """(q - zero) × scale; q (n, in), the others (n, groups)."""
    parts = q.reshape(len(q), q.shape[1] // width, width)
    parts -= zeros.astype(np.float32)[..., None]
    parts *= scales.astype(np.float32)[..., None]
    return q


def _bits(settings: Settings, known: tuple[int, ...]) -> int:
    bits = settings.get("bits", settings.get("num_bits", settings.get("w_bit")))
    if bits not in known:
        raise ValueError(f"{str(bits)[:20]} bits")
    return int(bits)


def _group_width(n_in: int, n_groups: int) -> int:
    _check(n_groups > 0 and n_in % n_groups == 0)
    return n_in // n_groups


def _within(groups: Stored, n_groups: int) -> bool:
    return not groups.size or bool(groups.min() >= 0 and groups.max() < n_groups)


def _check(fits: bool) -> None:
    if not fits:
        raise ValueError("its parts do not fit one another")
