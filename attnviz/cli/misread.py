"""What the library says of a line that it could not read, as errors that every language has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from attnviz.errors import AttnvizError

# What typer says, and the sentence of ours that means the same; groups are its values.
KNOWN = (
    (r"No such command '(?P<value>.*)'\..*", "err.command"),
    (r"No such option: (?P<option>\S+) \((?:Possible options|Did you mean).*?: (?P<choices>.*)\)",
     "err.option_near"),
    (r"No such option: (?P<option>\S+) Did you mean (?P<choices>.*)\?", "err.option_near"),
    (r"No such option: (?P<option>\S+).*", "err.option"),
    (r"Option '(?P<option>.*)' requires .*", "err.needs_value"),
    (r"Option '(?P<option>.*)' does not take a value\.?", "err.no_value"),
    (r"Missing (?:argument|option|parameter|command):? '?(?P<what>.*?)'?\.?", "err.missing"),
    (r"Missing command\.?(?P<what>)", "err.missing"),
    (r"Invalid value for '?(?P<option>.*?)'?: '(?P<value>.*)' is not a valid "
     r"(?:int|integer|float|number)\.?.*", "err.not_number"),
    (r"Invalid value for '?(?P<option>.*?)'?: (?P<value>\S+) is not in the range "
     r"(?P<reason>.*?)\.?", "err.not_between"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((?P<value>.*)\)\.?", "err.extra"),
    (r"Invalid value for '?(?P<option>.*?)'?: (?P<reason>.*)", "err.invalid"),
)  # fmt: skip
SHORTEST = re.compile(r"' / '.*")  # the other name of an option: '--heads' / '-H'


def misread(message: str, commands: Sequence[str]) -> AttnvizError:
    """Return the error that the library's message means; in English it keeps the library's words.

    commands: all there are, of which the nearest is named first where there is no such command.
    """
    for pattern, key in KNOWN:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found is not None:
            values = {name: SHORTEST.sub("", value) for name, value in found.groupdict().items()}
            if key == "err.command":
                return AttnvizError(message, key=key, **values, choices=_nearest(values, commands))
            return AttnvizError(message, key=key, **values)
    return AttnvizError(message, key="err.other", reason=message)


def _nearest(values: dict[str, str], commands: Sequence[str]) -> list[str]:
    return get_close_matches(values["value"], commands, n=3) or [*commands]
