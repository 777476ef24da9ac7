"""Words for pieces, hidden special tokens and parts of a map, each against slow loops by hand."""

from __future__ import annotations

import dataclasses
import json
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from attnviz import AttnvizError, from_weights, trace
from attnviz.attention import masks
from attnviz.inputs.text import encode, from_ids, tokenize
from attnviz.inputs.tokens import from_labels
from attnviz.record import saved
from attnviz.record import tree as trees
from attnviz.record.selection import columns_named, crop, hide_special, merge, rows_named
from attnviz.record.stack import Stack

LAYERS, HEADS = 2, 3
merge_words = partial(merge, kind="words")
MARKS = ("[UNK]", "[CLS]", "[SEP]")


def word_piece(*pieces):
    """BERT's way: lower case, marks dropped, ## within words, [CLS] and [SEP] around."""
    made = Tokenizer(
        models.WordPiece({p: i for i, p in enumerate([*MARKS, *pieces])}, unk_token="[UNK]")
    )
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return made


def byte_level(*merges):
    """GPT-2's way: bytes as letters, the space before a word is a part of it."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: i for i, piece in enumerate([*alphabet, *(a + b for a, b in merges)])}
    made = Tokenizer(models.BPE(vocabulary, list(merges)))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    return made


def unigram(*pieces):
    """T5's way: ▁ for the space, and one before the first word."""
    scores = [("<unk>", 0.0), *((piece, -float(i)) for i, piece in enumerate(pieces, start=1))]
    made = Tokenizer(models.Unigram(scores, unk_id=0))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return made


BERT = word_piece("un", "##believ", "##able", "play", "##ing", "don", "'", "t", ",", "cafe", "it")


def soft(*shape, allowed=None, seed=0, dtype=np.float32):
    """Rows that sum to 1, or to 0 where nothing is allowed."""
    exponentials = np.exp(2 * np.random.default_rng(seed).normal(size=shape))
    exponentials *= 1 if allowed is None else allowed
    total = exponentials.sum(axis=-1, keepdims=True)
    weights = np.divide(exponentials, total, out=np.zeros_like(exponentials), where=total > 0)
    return weights.astype(dtype)


def stack_of(queries, keys=None, rule=None, **more):
    """A stack over these tokens, with the weights that a rule allows."""
    other = queries if keys is None else keys
    shape = len(queries), len(other)
    allowed = None if rule is None else rule.to_array(*shape)
    weights = soft(LAYERS, HEADS, *shape, allowed=allowed)
    rules = () if rule is None else (rule,) * LAYERS
    two = keys is not None
    return Stack(queries, other, weights, masks=rules, two_texts=two, **more)


def merged_slowly(weights, rows, columns):
    """Added over the keys of a group and averaged over its queries, in plain Python."""
    return np.array(
        [
            [
                [
                    [sum(head[i][j] for i in r for j in c) / len(r) for c in columns]
                    for r in rows
                ]
                for head in layer
            ]
            for layer in weights.tolist()
        ]
    )  # fmt: skip


def allowed_slowly(rule, rows, columns):
    return [[any(rule([i], [j])[0, 0] for i in r for j in c) for c in columns] for r in rows]


def streamed():
    return trace("the cat sat on the mat. " * 20, max_memory=0).stack


# Words

