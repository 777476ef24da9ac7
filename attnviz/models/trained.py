"""A checkpoint as a model: it runs, and says what it holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.files.tensors import Tensors
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.folder import open_checkpoint, weights_in
from attnviz.models.checkpoint.generation import Generation, read_generation
from attnviz.models.checkpoint.heads import no_head, read_head
from attnviz.models.checkpoint.identity import Identity, hashes, revision_of
from attnviz.models.checkpoint.image_head import read_image_head
from attnviz.models.checkpoint.opened import Checkpoint
from attnviz.models.checkpoint.sound_head import read_sound_head
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.checkpoint.writer_config import ends_its_own_way, writer_config
from attnviz.models.families import fields_of
from attnviz.models.layers import Floats
from attnviz.models.model import (
    AUDIO,
    IMAGE,
    SOURCE,
    TEXT,
    Attend,
    Inputs,
    Layout,
    Prepared,
    StackShape,
    stack_shapes,
)
from attnviz.models.network.network import Feed, Network, State, linears, states
from attnviz.models.network.packed import can_pack, run_packed
from attnviz.models.network.prediction_head import PredictionHead
from attnviz.models.network.seeing_decoder import SeeingDecoder
from attnviz.models.network.two_towers import TwoTowers
from attnviz.models.network.widen import Room, widened
from attnviz.models.prepare import prepare
from attnviz.threads import one_blas_thread

if TYPE_CHECKING:
    from tokenizers import Tokenizer

READ_AS = {  # the fields of `Inputs` that a role is read from
    TEXT: {"text", "ids", "tokenizer", "target_lang", "truncate"},
    IMAGE: {"image"},
    SOURCE: {"source", "source_ids", "source_lang"},
    AUDIO: {"audio", "start", "end"},
}
MANY = 192  # tokens from which on workers share a network; with fewer BLAS threads are quicker


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A transformer checkpoint."""

    name: str
    checkpoint: Checkpoint
    network: Network

    origin = "trained"
    any_type = False  # it was trained with masks of its own

    @property
    def config(self) -> Mapping[str, Any]:
        """Its config, field by field."""
        return self.checkpoint.config

    @property
    def writing(self) -> Mapping[str, Any]:
        """The config of the part that writes: its own, or that of its decoder."""
        return writer_config(self.config)

    @property
    def generation(self) -> Generation:
        """How it is meant to write."""
        folder = None if ends_its_own_way(self.config) else self.checkpoint.folder
        return read_generation(self.writing, folder)

    @property
    def describes(self) -> bool:
        """Whether it writes about a picture that it looks at."""
        return IMAGE in self.roles and self.type == "cross"

    @property
    def tensors(self) -> Tensors:
        """Its tensors by name."""
        return self.checkpoint.tensors

    @property
    def notes(self) -> tuple[str, ...]:
        """What is odd about its files, a line each."""
        return self.checkpoint.notes

    @property
    def family(self) -> str:
        """The config's model_type."""
        return str(self.config["model_type"])

    @property
    def details(self) -> Mapping[str, Any]:
        """What the record says of it beside its name: also which weights it has."""
        stated: dict[str, Any] = {"model_type": self.family, "dtypes": self.dtypes}
        if any(layout.has_sinks for layout in self.layouts.values()):
            stated["learned_sinks"] = True
        return Identity(stated, self.checkpoint.place, self.files)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """Its files of weights, in the order of their names; those of an adapter too."""
        found = {entry.file for entry in self.tensors.values()}
        adapter = self.checkpoint.adapter
        return tuple(sorted(found | (set() if adapter is None else {*weights_in(adapter)})))

    @cached_property
    def dtypes(self) -> list[str]:
        """Those of its weights, in the words of the files."""
        return sorted({entry.dtype for entry in self.tensors.values() if entry.usable})

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Its stacks, with their heads and the mask of each layer."""
        return self.network.layouts

    @property
    def n_ids(self) -> int:
        """Ids that have an embedding, of the text that it is fed."""
        return self.network.limits(TEXT).n_ids

    @property
    def n_positions(self) -> int | None:
        """How many tokens of a text it can take; None if there is no end."""
        return self.network.limits(TEXT).n_positions

    @property
    def reads_source(self) -> bool:
        """Whether it has an encoder that reads another text than its decoder is fed."""
        return SOURCE in self.roles

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of what it reads, the text that it is fed first."""
        found = [role for layout in self.layouts.values() for role in (layout.queries, layout.keys)
                 if role in READ_AS]  # fmt: skip
        return tuple(sorted(set(found), key=lambda role: (role != TEXT, role)))

    @property
    def is_two(self) -> bool:
        """Whether it is two networks that never look at each other: either can be run alone."""
        return len(self.roles) > 1 and self.type != "cross"

    @property
    def compares(self) -> bool:
        """Whether it is made to say how well a text fits a picture."""
        return isinstance(self.network, TwoTowers)

    @property
    def image_token(self) -> int | None:
        """The id that stands for a patch in the text; None where a text has no patches."""
        network = self.network
        return network.image_token if isinstance(network, SeeingDecoder) else None

    @property
    def reads(self) -> frozenset[str]:
        """The fields of `Inputs` that it can use."""
        found = set[str]().union(*(READ_AS[role] for role in self.roles))
        if TEXT in self.roles:
            found |= {"pair"} if self.type == "self" else set()
            found |= set() if self.image_token is None else {"n_prompt"}
        return frozenset(found)

    @property
    def type(self) -> str:
        """The type of attention that is its own: "self", "causal" or "cross"."""
        if any(one.queries != one.keys for one in self.layouts.values() if one.queries in READ_AS):
            return "cross"
        own = self.layouts[self.network.writer.stack]
        one_way = all(not rule([0], [1])[0, 0] for rule in own.masks)
        return "causal" if one_way else "self"

    @property
    def has_global_tokens(self) -> bool:
        """Whether some tokens see all beside a window (Longformer)."""
        return any(layout.has_global_tokens for layout in self.layouts.values())

    @property
    def multiply_adds_per_token(self) -> int:
        """What a token costs outside of attention: the numbers of the linear maps it passes."""
        return sum(math.prod(one.weight.shape) for one in linears(self.network))

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The checkpoint's own tokenizer; AttnvizError if it has none."""
        return self.checkpoint.open_tokenizer()

    @cached_property
    def source_tokenizer(self) -> Tokenizer:
        """The one that cuts what is translated, where it is not the same."""
        opened = self.checkpoint.open_source
        return self.tokenizer if opened is None else opened()

    @cached_property
    def namer(self) -> Tokenizer | None:
        """The folder's own tokenizer; None where it has none, and numbers stand for tokens."""
        try:
            return self.tokenizer
        except AttnvizError:
            return None

    @cached_property
    def head(self) -> PredictionHead:
        """What turns its final hidden state into predictions; AttnvizError where it has none, or
        one that is not understood."""
        tower = self.network.writer
        words = tower.embeddings.words
        width = tower.blocks[-1].attention.output.weight.shape[0]
        if words is None and self.roles == (IMAGE,):
            return read_image_head(self.config, self.tensors, self.checkpoint.config_file, width)
        if words is None and tower.role == AUDIO:
            return read_sound_head(self.config, self.tensors, self.checkpoint.config_file, width)
        if words is None:
            raise no_head(f"is a {self.family} model, which reads no words")
        return read_head(
            self.writing, self.tensors, self.checkpoint.config_file, words.weight, width
        )

    def logits(self, hidden: Floats) -> Floats:
        """Turn the final hidden state (tokens, width) into logits: (tokens, ids or classes)."""
        with np.errstate(over="ignore", invalid="ignore"):
            logits = self.head.logits(hidden)
        if not np.isfinite(logits).all():
            raise self._not_numbers()
        return logits

    def prepare(self, inputs: Inputs) -> Prepared:
        """Turn inputs into tokens, as the model was trained to read them.

        Raises AttnvizError for what it does not read or cannot cut into tokens, for ids without an
        embedding, and for more tokens than there are positions.
        """
        return prepare(self, inputs)

    def stacks(self, prepared: Prepared) -> dict[str, StackShape]:
        """Return its stacks with the tokens that they look from and at."""
        feed, found = _feed(prepared), stack_shapes(self.layouts, prepared.tokens)
        for role in {TEXT, IMAGE} & {*prepared.tokens}:
            tower = self.network.tower(role)
            if tower.sees is not None:
                shape = found[tower.stack]
                layout = replace(shape.layout, masks=tower.masks_for(feed))
                found[tower.stack] = replace(shape, layout=layout)
        return found

    def run(self, prepared: Prepared, attend: Attend) -> Floats:
        """Run the network, each layer attending through `attend`; return the final hidden state
        (tokens, width). Raises AttnvizError where the weights give NaN or infinity."""
        return self.resume(self.begin(prepared), attend)

    def begin(
        self, prepared: Prepared, start: int = 0, encoded: Floats | None = None,
        memory: dict[int, Any] | None = None,
    ) -> State:  # fmt: skip
        """Embed what was prepared: the state before the first layer.

        start: the position of the text's first token, where a cache has what was before it.
        encoded: the encoder's final state (tokens, width), where it was run earlier. memory: what
        layers without attention carry from the tokens before.
        """
        feed = _feed(prepared, start, encoded, memory)
        with _calm(feed):
            return self.network.begin(feed)

    @property
    def runs_together(self) -> bool:
        """Whether several texts can pass it at once."""
        return can_pack(self.network)

    def run_together(self, prepared: Sequence[Prepared], attends: Sequence[Attend]) -> list[Floats]:
        """Run several texts at once, each through its own door; return the final hidden states,
        (tokens, width) each, which are those of single runs. Raises AttnvizError as `run` does."""
        feeds = [_feed(each) for each in prepared]
        with _calm(*feeds):
            found = run_packed(self.network, feeds, attends)
        if not all(np.isfinite(hidden).all() for hidden in found):
            raise self._not_numbers()
        return found

    def resume(
        self, state: State, attend: Attend, watch: Callable[[State], object] | None = None
    ) -> Floats:
        """Run the layers that are left of a begun run; return the final hidden state.

        watch: called with the state before each layer, and with the last one. A state is never
        changed: a run can be resumed from it again, with another door.
        """
        last = state
        with _calm(state.shared.feed):
            for last in states(self.network, state, attend):
                if watch is not None:
                    watch(last)
            hidden = self.network.end(last)
        if not np.isfinite(hidden).all():
            raise self._not_numbers()
        return hidden

    def _not_numbers(self) -> AttnvizError:
        """Find where NaN or infinity came from."""
        for name, entry in self.tensors.items():
            if entry.usable and not np.isfinite(self.tensors.array(name)).all():
                return AttnvizError(
                    f"The tensor {name} in {entry.file} holds NaN or infinity.",
                    "The checkpoint is damaged: fetch it again.",
                    key="err.tensor_holds",
                    name=name,
                    place=entry.file,
                )
        return AttnvizError(
            f"{self.name} gave NaN or infinity for this text.",
            "Its numbers grew too large: compare the checkpoint with transformers.",
            key="err.gave_nan",
            model=self.name,
        )

    def widened(self, max_bytes: int) -> TrainedModel:
        """Return the same model with float32 copies of its narrower weights, for runs of few tokens
        that use them again and again; at most so many bytes of copies."""
        room = Room(max_bytes)
        head = widened(self.head, room)  # the largest map of all, and used for every token
        found = replace(self, network=widened(self.network, room))
        found.__dict__["head"] = head
        kept = ("tokenizer", "source_tokenizer", "namer")
        found.__dict__.update({n: v for n, v in self.__dict__.items() if n in kept})
        return found

    def hashes(self) -> dict[str, str]:
        """Return the sha-256 of each file of weights, by its name: all of it is read."""
        return hashes(self.files)

    def _predicts(self) -> dict[str, Any]:
        """What its prediction head answers, and the names of the classes among its answers."""
        try:
            head = self.head
        except AttnvizError:
            return {"predicts": None, "labels": []}
        return {"predicts": head.kind, "labels": list(head.labels)}

    def about(self) -> dict[str, Any]:
        """Describe the checkpoint, for people and programs: JSON-ready."""
        entries = self.tensors.values()
        return {
            "name": self.name,
            "model_type": self.family,
            "parameters": sum(math.prod(e.shape) for e in entries if e.usable),
            "bytes": sum(entry.n_bytes for entry in entries),
            "dtypes": self.dtypes,
            "positions": self.n_positions,
            "vocabulary": self.n_ids,
            "licence": self.checkpoint.licence,
            "revision": revision_of(self.checkpoint.place),
            "tokenizer": self.checkpoint.tokenizer,
            **self._predicts(),
            "notes": list(self.notes),
            "stacks": {
                name: {
                    "layers": layout.n_layers,
                    "heads": layout.n_heads,
                    "key_heads": layout.n_key_heads,
                    "masks": [str(mask) for mask in layout.masks],
                    "layer_numbers": list(layout.layer_numbers),
                }
                for name, layout in self.layouts.items()
            },
        }


