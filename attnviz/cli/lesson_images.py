"""The live pictures of the lesson on pictures: over a bundled photograph, and a drawn one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from attnviz.language.language import Language
    from attnviz.views.panels import Panel

EYE = "r4c6"  # the patch of the photograph that looks: an eye of the cat
SAME_COLOUR = 0  # the head that looks for it
# What stands in the drawn picture, by the language of the reader.
DRAWN = {
    "en": "a red ball left of a blue box",
    "ary-Latn": "kora 7amra f liser, sendou9 zre9 f limen",
    "ary-Arab": "كورة حمرا ف ليسر، صندوق زرق ف ليمن",
}


def one_patch(language: Language) -> list[Panel]:
    """Show where one patch of the photograph looks, by the head "same colour"."""
    return [_photograph(language, show="image", heads=(SAME_COLOUR,))]


def four_heads(language: Language) -> list[Panel]:
    """Show four heads over the photograph, all for the same patch."""
    return [_photograph(language)]


def all_patches() -> list[Panel]:
    """Show, head by head, what all patches together give each patch: the mean of all rows."""
    from attnviz.tracing.trace import trace
    from attnviz.views.overlay import patches_of
    from attnviz.views.panels import Photos
    from attnviz.views.titles import head_title

    stack = trace(image=_sample("cat.jpg")).stack
    where = patches_of(stack)
    assert where is not None  # it is a picture
    rows = [
        (head_title(stack, head), stack.map(0, head, max(stack.shape)).mean.mean(axis=0))
        for head in range(stack.n_heads)
    ]
    return [Photos(where, tuple(rows))]


def words_and_patches(language: Language) -> list[Panel]:
    """Show where words look in the drawn picture, below the number of tokens of each kind."""
    from attnviz.tracing.trace import trace
    from attnviz.views.look import Look
    from attnviz.views.panels import FAINT, Shown, line

    record = trace(DRAWN[language.tag], image=_sample("shapes.png"))
    words, patches = record.stack.shape
    said = f"{words} + {patches} = {language.count(words + patches, 'token')}"
    return [line(said, FAINT), Shown(record, Look(language=language))]


def _photograph(language: Language, **look: Any) -> Panel:
    from attnviz.tracing.trace import trace
    from attnviz.views.look import Look
    from attnviz.views.panels import Shown

    record = trace(image=_sample("cat.jpg"))
    query = record.stack.query_tokens.find(EYE)[0]
    return Shown(record, Look(query=query, language=language, **look))


def _sample(name: str) -> Path:
    from attnviz.files.samples import samples_folder

    return samples_folder() / "images" / name