BY_HAND = {
    "word pieces": (
        encode(BERT, "Unbelievable, playing"),
        [[0], [1, 2, 3], [4], [5, 6], [7]],
        ["[CLS]", "Unbelievable", ",", "playing", "[SEP]"],
    ),
    "an apostrophe within a word": (
        encode(BERT, "don't don' t"),
        [[0], [1, 2, 3], [4], [5], [6], [7]],
        ["[CLS]", "don't", "don", "'", "t", "[SEP]"],
    ),
    "marks that the tokenizer dropped": (
        encode(word_piece("caf", "##e", "it"), "cafe\u0301 it"),
        [[0], [1, 2], [3], [4]],
        ["[CLS]", "cafe\u0301", "it", "[SEP]"],
    ),
    "bytes": (
        tokenize("é日本", "bytes"),
        [[0, 1], [2, 3, 4], [5, 6, 7]],
        ["é", "日", "本"],
    ),
    "the space before a word": (
        encode(byte_level(("Ġ", "c"), ("Ġc", "a")), "a cat\ncat"),
        [[0], [1, 2], [3], [4, 5, 6]],
        ["a", "cat", "⏎", "cat"],
    ),
    "half a character and the next": (  # "日" is E6 97 A5, "本" E6 9C AC: one token holds A5 E6
        encode(byte_level(("¥", "æ")), "日本!"),
        [[0, 1, 2, 3, 4], [5]],
        ["日本", "!"],
    ),
    "a sign for a space that stands on the word": (
        encode(unigram("▁", "c", "at", "▁sat"), "cat sat"),
        [[0, 1, 2], [3]],
        ["cat", "sat"],
    ),
    "a token of several words": (
        encode(byte_level(("!", "?")), "ab!?ab"),
        [[0, 1], [2], [3, 4]],
        ["ab", "!?", "ab"],
    ),
    "a token of a word's end and the next": (
        encode(Tokenizer(models.BPE({"a": 0, "b": 1, "!": 2, "b!": 3}, [("b", "!")])), "aab!a"),
        [[0, 1], [2], [3]],
        ["aa", "b!", "a"],
    ),
    "characters": (tokenize("It's 1,5 …", "characters"), [[0, 1, 2, 3], [4], [5, 6, 7], [8], [9]],
                   ["It's", "␠", "1,5", "␠", "…"]),
    "what could move the cursor": (
        tokenize("a\u202eb c", "characters"), [[0, 1, 2], [3], [4]],  # UAX #29, WB4
        ["a⟨U+202E⟩b", "␠", "c"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_tokens_of_a_word_are_one(name):
    tokens, groups, labels = BY_HAND[name]
    stack = stack_of(tokens)
    merged = merge_words(stack)
    assert list(merged.query_tokens.labels) == labels
    assert merged.key_tokens is merged.query_tokens
    expected = merged_slowly(stack.weights, groups, groups)
    np.testing.assert_allclose(merged.weights, expected, rtol=1e-5, atol=1e-7)
    assert merged.weights.dtype == stack.weights.dtype
    one = merged.query_tokens
    assert list(one.pieces) == ["".join(tokens.pieces[i] for i in group) for group in groups]
    assert_ids_tell_groups_apart(tokens, one, groups)
    assert one.special.tolist() == [all(tokens.special[i] for i in group) for group in groups]
    joined = [g for g, group in enumerate(groups) if len(group) > 1]
    written = [label.replace("⟨U+202E⟩", "\u202e") for label in labels]
    assert [one.slices()[g] for g in joined] == [written[g] for g in joined]
    for g, group in enumerate(groups):
        if len(group) == 1:
            np.testing.assert_array_equal(one.spans[g], tokens.spans[group[0]])
            assert one.labels[g] == tokens.labels[group[0]]


def assert_ids_tell_groups_apart(tokens, merged, groups):
    """One token keeps its id; groups share one exactly where their pieces are the same."""
    for group, number, piece in zip(groups, merged.ids.tolist(), merged.pieces, strict=True):
        if len(group) == 1:
            assert number == tokens.ids[group[0]]
        else:
            assert number not in tokens.ids.tolist()
        for other, another, same in zip(groups, merged.ids.tolist(), merged.pieces, strict=True):
            if len(group) > 1 and len(other) > 1:
                assert (number == another) == (piece == same)


@pytest.mark.parametrize("name", BY_HAND)
def test_rows_sum_to_what_they_did(name):
    stack = stack_of(BY_HAND[name][0])
    stack.weights[0] *= 0.5  # as where a sink takes the rest
    sums = merge_words(stack).weights.sum(axis=-1)
    np.testing.assert_allclose(sums[0], 0.5, rtol=1e-5)
    np.testing.assert_allclose(sums[1], 1, rtol=1e-5)


def test_a_merged_word_by_hand():
    """Two pieces of one word, then one more: keys 0 and 1 add up, queries 0 and 1 are averaged."""
    weights = np.array([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5], [0.125, 0.125, 0.75]])
    stack = Stack(tokenize("é!", "bytes"), tokenize("é!", "bytes"), weights[None, None])
    expected = [[(0.75 + 0.5) / 2, (0.25 + 0.5) / 2], [0.25, 0.75]]
    np.testing.assert_array_equal(merge_words(stack).weights[0, 0], expected)


RULES = {
    "full": masks.full(),
    "causal": masks.causal(),
    "local": masks.local(1),
    "nothing for the first": masks.causal(-1),
    "dilated": masks.dilated(4, 2),
    "global": masks.local(0) | masks.global_([2]),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_merged_cell_is_allowed_where_a_part_was(rule):
    tokens, groups, _ = BY_HAND["word pieces"]
    merged = merge_words(stack_of(tokens, rule=rule))
    expected = np.array(allowed_slowly(rule, groups, groups))
    for layer in range(LAYERS):
        np.testing.assert_array_equal(merged.allowed(layer), expected)
    assert (merged.weights[:, :, ~expected] == 0).all()
    assert merged.allowed_keys().tolist() == [expected.sum(axis=1).tolist()] * LAYERS


def test_causal_words_are_causal_still_and_full_ones_full():
    tokens = BY_HAND["word pieces"][0]
    for rule in (masks.causal(), masks.full()):
        assert set(merge_words(stack_of(tokens, rule=rule)).masks) == {rule}
    assert merge_words(stack_of(tokens)).masks == ()


def test_layers_keep_masks_of_their_own():
    tokens = BY_HAND["word pieces"][0]
    stack = dataclasses.replace(stack_of(tokens), masks=(masks.causal(), masks.local(1)))
    merged = merge_words(stack)
    assert merged.masks[0] == masks.causal()
    assert not merged.allowed(1).all()
    assert merged.allowed(1)[0, 1]


def test_words_never_join_across_the_texts_of_a_pair():
    """Without a line between them "it" and "s" would be one word."""
    tokens = encode(word_piece("play", "##ing", "it"), "it playing", "playing it")
    stack = stack_of(tokens)
    merged = merge_words(stack)
    assert list(merged.query_tokens.labels) == [
        "[CLS]", "it", "playing", "[SEP]", "playing", "it", "[SEP]",
    ]  # fmt: skip
    assert merged.query_tokens.segments.tolist() == [0, 0, 0, 0, 1, 1, 1]
    glued = dataclasses.replace(
        tokenize("its", "characters"), segments=np.array([0, 0, 1], dtype=np.int64)
    )
    assert list(merge_words(stack_of(glued)).query_tokens.labels) == ["it", "s"]


def test_queries_and_keys_of_two_texts_are_merged_by_their_own_words():
    queries, keys = encode(BERT, "playing it"), tokenize("é日本", "bytes")
    stack = stack_of(queries, keys, head_names=("a", "b", "c"), key_heads=1)
    merged = merge_words(stack)
    assert merged.query_tokens.labels == ("[CLS]", "playing", "it", "[SEP]")
    assert merged.key_tokens.labels == ("é", "日", "本")
    rows, columns = [[0], [1, 2], [3], [4]], [[0, 1], [2, 3, 4], [5, 6, 7]]
    expected = merged_slowly(stack.weights, rows, columns)
    np.testing.assert_allclose(merged.weights, expected, rtol=1e-5)
    assert merged.two_texts
    assert (merged.head_names, merged.key_heads) == (("a", "b", "c"), 1)


@pytest.mark.parametrize(
    "tokens",
    [
        tokenize("the cat sat, didn't it?"),
        from_labels(
            ["play", "##ing", "don", "'", "t", "", " ", "New York", "\ud800", "1", ",", "5"]
        ),
        from_labels([" ", "", "\n"]),
        from_ids([3, 4, 4, 5]),
    ],
    ids=["words", "labels", "white space", "ids"],
)
def test_tokens_that_are_words_stay_as_they_are(tokens):
    stack = stack_of(tokens, rule=masks.local(1))
    assert merge_words(stack) is stack


def test_special_tokens_stand_alone_even_with_characters():
    tokens = dataclasses.replace(tokenize("its", "characters"), special=np.array([0, 0, 1], bool))
    assert merge_words(stack_of(tokens)).query_tokens.labels == ("it", "s")


def test_merging_twice_is_merging_once():
    for tokens, _, _ in BY_HAND.values():
        once = merge_words(stack_of(tokens, rule=masks.local(1)))
        assert merge_words(once) is once


def test_a_cropped_word_joins_what_is_left_of_it():
    stack = crop(stack_of(tokenize("cat sat", "characters")), "0,2,4", "0,2,4")
    assert merge_words(stack).query_tokens.labels == ("cat", "s")


# Sentences and lines: their own cases are in test_units

SAID = "Dr. Li sat. It was\nlate! So?\n\nYes"
PARTS = {  # places of the words: Dr . Li sat . | It was late ! | So ? | Yes
    "sentences": ([[0, 1, 2, 3, 4], [5, 6, 7, 8], [9, 10], [11]],
                  ["0 Dr. Li sat.", "1 It was late!", "2 So?", "3 Yes"]),
    "lines": ([[0, 1, 2, 3, 4, 5, 6], [7, 8, 9, 10], [11]],
              ["0 Dr. Li sat. It was", "1 late! So?", "2 Yes"]),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("kind", PARTS)
def test_tokens_of_a_sentence_or_line_are_one(kind, rule):
    groups, labels = PARTS[kind]
    stack = stack_of(tokenize(SAID), rule=rule, head_names=("a", "b", "c"), key_heads=1)
    merged = merge(stack, kind)
    assert list(merged.query_tokens.labels) == labels
    assert merged.key_tokens is merged.query_tokens
    expected = merged_slowly(stack.weights, groups, groups)
    np.testing.assert_allclose(merged.weights, expected, rtol=1e-5, atol=1e-7)
    allowed = np.array(allowed_slowly(rule, groups, groups))
    np.testing.assert_array_equal(merged.allowed(), allowed)
    assert merged.head_names == ()  # they speak of tokens: "same word"
    assert merged.key_heads == 1
    assert merge(merged, kind) is merged


def test_sentences_of_two_texts_are_merged_each_by_its_own():
    stack = stack_of(tokenize(SAID), tokenize("كيف داير؟ بخير."))
    merged = merge(stack, "sentences")
    assert merged.key_tokens.labels == ("0 كيف داير؟", "1 بخير.")
    rows, columns = PARTS["sentences"][0], [[0, 1, 2], [3, 4]]
    expected = merged_slowly(stack.weights, rows, columns)
    np.testing.assert_allclose(merged.weights, expected, rtol=1e-5)


def test_a_part_of_the_sentences_keeps_their_numbers():
    part = crop(merge(stack_of(tokenize(SAID)), "sentences"), "2:", "late,3")
    assert part.query_tokens.labels == ("2 So?", "3 Yes")
    assert part.key_tokens.labels == ("1 It was late!", "3 Yes")


TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Mn", "Me", "Mc")),
        st.sampled_from("aeé '’-.,:5日本กا\n"),
    ),
    min_size=1,
    max_size=25,
).filter(str.strip)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_bytes_merge_to_the_words_of_the_text(text):
    merged = merge_words(from_tokens(tokenize(text, "bytes")))
    shown = [piece for piece in merged.query_tokens.slices() if piece.strip()]
    assert shown == tokenize(text, "words").slices()
    np.testing.assert_allclose(merged.weights.sum(axis=-1), 1, rtol=1e-5)


def from_tokens(tokens):
    return Stack(tokens, tokens, soft(1, 1, len(tokens), len(tokens)))


# Special tokens


def test_hidden_tokens_leave_rows_and_columns_and_their_weight_is_told():
    tokens = encode(BERT, "playing it")  # [CLS] play ing it [SEP]
    stack = stack_of(tokens, head_names=("a", "b", "c"), key_heads=1)
    shown, share = hide_special(stack)
    assert shown.query_tokens.labels == ("play", "ing", "it")
    assert shown.key_tokens is shown.query_tokens
    np.testing.assert_array_equal(shown.weights, stack.weights[:, :, 1:4, 1:4])
    expected = [
        [np.mean([float(head[i, 0]) + float(head[i, 4]) for i in (1, 2, 3)]) for head in layer]
        for layer in stack.weights
    ]
    assert share.dtype == np.float64
    np.testing.assert_allclose(share, expected, rtol=1e-6)
    np.testing.assert_allclose(shown.weights.sum(axis=-1).mean(axis=-1), 1 - share, rtol=1e-5)
    assert (shown.head_names, shown.key_heads, shown.two_texts) == (("a", "b", "c"), 1, False)


def test_without_special_tokens_nothing_is_hidden():
    stack = stack_of(tokenize("the cat sat"))
    shown, share = hide_special(stack)
    assert shown is stack
    np.testing.assert_array_equal(share, np.zeros((LAYERS, HEADS)))


def test_queries_and_keys_of_two_texts_hide_their_own_tokens():
    stack = stack_of(tokenize("a b"), encode(BERT, "playing it"))
    shown, share = hide_special(stack)
    assert shown.shape == (2, 3)
    assert shown.two_texts
    np.testing.assert_array_equal(shown.weights, stack.weights[:, :, :, 1:4])
    np.testing.assert_allclose(share, stack.weights[..., [0, 4]].sum(-1).mean(-1), rtol=1e-6)
    turned, share = hide_special(stack_of(encode(BERT, "playing it"), tokenize("a b")))
    assert turned.shape == (3, 2)
    assert (share == 0).all()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_masks_lose_the_rows_and_columns_of_hidden_tokens(rule):
    shown, _ = hide_special(stack_of(encode(BERT, "playing it"), rule=rule))
    np.testing.assert_array_equal(shown.allowed(), rule.to_array(5, 5)[1:4, 1:4])


def test_only_special_tokens_are_refused():
    tokens = dataclasses.replace(tokenize("a b"), special=np.ones(2, bool))
    for stack in (
        stack_of(tokens),
        stack_of(tokenize("a"), tokens),
        stack_of(tokens, tokenize("a")),
    ):
        with pytest.raises(AttnvizError, match="only special tokens"):
            hide_special(stack)


# Parts of a map

WISH = tokenize("the cat saw the cat, and 12:30 was 1,000 days ago")
WISHES = {
    "3": [3],
    "2:4": [2, 3],
    ":2": [0, 1],
    "9:": [9, 10, 11],
    "-2:": [10, 11],
    ":-10": [0, 1],
    ":": list(range(12)),
    "8:99": [8, 9, 10, 11],
    "cat": [1, 4],
    "CAT": [1, 4],
    "cat#2": [4],
    "cat, 0": [0, 1, 4],
    "11,0": [0, 11],
    "3,3,2:4": [2, 3],
    " 0 , the#2 ,5:7": [0, 3, 5, 6],
    ",": [5],
    ",#1": [5],
    "1,10": [1, 10],
    "1,000": [0, 1],
    "12:30#1": [7],
    "1,000#1": [9],
}


@pytest.mark.parametrize("wish", WISHES)
def test_wishes_are_positions_ranges_and_words(wish):
    stack = stack_of(WISH, rule=masks.causal(), head_names=("a", "b", "c"), key_heads=1)
    places = WISHES[wish]
    part = crop(stack, rows=wish)
    assert part.query_tokens.labels == tuple(WISH.labels[i] for i in places)
    assert part.query_tokens.slices() == [WISH.slices()[i] for i in places]
    assert part.key_tokens == WISH
    np.testing.assert_array_equal(part.weights, stack.weights[:, :, places])
    np.testing.assert_array_equal(part.allowed(), np.tri(12, dtype=bool)[places])
    part = crop(stack, columns=wish)
    np.testing.assert_array_equal(part.weights, stack.weights[:, :, :, places])
    np.testing.assert_array_equal(part.allowed(), np.tri(12, dtype=bool)[:, places])
    part = crop(stack, wish, wish)
    np.testing.assert_array_equal(part.weights, stack.weights[:, :, places][:, :, :, places])
    assert part.key_tokens is part.query_tokens
    assert (part.head_names, part.key_heads) == (("a", "b", "c"), 1)


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ("", '"" names no token'),
        ("  ", "names no token"),
        (",,", "names no token"),
        ("cat,", "has an empty part"),
        ("0,,1", "has an empty part"),
        ("dog", '"dog" is not in the text'),
        ("cat,dog", '"dog" is not in the text'),
        ("cta", 'Nearest in the text: "cat"'),
        ("cat#3", '"cat#3" is not in the text'),
        ("12", "no token 12.*0 to 11"),
        ("-1", "no token -1"),
        ("5:5", "range 5:5 holds no token.*0 to 11"),
        ("7:3", "range 7:3"),
        ("50:60", "range 50:60"),
        ("0,20:", "range 20:"),
        ("1:2:3", '"1:2:3" is not in the text'),
        ("9" * 5000, "no token 9999"),
        (f"{'9' * 5000}:", "is not in the text"),
    ],
    ids=lambda value: value[:20],
)
@pytest.mark.parametrize("axis", ["rows", "columns"])
def test_what_is_not_there_is_named(axis, wish, named):
    with pytest.raises(AttnvizError, match=named):
        crop(stack_of(WISH), **{axis: wish})


