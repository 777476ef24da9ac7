"""What transformer layers are made of: linear maps, norms, activations, rotations, heads.

Weights stay what the file holds: views of mapped memory, read when they are touched, and widened
from half precision, or unpacked from fewer bits, block by block. Activations are
(tokens, features), float32 unless the checkpoint is float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.files.tensors import Array
from attnviz.frozen import dataclass
from attnviz.threads import scratch

Floats = NDArray[np.floating[Any]]
Weight = Array  # float32, float64, float16, bfloat16, or packed in fewer bits
Activation = Callable[[Floats], Floats]

WIDENED_AT_ONCE = 1 << 20  # weights of half precision that are widened together: 4 MiB
CHUNK = 1 << 16  # numbers that an activation works on at once: with two scratches they stay in the
# second-level cache, and each call is long enough that threads seldom wait for the interpreter


@dataclass(frozen=True)
class Linear:
    """x @ weightᵀ + bias. weight: (n_out, n_in), a view of the file; bias: (n_out,) or None.

    It is worked out as weight @ xᵀ, so that no weight is ever turned or copied; what it returns is
    a transposed view, and so is, with it, most of what flows through a model.
    """

    weight: Weight
    bias: Weight | None = None

    def __call__(self, x: Floats) -> Floats:
        """(tokens, n_in) → (tokens, n_out)"""
        weight = self.weight
        wide = isinstance(weight, np.ndarray) and weight.dtype == x.dtype
        y: Floats = np.matmul(weight, x.T) if wide else self._widen(x)  # (n_out, tokens)
        if self.bias is not None:
            y += self.bias[:, None].astype(x.dtype, copy=False)
        return y.T

    def rows(self, start: int, stop: int) -> Linear:
        """Return the part that gives outputs start … stop, to take fused projections apart."""
        bias = None if self.bias is None else self.bias[start:stop]
        return Linear(self.weight[start:stop], bias)

    def _widen(self, x: Floats) -> Floats:
        n_out, n_in = self.weight.shape
        y = np.empty((n_out, len(x)), x.dtype)
        step = max(WIDENED_AT_ONCE // n_in, 1)
        for start in range(0, n_out, step):
            block = self.weight[start : start + step].astype(x.dtype)
            np.matmul(block, x.T, out=y[start : start + step])
        return y


@dataclass(frozen=True)
class Embedding:
    """One vector per id. weight: (ids, width)."""

    weight: Weight

    def __call__(self, ids: NDArray[np.int64]) -> Floats:
        """(tokens,) → (tokens, width), float64 if the weight is, else float32."""
        rows: Floats = self.weight[ids]
        return rows.astype(np.float64 if rows.dtype == np.float64 else np.float32, copy=False)


@dataclass(frozen=True)
class LayerNorm:
    """(x - mean) / sqrt(variance + eps) * weight + bias (arXiv 1607.06450)."""

    weight: Weight
    bias: Weight | None
    eps: float

    def __call__(self, x: Floats) -> Floats:
        """(tokens, width) → (tokens, width)"""
        columns = np.ascontiguousarray(x.T)  # (width, tokens): as `Linear` left it
        shares = np.full(len(columns), 1 / len(columns), x.dtype)
        y = columns - shares @ columns
        variance = np.einsum("in,in->n", y, y) * shares[0]
        y *= 1 / np.sqrt(variance + x.dtype.type(self.eps))
        y *= self.weight[:, None].astype(x.dtype, copy=False)
        if self.bias is not None:
            y += self.bias[:, None].astype(x.dtype, copy=False)
        return y.T


@dataclass(frozen=True)
class RMSNorm:
    """x / sqrt(mean(x²) + eps) * (weight + offset) (arXiv 1910.07467); Gemma's offset is 1."""

    weight: Weight
    eps: float
    offset: float = 0.0

    def __call__(self, x: Floats) -> Floats:
        """(…, width) → (…, width)"""
        squares = np.einsum("...i,...i->...", x, x)[..., None] / x.dtype.type(x.shape[-1])
        y: Floats = x / np.sqrt(squares + x.dtype.type(self.eps))
        y *= self.weight.astype(x.dtype) + x.dtype.type(self.offset)
        return y


