"""Texts that models write, against transformers' `generate`: id for id."""

import json

import numpy as np
import pytest
import torch
import transformers

import attnviz
from tests.reference import make_checkpoints  # noqa: F401 it sets experts of NLLB right

N_IDS = 61
DECODER = {
    "vocab_size": N_IDS, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 40, "max_position_embeddings": 64,
    "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "head_dim": 16,
}  # fmt: skip
BART = {
    "vocab_size": N_IDS, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2,
    "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 48, "max_position_embeddings": 64, "bos_token_id": 0, "pad_token_id": 1,
    "eos_token_id": 2, "decoder_start_token_id": 2, "forced_bos_token_id": None,
    "forced_eos_token_id": None,
}  # fmt: skip
T5 = {
    "vocab_size": N_IDS, "d_model": 32, "d_kv": 16, "d_ff": 40, "num_layers": 2, "num_heads": 3,
    "decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1,
}  # fmt: skip
MODELS = {
    "llama": ("LlamaForCausalLM", DECODER | {"tie_word_embeddings": False}),
    "mistral": ("MistralForCausalLM", DECODER | {"sliding_window": 4}),
    "gemma2": ("Gemma2ForCausalLM", DECODER | {"sliding_window": 4, "query_pre_attn_scalar": 16}),
    "gpt2": (
        "GPT2LMHeadModel",
        {
            "vocab_size": N_IDS, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64,
            "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
        },
    ),
    "phi3": (  # outgrows its first length while it writes
        "Phi3ForCausalLM",
        {name: value for name, value in DECODER.items() if name != "head_dim"}
        | {
            "original_max_position_embeddings": 10,
            "rope_parameters": {
                "rope_type": "longrope", "rope_theta": 10000.0,
                "short_factor": [1.0, 1.1, 1.2, 1.3],
                "long_factor": [1.5, 2.0, 4.0, 8.0], "original_max_position_embeddings": 10,
            },
        },
    ),
    "bart": ("BartForConditionalGeneration", BART),
    "t5": ("T5ForConditionalGeneration", T5),
    "longt5": ("LongT5ForConditionalGeneration", T5 | {"local_radius": 2}),
    "switch_transformers": (
        "SwitchTransformersForConditionalGeneration",
        T5
        | {"num_experts": 3, "expert_capacity": 15, "num_sparse_encoder_layers": 1}
        | {"num_sparse_decoder_layers": 2, "num_decoder_layers": 2},
    ),
    "t5gemma": (
        "T5GemmaForConditionalGeneration",
        {
            "vocab_size": N_IDS, "tie_word_embeddings": True, "decoder_start_token_id": 2,
            **{
                half: DECODER | {"sliding_window": 4, "query_pre_attn_scalar": 16}
                for half in ("encoder", "decoder")
            },
        },
    ),
    "led": (
        "LEDForConditionalGeneration",
        {name: value for name, value in BART.items() if name != "max_position_embeddings"}
        | {"attention_window": 4, "max_encoder_position_embeddings": 32}
        | {"max_decoder_position_embeddings": 32},
    ),
    "nllb-moe": (
        "NllbMoeForConditionalGeneration",
        BART | {"num_experts": 3, "encoder_sparse_step": 1, "decoder_sparse_step": 2},
    ),
}  # fmt: skip
PROMPTS = ([5, 17, 60, 3], [9, 8, 30, 2, 9, 8, 44], [41])
PROCESSORS = {
    "plain": {},
    "repetition": {"repetition_penalty": 1.7},
    "n-grams": {"no_repeat_ngram_size": 2, "min_new_tokens": 4},
    "bans": {
        "suppress_tokens": [7, 8, 9], "begin_suppress_tokens": [11, 12],
        "bad_words_ids": [[13], [5, 17], [30, 2]], "forced_eos_token_id": 2,
    },
}  # fmt: skip
SEARCHES = {
    "greedy": {},
    "2 beams": {"num_beams": 2},
    "4 beams, short": {"num_beams": 4, "length_penalty": 0.0, "early_stopping": True},
    "3 beams, long": {"num_beams": 3, "length_penalty": 2.0, "early_stopping": "never"},
}
NEW = 14


