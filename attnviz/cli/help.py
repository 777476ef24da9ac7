"""The help of a command: its options in panels, and what is there to choose from.

The lists are made by registries when the help is asked for: they import NumPy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from typer.core import TyperCommand, TyperOption

from attnviz.errors import AttnvizError, bad_choice, numbers_are_checked

# The options that most people want are in the first panel, which has no name here.
PANELS = {
    "Text": (
        "sample", "source", "source_file", "pair", "ids", "source_ids", "truncate", "tokenizer",
        "start", "end", "each_line", "system", "chat",
    ),
    "Model": (
        "heads", "window", "global_tokens", "adapter", "seed", "target_lang", "source_lang",
        "max_memory",
    ),
    "Writing": (
        "max_new_tokens", "num_beams", "temperature", "top_k", "top_p", "min_p",
        "repetition_penalty", "no_repeat_ngram_size", "length_penalty",
    ),
    "Which part": ("key", "stack", "rows", "cols", "merge", "hide_special", "top", "sort"),
    "How it runs": ("check", "reference", "random", "limit", "workers", "scheduler", "strict"),
    "How it looks": ("wide", "scale", "mass", "measure", "explain", "lang", "color"),
    "Output": (
        "json", "csv", "figure", "size", "font_size", "dpi", "no_title", "annotate", "transparent",
        "cmap", "keep", "no_media", "quiet", "verbose",
    ),
}  # fmt: skip

METAVARS = {
    "file": "FILE", "source_file": "FILE", "image": "FILE", "audio": "FILE", "output": "FILE",
    "passage": "FILE", "texts": "FILE", "tokens": "FILE", "key_tokens": "FILE", "folder": "FOLDER",
    "adapter": "FOLDER", "source": "TEXT", "pair": "TEXT", "text": "TEXT", "system": "TEXT",
    "type": "TYPE", "model": "MODEL", "tokenizer": "NAME", "sample": "NAME", "stack": "NAME",
    "layer": "LAYER", "head": "HEAD", "show": "VIEW", "scale": "SCALE", "measure": "MEASURE",
    "mass": "SHARE",
    "merge": "UNIT", "query": "WORD", "key": "WORD", "rows": "TOKENS", "cols": "TOKENS",
    "global_tokens": "TOKENS",
    "ids": "IDS", "source_ids": "IDS", "lang": "LANG", "max_memory": "SIZE", "heads": "N",
    "window": "N", "seed": "N", "top": "N", "max_new_tokens": "N", "start": "SECONDS",
    "end": "SECONDS", "target_lang": "CODE", "source_lang": "CODE", "sort": "MEASURE",
    "check": "CLAIM", "lengths": "LENGTHS", "seconds": "SECONDS", "at": "TOKENS",
    "language": "CODE",
    "task": "TASK", "of": "PART", "by": "WHAT", "edge": "PAIR", "column": "NAME",
    "pair_column": "NAME", "group_column": "NAME", "scheduler": "ADDRESS",
    "figure": "KIND", "size": "SIZE", "font_size": "POINTS", "dpi": "N", "cmap": "NAME",
    "keep": "NAMES",
}  # fmt: skip
OTHERWISE = {"int": "N", "float": "NUMBER", "path": "FILE", "file": "FILE"}  # else a text

FROM_END = re.compile(r"-\d+\.\d+")
READ_ONCE = ("--image", "--audio")
COLOURS = ("auto", "always", "never")


class Command(TyperCommand):
    """A command whose help has panels, and names such as {shows} for what is there to choose
    from."""

    def __init__(self, *given: Any, params: Any = None, **more: Any):
        super().__init__(*given, params=[*(params or []), _colour()], **more)
        if "_ATTNVIZ_COMPLETE" in os.environ:
            from attnviz.cli.completion import offer_values

            offer_values(self.params)

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read the words of the line; a head of a layer from the end, -1.0, is no option. A second
        picture or sound is refused: one is read, and the last would win unsaid."""
        until = args.index("--") if "--" in args else len(args)
        for option in READ_ONCE:
            if sum(one == option or one.startswith(f"{option}=") for one in args[:until]) > 1:
                what = option.removeprefix("--")
                raise AttnvizError(
                    f"`{what}` was given twice, and one is read.",
                    "Give one.",
                    key="err.given_twice",
                    what=what,
                )
        words = [f" {word}" if FROM_END.fullmatch(word) else word for word in args[:until]]
        return super().parse_args(ctx, [*words, *args[until:]])

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with numbers_are_checked():
            return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with every option in its panel and every list in its place."""
        panels = {name: panel for panel, names in PANELS.items() for name in names}
        order = ["", *PANELS]
        self.params.sort(key=lambda each: order.index(panels.get(str(each.name), "")))
        for parameter in self.params:
            _arrange(parameter, panels)
        self._fill_lists()
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Offer the options to a shell, with their help."""
        self._fill_lists()
        return super().shell_complete(ctx, incomplete)

    def _fill_lists(self) -> None:
        for parameter in self.params:
            text = getattr(parameter, "help", None)
            for name, listed in LISTS.items():
                if text and f"{{{name}}}" in text:
                    text = text.replace(f"{{{name}}}", " · ".join(listed()))
            if text:
                parameter.help = text  # type: ignore[attr-defined]


def _arrange(parameter: Any, panels: dict[str, str]) -> None:
    if not isinstance(parameter, TyperOption):
        return
    parameter.rich_help_panel = panels.get(str(parameter.name))
    if parameter.metavar is None and not parameter.is_flag:
        kind = parameter.type.name.split()[0]
        plain = OTHERWISE.get(kind, "TEXT")
        named = METAVARS.get(str(parameter.name), plain)
        parameter.metavar = plain if (kind, named) == ("int", "NAME") else named


def _colour() -> TyperOption:
    return TyperOption(
        param_decls=["--color"],
        metavar="WHEN",
        default="auto",
        show_default=True,
        expose_value=False,
        callback=_set_colour,
        help=f"{' · '.join(COLOURS)}: for less -R, say, always.",
    )


def _set_colour(ctx: Any, _: Any, wanted: str) -> None:
    """Tell whatever draws, while this command runs, by the variables that all of it follows."""
    if wanted not in COLOURS:
        raise bad_choice(wanted, "`color`", COLOURS)
    if wanted == "auto":
        return
    before = {name: os.environ.pop(name, None) for name in ("NO_COLOR", "FORCE_COLOR")}
    os.environ["FORCE_COLOR" if wanted == "always" else "NO_COLOR"] = "1"

    @ctx.call_on_close  # type: ignore[untyped-decorator]
    def restore() -> None:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _shows() -> Iterable[str]:
    from attnviz.views.terminal.show import EXPERTS, SHOWS

    return (*SHOWS, EXPERTS)


def _scales() -> Iterable[str]:
    from attnviz.views.scale import SCALES

    return SCALES


def _measures(order: str) -> Iterable[str]:
    from attnviz.analysis import head_measures

    wanted = getattr(head_measures, order)
    return [name for name, each in head_measures.MEASURES.items() if each.order == wanted]


LISTS: dict[str, Callable[[], Iterable[str]]] = {
    "shows": _shows,
    "scales": _scales,
    "smallest": lambda: _measures("SMALLEST"),
    "largest": lambda: _measures("LARGEST"),
}
