"""`attnviz run`: trace a text and show its weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli import options


def run(
    text: options.Text = None,
    file: options.File = None,
    source: options.Source = None,
    source_file: options.SourceFile = None,
    type: options.Type = None,
    heads: options.Heads = None,
    window: options.Window = None,
    global_tokens: options.GlobalTokens = None,
    model: options.Model = "builtin",
    tokenizer: options.Tokenizer = None,
    pair: options.Pair = None,
    ids: options.Ids = None,
    source_ids: options.SourceIds = None,
    target_lang: options.TargetLang = None,
    source_lang: options.SourceLang = None,
    truncate: options.Truncate = False,
    stack: options.Stack = None,
    layer: options.Layer = "0",
    head: options.Head = "mean",
    show_: options.Show = "auto",
    scale: options.Scale = "auto",
    measure: options.Measure = "weights",
    merge: options.Merge = None,
    hide_special: options.HideSpecial = False,
    rows: options.Rows = None,
    cols: options.Columns = None,
    query: Annotated[
        str | None,
        typer.Option(help="Show this query's row in full: a word or a position."),
    ] = None,
    output: options.Output = None,
    json: options.Json = False,
    max_memory: options.MaxMemory = None,
    seed: options.Seed = 0,
    explain: options.Explain = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="More messages.")] = False,
) -> None:
    """Show where every token of a text looks.

    attnviz run "The cat sat on the mat because it was tired" --type local

    attnviz run "Lmouch gles" --source "The cat sat" --show arcs

    attnviz run "The cat sat on the mat" --explain --lang darija

    attnviz run "The cat sat because it was tired" --model minilm --layer 2 --head 0-3

    attnviz run --file story.txt --type causal -o map.png -o weights.csv

    attnviz run --file book.txt --type local --rows 2000:2400 --cols 1900:2400
    """
    # Imported here, so that --help and a wrong option answer at once.
    from attnviz.budget import bytes_of
    from attnviz.cli.output import (
        check_outputs,
        console,
        put,
        put_explanation,
        put_text,
        say,
        screen_of,
        write_outputs,
    )
    from attnviz.cli.progress import progress
    from attnviz.cli.texts import given_text, the_text_or_ids
    from attnviz.explain.language import language
    from attnviz.lens import Lens
    from attnviz.tracing import trace
    from attnviz.views.choice import choose
    from attnviz.views.scale import check_scale
    from attnviz.views.terminal import check_show, query_row, show

    words = language(lang)
    if quiet:
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # before its client is imported
    check_show(show_)
    check_scale(scale)
    lens = Lens(measure, merge, hide_special, rows, cols, query)
    budget = None if max_memory is None else bytes_of(max_memory)
    outputs = output or []
    check_outputs(outputs, [file, source_file, Path(tokenizer) if tokenizer else None])
    ready = options.token_ids(ids, "--ids")
    with progress(quiet) as told:
        record = trace(
            the_text_or_ids(text, file, ready),
            type=type,
            heads=heads,
            **options.of_type(window, global_tokens),
            source=given_text(source, source_file, "--source-file"),
            model=model,
            tokenizer=tokenizer,
            pair=pair,
            ids=ready,
            source_ids=options.token_ids(source_ids, "--source-ids"),
            target_lang=target_lang,
            source_lang=source_lang,
            truncate=truncate,
            seed=seed,
            lens=lens,
            stack=stack,
            max_memory=budget,
            progress=told,
        )
    choice = choose(record.stack, layer, head, show_)
    for option in options.unused(record.settings, window, global_tokens):
        say(words.say("warn.unused", option=option, type=record.type), quiet)
    if verbose or budget is not None:
        queries, keys = record.stack.shape
        kept = "streamed" if record.stack.streamed else "kept whole"
        say(f"{queries:,} queries × {keys:,} keys, weights {kept}", quiet)
    write_outputs(record, outputs, choice, show_, words, quiet, scale)
    target = console()
    if json:
        put_text(record.to_json())
    elif query is not None:
        put(target, query_row(record, query, choice, screen_of(target, words, scale)))
    else:
        put(target, show(record, show_, choice, screen_of(target, words, scale)))
    if explain and not json:
        put_explanation(target, record, choice, words, quiet)
