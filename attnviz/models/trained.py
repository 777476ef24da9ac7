"""A checkpoint as a model: it cuts texts, runs them, and says what it holds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.attention.masks import Rule
from attnviz.errors import AttnvizError, bad_choice
from attnviz.files.safetensors import FLOATS, Tensors, open_tensors
from attnviz.inputs.tokens import TOKENIZERS, Tokens, encode, from_ids, open_tokenizer
from attnviz.models.checkpoint.config import Fields, Weights
from attnviz.models.checkpoint.tokenizer import FILES as TOKENIZER_FILES
from attnviz.models.checkpoint.tokenizer import find_tokenizer
from attnviz.models.families import read_family
from attnviz.models.layers import Floats
from attnviz.models.network.network import Attend, Inputs, Layout, Network, linears
from attnviz.threads import one_blas_thread
from attnviz.tracing.recorder import Part, Recorder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# The codes that translation models put before a text: __en__ (M2M-100), en_XX, eng_Latn (NLLB).
LANGUAGE = re.compile(r"__[a-z]{2,3}__|[a-z]{2,3}_[A-Za-z]{2,4}")
MANY = 192  # tokens from which on workers share a network; with fewer BLAS threads are quicker


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A transformer checkpoint whose attention goes through a recorder.

    Called on tokens, it returns the final hidden state, (tokens, width).
    """

    name: str
    folder: Path
    config: Mapping[str, Any]
    network: Network
    tensors: Tensors

    origin = "trained"

    @property
    def family(self) -> str:
        """The config's model_type."""
        return str(self.config["model_type"])

    @property
    def details(self) -> Mapping[str, Any]:
        """What the record says of it beside its name."""
        return {"model_type": self.family, "dtypes": self.dtypes}

    @property
    def dtypes(self) -> list[str]:
        """Those of its weights, in the words of safetensors files."""
        return sorted({entry.dtype for entry in self.tensors.values()} & FLOATS.keys())

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Its stacks, with their heads and the mask of each layer."""
        return self.network.stacks

    @property
    def reads_source(self) -> bool:
        """Whether it has an encoder that reads another text than its decoder is fed."""
        return "cross" in self.layouts

    @property
    def type(self) -> str:
        """The type of attention that is its own: "self", "causal" or "cross"."""
        if self.reads_source:
            return "cross"
        one_way = all(not rule([0], [1])[0, 0] for rule in self.layouts["self"].masks)
        return "causal" if one_way else "self"

    @property
    def has_global_tokens(self) -> bool:
        """Whether some tokens see all beside a window (Longformer)."""
        return self.family == "longformer"

    @property
    def multiply_adds_per_token(self) -> int:
        """What a token costs outside of attention: the numbers of the linear maps it passes."""
        return sum(math.prod(one.weight.shape) for one in linears(self.network))

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The folder's own tokenizer; AttnvizError if it has none."""
        return find_tokenizer(self.folder)

    def stacks_of(self, tokens: Tokens, source: Tokens | None = None) -> dict[str, Part]:
        """What a recorder has to know of each stack before the run."""
        keys = {"encoder": source, "cross": source}
        queries = {"encoder": source}
        return {
            name: Part(queries.get(name) or tokens, keys.get(name) or tokens, layout.n_layers)
            for name, layout in self.layouts.items()
        }

    def __call__(
        self,
        tokens: Tokens | Sequence[int],
        recorder: Recorder,
        mask: Rule | None = None,
        source: Tokens | Sequence[int] | None = None,
        *,
        global_tokens: Sequence[int] | None = None,
    ) -> Floats:
        """Run tokens, or token ids, through the network; each layer attends by way of `recorder`.

        mask: takes the place of every self-attention's own, to see what the same model does under
        another. source: what the encoder of an encoder-decoder reads. global_tokens: positions
        that see all, for Longformer; the first alone unless given. Returns the final hidden state
        (tokens, width). Raises AttnvizError for ids without an embedding, for more tokens than
        there are positions, and where the weights give numbers that are none.
        """
        fed, read = self._checked(tokens, "text"), None
        if self.reads_source:
            read = self._checked(source, "source").ids
        elif source is not None:
            raise AttnvizError(
                f"{self.name} ({self.family}) reads one text, and a source was given.",
                "Leave the source out, or choose an encoder-decoder.",
            )
        segments = np.zeros_like(fed.ids) if fed.segments is None else fed.segments
        chosen = (0,) if global_tokens is None else tuple(sorted(set(global_tokens)))
        long = len(fed) >= MANY  # BLAS threads wake sooner, workers also share what is not BLAS
        with (
            np.errstate(over="ignore", invalid="ignore", divide="ignore"),
            one_blas_thread() if long else nullcontext(),
        ):
            attend: Attend = recorder.attend if mask is None else _under(mask, recorder)
            hidden = self.network(Inputs(fed.ids, segments, read, chosen), attend)
        if not np.isfinite(hidden).all():
            raise self._not_numbers()
        return hidden

    def tokenize(
        self, text: str, pair: str | None = None, *, tokenizer: str | None = None,
        what: str = "text", language: str | None = None, truncate: bool = False,
        shifted: bool = False,
    ) -> Tokens:  # fmt: skip
        """Cut a text, or a pair of texts, as the model was trained to.

        tokenizer: a tokenizer.json in place of the folder's own. language: the code that a
        translation model puts before a text (ary_Arab …). truncate: cut what has no position.
        shifted: as a decoder is fed: its start token first, the last token left out.
        """
        used = self._tokenizer(tokenizer)
        limit = self.network.n_positions
        used.no_truncation()
        if truncate and limit is not None:
            used.enable_truncation(limit if language is None else max(limit - 2, 1))
        if language is not None:
            tokens = _in_language(used, text, language, what)
        else:
            tokens = encode(used, text, pair, what=what)
        fed = self._fed_to_decoder(tokens, used) if shifted else tokens
        return self.cut(fed, truncate=truncate)

    def cut(self, tokens: Tokens, *, truncate: bool) -> Tokens:
        """The tokens that there are positions for, where it is asked to cut."""
        limit = self.network.n_positions
        if not truncate or limit is None or len(tokens) <= limit:
            return tokens
        return tokens.at(np.arange(limit))

    def _tokenizer(self, file: str | None) -> Tokenizer:
        if file in TOKENIZERS:
            raise AttnvizError(
                f"--tokenizer {file} is for the built-in heads: {self.name} has its own.",
                "Leave it out, or give a tokenizer.json.",
            )
        used = self.tokenizer if file is None else open_tokenizer(Path(file))
        n_pieces = used.get_vocab_size(with_added_tokens=True)
        if n_pieces > self.network.n_ids:
            raise AttnvizError(
                f"The tokenizer knows {n_pieces:,} tokens and {self.name} has embeddings for "
                f"{self.network.n_ids:,}.",
                "It belongs to another model: give the right one with --tokenizer.",
            )
        return used

    def _fed_to_decoder(self, tokens: Tokens, tokenizer: Tokenizer) -> Tokens:
        start = self.config.get("decoder_start_token_id")
        start = self.config.get("bos_token_id") if start is None else start
        if not isinstance(start, int):
            return tokens
        n_kept = len(tokens) - bool(tokens.special[-1] and len(tokens) > 1)
        return _between([start], tokens.at(np.arange(n_kept)), [], tokenizer)

    def _checked(self, given: Tokens | Sequence[int] | None, what: str) -> Tokens:
        if given is None:
            raise AttnvizError(
                f"{self.name} ({self.family}) has an encoder, and there is no source to read.",
                "Give it with --source or --source-file.",
            )
        tokens = given if isinstance(given, Tokens) else from_ids(given)
        largest = int(tokens.ids.max())
        if largest >= self.network.n_ids:
            raise AttnvizError(
                f"The token id {largest} has no embedding: {self.name} has {self.network.n_ids:,}.",
                "The tokenizer belongs to another model: give the right one with --tokenizer.",
            )
        limit = self.network.n_positions
        if limit is not None and len(tokens) > limit:
            raise AttnvizError(
                f"The {what} has {len(tokens):,} tokens and {self.name} has positions for "
                f"{limit:,}.",
                "Give a shorter one, or --truncate to cut it.",
                key="err.too_long",
                n_tokens=len(tokens),
                limit_tokens=limit,
                option="--truncate",
            )
        return tokens

    def _not_numbers(self) -> AttnvizError:
        """Where the numbers that are none came from."""
        for name, entry in self.tensors.items():
            if entry.dtype in FLOATS and not np.isfinite(self.tensors.array(name)).all():
                return AttnvizError(
                    f"The tensor {name} in {entry.file} holds NaN or infinity.",
                    "The checkpoint is damaged: fetch it again.",
                )
        return AttnvizError(
            f"{self.name} gave NaN or infinity for this text.",
            "Its numbers grew too large: check the checkpoint with `attnviz models --verify`.",
        )

    def about(self) -> dict[str, Any]:
        """What the checkpoint holds, for people and programs: JSON-ready."""
        entries = self.tensors.values()
        return {
            "name": self.name,
            "model_type": self.family,
            "parameters": sum(math.prod(e.shape) for e in entries if e.dtype in FLOATS),
            "bytes": sum(entry.n_bytes for entry in entries),
            "dtypes": self.dtypes,
            "positions": self.network.n_positions,
            "vocabulary": self.network.n_ids,
            "licence": _licence(self.folder),
            "tokenizer": _tokenizer_file(self.folder),
            "stacks": {
                name: {
                    "layers": layout.n_layers,
                    "heads": layout.n_heads,
                    "key_heads": layout.n_key_heads,
                    "masks": [str(mask) for mask in layout.masks],
                }
                for name, layout in self.layouts.items()
            },
        }


