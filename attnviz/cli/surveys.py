"""Surveys as commands show and write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import AttnvizError, bad_choice

if TYPE_CHECKING:
    from attnviz.analysis.survey import Part, Survey
    from attnviz.language.language import Language
    from attnviz.views.figure import FigureStyle

COMPARED = (".png", ".svg", ".pdf", ".json")  # what two surveys side by side are written as


def check_sort(sort: str | None) -> None:
    """Refuse a measure that there is not."""
    from attnviz.analysis.head_measures import MEASURES

    if sort is not None and sort not in MEASURES:
        raise bad_choice(sort, "--sort", MEASURES)


def best_so_far(told: Callable[[int, int, str], None], sort: str | None) -> Callable[[Part], None]:
    """Make what tells, from the first chunk on, how many texts are done and which head is the
    first by a measure."""
    from attnviz.analysis.head_measures import MEASURES
    from attnviz.analysis.survey import Survey
    from attnviz.views.terminal.survey import ranked, value_of

    def tell(part: Part) -> None:
        found = Survey("", {}, {}, part)
        by = sort or found.usual
        layer, head = ranked(found, by)[0]
        said = value_of(found, by, layer, head)
        told(
            part.n, part.n_tokens, f"{MEASURES[by].long} {found.layer_numbers[layer]}.{head} {said}"
        )

    return tell


def write_survey(
    found: Survey,
    paths: Sequence[Path],
    sort: str | None,
    language: Language,
    quiet: bool,
    style: FigureStyle,
) -> None:
    """Write a survey to files, each whole or not at all, and say so."""
    from attnviz.cli.output import save
    from attnviz.views.survey_files import written

    for path in paths:
        suffix = path.suffix.lower()
        data = _table(found).encode() if suffix == ".csv" else written(found, suffix, sort, style)
        save(path, data, language, quiet)


def _table(found: Survey) -> str:
    """The table of its heads, below what made it."""
    from attnviz.analysis.survey_file import to_csv
    from attnviz.cli.command_given import with_origin
    from attnviz.record.record import Origin

    return with_origin(to_csv(found), [Origin(found.model, "", found.details)])


def show_survey(
    found: Survey, language: Language, quiet: bool, *, json: bool = False, csv: bool = False,
    sort: str | None = None, top: int | None = None,
) -> None:  # fmt: skip
    """Show the heads of a survey on the screen, or as JSON or CSV."""
    from json import dumps

    from attnviz.analysis.survey_file import to_json
    from attnviz.cli.output import console, put, put_json, put_text, screen_of, warn_of_arabic
    from attnviz.views.terminal.survey import survey as view

    if json:
        put_json(dumps(to_json(found), ensure_ascii=False) + "\n")
    elif csv:
        put_text(_table(found))
    else:
        target = console()
        put(target, view(found, language, screen_of(target), sort=sort, top=top))
        warn_of_arabic(target, language, quiet)


def compare_files(
    paths: Sequence[Path], *, sort: str | None, output: Sequence[Path], json: bool,
    language: Language, quiet: bool, style: FigureStyle,
) -> None:  # fmt: skip
    """Compare two surveys of files, head by head, with a test that corrects for all heads."""
    from json import dumps

    from attnviz.analysis.survey import USUAL, compare_surveys
    from attnviz.analysis.survey_file import difference_tree, read_survey
    from attnviz.cli.output import console, put, put_json, save, screen_of, warn_of_arabic
    from attnviz.views.terminal.survey import comparison

    if len(paths) != 2:
        raise AttnvizError(
            f"Two surveys are compared, and {len(paths)} were given.",
            "Give two.",
            key="err.two_surveys_compared",
            n=len(paths),
        )
    check_sort(sort)
    names = paths[0].name, paths[1].name
    first, second = (read_survey(path) for path in paths)
    by = sort or (first.usual if first.usual == second.usual else USUAL)
    gap = compare_surveys(first, second, by)
    tree = difference_tree(gap, names, by)
    for path in output:
        suffix = path.suffix.lower()
        if suffix == ".json":
            save(path, (dumps(tree, indent=1) + "\n").encode(), language, quiet)
        else:
            from attnviz.views.picture.survey import comparison_picture

            drawn = comparison_picture(names, by, gap, suffix[1:], style)
            save(path, drawn, language, quiet)
    if json:
        put_json(dumps(tree) + "\n")
    else:
        target = console()
        put(target, comparison(gap, names, (first.n, second.n), by, language, screen_of(target)))
        warn_of_arabic(target, language, quiet)