@dataclass(frozen=True)
class HeadNorm:
    """A layer norm of the features of each head. weight, bias: (head_dim,), the same for all, or
    (heads, 1, head_dim)."""

    weight: Weight
    bias: Weight | None
    eps: float

    def __call__(self, x: Floats) -> Floats:
        """(heads, tokens, head_dim) → the same, normed"""
        y: Floats = x - x.mean(axis=-1, keepdims=True, dtype=x.dtype)
        variance = np.einsum("...i,...i->...", y, y)[..., None] / x.dtype.type(x.shape[-1])
        y /= np.sqrt(variance + x.dtype.type(self.eps))
        y *= self.weight.astype(x.dtype, copy=False)
        if self.bias is not None:
            y += self.bias.astype(x.dtype, copy=False)
        return y


Norm = LayerNorm | RMSNorm


def split_heads(x: Floats, n_heads: int) -> Floats:
    """Return (tokens, heads × head_dim) → (heads, tokens, head_dim), a view of what `Linear`
    gives"""
    return x.T.reshape(n_heads, x.shape[1] // n_heads, x.shape[0]).swapaxes(1, 2)


def merge_heads(x: Floats) -> Floats:
    """Return (heads, tokens, value_dim) → (tokens, heads × value_dim)"""
    return x.swapaxes(1, 2).reshape(-1, x.shape[1]).T


@dataclass(frozen=True)
class Rotation:
    """Rotary positions (arXiv 2104.09864): cos and sin of position × frequency, (tokens, dim / 2).

    Feature i is paired with feature i + dim / 2, or with its neighbour where `pairs` says so;
    features from `dim` on are left alone.
    """

    cos: Floats
    sin: Floats
    pairs: bool = False

    def __call__(self, x: Floats) -> Floats:
        """(heads, tokens, head_dim) → the same, rotated"""
        half = self.cos.shape[1]
        cos, sin = (part.astype(x.dtype, copy=False) for part in (self.cos, self.sin))
        one, other = slice(half), slice(half, 2 * half)
        if self.pairs:
            one, other = slice(0, 2 * half, 2), slice(1, 2 * half, 2)
        first, second = x[..., one], x[..., other]
        y = np.empty(x.shape, x.dtype)
        y[..., one] = first * cos - second * sin
        y[..., other] = second * cos + first * sin
        y[..., 2 * half :] = x[..., 2 * half :]
        return y


def relative_buckets(
    n_queries: int, n_keys: int, n_buckets: int, max_distance: int, *, both_ways: bool
) -> NDArray[np.int64]:
    """Return the bucket of key - query for every pair: (queries, keys) (T5, arXiv 1910.10683, 2.1).

    Half of the buckets are for one distance each, the rest grow with the logarithm up to
    `max_distance`; `both_ways` keeps half of them for keys that follow.
    """
    offset = np.arange(n_keys)[None, :] - np.arange(n_queries)[:, None]
    buckets = np.zeros(offset.shape, dtype=np.int64)
    if both_ways:
        n_buckets //= 2
        buckets += (offset > 0) * n_buckets
        distance = np.abs(offset)
    else:
        distance = np.maximum(-offset, 0)
    exact = n_buckets // 2
    # float32, as the models were trained: at the edge of a bucket the rounding decides
    ratio = np.log(np.maximum(distance, 1).astype(np.float32) / np.float32(exact))
    growth = ratio / np.float32(math.log(max_distance / exact)) * np.float32(n_buckets - exact)
    far = np.minimum(exact + growth.astype(np.int64), n_buckets - 1)
    buckets += np.where(distance < exact, distance, far)
    return buckets


def interleaved_sinusoids(n_positions: int, width: int) -> Floats:
    """Return sin and cos of position / 10000^(2i / width), sines first (Marian): (positions,
    width)."""
    frequencies = 10000.0 ** (-2 * (np.arange(width) // 2) / width)
    angles = np.multiply.outer(np.arange(n_positions), frequencies)
    both = np.concatenate([np.sin(angles[:, 0::2]), np.cos(angles[:, 1::2])], axis=1)
    return both.astype(np.float32)


def _in_chunks(work: Callable[[Floats, Floats], None]) -> Activation:
    """Make an activation that runs over its input in place, a chunk at a time."""

    def activate(x: Floats) -> Floats:
        x = x if x.flags.forc else np.ascontiguousarray(x)
        flat = x.ravel(order="K")  # a view, in whichever order x lies
        room = scratch(2 * min(CHUNK, flat.size), x.dtype).reshape(2, -1)
        with np.errstate(over="ignore"):  # 1 / (1 + inf) is 0, as it should be
            for start in range(0, flat.size, CHUNK):
                part = flat[start : start + CHUNK]
                work(part, room[:, : part.size])
        return x

    return activate


# x Φ(x) = x / (1 + 2^(-x Q(x²))). Q was fitted to the exact Q(x²) = log2(Φ(x) / Φ(-x)) / x on
# 0 … 6.2, each point weighed by what it does to the result; past that x Q(x²) goes on growing, so
# that the power is 0 or infinite. Largest error 2e-7 of max(1, |x Φ(x)|), in float32.
_Q = (
    2.3022072036141203, 0.10483858119512184, -9.559289076170942e-05, -1.5938942470432622e-04,
    1.1452431698646316e-05, -3.8504510788543436e-07, 5.209911298852388e-09,
)  # fmt: skip
# As arrays without axes: a call takes them in a third of the time it takes a NumPy number.
_MINUS_Q = [np.array(-coefficient, dtype=np.float32) for coefficient in _Q]
_ONE = np.array(1, dtype=np.float32)


def _gelu32(x: Floats, room: Floats) -> None:
    squares, sums = room
    np.multiply(x, x, out=squares)
    np.multiply(squares, _MINUS_Q[-1], out=sums)
    for coefficient in _MINUS_Q[-2:0:-1]:
        sums += coefficient
        sums *= squares
    sums += _MINUS_Q[0]
    sums *= x
    np.exp2(sums, out=sums)
    sums += _ONE
    x /= sums


def _gelu64(x: Floats, room: Floats) -> None:
    room[0] = [math.erf(value) for value in (x * math.sqrt(0.5)).tolist()]
    x *= 0.5 * (1 + room[0])


def _gelu_part(x: Floats, room: Floats) -> None:
    (_gelu64 if x.dtype == np.float64 else _gelu32)(x, room)


def _gelu_tanh(x: Floats, room: Floats) -> None:
    # 0.5 x (1 + tanh(u)) is x / (1 + e^(-2u)), u = sqrt(2 / π) (x + 0.044715 x³)
    two_root = x.dtype.type(-2 * math.sqrt(2 / math.pi))
    power = np.multiply(x, x, out=room[0])
    power *= x.dtype.type(0.044715) * two_root
    power += two_root
    power *= x
    _over_one_plus_exp(x, power)


def _silu(x: Floats, room: Floats) -> None:
    _over_one_plus_exp(x, np.negative(x, out=room[0]))


def _quick_gelu(x: Floats, room: Floats) -> None:
    _over_one_plus_exp(x, np.multiply(x, x.dtype.type(-1.702), out=room[0]))


def _over_one_plus_exp(x: Floats, power: Floats) -> None:
    np.exp(power, out=power)
    power += x.dtype.type(1)
    x /= power


def _relu(x: Floats, _: Floats) -> None:
    np.maximum(x, 0, out=x)


def _relu2(x: Floats, _: Floats) -> None:
    np.maximum(x, 0, out=x)
    np.square(x, out=x)


def _tanh(x: Floats, _: Floats) -> None:
    np.tanh(x, out=x)


# Names as in Hugging Face configs. Each overwrites its input, which nothing else uses.
ACTIVATIONS: dict[str, Activation] = {
    "gelu": _in_chunks(_gelu_part),
    "gelu_python": _in_chunks(_gelu_part),
    "gelu_new": _in_chunks(_gelu_tanh),
    "gelu_pytorch_tanh": _in_chunks(_gelu_tanh),
    "gelu_fast": _in_chunks(_gelu_tanh),
    "quick_gelu": _in_chunks(_quick_gelu),
    "silu": _in_chunks(_silu),
    "swish": _in_chunks(_silu),
    "relu": _in_chunks(_relu),
    "relu2": _in_chunks(_relu2),
    "tanh": _in_chunks(_tanh),
}
