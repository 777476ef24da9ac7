"""`attnviz heads --probe` and `--check`: heads on probe texts."""

from __future__ import annotations

from attnviz.cli.model_options import TokenPass
from attnviz.cli.numbers_output import Numbers
from attnviz.cli.output import console, put, screen_of
from attnviz.cli.progress import Ticker
from attnviz.cli.read_text import the_text
from attnviz.errors import AttnvizError
from attnviz.language.language import TERMINAL, Language
from attnviz.tracing.probe import N_RANDOM, check_claim, probe
from attnviz.views.terminal import probe as views

ANSWERED_ALONE = ("source", "source_file", "type", "heads", "pair", "ids", "image", "audio")


def show_probe(
    asked: TokenPass, stack: str | None, claims: list[str], n_random: int | None,
    top: int | None, language: Language, numbers: Numbers,
) -> None:  # fmt: skip
    """Probe the heads of a checkpoint; show all of them, or answer claims about some.

    Sentences are those of --file, one a line, or bundled ones. Raises AttnvizError for what a probe
    has no use for.
    """
    _refuse_others(asked)
    texts = None if asked.file is None else the_text(None, asked.file).splitlines()
    with Ticker(language=language) as ticker:
        found = probe(
            asked.model, n_random=N_RANDOM if n_random is None else n_random, seed=asked.seed,
            texts=texts, stack=stack,
            progress=lambda n, total: ticker.tell(
                n, total, language.say("run.text", TERMINAL, n=n, total=total)
            ),
        )  # fmt: skip
    answers = [check_claim(found, claim) for claim in claims]

    def show() -> None:
        target = console()
        screen = screen_of(target)
        if answers:
            put(target, views.claims(answers, found, screen, language))
        else:
            put(target, views.probe(found, screen, language, top))

    numbers.put(
        lambda: found.to_json(answers), lambda: found.to_csv(answers), language, show,
        [asked.model],
    )  # fmt: skip


def check_places(layer: str, head: str) -> None:
    """Refuse to look at some layers or heads: a probe looks at all, and a claim names its own."""
    for option, value in (("--layer", layer), ("--head", head)):
        if value != "all":
            _refuse(option)


def _refuse_others(asked: TokenPass) -> None:
    if asked.text is not None:
        raise AttnvizError(
            "A probe makes its own texts.",
            "Leave the text out, or give sentences with --file.",
            key="err.probe_makes",
        )
    for name in ANSWERED_ALONE:
        if getattr(asked, name) is not None:
            _refuse(f"--{name.replace('_', '-')}")


def _refuse(option: str) -> None:
    raise AttnvizError(
        f"{option} has no place in a probe.",
        f"Leave {option} out.",
        key="err.no_place",
        option=option,
    )
