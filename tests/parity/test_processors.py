"""What changes scores before a token is chosen, against transformers' own processors: the same ids
banned and the same numbers left, on sixty random cases each; and samples by a chi-square test."""

import numpy as np
import pytest
import torch
import transformers
from transformers.generation import logits_process as theirs

import attnviz
from attnviz.models.checkpoint.generation import Generation
from attnviz.tracing.processors import process, processors

N_IDS, CASES = 61, 60


def some(draw, n, low=0):
    return tuple(int(i) for i in draw.choice(np.arange(low, N_IDS), n, replace=False))


def words(draw):
    """Banned words of one to three ids, some of which continue what is there."""
    return tuple(some(draw, n) for n in (1, 2, 3, 2))


def close_ids(draw, n):
    """Ids of a few kinds, so that they repeat themselves."""
    return draw.integers(0, 6, n)


# name → from (random numbers, ids, source) to what is asked of us, and transformers' own
CASES_OF = {
    "repetition": lambda draw, ids, source: (
        p := float(draw.uniform(0.4, 2.5)),
        {"repetition_penalty": p},
        theirs.RepetitionPenaltyLogitsProcessor(p),
    ),
    "encoder repetition": lambda draw, ids, source: (
        p := float(draw.uniform(0.4, 2.5)),
        {"encoder_repetition_penalty": p},
        theirs.EncoderRepetitionPenaltyLogitsProcessor(p, source),
    ),
    "n-grams": lambda draw, ids, source: (
        n := int(draw.integers(1, 5)),
        {"no_repeat_ngram_size": n},
        theirs.NoRepeatNGramLogitsProcessor(n),
    ),
    "encoder n-grams": lambda draw, ids, source: (
        n := int(draw.integers(1, 5)),
        {"encoder_no_repeat_ngram_size": n},
        theirs.EncoderNoRepeatNGramLogitsProcessor(n, source),
    ),
    "bad words": lambda draw, ids, source: (
        w := (*words(draw), (int(ids[-1]), 7)),
        {"bad_words_ids": w, "eos_token_id": (2,)},
        theirs.NoBadWordsLogitsProcessor(
            [list(each) for each in w], eos_token_id=torch.tensor([2])
        ),
    ),
    "least length": lambda draw, ids, source: (
        n := int(draw.integers(1, 16)),
        {"min_length": n, "eos_token_id": (2, 5)},
        theirs.MinLengthLogitsProcessor(n, [2, 5]),
    ),
    "least new tokens": lambda draw, ids, source: (
        n := int(draw.integers(1, 16)),
        {"min_new_tokens": n, "eos_token_id": (2, 5)},
        theirs.MinNewTokensLengthLogitsProcessor(min(3, len(ids)), n, [2, 5]),
    ),
    "forced first": lambda draw, ids, source: (
        i := some(draw, 1)[0],
        {"forced_bos_token_id": i},
        theirs.ForcedBOSTokenLogitsProcessor(i),
    ),
    "forced last": lambda draw, ids, source: (
        i := some(draw, 2, low=1),
        {"forced_eos_token_id": i},
        theirs.ForcedEOSTokenLogitsProcessor(15, list(i)),
    ),
    "suppressed": lambda draw, ids, source: (
        i := some(draw, 9),
        {"suppress_tokens": i},
        theirs.SuppressTokensLogitsProcessor(list(i)),
    ),
    "suppressed at first": lambda draw, ids, source: (
        i := some(draw, 9),
        {"begin_suppress_tokens": i},
        theirs.SuppressTokensAtBeginLogitsProcessor(list(i), min(3, len(ids))),
    ),
    "temperature": lambda draw, ids, source: (
        t := float(draw.uniform(0.2, 3.0)),
        {"do_sample": True, "temperature": t, "top_k": 0},
        theirs.TemperatureLogitsWarper(t),
    ),
    "top k": lambda draw, ids, source: (
        k := int(draw.integers(1, 70)),
        {"do_sample": True, "top_k": k},
        theirs.TopKLogitsWarper(k),
    ),
    "top p": lambda draw, ids, source: (
        p := float(draw.uniform(0.01, 0.99)),
        {"do_sample": True, "top_k": 0, "top_p": p},
        theirs.TopPLogitsWarper(p),
    ),
    "min p": lambda draw, ids, source: (
        p := float(draw.uniform(0.01, 0.99)),
        {"do_sample": True, "top_k": 0, "min_p": p},
        theirs.MinPLogitsWarper(p),
    ),
}


@pytest.mark.parametrize("name", CASES_OF)
def test_the_same_numbers(name):
    changed = 0
    for seed in range(CASES):
        draw = np.random.default_rng([seed, len(name)])
        lengths = [1, 14, 15, *range(2, 13)]
        ids = close_ids(draw, lengths[seed % len(lengths)])
        source = close_ids(draw, 9)
        scores = (4 * draw.standard_normal(N_IDS)).astype(np.float32)
        if seed % 3 == 0 and name != "top p":  # torch's sort leaves the order of ties open
            scores = np.round(scores)
        _, asked, their = CASES_OF[name](draw, ids, torch.tensor(source[None]))
        due = their(torch.tensor(ids[None]), torch.tensor(scores[None].copy()))[0].numpy()
        listed = processors(
            Generation().with_changes(**asked), min(3, len(ids)), 15, source.tolist()
        )
        found = process(listed, ids.astype(np.int64), scores.copy())
        np.testing.assert_array_equal(found == -np.inf, due == -np.inf, err_msg=str(seed))
        np.testing.assert_allclose(found, due, rtol=1e-6, err_msg=str(seed))
        changed += not np.array_equal(found, scores)
    assert changed >= CASES // 20  # the case is not empty


@pytest.mark.parametrize(
    "asked",
    [
        {"temperature": 1.6},
        {"temperature": 0.7, "top_k": 8},
        {"top_k": 0, "top_p": 0.8, "repetition_penalty": 1.4},
        {"top_k": 0, "min_p": 0.05, "temperature": 1.3},
    ],
)
def test_samples_have_transformers_distribution(tmp_path, asked):
    torch.manual_seed(3)
    config = transformers.GPT2Config(
        vocab_size=N_IDS, n_embd=32, n_layer=2, n_head=2, n_positions=64, bos_token_id=1,
        eos_token_id=2,
    )  # fmt: skip
    model = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    model.save_pretrained(tmp_path)
    prompt, n = [5, 17, 60, 3], 800
    out = model.generate(
        torch.tensor([prompt]), max_new_tokens=1, do_sample=True, output_scores=True,
        return_dict_in_generate=True, pad_token_id=0, **{"top_k": 50} | asked,
    )  # fmt: skip
    due = n * torch.softmax(out.scores[0][0].double(), dim=-1).numpy()
    ours, counts = attnviz.load_model(tmp_path), np.zeros(N_IDS)
    for seed in range(n):
        written = attnviz.generate(
            ids=prompt, model=ours, max_new_tokens=1, do_sample=True, seed=seed, **asked
        )
        counts[written.ids[0]] += 1
    assert not counts[due == 0].any()
    often = due >= 5
    seen = np.append(counts[often], counts[~often].sum())
    expected = np.append(due[often], due[~often].sum())
    kept = expected > 0
    chi = ((seen - expected)[kept] ** 2 / expected[kept]).sum()
    n_free = max(kept.sum() - 1, 1)
    assert chi < n_free + 5 * np.sqrt(2 * n_free)  # five standard deviations
