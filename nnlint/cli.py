"""The command line: `nnlint report` and `nnlint explain`."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from nnlint import __version__
from nnlint.budget import OptionError
from nnlint.configuration import OPTIONS
from nnlint.errors import UsageError

DTYPES = ("float32", "float16", "bfloat16", "int8")
EPILOG = """\
examples:
  nnlint report src               every layer and model of the files under src
  nnlint report --over 1M src     only those of more than a million parameters
  nnlint report net.py::resnet50  one model as a tree
  nnlint report "net.py::Net(width=2, depth=18)"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line: 0 where it did what was asked, 1 where that fails a check, 2 where it could not."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return int(options.run(options))
    except (UsageError, OptionError) as error:
        from nnlint.finding import printable

        print(f"nnlint: error: {printable(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options and paths, in any order; what is neither ends the program with a line and status 2."""
    parser = build_parser()
    options, rest = parser.parse_known_args([shielded(argument) for argument in arguments])
    # argparse takes paths from one place only: what stands behind further options is left over.
    if rest and ("paths" not in options or any(argument[:1] == "-" != argument for argument in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.paths += map(unshielded, rest)
    return options


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"nnlint: error: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = Parser(
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
        type=unshielded,
        metavar="PATH",
        help="a Python file, a folder, or - for standard input; file.py::name or 'file.py::name(arguments)' is one "
        "model of a file as a tree, arguments being literals (-::name of standard input)",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "sarif", "html"), default="text", help="(default: %(default)s)"
    )
    parser.add_argument("--over", metavar="NUMBER", help="show only what has (or had) more parameters, such as 1M")
    parser.add_argument("--fail-over-budget", action="store_true", help="exit with 1 where anything is over its budget")
    tree = parser.add_argument_group("trees")
    tree.add_argument("--depth", metavar="N", type=positive, help="levels to show (default: all)")
    tree.add_argument(
        "--dtype", choices=DTYPES, default="float32", help="what sizes in bytes are for (default: %(default)s)"
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


def shielded(argument: str) -> str:
    """A model of standard input, `-::name`, with a space in front: else argparse takes it for an option."""
    return f" {argument}" if argument.startswith("-::") else argument


def unshielded(path: str) -> str:
    """The path that was shielded, or any other as it is."""
    return path[1:] if path.startswith(" -::") else path


def positive(text: str) -> int:
    """An integer of at least 1."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def report(options: argparse.Namespace) -> int:
    """The report on the paths."""
    from nnlint.report.command import run  # rich is loaded for it alone

    return run(options)


def explain(options: argparse.Namespace) -> int:
    """A rule's page."""
    from nnlint.explain import explain as page_of
    from nnlint.report.terminal import write

    write(page_of(options.code))
    return 0