def test_all_of_it_is_the_stack_itself():
    stack = stack_of(WISH, rule=masks.local(2))
    assert crop(stack) is crop(stack, ":", "0:12") is stack


def test_rows_and_columns_of_two_texts_are_found_in_their_own():
    stack = stack_of(tokenize("a b c"), tokenize("x y z w"))
    part = crop(stack, "b,c", "w,x")
    assert (part.query_tokens.labels, part.key_tokens.labels) == (("b", "c"), ("x", "w"))
    np.testing.assert_array_equal(part.weights, stack.weights[:, :, 1:][..., [0, 3]])


def test_the_same_places_of_two_texts_are_other_tokens():
    stack = stack_of(tokenize("a b c"), tokenize("x y z"))
    part = crop(stack, ":2", ":2")
    assert (part.query_tokens.labels, part.key_tokens.labels) == (("a", "b"), ("x", "y"))
    assert part.two_texts


def test_other_rows_than_columns_cannot_be_compared_by_position():
    """Row 0 is then no longer the query of column 0: "self" and "distance" would be wrong."""
    stack = stack_of(WISH)
    assert not crop(stack, "2:5", "2:5").two_texts
    np.testing.assert_array_equal(
        crop(stack, "2:5", "2:5").measure("self"), stack.measure("self")[:, :, 2:5]
    )
    for part in (crop(stack, "2:5"), crop(stack, columns="0:3"), crop(stack, "0:3", "1:4")):
        assert part.two_texts
        with pytest.raises(AttnvizError, match="compares positions"):
            part.measure("self")
        assert part.measure("largest").shape == (LAYERS, HEADS, part.shape[0])


