"""What configs mean: against transformers' own config classes and models, all of them tiny."""

import json

import numpy as np
import pytest
import torch
import transformers

import attnviz
from tests.reference import make_fields

IDS = [5, 17, 60, 3, 8, 23, 41, 9, 11, 30]
TOLERANCE = 5e-6  # scores of T5 are not scaled: its attention is peaked
SMALL = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 61, "max_position_embeddings": 64, "pad_token_id": 0,
    "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
T5 = {"vocab_size": 61, "d_model": 32, "d_kv": 8, "d_ff": 40, "num_layers": 2, "num_heads": 4}
MODELS = {
    "EmbeddingGemma": (
        "Gemma3TextModel",
        SMALL | {"head_dim": 8, "sliding_window": 4, "use_bidirectional_attention": True},
    ),
    "a decoder both ways": ("Qwen2Model", SMALL | {"is_causal": False}),
    "the encoder of T5": ("T5EncoderModel", T5),
    "a field that nobody reads": ("LlamaModel", SMALL | {"is_llama_config": True}),
}


def test_the_stored_fields_and_defaults_are_those_of_transformers():
    assert json.loads(make_fields.FILE.read_text()) == make_fields.made()


@pytest.mark.parametrize("name", MODELS)
def test_weights_are_those_of_transformers(name, tmp_path):
    kind, config = MODELS[name]
    torch.manual_seed(7)
    made = getattr(transformers, kind)
    whole = made.config_class(**config)
    model = made._from_config(whole, attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.25)
    model.save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | saved))
    with torch.no_grad():
        expected = model(torch.tensor([IDS]), output_attentions=True).attentions
    got = attnviz.trace(ids=IDS, model=tmp_path).stacks["self"].weights
    for layer, weights in enumerate(expected):
        np.testing.assert_allclose(got[layer], weights[0], rtol=0, atol=TOLERANCE)
