"""Which tokens make a sentence or a line, by hand; words have their cases in test_selection."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from attnviz import AttnvizError
from attnviz.inputs.text import encode, from_ids, tokenize
from attnviz.inputs.tokens import from_labels
from attnviz.inputs.units import KINDS, joined, numbered, starts

STORY = "The cat sat. It was\ntired!\n\nNo stop here\n\n\nDr. Li left… so what?"
SENTENCES = ["The cat sat.", "It was tired!", "No stop here", "Dr. Li left… so what?"]
LINES = ["The cat sat. It was", "tired!", "No stop here", "Dr. Li left… so what?"]


def units(tokens, kind):
    return joined(tokens, starts(tokens, kind))


@pytest.mark.parametrize("tokenizer", ["words", "characters", "bytes"])
@pytest.mark.parametrize(("kind", "expected"), [("sentences", SENTENCES), ("lines", LINES)])
def test_a_text_is_cut_the_same_by_every_tokenizer(tokenizer, kind, expected):
    """A label is the text of a unit on one line, its slice the text as it stands."""
    tokens = tokenize(STORY, tokenizer)
    found = units(tokens, kind)
    assert list(found.labels) == expected
    slices = found.slices()
    assert [" ".join(piece.split()) for piece in slices] == expected
    assert "".join(found.pieces) == "".join(tokens.pieces)
    first = starts(tokens, kind)
    assert first.dtype == np.int64
    assert first[0] == 0
    assert (np.diff(first) > 0).all()


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_every_line_break_that_python_knows(end):
    text = f"one two{end}three{end}{end} {end}  four"
    assert units(tokenize(text), "lines").labels == ("one two", "three", "four")
    assert units(tokenize(text, "characters"), "lines").labels == ("one two", "three", "four")
    # A sentence ends at the blank line, and where the break itself says so.
    ended = end in "\f\u2029"
    expected = ("one two", "three", "four") if ended else ("one two three", "four")
    assert units(tokenize(text), "sentences").labels == expected


def pair_tokenizer():
    vocabulary = {"[CLS]": 0, "[SEP]": 1, "the": 2, "cat": 3, "sat": 4, ".": 5}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="the"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 1), ("[CLS]", 0))
    return made


@pytest.mark.parametrize("kind", ["sentences", "lines"])
def test_special_tokens_stay_alone_and_a_pair_stays_two(kind):
    """Both texts go on without a stop and in one line, were it not for their border."""
    tokens = encode(pair_tokenizer(), "the cat", "sat the")
    found = units(tokens, kind)
    assert found.labels == ("[CLS]", "the cat", "[SEP]", "sat the", "[SEP]")
    assert found.segments.tolist() == [0, 0, 0, 1, 1]
    assert found.special.tolist() == [True, False, True, False, True]
    bare = dataclasses.replace(
        tokenize("the cat sat the"), segments=np.array([0, 0, 1, 1], dtype=np.int64)
    )
    assert units(bare, kind).labels == ("the cat", "sat the")
    within = dataclasses.replace(
        tokenize("the cat sat. Yes"), special=np.array([0, 1, 0, 0, 0], dtype=np.bool_)
    )
    assert units(within, "sentences").labels == ("the", "cat", "sat.", "Yes")


def test_white_space_belongs_to_what_is_before_it_or_after_a_border():
    tokens = tokenize(" ab.  cd. ", "characters")
    assert starts(tokens, "sentences").tolist() == [0, 6]
    split = dataclasses.replace(tokens, segments=np.array([0] * 4 + [1] * 6, dtype=np.int64))
    assert starts(split, "sentences").tolist() == [0, 4]  # the two spaces go with "cd."
    assert units(split, "sentences").labels == ("ab.", "cd.")


def test_labels_and_ids_that_somebody_gave():
    given = from_labels(["The", "cat", ".", "New York", "slept", ".", "", " "])
    assert units(given, "sentences").labels == ("The cat .", "New York slept .")
    assert units(from_ids([3, 4, 4]), "sentences").labels == ("3 4 4",)
    blank = from_labels([" ", "", "\n"])
    assert starts(blank, "lines").tolist() == [0]
    assert units(blank, "lines").labels == (blank.labels[0],)


def test_a_label_is_safe_to_show():
    found = units(tokenize("a \u202eb\tc \x1b[31m d."), "sentences")
    assert found.labels == ("a ⟨U+202E⟩b c ␛[31m d.",)


def test_marks_on_the_last_character_stay_with_it():
    tokens = dataclasses.replace(
        from_labels(["a", "e"]), text="a e\u0301 b", spans=np.array([[0, 1], [2, 3]])
    )
    assert units(tokens, "lines").labels == ("a e\u0301",)


def test_equal_units_have_equal_ids_and_no_others():
    tokens = tokenize("Yes it is. No. Yes it is. Yes it was.")
    ids = units(tokens, "sentences").ids.tolist()
    assert len(set(ids)) == 3
    assert ids[0] == ids[2]
    assert not set(ids) & set(tokens.ids.tolist())


def test_numbers_stand_before_labels_and_special_tokens_keep_theirs():
    found = numbered(units(encode(pair_tokenizer(), "the cat. sat"), "sentences"))
    assert found.labels == ("[CLS]", "1 the cat.", "2 sat", "[SEP]")
    assert found.find("2") == found.find("sat") == found.find("2 sat") == [2]
    assert found.find("CAT") == [1]
    assert found.find("the cat.") == [1]
    with pytest.raises(AttnvizError, match="not in the text"):
        found.find("ca")


def test_a_word_within_a_token_is_no_token():
    """Only where units of several words stand in their place."""
    with pytest.raises(AttnvizError, match="not in the text"):
        tokenize("I don't go").find("don")


TEXTS = st.text(st.sampled_from('ab .?!…\n\r\u2029"»،؟。本é'), min_size=1, max_size=40)


@settings(max_examples=300, deadline=None)
@given(TEXTS.filter(str.strip), st.sampled_from(["words", "characters", "bytes"]))
def test_lines_are_those_of_python(text, tokenizer):
    """Lines against str.splitlines, and no sentence is over a blank line."""
    tokens = tokenize(text, tokenizer)
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    assert [" ".join(s.split()) for s in units(tokens, "lines").slices() if s.strip()] == lines
    for piece in units(tokens, "sentences").slices():
        inner = piece.strip().splitlines()
        assert all(line.strip() for line in inner)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_units_of_100_000_tokens_take_no_time(kind):
    tokens = tokenize("The cat sat on the mat, Dr. Li. Was it tired?\nIt was 3.5 km…\n" * 5500)
    tokens = tokens.at(np.arange(100_000))
    start = time.perf_counter()
    first = starts(tokens, kind)
    joined(tokens, first)
    assert time.perf_counter() - start < 5  # about 0.2 s, words 0.6 s; a busy machine is slower
