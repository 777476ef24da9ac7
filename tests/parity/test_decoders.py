"""What every decoder predicts, writes, and loses without a head, against transformers."""

import numpy as np
import pytest
import torch
import transformers

import attnviz
from attnviz.models.families import FAMILIES, MODULE_OF
from attnviz.models.model import Inputs
from attnviz.tracing.cache import KeyValueCache
from tests.reference import checkpoints
from tests.reference.make_checkpoints import CASES, default_dtype, load

# Where transformers keeps what merges the heads, by family.
OUTPUTS = {
    "bloom": "self_attention.dense",
    "falcon": "self_attention.dense",
    "gemma4": "self_attn.o_proj",
    "gpt_bigcode": "attn.c_proj",
    "gptj": "attn.out_proj",
    "lfm2": "self_attn.out_proj",
    "llama": "self_attn.o_proj",
    "mpt": "attn.out_proj",
    "opt": "self_attn.out_proj",
    "phi": "self_attn.o_proj",
}
OTHER_OUTPUTS = {"phi": "self_attn.dense"}
KINDS = [
    kind for family in OUTPUTS for kind in FAMILIES[family]
    if not kind.endswith("vl_text") and kind != "eurobert"
]  # fmt: skip
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
    with default_dtype(model.dtype):
        return model(torch.tensor([ids])).logits[0].numpy()


def outputs(model):
    """What merges the heads, layer by layer."""
    kind = model.config.model_type
    end = OTHER_OUTPUTS.get(kind, OUTPUTS[MODULE_OF[kind]])
    return [module for name, module in model.named_modules() if name.endswith(f".{end}")]


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
    merging = outputs(model)
    assert found.shape[0] == len(merging)
    for layer, output in enumerate(merging):
        dim = output.in_features // found.shape[1]
        for head in range(found.shape[1]):

            def without(_, args, here=slice(dim * head, dim * (head + 1))):
                changed = args[0].clone()
                changed[..., here] = 0
                return (changed,)

            handle = output.register_forward_pre_hook(without)
            other = torch.tensor(logits(model)[-1]).log_softmax(-1)
            handle.remove()
            wanted = float((clean.exp() * (clean - other)).sum())
            assert found[layer, head] == pytest.approx(wanted, rel=2e-3, abs=1e-5)


@torch.no_grad()
def test_the_slopes_of_falcon_are_those_of_its_fused_attention(tmp_path):
    """transformers' eager attention adds them twice: once in the mask, once to the scores."""
    config = transformers.FalconConfig(
        vocab_size=61, hidden_size=48, num_hidden_layers=2, num_attention_heads=6, alibi=True,
        parallel_attn=False, multi_query=False, bias=True,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.FalconForCausalLM._from_config(config, attn_implementation="sdpa").eval()
    for weight in model.parameters():
        weight.normal_(0, 0.3).add_(1 if weight.ndim == 1 else 0)
    model.save_pretrained(tmp_path)
    wanted = logits(model.double())
    ours = attnviz.load_model(tmp_path)
    hidden = ours.run(ours.prepare(Inputs(ids=IDS)), KeyValueCache().attend)
    assert np.abs(ours.logits(hidden) - wanted).max() < 1e-5 * max(1, np.abs(wanted).max())
