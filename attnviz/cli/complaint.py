"""Errors as the user of a command line reads them: options, in the language that was asked for."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from attnviz.digits import THOUSANDS
from attnviz.errors import AttnvizError
from attnviz.language.languages import find_language
from attnviz.views.words import complaint

# Options whose name is not that of the parameter that they fill.
OPTIONS = {"columns": "--cols"}


def complain(error: AttnvizError, arguments: Sequence[str]) -> None:
    """Write one line on standard error; it is dropped where it cannot be written."""
    line = re.sub(f"[^\\S{THOUSANDS}]+", " ", _in_language(error, arguments)).strip()
    with suppress(OSError):  # the exit status says enough
        print(f"attnviz: {line}", file=sys.stderr, flush=True)


def option_of(parameter: str) -> str:
    """Return the option that fills a parameter: --max-memory for max_memory."""
    return OPTIONS.get(parameter, f"--{parameter.replace('_', '-')}")


def _in_language(error: AttnvizError, arguments: Sequence[str]) -> str:
    names = [*arguments, ""]
    asked = [os.environ.get("ATTNVIZ_LANG", "")]
    asked += [after for name, after in pairwise(names) if name == "--lang"]
    asked += [name.removeprefix("--lang=") for name in names if name.startswith("--lang=")]
    try:
        return complaint(error, find_language(asked[-1]), option_of)
    except AttnvizError:  # which is what is being complained of
        return complaint(error, find_language("en"), option_of)
