"""Pictures, drawn by matplotlib without pyplot and without a reader's own settings of it.

Whatever loads this package loads matplotlib first, once, in silence.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from attnviz.errors import AttnvizError

FOLDERS = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")  # where it keeps what it knows of fonts


def _load_matplotlib() -> None:
    """Import matplotlib whatever MPLBACKEND, a matplotlibrc or HOME say: notebooks set the first to
    a module that other environments lack. A program that has imported it knows what it wants."""
    if "matplotlib" in sys.modules:
        return
    log = logging.getLogger("matplotlib")
    level, hidden = log.level, _hidden()
    log.setLevel(logging.CRITICAL + 1)  # unknown settings, folders that cannot be written
    try:
        import matplotlib.font_manager  # noqa: F401 what it says in loading is said here
    except Exception as error:  # a matplotlibrc that cannot be read or decoded
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AttnvizError(
            f"matplotlib cannot be loaded: {reason}.",
            "Pictures need it. Look for a broken matplotlibrc in this folder.",
        ) from error
    finally:
        log.setLevel(level)
        os.environ.update(hidden)


def _hidden() -> dict[str, str]:
    """Take settings from the environment that are not for here, and return them: a home that is no
    whole path would have its folders made wherever the reader happens to be."""
    names = [name for name in FOLDERS if not Path(os.environ.get(name, "/")).is_absolute()]
    names += ["MPLBACKEND"] * ("MPLBACKEND" in os.environ)
    return {name: os.environ.pop(name) for name in names}


_load_matplotlib()
