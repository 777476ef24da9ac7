"""What every form of checkpoint is opened as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.files.tensors import Tensors
from attnviz.frozen import dataclass

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint's config and tensors in the words of transformers, wherever they come from.

    place: its folder, or its file. config_file: where its config stands.
    family: the module of families that reads it. open_tokenizer: builds
    its tokenizer, and raises AttnvizError if it has none. open_source: builds the one for what is
    translated, where that is another. tokenizer: the file that holds it.
    chat_template: the one that a file carries by itself; folders keep theirs in files.
    notes: what somebody who looks at its attention should know, a line each.
    adapter: the folder of the adapter that changed its tensors.
    """

    place: Path
    config_file: Path
    config: Mapping[str, Any]
    family: str
    tensors: Tensors
    open_tokenizer: Callable[[], Tokenizer]
    tokenizer: str | None
    licence: str | None
    chat_template: str | None = None
    notes: tuple[str, ...] = ()
    adapter: Path | None = None
    open_source: Callable[[], Tokenizer] | None = None

    @property
    def folder(self) -> Path | None:
        """The folder whose files belong to the checkpoint; None for a file that stands alone."""
        return self.place if self.place.is_dir() else None
