"""The command line: `nnlint report` and `nnlint explain`."""

import argparse
import configparser
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from nnlint import __version__
from nnlint.budget import OptionError, parse_number
from nnlint.configuration import OPTIONS, Configuration, OptionText, parse_configuration

if TYPE_CHECKING:
    from nnlint.construction import Analysis
    from nnlint.report.gather import FileReport, Request

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
EPILOG = """\
examples:
  nnlint report src                 every layer and model of the Python files under src
  nnlint report --over 1M src       only those with more than a million parameters
  nnlint report net.py::resnet50    one model as a tree
  nnlint report "net.py::Net(width=2, depth=18)"
"""


class UsageError(Exception):
    """What the user asked for cannot be done; one line."""


class Settings(NamedTuple):
    """What the configuration file and the command line say together."""

    configuration: Configuration
    exclude: Sequence[str]
    folder: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line: 0 where it did what was asked, 1 where that fails a check, 2 where it could not."""
    options = build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (UsageError, OptionError) as error:
        from nnlint.report.terminal import printable

        print(f"nnlint: error: {printable(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(
        prog="nnlint",
        description="Count the parameters of neural networks from their source, without running it. "
        "Budgets are held by flake8: `flake8 --select=NNL --max-layer-params=10M`.",
    )
    parser.add_argument("--version", action="version", version=f"nnlint {__version__}")
    commands = parser.add_subparsers(required=True, title="commands", metavar="COMMAND")
    summary = "list every layer and model found, largest first, or show one model as a tree"
    add_report_options(
        commands.add_parser(
            "report",
            help=summary,
            description=f"{summary.capitalize()}.",
            epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    of_explain = commands.add_parser("explain", help="print a rule's documentation")
    of_explain.add_argument("code", metavar="CODE", help="such as NNL101, or the rule's name")
    of_explain.set_defaults(run=explain)
    return parser


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """What `nnlint report` takes; its last group is what flake8 takes too."""
    parser.set_defaults(run=report)
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a Python file, a folder, or - for standard input; file.py::name or 'file.py::name(arguments)' is one "
        "model of a file as a tree, arguments being literals",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "sarif", "html"), default="text", help="(default: %(default)s)"
    )
    parser.add_argument("--over", metavar="NUMBER", help="list only what has more parameters, such as 1M")
    parser.add_argument("--fail-over-budget", action="store_true", help="exit with 1 where anything is over its budget")
    tree = parser.add_argument_group("trees")
    tree.add_argument("--depth", metavar="N", type=positive, help="levels to show (default: all)")
    tree.add_argument(
        "--dtype", choices=tuple(BYTES), default="float32", help="what sizes in bytes are for (default: %(default)s)"
    )
    growth = parser.add_argument_group("changes")
    growth.add_argument("--compare", metavar="OTHER.json", help="show what changed since that JSON report")
    growth.add_argument(
        "--max-growth", metavar="5%", help="exit with 1 where a model, or all layers together, grew by more than that"
    )
    files = parser.add_argument_group("files")
    files.add_argument(
        "--exclude",
        metavar="PATTERNS",
        help="leave out of folders, besides what flake8 leaves out by default or by its configuration, hidden files "
        "and virtual environments: patterns of names or paths, separated by commas",
    )
    files.add_argument("--jobs", metavar="N", type=positive, help="processes (default: one for each core)")
    shared = parser.add_argument_group("configuration, as flake8's")
    shared.add_argument("--config", metavar="FILE", help="the flake8 configuration file to read")
    shared.add_argument("--isolated", action="store_true", help="read no configuration file")
    for option in OPTIONS:
        if option.metavar is None:
            shared.add_argument(f"--{option.name}", action="store_const", const="true", help=option.help)
        else:
            shared.add_argument(f"--{option.name}", metavar=option.metavar, help=option.help)


def positive(text: str) -> int:
    """An integer of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def report(options: argparse.Namespace) -> int:
    """The report on the paths; every file read is in it."""
    from concurrent.futures.process import BrokenProcessPool

    from nnlint.report.compare import CompareError
    from nnlint.report.contract import report_json
    from nnlint.report.gather import gather
    from nnlint.report.page import report_page
    from nnlint.report.sarif import report_sarif
    from nnlint.wanted import WantedError

    settings = read_settings(options)
    refuse_what_does_not_go_together(options)
    try:
        requests = make_requests(options, settings)
        reports = gather(requests, settings.configuration, options.jobs or available_cores())
        is_failure = options.fail_over_budget and any(report.over for report in reports)
        analyses = [report.analysis for report in reports]
        if options.format == "json":
            write(report_json(analyses, settings.configuration.formula))
        elif options.format == "sarif":
            write(report_sarif(reports))
        elif options.format == "html":
            write(report_page(reports))
        elif options.compare:
            is_failure |= report_comparison(options, analyses, settings.configuration.formula)
        else:
            report_tables(options, requests, reports)
    except (WantedError, CompareError) as error:
        raise UsageError(str(error)) from None
    except BrokenProcessPool:
        raise UsageError("a process ended in the middle of a file; --jobs 1 may tell more") from None
    return int(is_failure)