def test_segments_of_a_pair_stay_with_their_tokens():
    tokens = encode(word_piece("play", "##ing", "it"), "it playing", "playing it")
    part = crop(stack_of(tokens), "3:6", "3:6")
    assert part.query_tokens.segments.tolist() == tokens.segments[3:6].tolist()
    shown, _ = hide_special(stack_of(tokens))
    assert shown.query_tokens.segments.tolist() == [0, 0, 0, 1, 1, 1]


# All three


def test_streamed_stacks_are_refused():
    changes = [partial(merge, kind=kind) for kind in ("words", "sentences", "lines")]
    for change in (*changes, hide_special, crop, lambda s: crop(s, "0:4", "0:4")):
        with pytest.raises(AttnvizError, match=r"they are streamed.*shorter text"):
            change(streamed())


@pytest.mark.parametrize("write", ["npz", "json"])
def test_a_changed_stack_comes_back_whole_from_a_file(write, tmp_path):
    stack = stack_of(encode(BERT, "playing it, don't"), rule=masks.local(1))
    record = from_weights(soft(2, 2), ["a", "b"])
    changed = (merge_words(stack), hide_special(stack)[0], crop(stack, "2:5"))
    for each in changed:
        path = tmp_path / f"record.{write}"
        dataclasses.replace(record, stacks={"self": each}).save(path)
        assert trees.stack_of(saved.read_tree(path)["stacks"]["self"]) == each
        assert not each.allowed().all()


