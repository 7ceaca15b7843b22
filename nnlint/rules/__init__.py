"""The rules, one file per code: a module in this package that has a `RULE` is one."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from nnlint.configuration import Configuration
from nnlint.construction import Analysis
from nnlint.finding import Finding, printable
from nnlint.pragma import Pragmas, read_pragmas
from nnlint.project import STANDARD_LIBRARY

IMPORT = re.compile(r"(?:^|[:;])[ \t\f]*(?P<keyword>from|import)\b(?P<modules>[^#;\n]*)", re.MULTILINE)

Check = Callable[[Analysis, Configuration, Pragmas], Iterator[Finding]]


class Example(NamedTuple):
    """Code, flake8's options for it, and what the rule says: (line, column, message) each. These are tests."""

    source: str
    options: tuple[str, ...]
    findings: tuple[tuple[int, int, str], ...] = ()


class Rule(NamedTuple):
    """A rule. name: of the pattern it warns of; page: what it does and why that is bad; bad, good: examples."""

    code: str
    name: str
    summary: str
    page: str
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    check: Check


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    return tuple(sorted((module.RULE for module in modules if hasattr(module, "RULE")), key=lambda rule: rule.code))


def may_construct(text: str) -> bool:
    """Whether the text imports anything but the standard library, without which there are no layers."""
    for statement in IMPORT.finditer(text):
        named = statement["modules"].split(",") if statement["keyword"] == "import" else [statement["modules"]]
        if any(re.split(r"[.\s]", name.strip(), maxsplit=1)[0] not in STANDARD_LIBRARY for name in named):
            return True
    return "nnlint:" in text


def check_file(path: str, text: str, configuration: Configuration) -> list[Finding]:
    """The findings of one file, in order. Never raises: what goes wrong in nnlint is itself a finding."""
    try:
        if not may_construct(text):
            return []
        from nnlint.analyse import analyse

        analysis = analyse(path, text, configuration.settings)
        return check_analysis(analysis, configuration, read_pragmas(text))
    except Exception as error:
        words = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")
        return [Finding(path, 1, 1, "NNL902", printable(f"not analysed: {words}"))]


def check_analysis(analysis: Analysis, configuration: Configuration, pragmas: Pragmas) -> list[Finding]:
    """What all rules say of one file, in the order of lines, in words that may hold texts of the program."""
    found = {finding for rule in all_rules() for finding in rule.check(analysis, configuration, pragmas)}
    return sorted(finding._replace(message=printable(finding.message)) for finding in found)
