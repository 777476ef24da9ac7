"""from_weights(): what people already hold becomes a record, or an error says where it is wrong."""

from __future__ import annotations

import re

import numpy as np
import pytest

from attnviz import AttnvizError, from_weights

L, H, Q, K = 2, 3, 4, 5
TOKENS = [f"q{i}" for i in range(Q)]
KEYS = [f"k{i}" for i in range(K)]


def some_weights(*shape, dtype=np.float32):
    weights = np.random.default_rng(0).random(shape)
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(dtype)


FULL = some_weights(L, H, Q, K)


class ArrayLike:
    """Anything of another library that NumPy can read."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype, copy=copy)


class Tensor:
    """What matters of a PyTorch tensor: NumPy reads it only without gradient and on the CPU."""

    def __init__(self, array, *, dtype="torch.float32", device="cuda", requires_grad=True):
        self.array, self.dtype = array, dtype
        self.device, self.requires_grad = device, requires_grad

    def detach(self):
        return self._with(requires_grad=False)

    def cpu(self):
        return self._with(device="cpu")

    def float(self):
        return self._with(dtype="torch.float32")

    def _with(self, **changed):
        return Tensor(self.array, **{k: v for k, v in vars(self).items() if k != "array"} | changed)

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad or self.device != "cpu" or self.dtype == "torch.bfloat16":
            raise TypeError(f"can't convert {vars(self)} to numpy")
        return np.array(self.array, dtype=dtype, copy=copy)


def half(layer):
    return Tensor(layer, dtype="torch.bfloat16")


# (what is given, the (layers, heads, queries, keys) that are meant)
GIVEN = {
    "(q, k)": (FULL[0, 0], FULL[:1, :1]),
    "(h, q, k)": (FULL[0], FULL[:1]),
    "(l, h, q, k)": (FULL, FULL),
    "(1, h, q, k)": (FULL[1:], FULL[1:]),
    "a tuple of (1, h, q, k)": (tuple(layer[None] for layer in FULL), FULL),
    "a list of (h, q, k)": (list(FULL), FULL),
    "a list of (q, k): one head a layer": (list(FULL[:, 0]), FULL[:, :1]),
    "one layer in a tuple": ((FULL[1][None],), FULL[1:]),
    "nested lists (q, k)": (FULL[0, 0].tolist(), FULL[:1, :1]),
    "nested lists (h, q, k)": (FULL[0].tolist(), FULL[:1]),
    "nested lists (l, h, q, k)": (FULL.tolist(), FULL),
    "nested tuples": (tuple(tuple(map(tuple, head)) for head in FULL[0].tolist()), FULL[:1]),
    "nested lists, one (1, h, q, k) per layer": ([la[None].tolist() for la in FULL], FULL),
    "__array__": (ArrayLike(FULL), FULL),
    "a list of __array__": ([ArrayLike(layer) for layer in FULL], FULL),
    "detach": (Tensor(FULL), FULL),
    "a tuple of detach, (1, h, q, k)": (tuple(Tensor(layer[None]) for layer in FULL), FULL),
    "a tuple of bfloat16": (tuple(half(layer[None]) for layer in FULL), FULL),
    "not contiguous": (FULL.transpose(3, 2, 1, 0).copy().transpose(3, 2, 1, 0), FULL),
    "big-endian": (FULL.astype(">f4"), FULL),
}


@pytest.mark.parametrize(("given", "meant"), GIVEN.values(), ids=GIVEN)
def test_what_people_hold_becomes_a_record(given, meant):
    record = from_weights(given, TOKENS, KEYS)
    stack = record.stack
    assert stack.weights.shape == meant.shape
    np.testing.assert_allclose(stack.weights, meant, rtol=1e-7)
    assert (stack.n_layers, stack.n_heads, *stack.shape) == meant.shape
    assert stack.query_tokens.labels == tuple(TOKENS)
    assert stack.key_tokens.labels == tuple(KEYS)


# (dtype given, dtype kept)
DTYPES = [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), ("i8", "f8"), ("u1", "f4"), ("?", "f4")]


@pytest.mark.parametrize(("given", "kept"), DTYPES)
def test_precision_is_kept_or_widened(given, kept):
    weights = from_weights(np.eye(3).astype(given), "abc").stack.weights
    assert weights.dtype == np.dtype(kept)
    assert weights[0, 0].tolist() == np.eye(3).tolist()


def test_what_was_given_is_not_changed():
    weights = FULL.copy()
    from_weights(weights, TOKENS, KEYS)
    assert (weights == FULL).all()


def test_one_text_is_self_attention_and_two_are_cross_attention():
    one = from_weights(np.eye(2), ["cat", "sat"])
    assert (one.type, list(one.stacks), one.stack.two_texts) == ("self", ["self"], False)
    assert one.stack.key_tokens == one.stack.query_tokens
    two = from_weights(np.eye(2), ["cat", "sat"], ["القط", "ناعس"])
    assert (two.type, list(two.stacks), two.stack.two_texts) == ("cross", ["cross"], True)
    assert (one.model.name, one.model.origin) == ("given", "given")


def test_tokens_may_be_any_iterable_of_anything():
    stack = from_weights(np.eye(3), (label for label in ("a", 2, "\x1b"))).stack
    assert stack.query_tokens.labels == ("a", "2", "␛")


def test_nobody_knows_what_such_heads_do_or_which_mask_they_had():
    stack = from_weights(FULL, TOKENS, KEYS).stack
    assert [row.name for row in stack.heads()] == [""] * L * H
    assert stack.allowed().all()
    assert stack.computed() == Q * K


# Errors: (weights, tokens, key_tokens, what is said)


def with_one(value, layer, head, row, column):
    weights = FULL.astype(np.float64)
    weights[layer, head, row, column] = value
    return weights


WHERE = "layer 1, head 2, row 0, column 3"
REFUSED = {
    "not a number": (with_one(np.nan, 1, 2, 0, 3), TOKENS, KEYS, ["nan", WHERE]),
    "infinite": (with_one(np.inf, 1, 2, 0, 3), TOKENS, KEYS, ["inf", WHERE]),
    "minus infinite": (with_one(-np.inf, 1, 2, 0, 3), TOKENS, KEYS, ["-inf", WHERE]),
    "negative": (with_one(-0.25, 1, 2, 0, 3), TOKENS, KEYS, ["-0.25", "negative", WHERE]),
    "more than all": (with_one(7.5, 1, 2, 0, 3), TOKENS, KEYS, ["7.5", WHERE]),
    "negative, in (q, k)": ([[1.0, 0.0], [-1.0, 2.0]], "ab", None, ["head 0, row 1, column 0"]),
    "too few tokens": (FULL, TOKENS[:-1], KEYS, ["3 query", "have 4"]),
    "too many tokens": (FULL, [*TOKENS, "x"], KEYS, ["5 query", "have 4"]),
    "too few keys": (FULL, TOKENS, KEYS[:-2], ["3 key", "have 5"]),
    "keys that are other tokens": (FULL, TOKENS, None, ["4 key", "have 5", "key_tokens"]),
    "no tokens": (FULL, [], KEYS, ["0 query", "have 4"]),
    "a number": (1.0, ["a"], None, ["shape ()"]),
    "one axis": (np.full(2, 0.5), "ab", None, ["shape (2,)"]),
    "one row": ([0.5, 0.5], "ab", None, ["shape"]),
    "five axes": (np.ones((1, 1, 1, 2, 2, 2)), "ab", None, ["shape (1, 1, 1, 2, 2, 2)"]),
    "nothing": ([], [], None, ["shape (0,)"]),
    "no layers": (np.ones((0, 1, 2, 2)), "ab", None, ["shape (0, 1, 2, 2)"]),
    "no keys": (np.ones((1, 2, 0)), "ab", [], ["shape (1, 2, 0)"]),
    "ragged": ([[1.0], [0.5, 0.5]], "ab", None, ["not a regular array"]),
    "words": ([["a", "b"], ["c", "d"]], "ab", None, ["not a regular array", "dtype"]),
    "objects": (np.array([[None]]), "a", None, ["not a regular array", "dtype object"]),
    "None": (None, "a", None, ["not a regular array"]),
    "complex": (np.eye(2) * 1j, "ab", None, ["not a regular array", "complex"]),
    "a batch of two": ([np.ones((2, 3, 2, 2))], "ab", None, ["batch of 2"]),
    "a layer of one axis": ([np.ones(2), np.ones(2)], "ab", None, ["shape (2,)"]),
    "layers of different shapes": ([FULL[0], FULL[1, :2]], TOKENS, KEYS, ["not a regular array"]),
}


@pytest.mark.parametrize(("weights", "tokens", "keys", "said"), REFUSED.values(), ids=REFUSED)
def test_refused(weights, tokens, keys, said):
    with pytest.raises(AttnvizError) as caught:
        from_weights(weights, tokens, keys)
    for part in said:
        assert re.search(re.escape(part), str(caught.value)), part


def test_the_last_bit_of_a_sum_is_no_error():
    weights = np.full((2, 2), np.float32(0.5))
    weights[0] = np.nextafter(np.float32(1), np.float32(2)), 0
    assert from_weights(weights, "ab").stack.weights[0, 0, 0, 0] > 1
