"""What a shell offers when Tab is pressed: commands, options, and the values that options take.

The library speaks with bash, zsh, fish and PowerShell; this says what there is to choose from. It
is imported only while a shell asks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from attnviz.errors import AttnvizError, bad_choice

ON_DISK = ("minilm", "smollm2", "induction")  # models that are named and need no folder

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
QUESTIONS = {f"{asked}_{shell}" for asked in ("complete", "source") for shell in SHELLS}


class Offer(NamedTuple):
    """One value, as the library takes it."""

    value: str
    help: str | None = None


def check_shell() -> None:
    """Refuse to complete for a shell that is not known; the library says so on standard output."""
    import shellingham  # type: ignore[import-untyped]

    try:
        name = shellingham.detect_shell()[0]
    except shellingham.ShellDetectionFailure:
        name = "none"
    if name not in SHELLS:
        raise bad_choice(name, "a shell with completion", SHELLS)


def is_question(value: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a shell asks so; bash says beside it which word of which line is typed."""
    told = value != "complete_bash" or {"COMP_WORDS", "COMP_CWORD"} <= environment.keys()
    return value in QUESTIONS and told and environment.get("COMP_CWORD", "0").isdecimal()


def words_typed(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the whole words behind the program's name, as the asking shell tells them."""
    if "COMP_WORDS" in environment:
        words = environment["COMP_WORDS"].split()
        return words[1 : int(environment.get("COMP_CWORD", len(words)))]
    line = environment.get("_TYPER_COMPLETE_ARGS", "")
    words = line.split()
    return words[1:] if line.endswith(" ") else words[1:-1]


def offer_values(parameters: Iterable[Any]) -> None:
    """Let every parameter whose values are known offer them; the others leave it to the shell,
    which offers files."""
    for parameter in parameters:
        # A flag of the same name takes no value: transcribe's --show.
        if parameter.name in VALUES and not getattr(parameter, "is_flag", False):
            parameter.shell_complete = partial(_offered, parameter.name)


def _offered(name: str, context: Any, incomplete: str) -> list[Offer]:
    """The values that begin with what was typed; of a list, with what follows the last comma."""
    before, comma, begun = incomplete.rpartition(",") if name in LISTS else ("", "", incomplete)
    with suppress(AttnvizError, OSError):
        return [
            Offer(f"{before}{comma}{value}")
            for value in VALUES[name](context.params, begun)
            if value.startswith(begun)
        ]
    return []


def _types(*_: Any) -> Sequence[str]:
    from attnviz.attention.attention_types import ATTENTION_TYPES

    return [*ATTENTION_TYPES]


def _languages(*_: Any) -> Sequence[str]:
    from attnviz.language.languages import LANGUAGES

    return [*LANGUAGES]


def _shows(*_: Any) -> Sequence[str]:
    from attnviz.views.terminal.show import EXPERTS, SHOWS

    return (*SHOWS, EXPERTS)


def _scales(*_: Any) -> Sequence[str]:
    from attnviz.views.scale import SCALES

    return SCALES


def _figures(*_: Any) -> Sequence[str]:
    from attnviz.views.figure import FIGURES

    return [*FIGURES]


def _samples(*_: Any) -> Sequence[str]:
    from attnviz.cli.bundled import load

    return [sample.name for sample in load()]


def _topics(*_: Any) -> Sequence[str]:
    from attnviz.language.lesson import TOPICS

    return [*(topic.name for topic in TOPICS), "all"]


def _units(*_: Any) -> Sequence[str]:
    from attnviz.inputs.units import KINDS

    return [*KINDS]


def _kept(*_: Any) -> Sequence[str]:
    from attnviz.tracing.doors import KEPT

    return [*KEPT, "all"]


def _colours(*_: Any) -> Sequence[str]:
    from attnviz.cli.help import COLOURS

    return COLOURS


def _models(_: Any, begun: str) -> list[str]:
    """The models that have names, checkpoint folders and GGUF files; while none of them begins
    like what was typed, the shell offers folders to go into."""
    from attnviz.models import NAMES

    here = Path(begun if begun.endswith(os.sep) else os.path.dirname(begun)).expanduser()
    typed = begun[: begun.rfind(os.sep) + 1]
    there = sorted(here.iterdir()) if here.is_dir() else []
    return [*NAMES, *(f"{typed}{place.name}" for place in there if _is_checkpoint(place))]


def _is_checkpoint(place: Path) -> bool:
    return place.suffix == ".gguf" or (place / "config.json").is_file()


def _layers(given: Mapping[str, Any], _: str) -> list[str]:
    return ["all", "last", *map(str, _size(given)[0])]


def _heads(given: Mapping[str, Any], begun: str) -> list[str]:
    """Heads by number, and as layer.head of the layer that was typed."""
    numbers, n_heads = _size(given)
    layer = begun.partition(".")[0]
    of_layer = [f"{layer}.{head}" for head in range(n_heads)] if "." in begun else []
    known = layer in ("first", "last", *map(str, numbers))
    return ["mean", "all", *map(str, range(n_heads)), *(of_layer if known else [])]


def _size(given: Mapping[str, Any]) -> tuple[tuple[int, ...], int]:
    """Numbers of the layers, and how many heads, of the model that was named; nothing is fetched to
    count them."""
    name = str(given.get("model") or "builtin")
    if name not in ON_DISK and not _is_checkpoint(Path(name).expanduser()):
        return (0,), int(given.get("heads") or 4)
    from attnviz.models import load_checkpoint

    os.environ["HF_HUB_OFFLINE"] = "1"  # minilm may be known and not be here
    layouts = load_checkpoint(name).layouts.values()
    numbers = max((each.layer_numbers for each in layouts), key=len)
    return numbers, max(each.n_heads for each in layouts)


def _fixed(*values: str) -> Callable[..., Sequence[str]]:
    return lambda *_: values


LISTS = {"type", "layer", "head", "keep"}  # several values may be given, with commas between
VALUES: dict[str, Callable[[Mapping[str, Any], str], Sequence[str]]] = {
    "type": _types,
    "lang": _languages,
    "show": _shows,
    "scale": _scales,
    "figure": _figures,
    "sample": _samples,
    "name": _samples,
    "topic": _topics,
    "merge": _units,
    "keep": _kept,
    "color": _colours,
    "model": _models,
    "path": _models,
    "layer": _layers,
    "head": _heads,
    "tokenizer": _fixed("words", "characters", "bytes"),
    "stack": _fixed("encoder", "decoder", "cross", "image", "text", "pool"),
    "task": _fixed("transcribe", "translate"),
}
