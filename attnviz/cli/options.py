"""Options that mean the same in every command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from attnviz.attention.attention_types import ATTENTION_TYPES
from attnviz.errors import AttnvizError

TYPES = " · ".join(ATTENTION_TYPES)
SHOWS = "{shows}"  # as attnviz.cli.help lists them

Text = Annotated[
    str | None, typer.Argument(help="The text, or a text file; - or a pipe is standard input.")
]
Sample = Annotated[str | None, typer.Option(help="A bundled text: english, chinese (see samples).")]
File = Annotated[Path | None, typer.Option("--file", help="Read the text from a file.")]
Source = Annotated[
    str | None, typer.Option(help="Cross-attention: the text looked at (keys, values).")
]
SourceFile = Annotated[Path | None, typer.Option(help="Read the source from a file.")]
Image = Annotated[
    Path | None, typer.Option(help="A picture in place of a text; or beside it, for its words.")
]
Audio = Annotated[
    Path | None, typer.Option(help="A sound in place of a text; or beside it, for its words.")
]
Start = Annotated[float | None, typer.Option(help="Of a sound: the second where it begins.")]
End = Annotated[float | None, typer.Option(help="Of a sound: the second where it ends.")]
NoMedia = Annotated[
    bool,
    typer.Option("--no-media", help="Leave small copies of pictures and sounds out of records."),
]
Type = Annotated[str | None, typer.Option("--type", "-t", help=TYPES, show_default="self")]
Heads = Annotated[
    int | None,
    typer.Option("--heads", "-H", help="How many built-in heads, 1 to 64.", show_default="4"),
]
Window = Annotated[
    int | None,
    typer.Option(
        "--window", "-w", help="Local and global: tokens seen on each side.", show_default="2"
    ),
]
GlobalTokens = Annotated[
    str | None,
    typer.Option(
        help="Global: positions or words, separated by commas; they see every token and every "
        "token sees them.",
        show_default="0",
    ),
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="builtin (constructed heads) · random · minilm · smollm2 · a checkpoint folder · "
        "a .gguf file · a hub id.",
    ),
]
Adapter = Annotated[
    str | None, typer.Option(help="The folder of a LoRA adapter to apply to the model.")
]
Tokenizer = Annotated[
    str | None,
    typer.Option(
        help="words · characters · bytes · the path of a tokenizer.json.",
        show_default="words; a checkpoint's own",
    ),
]
Pair = Annotated[str | None, typer.Option(help="A second text, for encoders that take two.")]
Ids = Annotated[str | None, typer.Option(help="Token ids in place of a text: 101,7592,102.")]
SourceIds = Annotated[str | None, typer.Option(help="Token ids in place of a source.")]
TargetLang = Annotated[
    str | None, typer.Option(help="Translation models: the text's code (ary_Arab).")
]
SourceLang = Annotated[
    str | None, typer.Option(help="Translation models: the source's code (eng_Latn).")
]
Measure = Annotated[
    str,
    typer.Option(
        help="weights · values (weights × length of values) · contributions · rollout · flow."
    ),
]
Merge = Annotated[str | None, typer.Option(help="One row for each of: words · sentences · lines.")]
HideSpecial = Annotated[
    bool, typer.Option("--hide-special", help="Hide [CLS], </s> and the like, and say their share.")
]
Rows = Annotated[str | None, typer.Option(help="Only these queries: 3 · 2:8 · cat · 2:8,cat.")]
Columns = Annotated[str | None, typer.Option("--cols", help="Only these keys, likewise.")]
Query = Annotated[
    str | None,
    typer.Option(help="Show this query's row in full: a word or a position."),
]
Key = Annotated[
    str | None,
    typer.Option(help="With --query: which heads look from it at this word, in all layers."),
]
Stack = Annotated[
    str | None,
    typer.Option(
        help="Which to look at: encoder · decoder · cross · image · text · pool.",
        show_default="cross",
    ),
]
Layer = Annotated[
    str, typer.Option(help="The layer to show: 2 · 0,2 · 0-3 · -1 · last · all (as grids).")
]
Head = Annotated[
    str, typer.Option(help="The head to show: 2 · 0,2 · 0-3 · all · mean, or layer.head: 2.8.")
]
Show = Annotated[str, typer.Option("--show", help=SHOWS)]
Mass = Annotated[
    str | None,
    typer.Option(help="Over a picture: outline the fewest patches with so much of it: 50%."),
]
Scale = Annotated[str, typer.Option(help="What is bright: {scales}.")]
Truncate = Annotated[
    bool, typer.Option("--truncate", help="Cut the text at the checkpoint's longest length.")
]
MaxMemory = Annotated[
    str | None,
    typer.Option(
        help="Memory for weights (500MB, 1GiB); above it they are streamed. 0: always.",
        show_default="a quarter of what is free, at most 1GiB",
    ),
]
Keep = Annotated[
    str | None,
    typer.Option(
        help="Keep in records and pages what heads attend with: query,key,value,scores, or all."
    ),
]
Seed = Annotated[int, typer.Option(help="For --model random.")]
Output = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        help="Write a file; the suffix chooses: .html .png .svg .pdf .json .csv .npz. "
        "Repeatable; - is stdout.",
    ),
]
Figure = Annotated[
    str | None,
    typer.Option(help="Pictures for papers: column (3.3 in) · page (6.8 in) · slide (10 in)."),
]
Size = Annotated[
    str | None, typer.Option(help="How wide a picture is: 3.3in · 84mm · 84mm x 60mm.")
]
FontSize = Annotated[
    float | None,
    typer.Option(help="Points of its letters.", show_default="9; of a size 8, or less if need be"),
]
Dpi = Annotated[
    float | None,
    typer.Option(help="Dots per inch.", show_default="150; of a size 300"),
]
NoTitle = Annotated[bool, typer.Option("--no-title", help="Draw no title: papers have captions.")]
Annotate = Annotated[bool, typer.Option("--annotate", help="Write each weight into its cell.")]
Transparent = Annotated[bool, typer.Option("--transparent", help="Draw nothing behind it.")]
Cmap = Annotated[
    str | None, typer.Option(help="A colour map of matplotlib: viridis, Blues, gray_r …")
]
Json = Annotated[bool, typer.Option("--json", help="The record as JSON on stdout.")]
Csv = Annotated[bool, typer.Option("--csv", help="The weights as CSV on stdout.")]
Explain = Annotated[
    bool, typer.Option("--explain/--no-explain", help="Explain the weights in words.")
]
NumbersOutput = Annotated[
    list[Path] | None,
    typer.Option("--output", "-o", help="Write .json or .csv; repeatable; - is stdout."),
]
NumbersJson = Annotated[bool, typer.Option("--json", help="The numbers as JSON on stdout.")]
NumbersCsv = Annotated[bool, typer.Option("--csv", help="The numbers as CSV on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No messages.")]
Lang = Annotated[
    str | None,
    typer.Option(
        envvar="ATTNVIZ_LANG",
        help="en · darija (Latin letters; also ary) · ary-Arab (Arabic letters); help is English.",
        show_default="en",
    ),
]


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that Typer gives one option for each field of a parameter that is a
    dataclass."""
    parameters = signature(command, eval_str=True).parameters
    kinds: dict[str, type[Any]] = {name: given.annotation for name, given in parameters.items()}
    groups = {
        name: signature(kind, eval_str=True).parameters
        for name, kind in kinds.items()
        if is_dataclass(kind)
    }
    options = [
        option
        for name, parameter in parameters.items()
        for option in groups.get(name, {name: parameter}).values()
    ]

    @wraps(command)
    def gathered(**given: Any) -> None:
        given |= _standard_output(given)
        for name, group in groups.items():
            given[name] = kinds[name](**{field: given.pop(field) for field in group})
        command(**given)

    # Typer reads the order and the defaults from the one, and asks the other for the types too.
    gathered.__signature__ = Signature(options)  # type: ignore[attr-defined]
    gathered.__annotations__ = {option.name: option.annotation for option in options}
    return gathered