def test_what_was_summed_up_of_the_whole_is_not_kept():
    tokens = encode(BERT, "playing it")
    stack = dataclasses.replace(stack_of(tokens), summary=streamed().summary)
    for each in (merge_words(stack), hide_special(stack)[0], crop(stack, "1")):
        assert each.summary is None


def test_the_given_stack_is_left_as_it_was():
    stack = stack_of(encode(BERT, "playing it"), rule=masks.causal())
    before = dataclasses.replace(stack, weights=stack.weights.copy())
    merge_words(stack)
    hide_special(stack)
    crop(stack, "1", "2:")
    assert stack == before


def test_changes_follow_one_another_in_any_order():
    stack = stack_of(encode(BERT, "playing it"), rule=masks.causal())
    first = hide_special(merge_words(stack))[0]
    second = merge_words(hide_special(stack)[0])
    assert first.query_tokens == second.query_tokens
    assert first.masks == second.masks
    np.testing.assert_allclose(first.weights, second.weights, rtol=1e-6)


# The rule that holds cells

SOME = np.random.default_rng(7).random((6, 9)) < 0.4
SOME[2] = False
SOME[4] = True


def test_cells_are_the_array_and_no_more():
    rule = masks.cells(SOME)
    np.testing.assert_array_equal(rule.to_array(6, 9), SOME)
    np.testing.assert_array_equal(rule.to_array(3, 4), SOME[:3, :4])
    np.testing.assert_array_equal(rule([5, 0, 0], [8, 1]), SOME[np.ix_([5, 0, 0], [8, 1])])
    np.testing.assert_array_equal(rule.per_row(6, 9), SOME.sum(axis=1))
    assert rule([], [1]).shape == (0, 1)
    assert rule([1], []).shape == (1, 0)
    assert str(rule) == f"{SOME.sum()} of 54 cells"


