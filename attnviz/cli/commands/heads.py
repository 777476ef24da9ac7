"""`attnviz heads`: every head of a stack, what it looks at, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.cli.model_options import TokenPass, of_no_checkpoint
from attnviz.cli.numbers_output import Numbers
from attnviz.errors import AttnvizError

SORTS = "Order by a measure: {smallest} (smallest first) · {largest} (largest first)."


@options.spread
def heads(
    *,
    asked: TokenPass,
    stack: options.Stack = None,
    layer: Annotated[str, typer.Option(help="The layers to show: 2 · 0,2 · -1 · all.")] = "all",
    head: Annotated[
        str, typer.Option(help="The heads in the table: 3 · 0-3 · all, or layer.head: 2.8,5.3.")
    ] = "all",
    sort: Annotated[
        str | None,
        typer.Option(help=SORTS, show_default="writes; of built-in heads the surest of each label"),
    ] = None,
    effect: Annotated[
        bool, typer.Option("--effect", help="Measure what changes without each head (see effect).")
    ] = False,
    reference: Annotated[
        Path | None, typer.Option(help="With --effect: texts of the mean, one a line.")
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(help="How many heads the table has.", show_default="what fits the screen"),
    ] = None,
    wide: Annotated[
        bool, typer.Option("--wide", help="Every measure in the table, in place of examples.")
    ] = False,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="Without a text: what heads do on random tokens, and sentences."
        ),
    ] = False,
    check: Annotated[
        list[str] | None,
        typer.Option(help='Answer a claim by probe, such as "5.3 induction"; repeatable.'),
    ] = None,
    random: Annotated[
        int | None, typer.Option(help="Random texts of a probe.", show_default="8")
    ] = None,
    numbers: Numbers,
    lang: options.Lang = None,
) -> None:
    """Show every head: what it looks at, how sure that is, and its measures.

    attnviz heads "The cat sat on the mat because it was tired" --model minilm

    attnviz heads "The cat sat on the mat because the cat was tired" --type causal --heads 10

    attnviz heads "The cat sat on the mat because it was tired" --model minilm --head 2.8,5.3

    attnviz heads --file story.txt --model minilm --sort entropy --top 20 --wide

    attnviz heads --model minilm --probe

    attnviz heads --model minilm --check "0.2 previous" --check "2.9 induction"

    A label is chosen with the first and the special tokens set aside, against what chance would
    give; it needs 4 rows. Of a head that is spread, sure is how even it is. writes is the length of
    what a head adds, relative to what it is added to. duplicate and induction count earlier tokens
    only, whatever the type.
    """
    from attnviz.analysis.head_labels import look, ranked
    from attnviz.analysis.head_measures import check_measure
    from attnviz.cli.output import console, put, screen_of, warn_of_arabic
    from attnviz.cli.probe import check_places, show_probe
    from attnviz.cli.progress import Ticker
    from attnviz.cli.read_text import the_text
    from attnviz.language.language import TERMINAL
    from attnviz.language.languages import find_language
    from attnviz.tracing.of_heads import trace_heads
    from attnviz.views.look import choose
    from attnviz.views.terminal import heads as views

    language = find_language(lang)
    if "mean" in head:
        raise AttnvizError(
            f'"{head[:40]}" is not a head.',
            "Write layer.head, such as 5.3, -1.0 or last.0-3.",
            key="err.not_head",
            part=head[:40],
        )
    numbers.check([asked.file])
    if top is not None and top < 1:
        raise AttnvizError(f"--top is {top}.", "It must be 1 or more.", key="err.top", top=top)
    if probe or check:
        check_places(layer, head)
        show_probe(asked, stack, check or [], random, top, language, numbers)
        return
    if random is not None:
        raise AttnvizError(
            "--random is for --probe and --check.", "Give one of them too.", key="err.random_probe"
        )
    if reference is not None and not effect:
        raise AttnvizError(
            "--reference is for --effect.", "Give both, or neither.", key="err.reference_effect"
        )
    texts = None if reference is None else the_text(None, reference).splitlines()
    with Ticker(language=language) as ticker:
        record = trace_heads(
            asked.text_or_none(), stack=stack, effect=effect, reference=texts, **asked.settings(),
            progress=lambda n, total: ticker.tell(
                n, total, language.say("run.layer", TERMINAL, n=n, total=total)
            ),
        )  # fmt: skip
    if effect and "effect" not in record.stack.of_heads:
        raise of_no_checkpoint()
    if sort is not None:
        check_measure(record.stack, sort)
    elif record.stack.of_heads:
        sort = "effect" if effect else "writes"
    places = choose(record.stack, layer, head, "grid").places(record.stack)
    asked.say_unused(record, language)
    looks = look(record.stack, dict.fromkeys(layer for layer, _ in places))
    named = [(record.stack.layer_numbers[layer], head) for layer, head in places]
    chosen = [one for one in looks if (one.layer, one.head) in named]
    ranking = ranked(chosen, sort)
    wanted = chosen if sort is None and top is None else ranking[:top]

    def show() -> None:
        target = console()
        screen = screen_of(target)
        shown = views.heads(record, looks, ranking, language, screen, sort=sort, top=top, wide=wide)
        put(target, shown)
        warn_of_arabic(target, language, False)

    numbers.put(
        lambda: views.to_json(wanted), lambda: views.to_csv(wanted), language, show, [record.model]
    )