def report_tables(options: argparse.Namespace, requests: "list[Request]", reports: "list[FileReport]") -> None:
    """Trees of the models asked for, then the listing of all files."""
    from nnlint.report.listing import list_files, report_text
    from nnlint.report.model import report_model
    from nnlint.report.terminal import render

    over = parse_number("--over", options.over) if options.over else -1
    files = [report for request, report in zip(requests, reports) if request.wanted is None]
    models = [report for request, report in zip(requests, reports) if request.wanted is not None]
    width = BYTES[options.dtype]
    parts = [part for report in models for part in report_model(report, options.depth, options.dtype, width)]
    write(render([*parts, *(report_text(list_files(files), over) if files else ())]))


def report_comparison(options: argparse.Namespace, analyses: "list[Analysis]", formula: str) -> bool:
    """What changed since the earlier report; whether that is more growth than allowed."""
    from nnlint.report.compare import compare, excesses, failed, parse_growth, read_report, report_changes
    from nnlint.report.contract import report_content
    from nnlint.report.terminal import render

    comparison = compare(read_report(options.compare, formula), report_content(analyses, formula))
    found = excesses(comparison, parse_growth(options.max_growth)) if options.max_growth else []
    write(render([*report_changes(comparison), *([failed(found, options.max_growth)] if found else [])]))
    return bool(found)


def refuse_what_does_not_go_together(options: argparse.Namespace) -> None:
    """Options that would be ignored are errors."""
    if options.max_growth and not options.compare:
        raise UsageError("--max-growth goes with --compare")
    if options.compare and options.format != "text":
        raise UsageError("--compare goes with --format text")
    if options.compare and any("::" in path and not os.path.exists(path) for path in options.paths):
        raise UsageError("--compare takes files and folders, not a single model")


def make_requests(options: argparse.Namespace, settings: Settings) -> "list[Request]":
    """What the paths ask for; `path::model` where there is no file of that name is one model of a file."""
    from nnlint.report.files import Exclusion, PathError, find_files
    from nnlint.report.gather import Request
    from nnlint.wanted import parse_wanted

    paths: list[str] = []
    requests: list[Request] = []
    exclusion = Exclusion(settings.exclude, settings.folder)
    try:
        for path in options.paths:
            file, colons, name = path.partition("::")
            if not colons or os.path.exists(path):
                paths.append(path)
            elif os.path.isdir(file):
                raise UsageError(f"{file} is a folder: name the file that has {name}")
            else:
                requests += [Request(found, parse_wanted(name)) for found in find_files([file], exclusion)]
        return requests + [Request(path, trees=options.format == "html") for path in find_files(paths, exclusion)]
    except PathError as error:
        raise UsageError(str(error)) from None


def explain(options: argparse.Namespace) -> int:
    """A rule's page."""
    from nnlint.explain import UnknownRuleError
    from nnlint.explain import explain as page_of

    try:
        write(page_of(options.code))
    except UnknownRuleError as error:
        raise UsageError(str(error)) from None
    return 0


def read_settings(options: argparse.Namespace) -> Settings:
    """The [flake8] section that flake8 itself would read here, under what the command line says."""
    from flake8 import defaults, utils  # type: ignore[import-untyped]
    from flake8.exceptions import ExecutionError  # type: ignore[import-untyped]
    from flake8.options.config import load_config  # type: ignore[import-untyped]

    try:
        config, folder = load_config(options.config, [], isolated=options.isolated)
    except (ExecutionError, configparser.Error, UnicodeDecodeError) as error:
        raise UsageError(" ".join(str(error).split())) from None
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


def write(text: str) -> None:
    """Print in one piece; a reader that has gone (`| head`) is no error."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