def _licence(folder: Path) -> str | None:
    """What the model card says at its head, if there is one."""
    card = folder / "README.md"
    if not card.is_file():
        return None
    lines = card.read_text(encoding="utf-8", errors="replace").splitlines()[:100]
    said = [line.partition(":")[2].strip() for line in lines if line.startswith("license:")]
    return said[0].strip("\"'") if said else None


def _tokenizer_file(folder: Path) -> str | None:
    found = [name for name in TOKENIZER_FILES if (folder / name).is_file()]
    return found[0] if found and found[0] != TOKENIZER_FILES[-1] else None


def _under(mask: Rule, recorder: Recorder) -> Attend:
    """The recorder's door, with this mask for every self-attention."""

    def attend(stack: str, *qkv: Floats, **options: Any) -> Floats:
        given = options if stack == "cross" else options | {"mask": mask}
        return recorder.attend(stack, *qkv, **given)

    return attend


def _in_language(tokenizer: Tokenizer, text: str, language: str, what: str) -> Tokens:
    """[language] text </s>, as M2M-100, mBART and NLLB read and write."""
    added = (token.content for token in tokenizer.get_added_tokens_decoder().values())
    known = sorted(name for name in added if LANGUAGE.fullmatch(name))
    code = next((c for c in (language, f"__{language}__") if c in known), None)
    if code is None:
        raise bad_choice(language, "a language of this model", known or ["none"])
    if tokenizer.token_to_id("</s>") is None:
        raise AttnvizError(
            "The tokenizer has no </s>, which ends a text in a language.",
            "Leave the language out, or give another tokenizer.",
        )
    tokens = encode(tokenizer, text, special=False, what=what)
    first, last = (tokenizer.token_to_id(name) or 0 for name in (code, "</s>"))
    return _between([first], tokens, [last], tokenizer)


