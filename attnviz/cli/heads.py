"""`attnviz heads`: every head of a stack, what it looks at, and how sure that is."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.errors import AttnvizError

SORTS = (
    "Order by a measure: entropy · normalized_entropy (smallest first) · distance · sink · "
    "previous · self · next · duplicate · induction · special · largest · duplicate_no_first · "
    "induction_no_first (largest first)."
)


def heads(
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
    layer: Annotated[str, typer.Option(help="The layers to show: 2 · 0,2 · 0-3 · all.")] = "all",
    sort: Annotated[
        str | None, typer.Option(help=SORTS, show_default="the surest of each label first")
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(help="How many heads the table has.", show_default="what fits the screen"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The heads as JSON on stdout.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The heads as CSV on stdout.")] = False,
    seed: options.Seed = 0,
    lang: options.Lang = None,
) -> None:
    """Show every head: what it looks at, how sure that is, and its measures.

    attnviz heads "The cat sat on the mat because it was tired" --model minilm

    attnviz heads "The cat sat on the mat because the cat was tired" --type causal --heads 10

    attnviz heads --file story.txt --model minilm --sort entropy --top 20

    A label is chosen with the first and the special tokens set aside, against what chance would
    give; it needs 4 rows. Of a head that is spread, sure is how even it is. duplicate and
    induction count earlier tokens only, whatever the type.
    """
    from attnviz.cli.output import console, put, put_text, say, screen_of, warn_of_arabic
    from attnviz.cli.texts import given_text, the_text_or_ids
    from attnviz.explain.language import language
    from attnviz.heads import check_measure, look, ranked
    from attnviz.tracing import trace
    from attnviz.views import heads as views
    from attnviz.views.choice import choose

    words = language(lang)
    if json and csv:
        raise AttnvizError("--json and --csv were both given.", "Give one of them.")
    if top is not None and top < 1:
        raise AttnvizError(f"--top is {top}.", "It must be 1 or more.")
    ready = options.token_ids(ids, "--ids")
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
    )
    record = record if stack is None else record.looking_at(stack)
    if sort is not None:
        check_measure(record.stack, sort)
    choice = choose(record.stack, layer, "all", "grid")
    for option in options.unused(record.settings, window, global_tokens):
        say(words.say("warn.unused", option=option, type=record.type))
    looks = look(record.stack, choice.layers or (choice.layer,))
    ranking = ranked(looks, sort)
    if json or csv:
        wanted = looks if sort is None and top is None else ranking[:top]
        put_text(views.to_json(wanted) if json else views.to_csv(wanted))
        return
    target = console()
    screen = screen_of(target, words)
    put(target, views.heads(record, looks, ranking, screen, sort=sort, top=top))
    warn_of_arabic(target, words, False)
