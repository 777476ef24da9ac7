"""What a record was made with, in sentences: which weights, which command, which version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attnviz.inputs.labels import visible
from attnviz.language.language import Guard, Language
from attnviz.record.record import AttentionRecord

MOST_FILES = 4  # of weights that are named


def provenance(record: AttentionRecord, language: Language, guard: Guard) -> list[str]:
    """Say which weights a trained model had and what was typed; nothing of other heads."""
    if record.model.origin != "trained":
        return []
    model, details = visible(record.model.name), record.model.details
    said = [language.say(key, guard, model=model, **values) for key, values in _weights(details)]
    if record.made.command is not None:
        values = {"command": visible(record.made.command), "version": record.made.version}
        said.append(language.say("made.command", guard, **values))
    return said


def _weights(details: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """What a file says of the weights; it may say anything."""
    revision = details.get("revision")
    if isinstance(revision, str):
        yield "made.revision", {"revision": visible(revision)[:80]}
    for key in ("sha256", "bytes"):
        files = details.get(key)
        for name, value in list(files.items())[:MOST_FILES] if isinstance(files, dict) else ():
            yield (
                f"made.{key}",
                {"file": visible(str(name))[:80], "value": visible(str(value))[:80]},
            )
