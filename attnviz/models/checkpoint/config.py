"""A checkpoint's config field by field, and what is wrong with it, said plainly."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.models.checkpoint.json_file import read_object
from attnviz.models.layers import ACTIVATIONS, Activation

# Fields that change how a model is trained, headed, stored or decoded, and not what it attends to.
BOOKKEEPING = frozenset(
    """
    _attn_implementation_autoset _commit_hash _name_or_path _num_labels activation_dropout
    add_bias_logits add_final_layer_norm architectures attention_dropout
    attention_probs_dropout_prob attn_implementation attn_pdrop auto_map bad_words_ids
    begin_suppress_tokens bos_token_id cache_implementation chunk_size_feed_forward
    classif_dropout classifier_activation classifier_bias classifier_dropout
    classifier_dropout_prob classifier_pooling cls_token_id cross_attention_hidden_size
    decoder_bias decoder_bos_token_id decoder_eos_token_id decoder_layerdrop
    decoder_start_token_id decoder_vocab_size deterministic_flash_attn directionality
    diversity_penalty do_sample down_scale_factor dropout dropout_rate dtype early_stopping
    embd_pdrop embed_dropout embedding_dropout embedding_initializer_range
    encoder_layerdrop encoder_no_repeat_ngram_size
    eos_token_id eos_token_ids exponential_decay_length_penalty extra_pos_embeddings
    final_logit_softcapping finetuning_task force_bos_token_to_be_generated forced_bos_token_id
    forced_eos_token_id gap_size generator_size gradient_checkpointing head_type hidden_dropout
    hidden_dropout_prob id2label ignore_index init_std initializer_cutoff_factor
    initializer_factor initializer_range is_encoder_decoder keys_to_ignore_at_inference label2id
    language layerdrop length_penalty license lm_head_bias mask_token_id max_length
    max_source_positions
    max_target_positions min_length mlp_dropout model_max_length model_type n_ctx n_special
    name_or_path net_structure_type no_repeat_ngram_size normalize_before normalize_embedding
    num_beam_groups num_beams num_labels num_memory_blocks num_pretraining_tokens
    num_return_sequences onnx_export output_attentions output_hidden_states output_past
    output_router_logits output_scores pad_token_id pooler_fc_size pooler_num_attention_heads
    pooler_num_fc_layers pooler_size_per_head pooler_type predict_special_tokens prefix
    pretraining_tp problem_type
    qa_dropout reference_compile remove_invalid_values reorder_and_upcast_attn
    repad_logits_with_grad repetition_penalty resid_dropout resid_pdrop return_dict
    return_dict_in_generate router_aux_loss_coef router_jitter_noise save_step
    scale_decoder_outputs sep_token_id seq_classif_dropout
    share_encoder_decoder_embeddings sinusoidal_pos_embds sparse_pred_ignore_index
    sparse_prediction static_position_embeddings summary_activation summary_first_dropout
    summary_last_dropout summary_proj_to_labels summary_type summary_use_proj suppress_tokens
    tags task_specific_params temperature tf_legacy_loss tie_encoder_decoder tie_weights_
    tie_word_embeddings title tokenizer_class top_k top_p torch_dtype torchscript
    transformers_version typical_p unk_token_id use_bfloat16 use_cache
    vocab_size_or_config_json_file
    """.split()  # noqa: SIM905 a list of so many names reads worse
)

# What changes the numbers though the class of a model_type may not have it: of older releases, of
# the authors' own code, of other programs. Each with what to do.
_OTHER_ATTENTION = "Its attention is another than that of the family: attnviz does not read it yet."
MATTERS = {
    "pruned_heads": "Some of its heads were taken out: give the model with all heads.",
    "quantization_config": "Its weights are quantised: give the original.",
    "position_embedding_type": _OTHER_ATTENTION,
    "is_causal": _OTHER_ATTENTION,
    "alibi": _OTHER_ATTENTION,
    "use_alibi": _OTHER_ATTENTION,
    "use_bidirectional_attention": _OTHER_ATTENTION,
    "add_cross_attention": _OTHER_ATTENTION,
    "rotary_emb_fraction": _OTHER_ATTENTION,
    "num_experts": "Its layers choose among experts: attnviz does not read them yet.",
    "num_local_experts": "Its layers choose among experts: attnviz does not read them yet.",
    "rope_scaling": _OTHER_ATTENTION,
    "rope_parameters": _OTHER_ATTENTION,
}


LARGEST = 1 << 24  # of what is counted in a config: more is a slip, and would fill the memory
MOST_LAYERS = 4096
LARGEST_REAL = 1e30  # past which float32 has no room


class Fields:
    """A config by its fields: what a family asks for it understands; of the rest `finish` refuses
    what could change the numbers.

    usual: what the fields are that a config does not state, by the class of its model_type in
    transformers. aliases: other names of fields. parts: makes the fields of a config within.
    """

    def __init__(
        self, config: Mapping[str, Any], file: Path,
        usual: Mapping[str, Any] | None = None, aliases: Mapping[str, str] | None = None,
        parts: Callable[[Mapping[str, Any]], Fields] | None = None,
    ):  # fmt: skip
        renamed = {
            field: config[alias] for alias, field in (aliases or {}).items() if alias in config
        }
        self._config = {**renamed, **config}
        self._make_part, self._parts = parts, list[Fields]()
        self._file = file
        self._usual = {**dict.fromkeys(aliases or ()), **(usual or {})}
        self._asked = {  # other names that say the same
            alias for alias, field in (aliases or {}).items()
            if alias in config and config[alias] == self._config[field]
        }  # fmt: skip

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value as it stands; where it is absent what is usual, else the default, which
        null means too."""
        value = self.or_none(name, None)
        return default if value is None else value

    def or_none(self, name: str, default: Any) -> Any:
        """Return the value as it stands, where null does not mean the default but "none"."""
        self._asked.add(name)
        if name in self._config:
            return self._config[name]
        usual = self._usual.get(name)
        return default if usual is None else usual

    def number(self, name: str, default: int | None = None, lowest: int = 1) -> int:
        """Return a whole number; AttnvizError if it is none, or out of bounds."""
        value = self._require(name, default)
        most = MOST_LAYERS if "layer" in name else LARGEST
        if type(value) is not int or not lowest <= value <= most:
            raise self.wrong(name, value, f"a whole number from {lowest} to {grouped(most)}")
        return value

    def real(self, name: str, default: float | None = None) -> float:
        """Return a number above 0; AttnvizError if it is none."""
        value = self._require(name, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value < LARGEST_REAL:
            raise self.wrong(name, value, "a number above 0")
        return float(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """Return true or false; AttnvizError for anything else."""
        value = self.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, value, "true or false")
        return value

    def activation(self, name: str, default: str) -> Activation:
        """Return an activation by its name."""
        value = self.get(name, default)
        if not isinstance(value, str) or value not in ACTIVATIONS:
            raise self.wrong(name, value, f"one of {', '.join(ACTIVATIONS)}")
        return ACTIVATIONS[value]

    def only(self, name: str, *allowed: Any) -> None:
        """Refuse a field unless it has one of the values that are understood."""
        value = self.get(name, allowed[0])
        if value not in allowed:
            raise self.wrong(name, value, " or ".join(json.dumps(a) for a in allowed))

    def per_layer(
        self, name: str, n_layers: int, default: list[str], known: tuple[str, ...]
    ) -> Any:
        """Return one word per layer; AttnvizError unless each of them is known."""
        value = self.get(name, default)
        listed = isinstance(value, list) and len(value) == n_layers
        if not listed or not all(isinstance(kind, str) and kind in known for kind in value):
            raise self.wrong(name, value, f"a list of {n_layers}, each {' or '.join(known)}")
        return value

    def part(self, name: str, without: Collection[str] = ()) -> Fields:
        """Return the fields of a config within this one, but for those that say nothing there;
        AttnvizError where there is none."""
        inner = self.get(name, {})
        if not isinstance(inner, Mapping) or self._make_part is None:
            raise self.wrong(name, inner, "a config")
        kept = {field: value for field, value in inner.items() if field not in without}
        self._parts.append(self._make_part(kept))
        return self._parts[-1]

    def wrong(self, name: str, value: Any, due: str) -> AttnvizError:
        """Make the error for a field whose value is not understood."""
        return AttnvizError(
            f"{self._file} says {name} = {json.dumps(value, default=str)[:80]}.",
            f"It has to be {due}: with another value the numbers would be wrong.",
            key="err.says",
            place=self._file,
            name=name,
            value=json.dumps(value, default=str)[:80],
            due=due,
        )

    def refuse_changed_weights(self) -> None:
        """Raise for what would show as a tensor of another shape."""
        if self._config.get("pruned_heads"):
            raise self._not_understood("pruned_heads")

    def finish(self) -> tuple[str, ...]:
        """Return the fields that no code read, neither here nor in transformers, so that they
        cannot change the numbers. Raises AttnvizError for one that could."""
        rest = {
            name: value
            for name, value in self._config.items()
            if name not in self._asked and name not in BOOKKEEPING and value
        }
        for name, value in rest.items():
            if name in MATTERS or (name in self._usual and value != self._usual[name]):
                raise self._not_understood(name)
        own = tuple(name for name in rest if name not in self._usual)
        return own + tuple(name for part in self._parts for name in part.finish())

    def _not_understood(self, name: str) -> AttnvizError:
        value = json.dumps(self._config[name], default=str)[:80]
        hint = MATTERS.get(name, "It changes the numbers, and attnviz does not read it yet.")
        return AttnvizError(
            f"{self._file} has a field that is not understood: {name} = {value}.",
            hint,
            key="err.field",
            place=self._file,
            name=name,
            value=value,
            todo=hint,
        )

    def _require(self, name: str, default: Any) -> Any:
        value = self.get(name, default)
        if value is None:
            raise AttnvizError(
                f"{self._file} does not say {name}.",
                "Give the config that the model was saved with.",
                key="err.does_not_say",
                place=self._file,
                name=name,
            )
        return value


def read_config(folder: Path) -> dict[str, Any]:
    """Read the config.json of a checkpoint folder; AttnvizError if there is none to read."""
    file = folder / "config.json"
    if not file.is_file():
        raise AttnvizError(
            f"{folder} has no config.json.",
            "Give the folder of a Hugging Face checkpoint.",
            key="err.no_config",
            place=folder,
        )
    return read_object(file)
