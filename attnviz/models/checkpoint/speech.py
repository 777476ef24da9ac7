"""How a checkpoint that transcribes is asked: languages, tasks, timestamps, heads that align."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnvizError, bad_choice
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.generation import FILE
from attnviz.models.checkpoint.json_file import read_json

if TYPE_CHECKING:
    from attnviz.models.trained import TrainedModel

TASKS = ("transcribe", "translate")


@dataclass(frozen=True)
class Speech:
    """languages, tasks: id by name ("ar", "translate"); empty for a model of English only. start:
    the first id of every text. no_timestamps: the id that asks for none; timestamps are the ids
    after it. alignment_heads: (layer, head) whose cross-attention tells when words are said.
    latest_first: how many timestamps after 0.00 the first one may be; None for any."""

    start: int
    no_timestamps: int | None
    languages: Mapping[str, int]
    tasks: Mapping[str, int]
    alignment_heads: tuple[tuple[int, int], ...]
    median_width: int = 7
    latest_first: int | None = None

    def prompt(
        self, language: str | None = None, task: str | None = None, *, timestamps: bool = False
    ) -> list[int]:
        """Return the ids that a transcript begins with.

        language: "ar"; the first known one unless given. timestamps: whether the model is to write
        them. Raises AttnvizError, which names the nearest, for a language or a task that the model
        does not know.
        """
        plain = [] if timestamps or self.no_timestamps is None else [self.no_timestamps]
        if not self.languages:
            if language not in (None, "en") or task not in (None, "transcribe"):
                raise AttnvizError(
                    "This model knows English only, and translates nothing.",
                    "Leave `language` and `task` out, or take one of many languages.",
                    key="err.this_model",
                )
            return [self.start, *plain]
        chosen = self.language_id(language or next(iter(self.languages)))
        named = task or "transcribe"
        if named not in self.tasks:
            raise bad_choice(named, "`task`", [*self.tasks])
        return [self.start, chosen, self.tasks[named], *plain]

    def language_id(self, language: str) -> int:
        """Return the id of a language; AttnvizError names the nearest."""
        if language not in self.languages:
            raise bad_choice(language, "`language`", [*self.languages])
        return self.languages[language]


def read_speech(model: TrainedModel) -> Speech:
    """Read generation_config.json, and what config.json and the tokenizer say where it is silent.

    Raises AttnvizError where no start of a transcript is known.
    """
    given = _read(model.checkpoint.folder)
    start = given.get("decoder_start_token_id", model.config.get("decoder_start_token_id"))
    if not _is_id(start, model.n_ids):
        raise AttnvizError(
            f"{model.name} does not say how a transcript begins (decoder_start_token_id).",
            "Give the generation_config.json that it was saved with.",
            key="err.does_not_say_how",
            model=model.name,
        )
    n_layers = model.layouts["cross"].n_layers
    heads = given.get("alignment_heads") or _later_heads(n_layers, model.layouts["cross"].n_heads)
    plain = given.get("no_timestamps_token_id")
    if plain is None and model.namer is not None:
        plain = model.namer.token_to_id("<|notimestamps|>")
    width = model.config.get("median_filter_width", 7)
    latest = given.get("max_initial_timestamp_index")
    assert isinstance(start, int)  # `_is_id` has looked
    return Speech(
        start,
        plain if _is_id(plain, model.n_ids) else None,
        _ids(given.get("lang_to_id"), model.n_ids, "<|", "|>"),
        _ids(given.get("task_to_id"), model.n_ids),
        _places(heads, n_layers, model.layouts["cross"].n_heads),
        width if isinstance(width, int) and width % 2 else 7,
        latest if _is_id(latest, model.n_ids) else None,
    )


def _read(folder: Path | None) -> dict[str, Any]:
    file = None if folder is None else folder / FILE
    if file is None or not file.is_file():
        return {}
    found = read_json(file)
    return found if isinstance(found, dict) else {}


def _is_id(value: object, n_ids: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < n_ids


def _ids(given: object, n_ids: int, before: str = "", after: str = "") -> dict[str, int]:
    """Names without their marks → ids."""
    known = given if isinstance(given, Mapping) else {}
    return {
        str(name).removeprefix(before).removesuffix(after): number
        for name, number in known.items() if _is_id(number, n_ids)
    }  # fmt: skip


def _later_heads(n_layers: int, n_heads: int) -> list[list[int]]:
    """All heads of the last half of the layers, as OpenAI's own program takes them."""
    return [[layer, head] for layer in range(n_layers // 2, n_layers) for head in range(n_heads)]


def _places(heads: object, n_layers: int, n_heads: int) -> tuple[tuple[int, int], ...]:
    found = []
    for pair in heads if isinstance(heads, list) else []:
        if not (isinstance(pair, list) and len(pair) == 2 and _is_id(pair[0], n_layers)
                and _is_id(pair[1], n_heads)):  # fmt: skip
            raise AttnvizError(
                f"{FILE} names a head that there is not: {str(pair)[:40]}.",
                "Fetch it again.",
                key="err.names_head",
                place=FILE,
                pair=str(pair)[:40],
            )
        found.append((pair[0], pair[1]))
    return tuple(found)