def _between(
    before: Sequence[int], tokens: Tokens, after: Sequence[int], tokenizer: Tokenizer
) -> Tokens:
    """The tokens of one text with special tokens, by their ids, before and after."""
    added = from_ids([*before, *after], tokenizer)
    n = len(before)
    no_span = np.zeros((len(added), 2), dtype=np.int64)
    flags = np.ones(len(added), dtype=np.bool_)
    return replace(
        tokens,
        ids=np.concatenate([added.ids[:n], tokens.ids, added.ids[n:]]),
        labels=(*added.labels[:n], *tokens.labels, *added.labels[n:]),
        pieces=(*added.pieces[:n], *tokens.pieces, *added.pieces[n:]),
        spans=np.concatenate([no_span[:n], tokens.spans, no_span[n:]]),
        special=np.concatenate([flags[:n], tokens.special, flags[n:]]),
    )


def load(folder: Path, name: str) -> TrainedModel:
    """The model in a checkpoint folder. Every tensor is found and its shape checked; none is read.

    Raises AttnvizError where config, tensors or family are not what they have to be.
    """
    config, module = read_family(folder)
    family = import_module(f"attnviz.models.families.{module}")
    tensors = open_tensors(folder)
    fields = Fields(config, folder / "config.json")
    network: Network = family.build(fields, Weights.found(tensors, folder, family.ANCHOR))
    fields.finish()
    return TrainedModel(name, folder, config, network, tensors)
