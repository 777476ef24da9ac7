"""What changes scores before a token is chosen, against arithmetic by hand."""

import numpy as np
import pytest

from attnviz.models.checkpoint.generation import Generation
from attnviz.models.network.prediction_head import softmax
from attnviz.tracing.processors import process, processors

SCORES = np.array([2.0, -1.0, 0.5, 1.5, -3.0, 1.0], dtype=np.float32)
OUT = -np.inf


def after(ids, n_prompt=2, max_length=8, source=(), **asked):
    listed = processors(Generation().with_changes(**asked), n_prompt, max_length, source)
    return process(listed, np.array(ids, dtype=np.int64), SCORES.copy()).tolist()


@pytest.mark.parametrize(
    ("ids", "asked", "wanted"),
    [
        ([0, 1, 0], {"repetition_penalty": 2.0}, [1.0, -2.0, 0.5, 1.5, -3.0, 1.0]),
        ([3, 4, 3], {"no_repeat_ngram_size": 2}, [2.0, -1.0, 0.5, 1.5, OUT, 1.0]),
        ([3, 4], {"no_repeat_ngram_size": 1}, [2.0, -1.0, 0.5, OUT, OUT, 1.0]),
        ([3], {"no_repeat_ngram_size": 3}, SCORES.tolist()),
        ([2, 5], {"bad_words_ids": ((0,), (5, 3), (4, 3, 1))}, [OUT, -1.0, 0.5, OUT, -3.0, 1.0]),
        ([2, 5], {"bad_words_ids": ((0,),), "eos_token_id": (0,)}, SCORES.tolist()),
        ([2, 5], {"min_length": 3, "eos_token_id": (0, 3)}, [OUT, -1.0, 0.5, OUT, -3.0, 1.0]),
        ([2, 5, 1], {"min_length": 3, "eos_token_id": (0,)}, SCORES.tolist()),
        ([2, 5, 1], {"min_new_tokens": 2, "eos_token_id": (0,)}, [OUT, *SCORES[1:].tolist()]),
        ([2], {"forced_bos_token_id": 4}, [OUT, OUT, OUT, OUT, 0.0, OUT]),
        ([2] * 7, {"forced_eos_token_id": (1,)}, [OUT, 0.0, OUT, OUT, OUT, OUT]),
        ([2, 5], {"suppress_tokens": (0, 99)}, [OUT, *SCORES[1:].tolist()]),
        ([2, 5], {"begin_suppress_tokens": (0,)}, [OUT, *SCORES[1:].tolist()]),
        ([2, 5, 1], {"begin_suppress_tokens": (0,)}, SCORES.tolist()),
    ],
)
def test_by_hand(ids, asked, wanted):
    assert after(ids, **asked) == wanted


def test_an_encoder_s_tokens_are_favoured_or_banned():
    favoured = after([2], source=[0, 1], encoder_repetition_penalty=2.0)
    assert favoured[:3] == [4.0, -0.5, 0.5]
    assert after([3], source=[3, 0, 3, 2], encoder_no_repeat_ngram_size=2)[:3] == [OUT, -1.0, OUT]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"top_k": 2}, [0, 3]),
        ({"top_k": 0}, [0, 1, 2, 3, 4, 5]),
        ({"top_k": 0, "top_p": 0.7}, [0, 3]),
        ({"top_k": 0, "top_p": 0.01}, [0]),
        ({"top_k": 0, "min_p": 0.3}, [0, 3, 5]),
        ({"top_k": 0, "top_p": 0.01, "num_beams": 2, "eos_token_id": (1,)}, [0, 3]),
    ],
)
def test_who_may_be_drawn(asked, kept):
    found = after([2, 5], do_sample=True, **asked)
    assert [i for i, score in enumerate(found) if score > OUT] == kept


def test_temperature_divides():
    assert after([2], do_sample=True, temperature=0.5, top_k=0) == (2 * SCORES).tolist()


def test_sampling_alone_passes_nothing_to_the_likeliest():
    assert after([2], temperature=0.5, top_k=1, do_sample=False) == SCORES.tolist()


def test_softmax_of_hand():
    assert softmax(np.log(np.array([1.0, 3.0]))).tolist() == pytest.approx([0.25, 0.75])
