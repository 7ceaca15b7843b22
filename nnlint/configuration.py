"""The options, as flake8 or the command line hands them over, parsed to what the rest of nnlint reads."""

import argparse
import ast
import fnmatch
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from nnlint.budget import NAME, Budget, OptionError, parse_budget
from nnlint.layer_names import parse_layer_budget

if TYPE_CHECKING:
    from nnlint.analyse import Settings

FORMULAS = ("framework", "textbook")
BOOLEANS = {**dict.fromkeys(("1", "yes", "true", "on"), True), **dict.fromkeys(("0", "no", "false", "off"), False)}
BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
PATH_BUDGET = re.compile(r"(?P<patterns>.+?)\s*:(?![\\/])\s*(?P<budget>.*)")


class OptionText(NamedTuple):
    """An option's value as written, and the folder that relative paths in it start from."""

    text: str
    folder: str


class OptionHelp(NamedTuple):
    """One option: its name (of the command line `--name`, of configuration files `name`) and what it means."""

    name: str
    metavar: str | None
    help: str

    @property
    def destination(self) -> str:
        return self.name.replace("-", "_")


OPTIONS = (
    OptionHelp(
        "max-layer-params",
        "BUDGET",
        "The most parameters that one layer may have: none (the default), or a number such as 500k, 10M or 1_000_000, "
        "with overrides by layer: '10M, Conv2d:2M, torch.nn.LSTM:4M, Head:none'. Reported as NNL101.",
    ),
    OptionHelp(
        "max-model-params",
        "BUDGET",
        "The most parameters that a whole model may have: none (the default), or a number, with overrides by class or "
        "function: '50M, TinyNet:500k'. Reported as NNL102.",
    ),
    OptionHelp(
        "per-path-max-layer-params",
        "LINES",
        "Layer budgets of their own for some files, one 'pattern: budget' per line, the first match counts: "
        "'edge/*: 100k, Linear:250k'. Patterns are relative to the configuration file.",
    ),
    OptionHelp(
        "nnlint-assume",
        "VALUES",
        "Python literals for parameters and attributes that would otherwise be unknown: "
        "'vocab_size=32000, args.hidden=512'.",
    ),
    OptionHelp(
        "nnlint-layers",
        "LAYERS",
        "The team's own layers, each counted like a known one: 'mylib.FusedLinear=torch.nn.Linear'.",
    ),
    OptionHelp(
        "nnlint-search-path",
        "FOLDERS",
        "Folders outside the project whose modules may be read, separated by commas (default: none).",
    ),
    OptionHelp(
        "nnlint-formula",
        "NAME",
        "framework (the default) counts what PyTorch allocates; textbook uses the textbook's formulas, which differ "
        "for recurrent layers.",
    ),
    OptionHelp(
        "nnlint-report-unknown",
        None,
        "Report, as NNL901, each layer whose number of parameters is not statically known, with the reason.",
    ),
)


@dataclass(frozen=True)
class PathBudget:
    """A layer budget for the files that an absolute pattern, or one without a slash, matches."""

    pattern: str
    budget: Budget

    def matches(self, path: str) -> bool:
        """Whether the pattern matches the file or a folder that it is in."""
        absolute = os.path.abspath(path)
        if os.path.isabs(self.pattern):
            return fnmatch.fnmatch(absolute, self.pattern) or fnmatch.fnmatch(absolute, os.path.join(self.pattern, "*"))
        return any(fnmatch.fnmatch(part, self.pattern) for part in os.path.normpath(path).split(os.sep))


@dataclass(frozen=True, eq=False)
class Configuration:
    """All that the options say; one is equal to itself only, so that it can key a cache."""

    layer_budget: Budget = field(default_factory=Budget)
    model_budget: Budget = field(default_factory=Budget)
    path_budgets: tuple[PathBudget, ...] = ()
    assume: Mapping[str, object] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    search_path: tuple[str, ...] = ()
    formula: str = "framework"
    report_unknown: bool = False

    @property
    def settings(self) -> "Settings":
        """What evaluation is told; its import waits until a file needs it."""
        from nnlint.analyse import Settings

        return Settings(self.formula, self.assume, self.layers, self.search_path)

    def layer_budgets(self, path: str) -> list[Budget]:
        """The layer budgets for a file, the one to ask first in front."""
        of_path = next((entry.budget for entry in self.path_budgets if entry.matches(path)), None)
        return [self.layer_budget] if of_path is None else [of_path, self.layer_budget]


