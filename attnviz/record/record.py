"""The record of one run: what was looked at, by whom, and how much. One record, many views."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from attnviz.attention.attention_types import ATTENTION_TYPES
from attnviz.errors import AttnvizError, bad_choice, known_arguments, not_found
from attnviz.files.arrays import NOT_READABLE
from attnviz.frozen import dataclass
from attnviz.inputs.labels import visible
from attnviz.record import saved
from attnviz.record.provenance import Provenance, provenance_of
from attnviz.record.settings import Settings, settings_of
from attnviz.record.shown_by import shower
from attnviz.record.stack import Stack, same
from attnviz.record.table import csv_pieces
from attnviz.record.tree import Tree, stack_of, stack_tree

FORMAT, VERSION = "attnviz-record", 1


ORIGINS = ("constructed", "random", "trained", "given")


@dataclass(frozen=True)
class Origin:
    """Where the weights come from: the name of a model, one of ORIGINS, and what is known of it."""

    name: str
    origin: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class AttentionRecord:
    """Everything one run saw. stacks: "self", or "encoder", "decoder" and "cross".

    type: the kind of attention. settings: what it was asked with.
    shown: the stack to look at first, "" for the usual one. made: what it was made with.
    """

    model: Origin
    type: str
    stacks: Mapping[str, Stack]
    settings: Settings = field(default_factory=Settings)
    shown: str = ""
    made: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        if not isinstance(self.settings, Settings):  # a mapping: checked as a file's is
            object.__setattr__(self, "settings", settings_of(self.settings))

    @property
    def stack(self) -> Stack:
        """The stack to look at first: the one that was chosen, cross-attention, or the only one."""
        return self.stacks[self.name]

    @property
    def name(self) -> str:
        """The name of the stack to look at: the one chosen, cross-attention, or the only one."""
        return self.shown or ("cross" if "cross" in self.stacks else next(iter(self.stacks)))

    @property
    def kind(self) -> str:
        """The type of attention of the stack to look at."""
        if self.name == "cross":
            return "cross"
        if self.type != "cross":
            return self.type
        return "causal" if self.name == "decoder" else "self"

    @property
    def units(self) -> str:
        """What rows and columns stand for where that is more than a word: "sentences" or "lines";
        "" for tokens and words."""
        merged = self.settings.merge
        return merged if merged in ("sentences", "lines") else ""

    def looking_at(self, name: str) -> AttentionRecord:
        """Return the same record with another of its stacks to look at; AttnvizError if it has
        none."""
        if name not in self.stacks:
            raise bad_choice(name, "`stack`", self.stacks)
        return replace(self, shown=name)

    def without_media(self) -> AttentionRecord:
        """Return the same record without the small copies of the picture or sound that was looked
        at."""
        bare = {name: stack.without_media() for name, stack in self.stacks.items()}
        return replace(self, stacks=bare)

    def save(self, path: str | Path, **look: Any) -> None:
        """Write the record, or a view of it, whole or not at all.

        The suffix says what: `.npz` and `.json` are opened again by `attnviz.read`; `.csv` is a
        table; `.png`, `.svg`, `.pdf` and `.html` show `layer`, `head`, `show`, `scale` and `lang`,
        which mean what they mean on the command line. Raises AttnvizError for another suffix, a
        place that cannot be written, or what the record does not have.
        """
        shower("file")(self, path, **look)

    def plot(self, ax: Any = None, **look: Any) -> Any:
        """Draw a heatmap on axes of matplotlib and return them.

        ax: the axes; pyplot's current ones unless given. layer: a number; head: a number or "mean";
        scale: what is bright; annotate: write the weights into the cells. Raises AttnvizError for
        what the record does not have.
        """
        return shower("axes")(self, ax, **look)

    def heads(self) -> list[dict[str, Any]]:
        """Return one row a head, as `pandas.DataFrame` takes them: its label and its measures."""
        rows: list[dict[str, Any]] = shower("heads")(self)
        return rows

    def to_html(self) -> str:
        """Return the page, one HTML document that needs nothing else."""
        html: str = shower("page")(self)
        return html

    def to_json(self) -> str:
        """Return the record as one JSON document; the same record gives the same characters."""
        return "".join(self.json_pieces())

    def json_pieces(self, most: int = saved.MOST_NUMBERS) -> Iterator[str]:
        """Give the same document piece by piece; AttnvizError for more than `most` numbers."""
        return saved.json_pieces(self._tree(), most)

    @property
    def n_numbers(self) -> int:
        """How many numbers it holds, of weights and of what is known of them."""
        return saved.count_numbers(self._tree())

    def to_npz(self) -> bytes:
        """Return the record as a .npz archive; the same record gives the same bytes."""
        return saved.to_npz(self._tree())

    def to_csv(self) -> str:
        """Return the record as a table, one line per weight that the mask lets through, or, of
        streamed weights, per strongest key; the same record gives the same characters."""
        return "".join(self.csv_pieces())

    def csv_pieces(self) -> Iterator[str]:
        """Give the same table piece by piece; AttnvizError for one that nobody could open."""
        return csv_pieces(self._tree(), self.stacks)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about weights that were given."""
        return self.settings.notes or ()

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, AttentionRecord)
            and (self.model, self.type) == (other.model, other.type)
            and same(dict(self.settings), dict(other.settings))
            and dict(self.stacks) == dict(other.stacks)
        )

    def __repr__(self) -> str:
        return f"AttentionRecord({self.kind}, {self.model.name}, {self.stack.size_in_words})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the page in a frame of its own."""
        html: str = shower("notebook")(self)
        return html

    def _tree(self) -> Tree:
        return {
            "format": FORMAT,
            "version": VERSION,
            "attnviz": self.made.version,
            **({} if self.made.command is None else {"command": self.made.command}),
            "type": self.type,
            "settings": dict(self.settings),
            "model": {
                "name": self.model.name,
                "origin": self.model.origin,
                "details": dict(self.model.details),
            },
            "stacks": {name: stack_tree(stack) for name, stack in self.stacks.items()},
        }


