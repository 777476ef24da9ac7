"""What every kin of Llama predicts, writes, and loses without a head, against transformers."""

import numpy as np
import pytest
import torch

import attnviz
from attnviz.models.families import FAMILIES
from attnviz.models.model import Inputs
from attnviz.tracing.cache import KeyValueCache
from tests.reference import checkpoints
from tests.reference.make_checkpoints import CASES, load

KINDS = [kind for kind in FAMILIES["llama"] if not kind.endswith("_text") and kind != "eurobert"]
IDS = [5, 17, 60, 3, 9, 23, 41, 30]
NEW = 12


# Its rotation changes when a text outgrows it: transformers then forgets all keys that it kept.
OUTGROWN = "phi3, long rotation"


def with_a_head(kind):
    """The case of this model_type that predicts the next token."""
    heads = (n for n, case in CASES.items() if case.model.endswith("ForCausalLM"))
    named = (n for n in heads if n != OUTGROWN)
    return next(n for n in named if n.partition(",")[0] == kind)


@pytest.fixture(params=KINDS)
def case(request, tmp_path):
    found = with_a_head(request.param)
    checkpoints.write(found, tmp_path)
    return found, tmp_path


@torch.no_grad()
def logits(model, ids=IDS):
    return model(torch.tensor([ids])).logits[0].numpy()


def test_logits_are_those_of_transformers_in_float64(case):
    name, folder = case
    wanted = logits(load(name, folder, torch.float64))
    model = attnviz.load_model(folder)
    hidden = model.run(model.prepare(Inputs(ids=IDS)), KeyValueCache().attend)
    assert np.abs(model.logits(hidden) - wanted).max() < 1e-5 * max(1, np.abs(wanted).max())


def test_the_same_ids_as_generate(case):
    name, folder = case
    whole = load(name, folder).generate(
        torch.tensor([IDS]), max_new_tokens=NEW, do_sample=False, pad_token_id=0
    )
    written = attnviz.generate(ids=IDS, model=str(folder), max_new_tokens=NEW)
    assert written.ids == whole[0, len(IDS) :].tolist()


def test_every_head_taken_away_against_hooks(case):
    name, folder = case
    model = load(name, folder, torch.float64)
    clean = torch.tensor(logits(model)[-1]).log_softmax(-1)
    found = attnviz.effects(ids=IDS, model=str(folder), by="zero").table
    assert found.shape[0] == len(model.model.layers)
    for layer, block in enumerate(model.model.layers):
        dim = block.self_attn.head_dim
        for head in range(found.shape[1]):

            def without(_, args, here=slice(dim * head, dim * (head + 1))):
                changed = args[0].clone()
                changed[..., here] = 0
                return (changed,)

            handle = block.self_attn.o_proj.register_forward_pre_hook(without)
            other = torch.tensor(logits(model)[-1]).log_softmax(-1)
            handle.remove()
            wanted = float((clean.exp() * (clean - other)).sum())
            assert found[layer, head] == pytest.approx(wanted, rel=2e-3, abs=1e-5)
