"""`nnlint report`: from the options of the command line to what is printed."""

import argparse
import configparser
import os
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

from flake8 import defaults, utils  # type: ignore[import-untyped]
from flake8.exceptions import ExecutionError  # type: ignore[import-untyped]
from flake8.options.config import load_config  # type: ignore[import-untyped]

from nnlint.budget import parse_number
from nnlint.configuration import OPTIONS, Configuration, OptionText, parse_configuration
from nnlint.errors import UsageError
from nnlint.report.compare import Call, compare, excesses, failed, parse_growth, read_report, report_changes
from nnlint.report.contract import report_content, report_json
from nnlint.report.files import Exclusion, find_files
from nnlint.report.gather import FileReport, Request, gather
from nnlint.report.listing import list_files, report_over, report_text
from nnlint.report.model import report_model
from nnlint.report.page import report_page
from nnlint.report.sarif import report_sarif
from nnlint.report.selection import Selection
from nnlint.report.terminal import render, write
from nnlint.wanted import parse_wanted


class Settings(NamedTuple):
    """What the configuration file and the command line say together; folder: of that file, for patterns of paths."""

    configuration: Configuration
    exclude: Sequence[str]
    folder: str


def run(options: argparse.Namespace) -> int:
    """Print the report on the paths, every file read being in it; 1 where a check that was asked for fails."""
    config, folder = read_config(options)
    settings = read_settings(options, config, folder)
    refuse_what_does_not_go_together(options)
    formula = settings.configuration.formula
    # What is wrong with the options is said before the work, not after it.
    over = parse_number("--over", options.over) if options.over is not None else -1
    earlier = read_report(options.compare, formula) if options.compare is not None else {}
    growth = parse_growth(options.max_growth) if options.max_growth is not None else None
    selection = Selection(config, folder) if options.format == "sarif" else None
    requests = make_requests(options, settings)
    try:
        reports = gather(requests, settings.configuration, options.jobs or available_cores())
    except BrokenProcessPool:
        raise UsageError("a process ended in the middle of a file; --jobs 1 may tell more") from None
    analyses = [report.analysis for report in reports]
    is_failure = options.fail_over_budget and any(report.over for report in reports)
    if options.format == "json":
        write(report_json(analyses, formula))
    elif selection is not None:
        write(report_sarif(reports, selection))
    elif options.format == "html":
        write(report_page(reports))
    elif options.compare is not None:
        returned = {Call(a.path, m.place.line, m.name) for a in analyses for m in a.models if m.returned}
        comparison = compare(earlier, report_content(analyses, formula), returned)
        found = excesses(comparison, growth) if growth is not None else []
        failures = [*([failed(found, options.max_growth)] if found else []), *report_over(list_files(reports))]
        write(render([*report_changes(comparison, over), *failures]))
        is_failure |= bool(found)
    else:
        report_tables(options, over, list(zip(requests, reports)))
    return int(is_failure)


def report_tables(options: argparse.Namespace, over: float, results: Sequence[tuple[Request, FileReport]]) -> None:
    """Trees of the models asked for, then the listing of all files."""
    files = [report for request, report in results if request.wanted is None]
    models = [report for request, report in results if request.wanted is not None]
    parts = [part for report in models for part in report_model(report, options.depth, options.dtype)]
    write(render([*parts, *(report_text(list_files(files), over) if files or not models else ())]))


def refuse_what_does_not_go_together(options: argparse.Namespace) -> None:
    """Options that would be ignored are errors."""
    if options.max_growth is not None and options.compare is None:
        raise UsageError("--max-growth goes with --compare")
    if options.compare is not None and options.format != "text":
        raise UsageError("--compare goes with --format text")
    if options.compare is not None and any("::" in path and not os.path.exists(path) for path in options.paths):
        raise UsageError("--compare takes files and folders, not a single model")


def make_requests(options: argparse.Namespace, settings: Settings) -> list[Request]:
    """What the paths ask for; `path::model` where there is no file of that name is one model of a file."""
    paths: list[str] = []
    requests: list[Request] = []
    exclusion = Exclusion(settings.exclude, settings.folder)
    for path in options.paths:
        file, colons, name = path.partition("::")
        if not colons or os.path.exists(path):
            paths.append(path)
        elif os.path.isdir(file):
            raise UsageError(f"{file} is a folder: name the file that has {name}")
        else:
            requests += [Request(found, parse_wanted(name)) for found in find_files([file], exclusion)]
    return requests + [Request(path, trees=options.format == "html") for path in find_files(paths, exclusion)]


def read_config(options: argparse.Namespace) -> tuple[configparser.RawConfigParser, str]:
    """The configuration that flake8 itself would read here, and the folder of its file."""
    try:
        config, folder = load_config(options.config, [], isolated=options.isolated)
    except (ExecutionError, configparser.Error, UnicodeDecodeError) as error:
        raise UsageError(" ".join(str(error).split())) from None
    return config, folder


def read_settings(options: argparse.Namespace, config: configparser.RawConfigParser, folder: str) -> Settings:
    """The [flake8] section, under what the command line says."""
    section = config["flake8"] if config.has_section("flake8") else {}
    values: dict[str, object] = {name.replace("-", "_"): OptionText(text, folder) for name, text in section.items()}
    for option in OPTIONS:
        if (text := getattr(options, option.destination)) is not None:
            values[option.destination] = text
    parts = (section.get("exclude", ",".join(defaults.EXCLUDE)), section.get("extend-exclude", ""), options.exclude)
    exclude = [pattern for part in parts for pattern in utils.parse_comma_separated_list(part or "")]
    return Settings(parse_configuration(values), exclude, folder)


def available_cores() -> int:
    """How many processes can run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
