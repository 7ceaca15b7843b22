"""The command line: `nnlint report` and `nnlint explain`."""

import argparse
import configparser
import fnmatch
import io
import os
import sys
import tokenize
from collections.abc import Iterator, Sequence

from nnlint import __version__
from nnlint.budget import OptionError
from nnlint.configuration import OPTIONS, Configuration, OptionText, parse_configuration
from nnlint.construction import Analysis, Failure
from nnlint.report import report_json, report_text
from nnlint.rules import all_rules

EXCLUDED = (".*", "CVS", "__pycache__", "*.egg")
REPORT_OPTIONS = tuple(option for option in OPTIONS if option.name.startswith("nnlint-") and option.metavar)


class UsageError(Exception):
    """What the user asked for cannot be done; one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 where it did what was asked, 2 where it could not."""
    options = build_parser().parse_args(arguments)
    try:
        text = explain(options.code) if options.command == "explain" else report(options)
    except (UsageError, OptionError) as error:
        print(f"nnlint: error: {error}", file=sys.stderr)
        return 2
    return write(text)


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(
        prog="nnlint",
        description="Count the parameters of neural networks from their source, without running it. "
        "Budgets are held by flake8: `flake8 --select=NNL --max-layer-params=10M`.",
    )
    parser.add_argument("--version", action="version", version=f"nnlint {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    of_report = commands.add_parser("report", help="list every layer and model found, largest first")
    of_report.add_argument("paths", nargs="+", metavar="PATH", help="a Python file, a folder, or - for standard input")
    of_report.add_argument("--format", choices=("text", "json"), default="text", help="(default: %(default)s)")
    of_report.add_argument("--config", metavar="FILE", help="the flake8 configuration file to read")
    of_report.add_argument("--isolated", action="store_true", help="read no configuration file")
    for option in REPORT_OPTIONS:
        of_report.add_argument(f"--{option.name}", metavar=option.metavar, help=option.help)
    of_explain = commands.add_parser("explain", help="print a rule's documentation")
    of_explain.add_argument("code", metavar="CODE", help="such as NNL101")
    return parser


def report(options: argparse.Namespace) -> str:
    """The report on the paths; every file read is in it."""
    configuration = load_configuration(options)
    paths: dict[str, str] = {}
    for path in expand(options.paths):
        paths.setdefault(path if path == "-" else os.path.abspath(path), path)
    analyses = [read(path, configuration) for path in paths.values()]
    return report_json(analyses, configuration.formula) if options.format == "json" else report_text(analyses)


def read(path: str, configuration: Configuration) -> Analysis:
    """What is known of one file; that nothing is, and why, where nnlint itself fails."""
    from nnlint.analyse import analyse

    try:
        if path == "-":
            return analyse("stdin", decode(sys.stdin.buffer.read()), configuration.settings)
        return analyse(path, None, configuration.settings)
    except Exception as error:
        words = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")
        return Analysis("stdin" if path == "-" else path, errors=[Failure(1, 1, words)])


def explain(code: str) -> str:
    """A rule's page, with its examples."""
    rules = {rule.code: rule for rule in all_rules()}
    rule = rules.get(code.upper())
    if rule is None:
        raise UsageError(f"no rule has the code {code!r}; there are {', '.join(rules)}")
    parts = [f"{rule.code} {rule.name}: {rule.summary}", rule.page.rstrip()]
    for title, examples in (("Reported", rule.bad), ("Not reported", rule.good)):
        for example in examples:
            options = f" with {' '.join(example.options)}" if example.options else ""
            source = "".join(f"    {line}".rstrip() + "\n" for line in example.source.splitlines())
            found = "".join(f"    -> {line}:{column} {rule.code} {text}\n" for line, column, text in example.findings)
            parts.append(f"{title}{options}\n{source}{found}".rstrip())
    return "\n\n".join(parts) + "\n"


def load_configuration(options: argparse.Namespace) -> Configuration:
    """The [flake8] section that flake8 itself would read here, under what the command line says."""
    from flake8.exceptions import ExecutionError  # type: ignore[import-untyped]
    from flake8.options.config import load_config  # type: ignore[import-untyped]

    try:
        config, folder = load_config(options.config, [], isolated=options.isolated)
    except (ExecutionError, configparser.Error, UnicodeDecodeError) as error:
        raise UsageError(" ".join(str(error).split())) from None
    values: dict[str, object] = {}
    section = config["flake8"] if config.has_section("flake8") else {}
    for name, text in section.items():
        values[name.replace("-", "_")] = OptionText(text, folder)
    for option in REPORT_OPTIONS:
        if (text := getattr(options, option.destination)) is not None:
            values[option.destination] = text
    return parse_configuration(values)


def expand(paths: Sequence[str]) -> Iterator[str]:
    """The files that the paths name: folders give their Python files, but not those of hidden folders and of venvs."""
    for path in paths:
        if path == "-" or os.path.isfile(path):
            yield path
        elif os.path.isdir(path):
            yield from walk(path)
        else:
            raise UsageError(f"no such file or folder: {path}")


def walk(folder: str) -> Iterator[str]:
    """The Python files in a folder, in the order of their names."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not is_excluded(f) and not is_venv(os.path.join(parent, f)))
        for name in sorted(files):
            if name.endswith(".py") and not is_excluded(name):
                yield os.path.normpath(os.path.join(parent, name))


def is_excluded(name: str) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in EXCLUDED)


def is_venv(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def decode(content: bytes) -> str:
    """Standard input as Python decodes a source file."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return io.TextIOWrapper(io.BytesIO(content), encoding).read()


def write(text: str) -> int:
    """Print in one piece; a reader that has gone (`| head`) is no error."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
