"""Render one chat template: a program of its own, run by chat.py, that imports nothing of attnviz.

It reads one JSON object on standard input and writes one: {"text"} or {"error"}. The operating
system holds it to some memory and time; jinja2's sandbox keeps it from files and Python's inside.
"""

from __future__ import annotations

import datetime
import json
import sys
from typing import Any

MEMORY, SECONDS = 512 << 20, 5  # bytes; of the processor
MOST_OUTPUT = 1 << 20  # characters
WIDEST = 1000  # of a formatted field
LARGEST_POWER = 64


def main() -> None:
    """Answer the one request."""
    _limit()
    job = json.load(sys.stdin)
    try:
        answer = {"text": _rendered(job)}
    except ImportError:
        answer = {"missing": "jinja2"}
    except (Exception, MemoryError) as error:  # whatever a stranger's program raises
        answer = {"error": f"{type(error).__name__}: {error}"[:300]}
    json.dump(answer, sys.stdout)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # where there is no such thing, time alone is watched, from outside
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def _rendered(job: dict[str, Any]) -> str:
    template = _environment().from_string(job["template"])
    parts, n = [], 0
    for part in template.generate(
        messages=job["messages"],
        add_generation_prompt=True,
        bos_token=job["bos_token"],
        eos_token=job["eos_token"],
        tools=None,
        documents=None,
    ):
        n += len(part)
        if n > MOST_OUTPUT:
            raise ValueError("it writes too much")
        parts.append(part)
    return "".join(parts)


def _environment() -> Any:
    """The environment of transformers' `apply_chat_template`, with numbers alone multiplied."""
    from jinja2 import nodes
    from jinja2.exceptions import SecurityError, TemplateError
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"*", "**", "%"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            numbers = isinstance(left, int | float) and isinstance(right, int | float)
            if not numbers or (operator == "**" and abs(right) > LARGEST_POWER):
                raise SecurityError(f"{operator} is for small numbers")
            return super().call_binop(context, operator, left, right)

    class Generation(Extension):
        """The tag `generation`, which marks what a model wrote: its body is rendered."""

        tags = {"generation"}  # noqa: RUF012 as jinja2 has it

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body).set_lineno(line)

    def raise_exception(message: str) -> None:
        raise TemplateError(message)

    def plain_format(value: Any, *given: Any, **named: Any) -> str:
        raise SecurityError(f"format is not done here: {str(value)[:40]} {len(given) + len(named)}")

    def padded(value: Any, width: int = 80) -> str:
        if not 0 <= width <= WIDEST:
            raise SecurityError(f"a width of {width}")
        return str(value).center(width)

    def to_json(value: Any, indent: int | None = None, **_: Any) -> str:
        if indent is not None and not 0 <= indent <= 8:
            raise SecurityError(f"an indent of {indent}")
        return json.dumps(value, ensure_ascii=False, indent=indent)

    environment = Sandbox(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters |= {"tojson": to_json, "format": plain_format, "center": padded}
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda how: datetime.datetime.now().strftime(how)
    return environment


if __name__ == "__main__":
    main()
