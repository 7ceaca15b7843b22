"""Files -> what is known of each and what the rules say of it, on all cores, in the order of the files."""

import io
import os
import sys
import tokenize
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

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
from nnlint.rules.owner import analyse_owner
from nnlint.text import read
from nnlint.wanted import Wanted, WantedError

if TYPE_CHECKING:
    from nnlint.analyse import Settings

CHUNK = 16  # files that one process takes at a time


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
    return LayerKey(real_path(site.path), site.place, site.layer, site.class_name)


@lru_cache(maxsize=4096)
def real_path(path: str) -> str:
    """A file's path, the same where an import has led to it as where the user gave it."""
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


class Request(NamedTuple):
    """A file to read, `-` for standard input; wanted: the one model of it that is asked for, or None; trees: whether
    its models are to have their trees."""

    path: str
    wanted: Wanted | None = None
    trees: bool = False


def gather(requests: Sequence[Request], configuration: Configuration, jobs: int) -> list[FileReport]:
    """The files' reports, in order and the same whatever `jobs` is; a progress bar where standard error is a terminal.

    Raises WantedError.
    """
    given = _standard_input() if any(request.path == "-" for request in requests) else None
    items = [(request, given if request.path == "-" else None) for request in requests]
    chunks = [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        if jobs > 1 and len(chunks) > 1:
            results = _in_processes(chunks, configuration, jobs)
        else:
            results = (report for chunk in chunks for report in read_chunk(chunk, configuration))
        return list(progress.track(results, total=len(items), description="Counting"))


Item = tuple[Request, str | Failure | None]


def read_chunk(items: Sequence[Item], configuration: Configuration) -> Iterator[FileReport]:
    """The reports of neighbours, which share what they import."""
    analyse_owner.cache_clear()
    for request, text in items:
        yield read_file(request, text, configuration)


def _in_processes(chunks: Sequence[Sequence[Item]], configuration: Configuration, jobs: int) -> Iterator[FileReport]:
    with ProcessPoolExecutor(jobs, initializer=_start, initargs=(configuration,)) as pool:
        for reports in pool.map(_read_started, chunks):
            yield from reports


_configuration = Configuration()


def _start(configuration: Configuration) -> None:
    global _configuration
    _configuration = configuration


def _read_started(items: Sequence[Item]) -> list[FileReport]:
    return list(read_chunk(items, _configuration))


def read_file(request: Request, text: str | Failure | None, configuration: Configuration) -> FileReport:
    """One file's report, `text` standing for its content where given; what goes wrong in nnlint itself is in it.

    Raises WantedError.
    """
    path = "stdin" if request.path == "-" else request.path
    content = read(path) if text is None else text
    if isinstance(content, Failure) and request.wanted is not None:
        raise WantedError(f"{path}:{content.line}:{content.column}: {content.message}")
    if isinstance(content, Failure):
        return FileReport(Analysis(path, errors=[content]))
    try:
        return _judge(path, content, _analyse(path, content, request, configuration.settings), configuration)
    except WantedError:
        raise
    except Exception as error:
        words = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")
        if request.wanted is not None:
            raise WantedError(f"{path}: {request.wanted.text} is not analysed: {words}") from None
        return FileReport(Analysis(path, errors=[Failure(1, 1, words)]))


def _analyse(path: str, text: str, request: Request, settings: "Settings") -> Analysis:
    from nnlint.analyse import analyse
    from nnlint.one_model import analyse_model

    if request.wanted is not None:
        return analyse_model(path, text, request.wanted, settings)
    return analyse(path, text, settings, request.trees)


def _judge(path: str, text: str, analysis: Analysis, configuration: Configuration) -> FileReport:
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
