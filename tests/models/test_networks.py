"""Networks layer by layer: runs that go on from a kept state, and runs token by token."""

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError, scaled_dot_product_attention
from attnviz.inputs.text import from_ids
from attnviz.models.model import Inputs, Prepared
from tests.reference import checkpoints

IDS = [5, 17, 60, 3, 0, 23, 41, 9, 30]
SOURCE = [9, 8, 30, 2]
DECODERS = (
    "gpt2", "gpt_neo", "gpt_neox", "llama", "mistral", "qwen2, windows", "qwen3", "phi3", "gemma",
    "gemma2", "gemma3_text", "t5", "bart, with a head", "mbart", "marian", "m2m_100", "pegasus",
)  # fmt: skip


def opened(case, folder):
    checkpoints.write(case, folder / "model")
    model = attnviz.load_model(folder / "model")
    source = SOURCE if model.reads_source else None
    return model, model.prepare(Inputs(ids=IDS, source_ids=source))


def attend(_stack, query, key, value, *, layer=0, w_output=None, **options):  # noqa: ARG001
    return scaled_dot_product_attention(query, key, value, enable_gqa=True, **options)[0]


def kept_states(model, prepared):
    states = []
    return states, model.resume(model.begin(prepared), attend, states.append)


@pytest.mark.parametrize("case", checkpoints.CASES)
def test_a_run_goes_on_from_every_kept_state(case, tmp_path):
    model, prepared = opened(case, tmp_path)
    states, hidden = kept_states(model, prepared)
    stacks = [layout for name, layout in model.layouts.items() if name != "cross"]
    without = len(model.network.blocks) - stacks[0].n_layers if stacks[0].numbers else 0
    assert len(states) == 1 + without + sum(layout.n_layers for layout in stacks)
    for state in states:
        before = state.x.copy()
        assert np.array_equal(model.resume(state, attend), hidden)
        assert np.array_equal(state.x, before)


@pytest.mark.parametrize("case", ["bert", "longformer", "gpt_neox", "gemma2", "t5", "mbart"])
def test_what_changes_in_a_layer_changes_only_what_comes_after_it(case, tmp_path):
    model, prepared = opened(case, tmp_path)
    states, hidden = kept_states(model, prepared)
    last = list(model.layouts)[-1]  # "self", or "cross" of the decoder

    def without_a_head(stack, *qkv, layer=0, **options):
        output = attend(stack, *qkv, layer=layer, **options)
        if (stack, layer) == (last, 1):
            output[0] = 0
        return output

    whole = model.run(prepared, without_a_head)
    assert np.abs(whole - hidden).max() > 1e-3
    from_there = next(s for s in states if s.layer == 1 and s.tower in ("self", "decoder"))
    assert np.array_equal(model.resume(from_there, without_a_head), whole)


class Cache:
    """Keys and values of earlier tokens, put before those of the tokens that are run."""

    def __init__(self):
        self.kept, self.start = {}, 0

    def attend(self, stack, query, key, value, *, layer=0, mask=None, **options):
        if stack != "cross":
            if (stack, layer) in self.kept:
                pairs = zip(self.kept[stack, layer], (key, value), strict=True)
                key, value = (np.concatenate(pair, axis=1) for pair in pairs)
            self.kept[stack, layer] = key, value
            rows = np.arange(query.shape[1]) + self.start
            mask = mask(rows, np.arange(key.shape[1]))
        return attend(stack, query, key, value, layer=layer, mask=mask, **options)


@pytest.mark.parametrize("case", DECODERS)
def test_token_by_token_through_a_cache_is_the_whole_run(case, tmp_path):
    model, prepared = opened(case, tmp_path)
    states, whole = kept_states(model, prepared)
    encoded = states[-1].shared.source
    cache, rows = Cache(), []
    for start, stop in ((0, 4), *((i, i + 1) for i in range(4, len(IDS)))):
        cache.start = start
        fed = Prepared({"text": from_ids(IDS[start:stop])})
        state = model.begin(fed, start=start, encoded=encoded)
        rows.append(model.resume(state, cache.attend))
    off = np.abs(np.concatenate(rows) - whole).max()
    assert off < 1e-5 * max(1, np.abs(whole).max())


def test_each_tower_has_a_vocabulary_of_its_own(tmp_path):
    checkpoints.write("marian, two vocabularies", tmp_path / "model")
    model = attnviz.load_model(tmp_path / "model")
    n_source, n_text = (model.network.limits(role).n_ids for role in ("source", "text"))
    assert n_source != n_text
    most = max(n_source, n_text) - 1
    for source, text, fits in ((n_source - 1, n_text - 1, True), (most, most, False)):
        fed = Inputs(ids=[text], source_ids=[source])
        if fits:
            model.run(model.prepare(fed), attend)
        else:
            with pytest.raises(AttnvizError, match=f"{most} has no embedding"):
                model.prepare(fed)
