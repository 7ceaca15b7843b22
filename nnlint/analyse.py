"""From a file to its Analysis: the one door through which the plugin and the command line enter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nnlint.construction import Analysis


@dataclass(frozen=True)
class Settings:
    """What evaluation is told by the configuration.

    formula: "framework" or "textbook"; assume: values for what would be Unknown, by name ("vocab_size",
    "args.hidden"); layers: the team's own layers, full name to framework layer; search_path: folders outside the
    project whose modules may be read.
    """

    formula: str = "framework"
    assume: Mapping[str, object] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    search_path: Sequence[str] = ()


def analyse(path: str, text: str | None = None, settings: Settings = Settings()) -> Analysis:  # noqa: B008
    """Analyse the file at `path` (its text, where given, stands for the file's content). Never raises."""
    raise NotImplementedError
