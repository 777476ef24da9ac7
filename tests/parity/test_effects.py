"""Knock-outs against PyTorch: hooks before each output map, and transformers' attention masks."""

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertModel,
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)  # fmt: skip

import attnviz
from attnviz.tracing.of_heads import trace_heads

IDS = [3, 17, 5, 40, 11, 29, 8, 33, 21]
SIZES = {"vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
LLAMA = SIZES | {"intermediate_size": 48, "num_key_value_heads": 2, "head_dim": 8}

MODELS = {
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=60, n_embd=32, n_layer=3, n_head=4)),
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**LLAMA)),
    "gemma2": lambda: Gemma2ForCausalLM(Gemma2Config(**LLAMA, sliding_window=4)),
    "bert": lambda: BertForMaskedLM(BertConfig(**SIZES, intermediate_size=48)),
    "vectors": lambda: BertModel(BertConfig(**SIZES, intermediate_size=48)),
}


@pytest.fixture(params=MODELS)
def model(request, tmp_path):
    torch.manual_seed(5)
    found = MODELS[request.param]().eval()
    found.config._attn_implementation = "eager"
    with torch.no_grad():
        for weight in found.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    found.save_pretrained(tmp_path)
    return request.param, found, tmp_path


def output_maps(model):
    names = ("attn.c_proj", "self_attn.o_proj", "attention.output.dense")
    return [module for name, module in model.named_modules() if name.endswith(names)]


def answers(kind, model, hook=None, mask=None):
    handle = hook[0].register_forward_pre_hook(hook[1]) if hook else None
    with torch.no_grad():
        out = model(torch.tensor([IDS]), attention_mask=mask)
    if handle:
        handle.remove()
    if kind == "vectors":
        states = out.last_hidden_state[0].double()
        kept = states if mask is None else states[mask[0].bool()]
        vector = kept.mean(0)
        return vector / vector.norm()
    place = -1 if kind != "bert" else MASKED
    return out.logits[0, place].double().log_softmax(-1)


MASKED = 4


def apart(kind, clean, other):
    if kind == "vectors":
        return float(1 - clean @ other)
    return float((clean.exp() * (clean - other)).sum())


def read(kind, folder, **options):
    config = folder / "config.json"
    if kind == "bert":  # no tokenizer here: the id of the mask stands in the config
        import json

        tree = json.loads(config.read_text())
        config.write_text(json.dumps(tree | {"mask_token_id": IDS[MASKED]}))
    return attnviz.effects(ids=IDS, model=str(folder), by="zero", **options)


def test_every_head_against_hooks(model):
    kind, reference, folder = model
    clean = answers(kind, reference)
    found = read(kind, folder)
    for layer, output in enumerate(output_maps(reference)):
        for head in range(4):

            def hook(_, args, here=slice(8 * head, 8 * head + 8)):
                changed = args[0].clone()
                changed[..., here] = 0
                return (changed,)

            wanted = apart(kind, clean, answers(kind, reference, (output, hook)))
            assert found.table[layer, head] == pytest.approx(wanted, rel=2e-3, abs=1e-5)


def test_every_token_against_attention_masks(model):
    kind, reference, folder = model
    clean = answers(kind, reference)
    found = read(kind, folder, of="tokens")
    for position in range(len(IDS)):
        if kind != "vectors" and position == (MASKED if kind == "bert" else len(IDS) - 1):
            continue  # transformers' mask of the place that is read leaves nothing to see
        if position == 0 and kind not in ("bert", "vectors"):
            continue  # with the first token hidden its own row is empty there
        mask = torch.ones(1, len(IDS), dtype=torch.long)
        mask[0, position] = 0
        wanted = apart(kind, clean, answers(kind, reference, mask=mask))
        assert found.tokens[position] == pytest.approx(wanted, rel=5e-3, abs=1e-5)


def test_copies_side_by_side_are_copies_alone(model, monkeypatch):
    kind, _, folder = model
    together = read(kind, folder)
    monkeypatch.setattr("attnviz.tracing.bench.MOST_TOKENS", 1)
    alone = read(kind, folder)
    np.testing.assert_allclose(together.table, alone.table, rtol=1e-3, atol=2e-6)
    np.testing.assert_allclose(together.tokens, alone.tokens, rtol=1e-3, atol=2e-6)


def test_what_heads_write_against_hooks(model):
    """‖z_h W_O^h‖ / ‖x‖, x being the hidden state before each layer."""
    kind, reference, folder = model
    heads, biasless = [], []
    hooks = [
        one.register_forward_pre_hook(lambda _, args: heads.append(args[0][0].double()))
        for one in output_maps(reference)
    ]
    with torch.no_grad():
        states = reference(torch.tensor([IDS]), output_hidden_states=True).hidden_states
        for one in output_maps(reference):
            weight = one.weight.double()
            biasless.append(weight if kind == "gpt2" else weight.T)  # Conv1D keeps (in, out)
    for hook in hooks:
        hook.remove()
    found = trace_heads(None, ids=IDS, model=str(folder)).stack.of_heads["writes"]
    for layer, (z, weight) in enumerate(zip(heads, biasless, strict=True)):
        entering = states[layer][0].double().norm(dim=-1)
        for head in range(4):
            here = slice(8 * head, 8 * head + 8)
            wanted = float(((z[:, here] @ weight[here]).norm(dim=-1) / entering).mean())
            assert found[layer, head] == pytest.approx(wanted, rel=1e-4)


def test_the_likeness_of_two_texts_against_hooks(model):
    """The change of the cosine of both texts' vectors, the other one's left as it is."""
    kind, reference, folder = model
    if kind != "vectors":
        return
    other = [9, 2, 31, 44]
    with torch.no_grad():
        states = reference(torch.tensor([other])).last_hidden_state[0].double().mean(0)
    beside = states / states.norm()
    clean = answers(kind, reference)
    found = attnviz.effects(ids=IDS, other_ids=other, model=str(folder), by="zero")
    assert found.unit == "change of the cosine"
    for layer, output in enumerate(output_maps(reference)):
        for head in range(4):

            def hook(_, args, here=slice(8 * head, 8 * head + 8)):
                changed = args[0].clone()
                changed[..., here] = 0
                return (changed,)

            without = answers(kind, reference, (output, hook))
            wanted = float((without - clean) @ beside)
            assert found.table[layer, head] == pytest.approx(wanted, rel=2e-3, abs=1e-5)
