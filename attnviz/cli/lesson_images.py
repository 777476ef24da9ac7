"""The live pictures of the lesson on pictures: over a bundled photograph, and a drawn one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.frozen import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from attnviz.language.language import Language
    from attnviz.views.screen import Screen

EYE = "r4c6"  # the patch of the photograph that looks: an eye of the cat
SAME_COLOUR = 0  # the head that looks for it
# What stands in the drawn picture, by the language of the reader.
DRAWN = {
    "en": "a red ball left of a blue box",
    "ary-Latn": "kora 7amra f liser, sendou9 zre9 f limen",
    "ary-Arab": "كورة حمرا ف ليسر، صندوق زرق ف ليمن",
}
LEFT_FOR_WORDS = 8  # lines of a screen that the sentences of a topic take


@dataclass(frozen=True)
class Viewer:
    """Who looks at the pictures: in which language, and on what screen."""

    language: Language
    screen: Screen


def one_patch(viewer: Viewer) -> list[RenderableType]:
    """Draw where one patch of the photograph looks, by the head "same colour"."""
    from attnviz.tracing.trace import trace
    from attnviz.views.look import Look
    from attnviz.views.terminal.show import show

    record = trace(image=_sample("cat.jpg"))
    query = record.stack.query_tokens.find(EYE)[0]
    look = Look(heads=(SAME_COLOUR,), query=query, show="image", language=viewer.language)
    return [show(record, look, viewer.screen)]


def four_heads(viewer: Viewer) -> list[RenderableType]:
    """Draw four heads over the photograph, all for the same patch."""
    from attnviz.tracing.trace import trace
    from attnviz.views.look import Look
    from attnviz.views.terminal.show import show

    record = trace(image=_sample("cat.jpg"))
    query = record.stack.query_tokens.find(EYE)[0]
    return [show(record, Look(query=query, language=viewer.language), viewer.screen)]


def all_patches(viewer: Viewer) -> list[RenderableType]:
    """Draw, head by head, what all patches together give each patch: the mean of all rows."""
    from attnviz.tracing.trace import trace
    from attnviz.views.overlay import patches_of
    from attnviz.views.terminal.image import Small, small_pictures
    from attnviz.views.titles import head_title

    stack = trace(image=_sample("cat.jpg")).stack
    where = patches_of(stack)
    assert where is not None  # it is a picture
    size = max(stack.shape)
    smalls = [
        Small(head_title(stack, head), stack.map(0, head, size).mean.mean(axis=0), None)
        for head in range(stack.n_heads)
    ]
    lines = max(viewer.screen.height - LEFT_FOR_WORDS, 1)
    return small_pictures(where, smalls, viewer.screen, lines)


def words_and_patches(viewer: Viewer) -> list[RenderableType]:
    """Draw where words look in the drawn picture, below the number of tokens of each kind."""
    from rich.text import Text

    from attnviz.tracing.trace import trace
    from attnviz.views.look import Look
    from attnviz.views.terminal.show import show

    text = DRAWN[viewer.language.tag]
    record = trace(text, image=_sample("shapes.png"))
    words, patches = record.stack.shape
    said = f"{words} + {patches} = {viewer.language.count(words + patches, 'token')}"
    look = Look(language=viewer.language)
    return [Text(said, "dim"), show(record, look, viewer.screen)]


def _sample(name: str) -> Path:
    from attnviz.files.samples import samples_folder

    return samples_folder() / "images" / name