def test_ranges_of_cells_are_the_keys_that_a_row_sees():
    rule = masks.cells(SOME)
    for start in range(6):
        for stop in range(start + 1, 7):
            ranges = rule.ranges(np.arange(start, stop))
            covered = np.zeros(9, bool)
            for low, high in ranges:
                covered[low:high] = True
            np.testing.assert_array_equal(covered, SOME[start:stop].any(axis=0))
            assert all(a[1] < b[0] for a, b in pairwise(ranges))
    assert rule.ranges([2]) == rule.ranges([]) == []
    assert rule.span([4]) == (0, 9)


def test_cells_come_back_equal_from_json_and_join():
    rule = masks.cells(SOME)
    back = masks.from_dict(json.loads(json.dumps(rule.to_dict())))
    assert back == rule
    assert hash(back) == hash(rule)
    assert len({rule, back, masks.cells(~SOME), masks.cells(SOME[:, :8])}) == 3
    causal = np.tri(6, 9, dtype=bool)
    np.testing.assert_array_equal((rule & masks.causal()).to_array(6, 9), SOME & causal)
    np.testing.assert_array_equal((rule | masks.causal()).to_array(6, 9), SOME | causal)
    written = {"rule": "cells", "rows": ("100", "110")}
    assert masks.cells([[True, False, False], [True, True, False]]).to_dict() == written


