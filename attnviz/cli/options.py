"""Options that mean the same in every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

TYPES = "self · causal · cross · local · global"

Text = Annotated[
    str | None, typer.Argument(help="The text; - reads standard input.", show_default=False)
]
File = Annotated[
    Path | None, typer.Option("--file", help="Read the text from a file.", show_default=False)
]
Source = Annotated[
    str | None,
    typer.Option(help="Cross-attention: the text looked at (keys, values).", show_default=False),
]
SourceFile = Annotated[
    Path | None, typer.Option(help="Read the source from a file.", show_default=False)
]
Type = Annotated[str | None, typer.Option("--type", "-t", help=TYPES, show_default="self")]
Heads = Annotated[int, typer.Option("--heads", "-H", help="How many built-in heads, 1 to 64.")]
Window = Annotated[
    int | None,
    typer.Option(
        "--window", "-w", help="Local and global: tokens seen on each side.", show_default="2"
    ),
]
GlobalTokens = Annotated[
    str | None,
    typer.Option(
        help="Global: positions or words, comma between; they see all, all see them.",
        show_default="0",
    ),
]
Model = Annotated[str, typer.Option("--model", "-m", help="builtin (constructed heads) or random.")]
Tokenizer = Annotated[
    str, typer.Option(help="words · characters · bytes · the path of a tokenizer.json.")
]
Seed = Annotated[int, typer.Option(help="For --model random.")]
Lang = Annotated[
    str | None,
    typer.Option(
        envvar="ATTNVIZ_LANG",
        help="en · darija (Latin letters; also ary) · ary-Arab (Arabic letters).",
        show_default="en",
    ),
]


def of_type(window: int | None, global_tokens: str | None) -> dict[str, Any]:
    """The options of a type that were given; the rest is left to its defaults."""
    given: dict[str, Any] = {} if window is None else {"window": window}
    if global_tokens is not None:
        given["global_tokens"] = [w.strip() for w in global_tokens.split(",") if w.strip()]
    return given


def unused(kind: str, window: int | None, global_tokens: str | None) -> list[str]:
    """Options that were given and do nothing for this type."""
    without = {"--window": window is not None and kind not in ("local", "global")}
    without["--global-tokens"] = global_tokens is not None and kind != "global"
    return [option for option, idle in without.items() if idle]
