"""The words that messages share."""

import os

from nnlint.construction import LayerSite


def layer_name(site: LayerSite) -> str:
    """What the call constructs, by its short name: the user's class, or the framework's."""
    return (site.class_name or site.layer).rpartition(".")[2]


def counted(at_least: int, parameters: int | None) -> str:
    """In words: "1,000 parameters", or "at least 1,000 parameters" where the exact count is not known."""
    return f"{'at least ' if parameters is None else ''}{at_least:,} parameters"


def is_same_file(path: str, other: str) -> bool:
    return os.path.abspath(path) == os.path.abspath(other)


def nearest_path(path: str) -> str:
    """The path from the current folder, where it is in it."""
    absolute = os.path.abspath(path)
    here = os.path.join(os.getcwd(), "")
    return absolute[len(here) :] if absolute.startswith(here) else path
