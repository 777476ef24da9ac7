"""Pictures, drawn by matplotlib without pyplot and without a reader's own settings of it.

Whatever loads this package loads matplotlib first, once, in silence.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from attnviz.errors import AttnvizError

# Where matplotlib looks for settings and a backend; notebooks set the last to a module that other
# environments lack.
VARIABLES = ("MATPLOTLIBRC", "MPLBACKEND")
FOLDERS = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")  # where it keeps what it knows of fonts


def _load_matplotlib() -> None:
    """Import matplotlib whatever variables, a matplotlibrc or HOME say. A program that has imported
    it knows what it wants."""
    if "matplotlib" in sys.modules:
        return
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)  # unknown settings, folders that cannot be written
    try:
        with _without(*VARIABLES, *_relative_folders()):
            _load_in_any_folder()
    finally:
        log.setLevel(level)


def _relative_folders() -> list[str]:
    """Variables of a home that is no whole path: its folders would be made wherever the reader
    happens to be."""
    return [name for name in FOLDERS if not Path(os.environ.get(name, "/")).is_absolute()]


def _load_in_any_folder() -> None:
    """Import it here, or, where a matplotlibrc of this folder or of the home cannot be read, from
    an empty folder."""
    with suppress(Exception):
        import_module("matplotlib.font_manager")  # what it says in loading is said here
        return
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        del sys.modules[name]
    here = os.open(".", os.O_RDONLY)
    try:
        with TemporaryDirectory() as empty, _without("MPLCONFIGDIR"):
            os.chdir(empty)
            os.environ["MPLCONFIGDIR"] = empty
            import_module("matplotlib.font_manager")
            os.fchdir(here)  # before the folder is removed
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AttnvizError(
            f"matplotlib cannot be loaded: {reason}.",
            "Pictures need it: install it again.",
            key="err.matplotlib_cannot",
            reason=reason,
        ) from error
    finally:
        os.fchdir(here)
        os.close(here)


@contextmanager
def _without(*variables: str) -> Iterator[None]:
    """Leave variables of the environment out, for a while."""
    before = {name: os.environ.pop(name, None) for name in variables}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


_load_matplotlib()
