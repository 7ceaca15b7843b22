"""Paths as the user gives them -> the Python files to read."""

import fnmatch
import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from flake8 import defaults, utils  # type: ignore[import-untyped]

from nnlint.errors import UsageError

HIDDEN = ".*"


class PathError(UsageError):
    """A path that names nothing."""


class Exclusion:
    """What is left out of folders: flake8's patterns of names and of paths, hidden names, virtual environments."""

    def __init__(self, patterns: Sequence[str] = defaults.EXCLUDE, folder: str = os.curdir) -> None:
        self.patterns: list[str] = [HIDDEN, *utils.normalize_paths(list(patterns), folder)]

    def covers(self, path: str) -> bool:
        """Whether a file or folder is left out."""
        ways = (os.path.basename(path), os.path.abspath(path))
        return any(fnmatch.fnmatch(way, pattern) for way in ways for pattern in self.patterns) or os.path.exists(
            os.path.join(path, "pyvenv.cfg")
        )


def find_files(paths: Sequence[str], exclusion: Exclusion) -> list[str]:
    """The files that the paths name, each once, as it was first named; `-` stands for itself. Raises PathError."""
    found: dict[str, str] = {}
    for path in paths:
        for name in _expand(path, exclusion):
            found.setdefault(name if name == "-" else os.path.abspath(name), name)
    return list(found.values())


def _expand(path: str, exclusion: Exclusion) -> Iterator[str]:
    if path == "-" or os.path.isfile(path):
        yield path
    elif os.path.isdir(path):
        yield from walk(path, exclusion)
    else:
        raise PathError(f"no such file or folder: {path}{_neighbours(path)}")


def _neighbours(path: str) -> str:
    """Files and folders beside a path with nearly its name."""
    folder, name = os.path.split(path)
    try:
        near = get_close_matches(name, sorted(os.listdir(folder or os.curdir)))
    except OSError:
        return ""
    return f"; did you mean {' or '.join(os.path.join(folder, one) for one in near)}?" if near else ""


def walk(folder: str, exclusion: Exclusion) -> Iterator[str]:
    """The Python files in a folder, in the order of their names."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not exclusion.covers(os.path.join(parent, name)))
        for name in sorted(files):
            path = os.path.normpath(os.path.join(parent, name))
            never_ends = os.path.exists(path) and not os.path.isfile(path)  # a pipe, a device, or a link to one
            if name.endswith(".py") and not never_ends and not exclusion.covers(path):
                yield path