def parse_configuration(values: argparse.Namespace | Mapping[str, object]) -> Configuration:
    """The options' values as parsed from a command line and a configuration file; raises OptionError."""
    given = vars(values) if isinstance(values, argparse.Namespace) else values
    texts: dict[str, OptionText] = {}
    for option in OPTIONS:
        value = given.get(option.destination)
        if value is not None:
            texts[option.name] = value if isinstance(value, OptionText) else OptionText(str(value), os.curdir)

    def text(option: str, default: str = "") -> str:
        return texts[option].text.strip() if option in texts else default

    layers = parse_layers(text("nnlint-layers"))
    path_budgets = texts.get("per-path-max-layer-params", OptionText("", ""))
    return Configuration(
        layer_budget=parse_layer_budget("max-layer-params", text("max-layer-params", "none"), layers),
        model_budget=parse_budget("max-model-params", text("max-model-params", "none")),
        path_budgets=tuple(parse_path_budgets(*path_budgets, layers)),
        assume=parse_assume(text("nnlint-assume")),
        layers=layers,
        search_path=tuple(parse_folders(*texts.get("nnlint-search-path", OptionText("", "")))),
        formula=parse_formula(text("nnlint-formula", "framework")),
        report_unknown=parse_boolean("nnlint-report-unknown", text("nnlint-report-unknown", "false")),
    )


def parse_path_budgets(text: str, folder: str, team: Collection[str] = ()) -> Iterator[PathBudget]:
    """Lines of `pattern: budget`, or `pattern, pattern: budget`; team: full names of the team's own layers."""
    option = "per-path-max-layer-params"
    for line in filter(None, map(str.strip, text.splitlines())):
        match = PATH_BUDGET.fullmatch(line)
        if match is None:
            raise OptionError(option, line, "is not 'pattern: budget' (one per line)")
        budget = parse_layer_budget(option, match["budget"], team)
        for pattern in filter(None, map(str.strip, match["patterns"].split(","))):
            yield PathBudget(_absolute_pattern(pattern, folder), budget)


def parse_assume(text: str) -> dict[str, object]:
    """Python literals by name: `vocab_size=32000, args.hidden=[512, 256]`."""
    values: dict[str, object] = {}
    for item in split_items(text):
        name, equals, literal = (part.strip() for part in item.partition("="))
        if not equals or not NAME.fullmatch(name):
            raise OptionError("nnlint-assume", item, "is not name=value")
        try:
            values[name] = ast.literal_eval(literal)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            why = "does not give a Python literal (a number, a quoted string, a tuple, True, None, ...)"
            raise OptionError("nnlint-assume", item, why) from None
    return values


def parse_layers(text: str) -> dict[str, str]:
    """Framework layers by the full names of the team's own: `mylib.FusedLinear=torch.nn.Linear`."""
    layers: dict[str, str] = {}
    if text:
        from nnlint.layers import public_name
    for item in split_items(text):
        own, _, layer = (part.strip() for part in item.partition("="))
        if not (NAME.fullmatch(own) and NAME.fullmatch(layer)):
            raise OptionError("nnlint-layers", item, "is not own.Layer=torch.nn.Layer")
        if public_name(layer) is None:
            raise OptionError("nnlint-layers", item, "does not name a layer that nnlint knows")
        layers[own] = layer
    return layers


def parse_folders(text: str, folder: str) -> Iterator[str]:
    """Folders, separated by commas or lines, made absolute."""
    for item in filter(None, map(str.strip, re.split(r"[,\n]", text))):
        path = os.path.abspath(os.path.join(folder, os.path.expanduser(item)))
        if not os.path.isdir(path):
            raise OptionError("nnlint-search-path", item, "is not a folder")
        yield path


def parse_formula(text: str) -> str:
    if text not in FORMULAS:
        raise OptionError("nnlint-formula", text, f"is neither {' nor '.join(FORMULAS)}")
    return text


def parse_boolean(option: str, text: str) -> bool:
    """As configparser reads them."""
    if text.lower() not in BOOLEANS:
        raise OptionError(option, text, "is neither true nor false")
    return BOOLEANS[text.lower()]


def split_items(text: str) -> list[str]:
    """The parts of a list separated by commas or lines, those inside brackets and quotes left alone."""
    items, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif depth == 0 and character in ",\n":
            items.append("")
            continue
        else:
            depth = max(0, depth + BRACKETS.get(character, 0))
        items[-1] += character
    return [item.strip() for item in items if item.strip()]


def _absolute_pattern(pattern: str, folder: str) -> str:
    if "/" in pattern or os.sep in pattern:
        return os.path.abspath(os.path.join(folder, pattern))
    return pattern