def _standard_output(given: Mapping[str, Any]) -> dict[str, Any]:
    """What an output of - means: standard output, as JSON unless --csv was given."""
    files = [path for path in given.get("output") or [] if str(path) != "-"]
    if "json" not in given or len(files) == len(given.get("output") or []):
        return {}
    return {"output": files, "json": given["json"] or not given.get("csv")}


def of_type(window: int | None, global_tokens: str | None) -> dict[str, Any]:
    """Return the options of a type that were given; the rest is left to its defaults."""
    given: dict[str, Any] = {} if window is None else {"window": window}
    if global_tokens is not None:
        given["global_tokens"] = [w.strip() for w in global_tokens.split(",") if w.strip()]
    return given


def unused(settings: Mapping[str, Any], window: int | None, global_tokens: str | None) -> list[str]:
    """Return options that were given and did nothing in this run."""
    given = of_type(window, global_tokens)
    return [f"--{name.replace('_', '-')}" for name in given if name not in settings]


def listed(given: str | None, every: Sequence[str] = ()) -> list[str]:
    """Read names with commas between, "all" for every one of `every`; none where nothing was given.
    Raises AttnvizError where there is nothing between the commas."""
    if given is None:
        return []
    names = [name.strip() for name in given.split(",") if name.strip()]
    if not names:
        raise AttnvizError(
            "An option that takes a list is empty.",
            "Give one or more values.",
            key="err.option_takes",
        )
    return [*every] if every and names == ["all"] else names


def token_ids(words: str | None, option: str) -> list[int] | None:
    """Return numbers with commas or spaces between; AttnvizError where something is no number."""
    if words is None:
        return None
    found = words.replace(",", " ").split()
    wrong = next((word for word in found if not word.isdecimal() or len(word) > 18), None)
    if wrong is not None or not found:
        raise AttnvizError(
            f'"{wrong or ""}" is not a token id.',
            f"Give whole numbers: {option} 101,7592,102.",
            key="err.not_token",
            wrong=wrong or "",
            option=option,
        )
    return [int(word) for word in found]
