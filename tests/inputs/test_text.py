"""What a text may be: its largest size, and words of very many marks."""

import unicodedata

import pytest

from attnviz.errors import AttnvizError
from attnviz.inputs import text
from attnviz.inputs.labels import without_marks
from attnviz.models.builtin.features import spelling


@pytest.mark.parametrize("tokenizer", text.TOKENIZERS)
def test_a_text_has_a_largest_size(monkeypatch, tokenizer):
    monkeypatch.setattr(text, "LARGEST_TEXT", 100)
    assert len(text.tokenize("a" * 100, tokenizer)) in (1, 100)
    with pytest.raises(AttnvizError, match="101 characters, and 100 are the most"):
        text.tokenize("a" * 101, tokenizer)


@pytest.mark.parametrize(
    "word", ["Déjà", "o\u0323\u0302", "ﬁ ﷺ", "각각", "القِطّ", "क्षि", "ὕ", "x\u0316\u0301" * 9]
)
def test_marks_are_left_out_as_the_standard_says(word):
    whole = unicodedata.normalize("NFKD", word.casefold())
    assert without_marks(word) == "".join(c for c in whole if not unicodedata.combining(c))


def test_a_word_of_very_many_marks_is_spelt_as_its_letter():
    word = "a" + "\u0301\u0316" * 160_000  # sorted as a whole, this takes half a minute
    assert (spelling(word) == spelling("a")).all()