@pytest.mark.parametrize("shape", [(7, 9), (6, 10), (600, 900)])
def test_more_queries_or_keys_than_cells_are_refused(shape):
    for ask in (masks.cells(SOME).check, masks.cells(SOME).to_array, masks.cells(SOME).per_row):
        with pytest.raises(AttnvizError, match="6 × 9 cells"):
            ask(*shape)
    with pytest.raises(AttnvizError, match="6 × 9 cells"):
        masks.cells(SOME).ranges([5, 6])


@pytest.mark.parametrize(
    "rows",
    [
        [], [""], ["10", "1"], ["12"], ["10", 1], 3, None, "10", True, [[]], np.ones((2, 2)),
        np.ones(3, bool), np.ones((1, 2, 2), bool), np.ones((0, 3), bool), [[True], [True, False]],
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_table_of_cells_is_refused(rows):
    with pytest.raises(AttnvizError, match="cells of the mask"):
        masks.cells(rows)
    if not isinstance(rows, np.ndarray):
        with pytest.raises(AttnvizError):
            masks.from_dict({"rule": "cells", "rows": rows})


def test_from_array_finds_the_simplest_rule():
    for rule in (masks.full(), masks.causal(), masks.causal(2), masks.causal(-1)):
        assert masks.from_array(rule.to_array(5, 8)) == rule
    assert masks.from_array(np.tri(5, 5, 4, dtype=bool)) == masks.full()
    assert masks.from_array(SOME) == masks.cells(SOME)
    nearly = np.tri(5, dtype=bool)
    nearly[4, 0] = False
    assert masks.from_array(nearly) == masks.cells(nearly)


def test_tokens_keep_their_positions_where_special_ones_are_hidden():
    stack = stack_of(encode(BERT, "playing it"))  # [CLS] play ing it [SEP]
    shown, _ = hide_special(stack)
    assert [places.tolist() for places in shown.positions] == [[1, 2, 3], [1, 2, 3]]
    assert rows_named(shown, "3") == [2]
    assert columns_named(shown, "it,1") == [0, 2]
    part = crop(shown, "2:4", "3")
    assert part.query_tokens.labels == ("ing", "it")
    assert [places.tolist() for places in part.positions] == [[2, 3], [3]]
    np.testing.assert_array_equal(part.weights, stack.weights[:, :, 2:4, 3:4])
    with pytest.raises(AttnvizError, match="not among the tokens that are shown"):
        rows_named(shown, "0")
