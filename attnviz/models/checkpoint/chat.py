"""A conversation as the text that a chat model was trained on: the checkpoint's own template.

Templates are programs from strangers. They run in a sandbox, in a process of their own that may
use little time and memory and may say little (chat_render.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.models.checkpoint.json_file import read_json
from attnviz.models.checkpoint.opened import Checkpoint

SECONDS = 10.0
MOST_TEMPLATE = 1 << 20  # characters
MOST_OUTPUT = 1 << 22  # bytes
SCRIPT = Path(__file__).with_name("chat_render.py")


def render_chat(checkpoint: Checkpoint, messages: Sequence[Mapping[str, object]]) -> str:
    """Write messages ({"role", "content"}) as the template of a checkpoint does, up to where its
    answer begins.

    Raises AttnvizError where there is no template, or where it fails, takes too long, or asks for
    too much.
    """
    template = find_template(checkpoint)
    settings = _settings(checkpoint)
    job = {
        "template": template,
        "messages": [dict(message) for message in messages],
        "bos_token": _written(settings.get("bos_token")),
        "eos_token": _written(settings.get("eos_token")),
    }
    found = _run(json.dumps(job).encode())
    if not isinstance(found.get("text"), str):
        raise _failed(str(found.get("error", "it wrote nothing")))
    return str(found["text"])


def find_template(checkpoint: Checkpoint) -> str:
    """Return the checkpoint's chat template; AttnvizError if it has none."""
    found = checkpoint.chat_template or _in_folder(checkpoint)
    if found is None:
        raise AttnvizError(
            f"{checkpoint.place.name} has no chat template: it was not trained to talk.",
            "Leave `chat` out.",
            key="err.no_chat",
            place=checkpoint.place.name,
        )
    if len(found) > MOST_TEMPLATE:
        raise _failed(f"it has {grouped(len(found))} characters")
    return found


def _in_folder(checkpoint: Checkpoint) -> str | None:
    if checkpoint.folder is None:
        return None
    file = checkpoint.folder / "chat_template.jinja"
    try:
        if file.is_file() and file.stat().st_size <= MOST_TEMPLATE:
            return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AttnvizError(
            f"{file} cannot be read: {error}.",
            "Fetch it again.",
            key="err.cannot_read_fetch",
            place=file,
            reason=error,
        ) from error
    given = _settings(checkpoint).get("chat_template")
    if isinstance(given, list):  # several by name
        named = {one.get("name"): one.get("template") for one in given if isinstance(one, dict)}
        given = named.get("default")
    return given if isinstance(given, str) else None


def _settings(checkpoint: Checkpoint) -> dict[str, Any]:
    """What tokenizer_config.json says, if there is one."""
    file = None if checkpoint.folder is None else checkpoint.folder / "tokenizer_config.json"
    if file is None or not file.is_file():
        return {}
    says = read_json(file)
    return says if isinstance(says, dict) else {}


def _written(token: Any) -> str:
    """A token's text, which older settings wrap in an object."""
    found = token.get("content") if isinstance(token, dict) else token
    return found if isinstance(found, str) else ""


def _run(job: bytes) -> dict[str, Any]:
    """Render in a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(SCRIPT)], input=job, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(f"it took more than {SECONDS:g} seconds") from error
    if len(done.stdout) > MOST_OUTPUT:
        raise _failed("it wrote too much")
    try:
        found = json.loads(done.stdout)
    except ValueError as error:  # it was killed, for time or memory
        raise _failed("it asked for too much time or memory") from error
    if found.get("missing"):
        raise AttnvizError(
            "A chat template needs the package jinja2.",
            "Install it with: pip install jinja2",
            key="err.chat_template",
        )
    return dict(found)


def _failed(why: str) -> AttnvizError:
    return AttnvizError(
        f"The chat template cannot be used: {why[:200]}.",
        "Leave `chat` out and write the prompt as the model expects it.",
        key="err.chat_template_cannot",
        why=why[:200],
    )
