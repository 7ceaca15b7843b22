"""From a file to its Analysis: the one door through which the plugin and the command line enter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nnlint.construction import Analysis, Failure


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


def analyse(path: str, text: str | None = None, settings: Settings = Settings()) -> Analysis:
    """Analyse the file at `path` (its text, where given, stands for the file's content). Never raises."""
    from nnlint.project import Project
    from nnlint.source import parse, read

    content = read(path) if text is None else text
    if isinstance(content, Failure):
        return Analysis(path, errors=[content])
    if not may_construct(content, settings):
        return Analysis(path)
    source = parse(path, content)
    if isinstance(source, Failure):
        return Analysis(path, errors=[source])
    from nnlint.evaluate.machine import Machine
    from nnlint.roots import Roots

    try:
        machine = Machine(
            Project(path, settings.search_path),
            dict(settings.assume),
            dict(settings.layers),
            settings.formula == "textbook",
        )
        return Roots(machine, source).run()
    except (Exception, RecursionError) as error:
        return Analysis(path, errors=[Failure(1, 1, f"nnlint failed: {type(error).__name__}: {error}")])


def may_construct(text: str, settings: Settings) -> bool:
    """Whether a file can construct a layer at all: it would have to name a framework, or a module that does."""
    return "torch" in text or any(name.partition(".")[0] in text for name in settings.layers)