def disturbed(name, folder):
    """A tiny model far from its start, whose logits differ enough to have a clear best."""
    kind, config = MODELS[name]
    made = getattr(transformers, kind)
    torch.manual_seed(len(name))
    config = made.config_class(**config, attn_implementation="eager")
    model = made(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
    model.generation_config.forced_eos_token_id = None
    model.save_pretrained(folder)
    return made.from_pretrained(folder, attn_implementation="eager").eval()


@pytest.fixture(scope="module", params=MODELS)
def both(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return disturbed(request.param, folder), folder


def seen_by_all(theirs, prompt):
    """What LED is told beside the prompt: that its first token sees all."""
    if theirs.config.model_type != "led":
        return {}
    return {"global_attention_mask": (torch.arange(len(prompt)) == 0).long()[None]}


def in_file(folder, processors):
    """Write what no argument says into generation_config.json, in place of what stood there."""
    file = folder / "generation_config.json"
    known = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")
    config = {name: v for name, v in json.loads(file.read_text()).items() if name in known}
    file.write_text(json.dumps(config | processors))


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("processors", PROCESSORS)
def test_the_same_ids_as_generate(both, processors, search):
    theirs, folder = both
    in_file(folder, PROCESSORS[processors])
    ours = attnviz.load_model(folder)
    options = SEARCHES[search]
    for prompt in PROMPTS:
        whole = theirs.generate(
            torch.tensor([prompt]), max_new_tokens=NEW, do_sample=False,
            **options, **PROCESSORS[processors], **seen_by_all(theirs, prompt),
        )  # fmt: skip
        start = 1 if theirs.config.is_encoder_decoder else len(prompt)
        wanted = whole[0, start:].tolist()
        written = attnviz.generate(ids=prompt, model=ours, max_new_tokens=NEW, **options)
        while wanted and len(wanted) > len(written.ids):  # padded after its end
            assert wanted.pop() == theirs.generation_config.pad_token_id
        assert written.ids == wanted


def test_logits_are_those_of_transformers(both):
    theirs, folder = both
    in_file(folder, {})
    ours = attnviz.load_model(folder)
    prompt = PROMPTS[0]
    written = attnviz.generate(ids=prompt, model=ours, max_new_tokens=6)
    found = theirs.generate(
        torch.tensor([prompt]), max_new_tokens=6, do_sample=False, output_logits=True,
        return_dict_in_generate=True, **seen_by_all(theirs, prompt),
    )  # fmt: skip
    for step, logits in zip(written.steps, found.logits, strict=True):
        shares = torch.softmax(logits[0].double(), dim=-1).numpy()
        best = np.argsort(-shares, kind="stable")[:6]
        assert step.id == best[0]
        np.testing.assert_allclose(step.probability, shares[step.id], rtol=2e-5)
        assert [i for i, _, _ in step.alternatives] == best[1:].tolist()
        np.testing.assert_allclose([p for *_, p in step.alternatives], shares[best[1:]], rtol=2e-5)


def test_the_record_has_the_rows_that_generate_saw(both):
    theirs, folder = both
    # The positions of phi3 turn another way from the 11th token on, and one record has one way.
    new = 10 - len(PROMPTS[1]) if theirs.config.model_type == "phi3" else NEW
    in_file(folder, {})
    written = attnviz.generate(ids=PROMPTS[1], model=attnviz.load_model(folder), max_new_tokens=new)
    found = theirs.generate(
        torch.tensor([PROMPTS[1]]), max_new_tokens=new, do_sample=False, output_attentions=True,
        return_dict_in_generate=True, **seen_by_all(theirs, PROMPTS[1]),
    )  # fmt: skip
    seq2seq = theirs.config.is_encoder_decoder
    steps = found.decoder_attentions if seq2seq else found.attentions
    stack = written.record.stacks["decoder" if seq2seq else "self"]
    first = len(written.prompt) - 1
    for t, step in enumerate(steps):
        for layer, given in enumerate(step):
            row = given[0, :, -1].numpy()
            ours = stack.weights[layer, :, first + t, : first + t + 1]
            np.testing.assert_allclose(
                ours[:, -row.shape[1] :], row[:, -ours.shape[1] :], atol=2e-6
            )


@pytest.mark.parametrize("returned", [1, 2])
def test_the_attentions_of_a_beam_search_are_those_of_its_text_at_once(returned):
    """Each text's rows, followed by beam_indices, beside one pass over the finished ids."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**DECODER, attn_implementation="eager")
    theirs = transformers.LlamaForCausalLM(config).eval()
    ids = torch.tensor([[5, 17, 60, 3]])
    outputs = theirs.generate(
        ids, attention_mask=torch.ones_like(ids), num_beams=4, num_return_sequences=returned,
        max_new_tokens=8, do_sample=False, output_attentions=True, return_dict_in_generate=True,
    )  # fmt: skip
    for nth in range(returned):
        n_steps = int((outputs.beam_indices[nth] >= 0).sum())
        whole = outputs.sequences[nth, : ids.shape[1] + n_steps - 1]
        chosen = {
            "attentions": outputs.attentions,
            "beam_indices": outputs.beam_indices[nth : nth + 1],
        }
        record = attnviz.from_weights(chosen, whole.tolist())
        with torch.no_grad():
            expected = theirs(whole[None], output_attentions=True).attentions
        expected = np.stack([layer[0].numpy() for layer in expected])
        np.testing.assert_allclose(record.stack.weights, expected, atol=2e-6)