@known_arguments()
def read(path: str | Path) -> AttentionRecord:
    """Open a record that was saved as .npz or .json, or written as a .csv table of all its weights;
    AttnvizError if it is none."""
    place = Path(path)
    if not place.is_file():
        raise not_found(place)
    with _named(place):
        return _record(saved.read_tree(place))


def of_tree(tree: Tree, place: Path) -> AttentionRecord:
    """Return the record whose tree was read from `place`; AttnvizError if it is none."""
    with _named(place):
        return _record(tree)


@contextmanager
def _named(place: Path) -> Iterator[None]:
    try:
        yield
    except NOT_READABLE as error:
        raise AttnvizError(
            f"{place} is not a record of attnviz ({type(error).__name__}: {error}).",
            "Give a .npz, .json or .csv file that attnviz wrote.",
            key="err.not_record",
            place=place,
            name=type(error).__name__,
            reason=error,
        ) from error


def _record(tree: Tree) -> AttentionRecord:
    if tree["format"] != FORMAT:
        raise ValueError(f"its format is {tree['format']!r}")
    if type(tree["version"]) is not int or tree["version"] != VERSION:
        raise ValueError(f"its version is {tree['version']!r} and this program reads {VERSION}")
    if tree["type"] not in ATTENTION_TYPES:
        raise ValueError("its type is not a type of attention")
    for name in tree["stacks"]:
        if not name.isidentifier():
            raise ValueError("the name of a stack is not a word")
    stacks = {name: stack_of(stack) for name, stack in tree["stacks"].items()}
    if not stacks:
        raise ValueError("it has no stacks")
    settings = settings_of(tree["settings"])
    made = provenance_of(tree.get("attnviz"), tree.get("command"))
    record = AttentionRecord(_origin(tree["model"]), tree["type"], stacks, settings, made=made)
    _check_positions(record)
    return record


def _origin(tree: Tree) -> Origin:
    name, origin, details = tree["name"], tree["origin"], tree["details"]
    if not isinstance(details, dict):
        raise ValueError("the details of its model are no mapping")
    json.dumps(details, allow_nan=False)  # ValueError for what could not be written again
    if origin not in ORIGINS:
        raise ValueError(f"the origin of its model is not one of {', '.join(ORIGINS)}")
    return Origin(visible(name), origin, details)


def _check_positions(record: AttentionRecord) -> None:
    """Refuse settings that name tokens which are not there."""
    settings, n_queries = record.settings, record.stack.shape[0]
    if settings.merge or settings.rows or settings.columns:
        return  # they name tokens of the whole text
    named = settings.global_labels is not None  # what stood there before others took their places
    if not named and max(settings.global_tokens or (), default=0) >= n_queries:
        raise ValueError("a global token lies outside of the text")
    if settings.steps is not None:
        first = (settings.prompt or 0) - 1  # the row where the first token was chosen
        if first < 0 or first + len(settings.steps) > n_queries:
            raise ValueError("it has steps of tokens that are not there")
