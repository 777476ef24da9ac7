"""`attnviz run`: trace a text and show its weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli import options
from attnviz.cli.model_options import TokenPass
from attnviz.cli.view_options import Display
from attnviz.digits import grouped

if TYPE_CHECKING:
    from attnviz.record.stack import Stack


@options.spread
def run(
    *,
    asked: TokenPass,
    display: Display,
    measure: options.Measure = "weights",
    merge: options.Merge = None,
    hide_special: options.HideSpecial = False,
    rows: options.Rows = None,
    cols: options.Columns = None,
    query: options.Query = None,
    key: options.Key = None,
    keep: options.Keep = None,
    no_media: options.NoMedia = False,
    max_memory: options.MaxMemory = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="More messages.")] = False,
) -> None:
    """Show where every token of a text looks.

    attnviz run "The cat sat on the mat because it was tired" --type local

    attnviz run "Lmouch gles" --source "The cat sat" --show arcs

    attnviz run "The cat sat on the mat" --explain --lang darija

    attnviz run "The cat sat because it was tired" --model minilm --layer 2 --head 0-3

    attnviz run "The cat sat because it was tired" --model minilm --query it --key tired

    attnviz run "a red ball left of a blue box" --image samples/images/shapes.png

    attnviz run "Yesterday my brother bought fish." --audio samples/audio/english.wav

    attnviz run story.txt --type causal -o map.png -o weights.csv

    attnviz run --file book.txt --type local --rows 2000:2400 --cols 1900:2400
    """
    # Imported here, so that --help and a wrong option answer at once.
    from attnviz.analysis.transform import Transform
    from attnviz.cli.command_given import signed
    from attnviz.cli.linked import check_key, put_link
    from attnviz.cli.output import say
    from attnviz.cli.progress import progress
    from attnviz.cli.read_text import file_named
    from attnviz.cli.routed import put_routing
    from attnviz.language.languages import find_language
    from attnviz.tracing.doors import KEPT
    from attnviz.tracing.memory import parse_bytes
    from attnviz.views.terminal.show import EXPERTS

    language = find_language(display.lang)
    if display.quiet:
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # before its client is imported
    if display.show == EXPERTS:
        put_routing(asked, display)
        return
    tokenizer = Path(asked.tokenizer) if asked.tokenizer else None
    named = [file_named(asked.text), file_named(asked.source)]
    display.check([*named, asked.file, asked.source_file, asked.image, asked.audio, tokenizer])
    check_key(query, key)
    transform = Transform(measure, merge, hide_special, rows, cols, query)
    budget = None if max_memory is None else parse_bytes(max_memory)
    with progress(display.quiet, language) as told:
        record = asked.trace(
            transform=transform,
            stack=display.stack,
            max_memory=budget,
            progress=told,
            keep=options.listed(keep, KEPT),
        )
    record = signed(record.without_media() if no_media else record)
    look = display.look(record, query)
    if query is not None and key is not None:
        put_link(record, look, display, query, key)
    else:
        display.put(record, look, query)
    asked.say_unused(record, language, display.quiet)  # after what may still be refused
    if verbose or budget is not None:
        say(_size(record.stack), display.quiet)


def _size(stack: Stack) -> str:
    queries, keys = stack.shape
    kept = "streamed" if stack.streamed else "kept whole"
    return f"{grouped(queries)} queries × {grouped(keys)} keys, weights {kept}"
