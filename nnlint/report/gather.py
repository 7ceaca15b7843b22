"""Files -> what is known of each and what the rules say of it, on all cores, in the order of the files."""

import io
import os
import sys
import tokenize
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress

from nnlint.configuration import Configuration
from nnlint.construction import Analysis, Failure, LayerSite, Model, Place
from nnlint.finding import Finding
from nnlint.pragma import read_pragmas
from nnlint.report.noqa import Noqa
from nnlint.rules import check_analysis
from nnlint.rules.nnl101_layer_over_budget import find_excesses as find_layers
from nnlint.rules.nnl102_model_over_budget import find_excesses as find_models
from nnlint.text import read

CHUNK = 16  # files that one process takes at a time: neighbours share what they import


class LayerKey(NamedTuple):
    """What tells one layer site of a report from all others."""

    path: str
    place: Place
    layer: str
    class_name: str | None


class ModelKey(NamedTuple):
    """What tells one model of a report from all others."""

    path: str
    place: Place
    kind: str
    name: str


def layer_key(site: LayerSite) -> LayerKey:
    """The key of a layer, the same in whichever file it was met."""
    return LayerKey(_real_path(site.path), site.place, site.layer, site.class_name)


@lru_cache(maxsize=4096)
def _real_path(path: str) -> str:
    # A file that is met through an import is known by another path than the one that the user gave.
    return os.path.realpath(path)


def model_key(model: Model, path: str) -> ModelKey:
    """The key of a model of the file at `path`."""
    return ModelKey(os.path.abspath(path), model.place, model.kind, model.name)


@dataclass(frozen=True)
class FileReport:
    """One file. over: layers and models that this file builds over their budgets; findings: what flake8 would report,
    silenced: what it would not, for a `# noqa`."""

    analysis: Analysis
    over: frozenset[LayerKey | ModelKey] = frozenset()
    findings: tuple[Finding, ...] = ()
    silenced: tuple[Finding, ...] = field(default=())


def gather(paths: Sequence[str], configuration: Configuration, jobs: int) -> list[FileReport]:
    """The files' reports, the same whatever `jobs` is; a progress bar where standard error is a terminal."""
    texts = [(path, _standard_input() if path == "-" else None) for path in paths]
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        results = _in_processes(texts, configuration, jobs) if jobs > 1 and len(paths) > CHUNK else None
        if results is None:
            results = (read_file(path, text, configuration) for path, text in texts)
        return list(progress.track(results, total=len(paths), description="Counting"))


def _in_processes(
    texts: Sequence[tuple[str, str | Failure | None]], configuration: Configuration, jobs: int
) -> Iterator[FileReport]:
    with ProcessPoolExecutor(jobs, initializer=_start, initargs=(configuration,)) as pool:
        yield from pool.map(_read_started, texts, chunksize=CHUNK)


_configuration = Configuration()


def _start(configuration: Configuration) -> None:
    global _configuration
    _configuration = configuration


def _read_started(item: tuple[str, str | Failure | None]) -> FileReport:
    return read_file(*item, _configuration)


def read_file(path: str, text: str | Failure | None, configuration: Configuration) -> FileReport:
    """One file's report, `text` standing for its content where given; what goes wrong in nnlint itself is in it."""
    path = "stdin" if path == "-" else path
    content = read(path) if text is None else text
    if isinstance(content, Failure):
        return FileReport(Analysis(path, errors=[content]))
    try:
        return _judge(path, content, configuration)
    except Exception as error:
        words = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")
        return FileReport(Analysis(path, errors=[Failure(1, 1, words)]))


def _judge(path: str, text: str, configuration: Configuration) -> FileReport:
    from nnlint.analyse import analyse

    analysis = analyse(path, text, configuration.settings)
    pragmas = read_pragmas(text)
    findings = check_analysis(analysis, configuration, pragmas)
    if not findings:
        return FileReport(analysis)
    noqa = Noqa(path, text)
    over: set[LayerKey | ModelKey] = {
        layer_key(excess.site)
        for excess in find_layers(analysis, configuration, pragmas)
        if not noqa.covers("NNL101", excess.context.entry.place.line)
    }
    over |= {
        model_key(model, path)
        for model, _ in find_models(analysis, configuration, pragmas)
        if not noqa.covers("NNL102", model.place.line)
    }
    silenced = {finding for finding in findings if noqa.covers(finding.code, finding.line)}
    reported = tuple(finding for finding in findings if finding not in silenced)
    return FileReport(analysis, frozenset(over), reported, tuple(sorted(silenced)))


def _standard_input() -> str | Failure:
    """Standard input, decoded as Python decodes a source file."""
    content = sys.stdin.buffer.read()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return io.TextIOWrapper(io.BytesIO(content), encoding).read()
    except (SyntaxError, UnicodeError, LookupError) as error:
        return Failure(1, 1, f"cannot be read: {error}")