def _feed(
    prepared: Prepared, start: int = 0, encoded: Floats | None = None,
    memory: dict[int, Any] | None = None,
) -> Feed:  # fmt: skip
    """What the network is fed of what was prepared."""
    text = prepared.tokens.get(TEXT)
    return Feed(
        {role: tokens.ids for role, tokens in prepared.tokens.items()},
        None if text is None else text.segments,
        prepared.features,
        tuple(sorted(set(prepared.global_tokens))),
        start,
        encoded,
        prepared.n_prompt,
        shift=prepared.shift,
        memory=memory,
    )


@contextmanager
def _calm(*feeds: Feed) -> Iterator[None]:
    """Leave it to the end to look for numbers that are none, and let workers share long texts."""
    lengths = [len(feed.ids[TEXT]) if TEXT in feed.ids else MANY for feed in feeds]
    long = sum(lengths) >= MANY
    with (
        np.errstate(over="ignore", invalid="ignore", divide="ignore"),
        one_blas_thread() if long else nullcontext(),
    ):
        yield


def load(place: Path, name: str, adapter: Path | None = None) -> TrainedModel:
    """Open the model in a checkpoint's folder or file. Every tensor is found and its shape checked;
    none is read. adapter: the folder of a LoRA adapter that changes some of them.

    Raises AttnvizError where config, tensors or family are not what they have to be.
    """
    checkpoint = open_checkpoint(place)
    if adapter is not None:
        from attnviz.models.checkpoint.adapter import adapted, open_adapter

        checkpoint = adapted(checkpoint, open_adapter(adapter))
        name = f"{name} + {adapter.resolve().name}"
    family = import_module(f"attnviz.models.families.{checkpoint.family}")
    fields = fields_of(checkpoint.config, checkpoint.config_file)
    fields.refuse_changed_weights()
    weights = Weights.found(checkpoint.tensors, place, family.ANCHOR)
    network: Network = family.build(fields, weights)
    unread = fields.finish()
    if unread:
        named = f"Fields of {checkpoint.config_file.name} that were not read: {', '.join(unread)}"
        note = f"{named[:280]}."
        checkpoint = replace(checkpoint, notes=(*checkpoint.notes, note))
    return TrainedModel(name, checkpoint, network)
