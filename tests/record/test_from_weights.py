"""from_weights(): what people already hold becomes a record, or an error says where it is wrong."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from attnviz import AttnvizError, from_weights
from attnviz.attention import masks

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
    "(l, 1, h, q, k)": (FULL[:, None], FULL),
    "(1, l, h, q, k)": (FULL[None], FULL),
    "(1, 1, h, q, k)": (FULL[None, :1], FULL[:1]),
    "outputs": (SimpleNamespace(attentions=tuple(FULL[:, None]), cross_attentions=None), FULL),
    "a mapping": ({"logits": 1, "attentions": list(FULL)}, FULL),
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
WHERE_ROW = "layer 1, head 2, row 3, column 0"
ROWS = [[0.25, 0.25, 0.5]] * 3


def with_row(row):
    weights = FULL.copy()
    weights[1, 2, 3] = row
    return weights


def leaking(layer, head, row, column):
    weights = np.broadcast_to(np.eye(4), (L, H, 4, 4)).copy()
    weights[layer, head, row, [row, column]] = 0.75, 0.25
    return weights


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
    "words": ([["a", "b"], ["c", "d"]], "ab", None, ["not a regular array", "0, 0 holds 'a'"]),
    "objects": (np.array([[None]]), "a", None, ["not a regular array", "dtype object"]),
    "None": (None, "a", None, ["not a regular array"]),
    "complex": (np.eye(2) * 1j, "ab", None, ["not a regular array", "complex"]),
    "a batch of two": ([FULL[0][None], np.ones((2, 3, 4, 5))], "ab", None, ["Layer 1", "of 2"]),
    "a batch of two in (l, b, h, q, k)": (np.ones((3, 2, 1, 2, 2)), "ab", None, ["batch of 2"]),
    "a list in a row": ([[1.0, [0.5]], [0.5, 0.5]], "ab", None, ["not a regular array", "0, 1"]),
    "a short row": ([*ROWS[:2], [1.0]], "abc", None, ["item 2 has 1 items and the first has 3"]),
    "a short row, deep": ([[ROWS, ROWS[:2]]], "abc", None, ["item 0, 1 has 2 items"]),
    "a word among numbers": ([[1.0, "x"], [0.5, 0.5]], "ab", None, ["item 0, 1 holds 'x'"]),
    "None among numbers": ([[1.0, None], [0.5, 0.5]], "ab", None, ["item 0, 1 holds None"]),
    "a number beyond floats": ([[10**400, 0], [1, 0]], "ab", None, ["not a regular array"]),
    "a layer that is None": ((None, None), "ab", None, ["eager"]),
    "no layers at all": ((), "ab", None, ["shape (0,)", "eager"]),
    "outputs of nothing": ({"logits": 1, "attentions": ()}, "ab", None, ["logits", "eager"]),
    "no tokens but a number": (np.eye(2), 5, None, ["query tokens are 5"]),
    "a row of more than all": (with_row([0.6, 0.5, 0, 0, 0]), TOKENS, KEYS, ["1.1", WHERE_ROW]),
    "the other way round": (FULL.swapaxes(2, 3), KEYS, TOKENS, ["swap", "more than 1"]),
    "an unknown type": (np.eye(2), "ab", None, ["lokal", "local"], "lokal"),
    "causal, and it leaks": (
        leaking(1, 2, 0, 3),
        TOKENS,
        None,
        ["0.25", WHERE, "causal"],
        "causal",
    ),
    "causal between texts": (FULL, TOKENS, KEYS, ["causal", "key_tokens"], "causal"),
    "causal and not square": (FULL, None, None, ["causal", "4 × 5"], "causal"),
    "cross without keys": (np.eye(2), "ab", None, ["key_tokens"], "cross"),
    "global and none sees all": (np.eye(4), "abcd", None, ["No token", "global"], "global"),
    "a layer of one axis": ([np.ones(2), np.ones(2)], "ab", None, ["shape (2,)"]),
    "layers of different shapes": ([FULL[0], FULL[1, :2]], TOKENS, KEYS, ["not a regular array"]),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refused(case):
    weights, tokens, keys, said, *type = case
    with pytest.raises(AttnvizError) as caught:
        from_weights(weights, tokens, keys, type=type[0] if type else None)
    for part in said:
        assert re.search(re.escape(part), str(caught.value)), part


def test_more_than_dust_below_zero_is_refused():
    with pytest.raises(AttnvizError, match="negative"):
        from_weights([[1.0, -1e-4], [0.5, 0.5]], "ab")


class Ids:
    """Token ids as a PyTorch tensor has them: its items are tensors."""

    def __iter__(self):
        return iter(["tensor(101)", "tensor(7)"])

    def tolist(self):
        return [101, 7]


def test_ids_in_a_tensor_are_numbers():
    assert from_weights(np.eye(2), Ids()).stack.query_tokens.labels == ("101", "7")


def test_the_last_bit_of_a_sum_is_no_error():
    weights = np.full((2, 2), np.float32(0.5))
    weights[0] = np.nextafter(np.float32(1), np.float32(2)), 0
    assert from_weights(weights, "ab").stack.weights[0, 0, 0, 0] > 1


# Rows that do not sum to 1


def test_rows_that_sum_to_less_are_shown_with_a_word():
    weights = np.tile(np.eye(4, dtype=np.float32), (2, 2, 1, 1))
    weights[1, 0, 2, 2] = 0.55  # the rest went to a sink
    weights[0, 1, 3] = 0.0
    record = from_weights(weights, "abcd")
    assert np.array_equal(record.stack.weights, weights)
    zero, less = record.notes
    assert "1 of 16 rows" in zero
    assert "layer 0, head 1, row 3" in zero
    assert "1 of 16 rows" in less
    assert "0.55" in less
    assert "layer 1, head 0, row 2" in less


@pytest.mark.parametrize("total", [0.9985, 1.0, 1.0015])
def test_what_half_precision_does_to_a_sum_is_not_worth_a_word(total):
    assert from_weights([[total, 0.0], [0.5, 0.5]], "ab").notes == ()


def test_numbers_of_few_digits_are_shown():
    assert "1.01" in from_weights([[0.67, 0.17, 0.17], *ROWS[1:]], "abc").notes[0]


def test_dust_below_zero_is_zero():
    assert from_weights([[1.0, -1e-9], [0.5, 0.5]], "ab").stack.weights.min() == 0


# A type that is declared


def softmax_under(allowed, heads=2, layers=2):
    weights = np.random.default_rng(3).random((layers, heads, *allowed.shape)) * allowed
    return weights / weights.sum(axis=-1, keepdims=True)


FAR = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
ALLOWED = {
    "self": (np.ones((9, 9), dtype=bool), masks.full(), {}),
    "causal": (np.tri(9, dtype=bool), masks.causal(), {}),
    "local": (FAR <= 2, masks.local(2), {"window": 2}),
    "global": (
        (FAR <= 1) | np.isin(np.arange(9), [0, 5]) | np.isin(np.arange(9), [0, 5])[:, None],
        masks.local(1) | masks.global_([0, 5]),
        {"window": 1, "global_tokens": [0, 5]},
    ),
}


@pytest.mark.parametrize("type", ALLOWED)
def test_a_declared_type_is_its_mask(type):
    allowed, rule, settings = ALLOWED[type]
    record = from_weights(softmax_under(allowed), "abcdefghi", type=type)
    assert (record.type, record.kind, dict(record.settings)) == (type, type, settings)
    assert record.stack.masks == (rule, rule)
    assert np.array_equal(record.stack.allowed(1), allowed)


def test_dust_behind_a_mask_is_swept_away():
    weights = np.eye(3)
    weights[0, 2] = 1e-8
    assert from_weights(weights, "abc", type="causal").stack.weights[0, 0, 0, 2] == 0
    assert weights[0, 2] == 1e-8


def test_more_than_dust_behind_a_mask_is_a_leak():
    weights = np.eye(3)
    weights[0, 2] = 1e-4
    with pytest.raises(AttnvizError, match=r"0\.0001 lies in layer 0, head 0, row 0, column 2"):
        from_weights(weights, "abc", type="causal")


def test_a_decoder_that_looks_ahead_is_not_called_causal():
    parts = PARTS | {"decoder_attentions": PARTS["decoder_attentions"][..., ::-1]}
    assert from_weights(parts, TARGET, SOURCE).stacks["decoder"].masks == ()


def test_cross_attention_of_texts_of_one_length():
    record = from_weights(np.eye(3), "abc", "xyz", type="cross")
    assert (record.type, record.stack.two_texts, record.stack.masks) == ("cross", True, ())


def test_without_tokens_there_are_positions():
    one, two = from_weights(np.eye(3), None), from_weights(FULL, None)
    assert (one.stack.query_tokens.labels, one.stack.two_texts) == (("0", "1", "2"), False)
    assert (two.stack.key_tokens.labels, two.stack.two_texts) == (tuple("01234"), True)
    assert from_weights(np.eye(2), np.array([101, 7])).stack.query_tokens.labels == ("101", "7")


# What generate() returns


def causal_weights(n, heads=2, layers=2, window=99):
    allowed = np.tri(n, dtype=bool) & ~np.tri(n, k=-window, dtype=bool)
    return softmax_under(allowed, heads, layers).astype(np.float32)


def as_steps(weights, prompt, keep=99, cached=True, room=0):
    """attentions[step][layer] as transformers has them: (1, heads, rows, keys so far)."""
    n = weights.shape[-1]
    steps = [tuple(layer[None, :, :prompt, :prompt] for layer in weights)]
    for row in range(prompt, n):
        first, rows = (
            (max(row + 1 - keep, 0), slice(row, row + 1)) if cached else (0, slice(row + 1))
        )
        steps.append(tuple(layer[None, :, rows, first : row + 1] for layer in weights))
    pad = [(0, 0)] * 3
    return tuple(
        tuple(np.pad(a, [*pad, (0, n + room - a.shape[3])]) if room else a for a in step)
        for step in steps
    )


# name: (weights, prompt, how they are cut)
GENERATED = {
    "a prompt and three steps": (causal_weights(7), 4, {}),
    "a prompt of one": (causal_weights(4), 1, {}),
    "one step": (causal_weights(4), 4, {}),
    "without a cache": (causal_weights(7), 4, {"cached": False}),
    "a cache that slides": (causal_weights(9, window=4), 6, {"keep": 4}),
    "a short prompt, sliding": (causal_weights(9, window=4), 2, {"keep": 4}),
    "a cache that slides by one": (causal_weights(5, window=1), 1, {"keep": 1}),
    "a cache with room": (causal_weights(7), 4, {"room": 3}),
}


@pytest.mark.parametrize(("weights", "prompt", "cut"), GENERATED.values(), ids=GENERATED)
def test_steps_become_one_causal_matrix_per_layer(weights, prompt, cut):
    n = weights.shape[-1]
    steps = as_steps(weights, prompt, **cut)
    for given in (steps, {"attentions": steps}, [[a.tolist() for a in step] for step in steps]):
        record = from_weights(given, range(n))
        np.testing.assert_allclose(record.stack.weights, weights, rtol=1e-7)
        assert (record.type, record.notes) == ("causal", ())
        assert record.stack.masks == (masks.causal(),) * 2


def test_the_last_token_that_was_generated_never_looked():
    record = from_weights(as_steps(causal_weights(5), 3), "abcdef")
    assert record.stack.query_tokens.labels == tuple("abcde")
    assert '"f"' in record.notes[0]
    with pytest.raises(AttnvizError, match="7 query tokens"):
        from_weights(as_steps(causal_weights(5), 3), "abcdefg")


def test_a_prompt_that_sees_itself_whole_is_not_called_causal():
    weights = causal_weights(5)
    weights[:, :, :3, :3] = 1 / 3
    record = from_weights(as_steps(weights, 3), "abcde")
    assert (record.type, record.stack.masks) == ("self", ())
    np.testing.assert_array_equal(record.stack.weights, weights)


GOOD_STEPS = as_steps(causal_weights(6), 4)
WRONG_STEPS = {
    "two beams": (
        [*GOOD_STEPS[:1], [np.repeat(a, 2, axis=0) for a in GOOD_STEPS[1]]],
        "Step 1.*of 2",
    ),
    "a layer too few": ([*GOOD_STEPS[:1], GOOD_STEPS[1][:1]], "Step 1 has 1 layers"),
    "a step left out": ([GOOD_STEPS[0], GOOD_STEPS[2]], r"Step 1, layer 0.*\(1, 2, 1, 6\)"),
    "other heads": ([*GOOD_STEPS[:1], [a[:, :1] for a in GOOD_STEPS[1]]], "Step 1, layer 0"),
}


@pytest.mark.parametrize(("steps", "said"), WRONG_STEPS.values(), ids=WRONG_STEPS)
def test_steps_that_do_not_follow(steps, said):
    with pytest.raises(AttnvizError, match=said):
        from_weights(steps, range(6))


def among_beams(steps, rows, n_beams=3):
    """The same steps among rows of other beams, which are noise."""
    rng = np.random.default_rng(0)
    found = []
    for step, row in zip(steps, rows, strict=True):
        found.append([])
        for layer in step:
            whole = rng.random((n_beams, *layer.shape[1:])).astype(np.float32)
            whole[row] = layer[0]
            found[-1].append(whole)
    return found


@pytest.mark.parametrize("rows", [[0, 0, 0, 0], [0, 2, 1, 2], [1, 0, 2, 2]])
def test_a_text_of_a_beam_search_is_followed_through_its_rows(rows):
    weights = causal_weights(7)
    steps = among_beams(as_steps(weights, 4), rows)
    longer = [*steps, steps[-1]]  # another beam went on after this text had ended
    indices = np.array([[*rows, -1]])
    for given in (
        {"attentions": longer, "beam_indices": indices},
        SimpleNamespace(attentions=tuple(map(tuple, longer)), beam_indices=indices.tolist()),
    ):
        record = from_weights(given, range(7))
        np.testing.assert_array_equal(record.stack.weights, weights)
        assert record.type == "causal"


def test_the_hint_for_several_texts_of_a_beam_search_is_right():
    weights = causal_weights(7)
    steps = among_beams(as_steps(weights, 4), [0, 2, 1, 2])
    outputs = SimpleNamespace(attentions=steps, beam_indices=np.array([[0, 2, 1, 2], [0, 0, 0, 0]]))
    with pytest.raises(AttnvizError, match="2 texts") as refused:
        from_weights(outputs, range(7))
    hint = refused.value.hint.removeprefix("Choose one, as in ").removesuffix(".")
    chosen = eval(hint, {"outputs": outputs})
    np.testing.assert_array_equal(from_weights(chosen, range(7)).stack.weights, weights)


def test_the_hints_for_a_batch_of_steps_are_right():
    weights = causal_weights(7)
    steps = among_beams(as_steps(weights, 4), [1, 1, 1, 1])
    with pytest.raises(AttnvizError, match="beam_indices") as refused:
        from_weights(steps, range(7))
    hint = refused.value.hint.rsplit("as in ", 1)[1].removesuffix(".")
    chosen = eval(hint, {"attentions": steps, "i": 1})
    np.testing.assert_array_equal(from_weights(chosen, range(7)).stack.weights, weights)


def test_more_beams_than_steps():
    steps = as_steps(causal_weights(5), 4)
    with pytest.raises(AttnvizError, match="3 steps and the attentions 2"):
        from_weights({"attentions": steps, "beam_indices": [[0, 0, 0]]}, range(5))


# Encoder-decoders

SOURCE, TARGET = "wxyz", "abc"
PARTS = {
    "encoder_attentions": softmax_under(np.ones((4, 4), dtype=bool)).astype(np.float32),
    "decoder_attentions": causal_weights(3),
    "cross_attentions": softmax_under(np.ones((3, 4), dtype=bool)).astype(np.float32),
}
AS_STEPS = {
    **PARTS,
    "decoder_attentions": as_steps(PARTS["decoder_attentions"], 1),
    "cross_attentions": tuple(
        tuple(layer[None, :, row : row + 1] for layer in PARTS["cross_attentions"])
        for row in range(3)
    ),
}


@pytest.mark.parametrize(
    "given",
    [
        PARTS,
        {name: list(layers[:, None]) for name, layers in PARTS.items()},
        SimpleNamespace(**PARTS, attentions=None),
        AS_STEPS,
    ],
    ids=["mapping", "a batch of one", "outputs", "generated"],
)
def test_an_encoder_decoder_has_three_stacks(given):
    record = from_weights(given, TARGET, SOURCE)
    assert (record.type, list(record.stacks)) == ("cross", ["encoder", "decoder", "cross"])
    for name, queries, keys in (
        ("encoder", SOURCE, SOURCE), ("decoder", TARGET, TARGET), ("cross", TARGET, SOURCE),
    ):  # fmt: skip
        stack = record.stacks[name]
        np.testing.assert_array_equal(stack.weights, PARTS[f"{name}_attentions"])
        assert (stack.query_tokens.labels, stack.key_tokens.labels) == (tuple(queries), tuple(keys))
        assert stack.two_texts == (name == "cross")
    assert record.stack is record.stacks["cross"]
    assert record.stacks["decoder"].masks == (masks.causal(),) * 2
    assert record.stacks["encoder"].masks == record.stack.masks == ()
    assert record.looking_at("decoder").kind == "causal"
    assert record.looking_at("encoder").kind == "self"
    assert record.notes == ()


def test_some_parts_of_an_encoder_decoder():
    alone = from_weights({"encoder_attentions": PARTS["encoder_attentions"]}, SOURCE)
    assert (alone.type, list(alone.stacks)) == ("self", ["self"])
    crossing = from_weights({"cross_attentions": PARTS["cross_attentions"]}, TARGET, SOURCE)
    assert (crossing.type, list(crossing.stacks)) == ("cross", ["cross"])
    both = {
        "attentions": PARTS["decoder_attentions"],
        "cross_attentions": PARTS["cross_attentions"],
    }
    assert list(from_weights(both, TARGET, SOURCE).stacks) == ["decoder", "cross"]
    assert from_weights(PARTS, None).stacks["cross"].key_tokens.labels == tuple("0123")


def test_what_is_wrong_in_a_part_names_the_part():
    encoder = PARTS["encoder_attentions"].copy()
    encoder[1, 0, 2, 3] = np.nan
    for given, tokens, keys, type, said in (
        (
            PARTS | {"encoder_attentions": encoder},
            TARGET,
            SOURCE,
            None,
            "encoder, layer 1, head 0, row 2",
        ),
        (PARTS, TARGET, None, None, "key_tokens"),
        (PARTS, TARGET, SOURCE, "causal", "causal"),
        (PARTS, "abcd", SOURCE, None, "4 query tokens.*3 rows"),
        (PARTS, TARGET, "wxy", None, "3 key tokens.*4 columns"),
        (
            PARTS | {"cross_attentions": PARTS["cross_attentions"][..., :3]},
            TARGET,
            SOURCE,
            None,
            "cross",
        ),
    ):
        with pytest.raises(AttnvizError, match=said):
            from_weights(given, tokens, keys, type=type)


# Longformers: the layout by its definition, cell by cell

N, HALF = 9, 2


def banded(dense, positions, padding=0):
    """attentions and global_attentions of a layer, from its whole matrix."""
    heads, n_global = dense.shape[0], len(positions)
    band = np.zeros((1, heads, N, n_global + 2 * HALF + 1), np.float32)
    rows = np.zeros((1, heads, N + padding, n_global), np.float32)
    for i in range(N):
        if i in positions:
            continue
        for t, position in enumerate(positions):
            band[0, :, i, t] = dense[:, i, position]
        for c in range(2 * HALF + 1):
            j = i - HALF + c
            if 0 <= j < N and j not in positions:
                band[0, :, i, n_global + c] = dense[:, i, j]
    for t, position in enumerate(positions):
        rows[0, :, :N, t] = dense[:, position]
    return band, rows if positions else None


@pytest.mark.parametrize(
    ("positions", "padded"), [([0], []), ([0, 7], []), ([4], [7, 8]), ([], [])], ids=str
)
def test_a_longformer_becomes_whole_matrices(positions, padded):
    chosen = np.isin(np.arange(N), positions)
    allowed = (FAR <= HALF) | chosen | chosen[:, None]
    allowed[:, padded] = False
    dense = softmax_under(allowed).astype(np.float32)
    dense[:, :, padded] = 0
    layers = [banded(layer, positions, padding=3) for layer in dense]
    outputs = {
        "attentions": tuple(band for band, _ in layers),
        "global_attentions": tuple(rows for _, rows in layers) if positions else None,
    }
    record = from_weights(SimpleNamespace(**outputs), range(N))
    np.testing.assert_array_equal(record.stack.weights, dense)
    rule = masks.local(HALF) | masks.global_(positions) if positions else masks.local(HALF)
    assert record.stack.masks == (rule, rule)
    assert record.type == ("global" if positions else "local")
    assert record.settings["window"] == HALF
    assert record.settings.get("global_tokens", []) == positions
    assert bool(record.notes) == bool(padded)
    if positions:
        assert from_weights(outputs, range(N)) == record


def test_a_longformer_whose_parts_do_not_fit():
    dense = softmax_under((FAR <= HALF) | (np.arange(N) == 0) | (np.arange(N)[:, None] == 0))[0]
    band, rows = banded(dense.astype(np.float32), [0])
    for attentions, global_attentions in (
        (band[..., 1:], rows),
        (band, rows[..., [0, 0]]),
        (band, rows[:, :, :4]),
    ):
        with pytest.raises(AttnvizError, match="ayer 0 has"):
            from_weights(
                {"attentions": [attentions], "global_attentions": [global_attentions]}, range(N)
            )


def test_attentions_beside_an_encoder_are_the_decoders():
    rows = [[0.5, 0.5], [1, 0]]
    record = from_weights({"attentions": rows, "encoder_attentions": rows}, None)
    assert list(record.stacks) == ["encoder", "decoder"]


def test_attentions_beside_decoder_attentions_are_refused():
    rows = [[0.5, 0.5], [1, 0]]
    with pytest.raises(AttnvizError, match="one of the two"):
        from_weights({"attentions": rows, "decoder_attentions": rows}, None)


@pytest.mark.parametrize(
    "given",
    [
        {"attentions": [np.eye(3)[None]] * 2, "global_attentions": [np.eye(3)[None]]},
        {"attentions": [np.eye(3)[None]], "global_attentions": []},
        {"attentions": [np.eye(3)[None]], "global_attentions": 3},
        {"attentions": 3, "global_attentions": [np.eye(3)[None]]},
    ],
)
def test_parts_that_do_not_belong_together_are_one_line(given):
    with pytest.raises(AttnvizError) as error:
        from_weights(given, None)
    assert "\n" not in str(error.value)
