"""The fixtures are the specification: a line's mark is the finding on it, a line without a mark stays silent.

    nn.Linear(4096, 4096)  # NNL101                                    this code, whatever the message
    nn.Linear(4096, 4096)  # NNL101 Linear has 16,781,312 parameters…  a message that begins so
    nn.Linear(4096, 4096)  # NNL101 <the whole message>                exactly this

Several findings of a line are several marks. A first line `# nnlint-test: --option=value ...` replaces the options of
the repository's .flake8. Files of equal options are one real flake8 run.
"""

import re
import shlex
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).parent.parent
FIXTURES = sorted(path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "fixtures").rglob("*.py"))
HEADER = "# nnlint-test:"
MARK = re.compile(r"# (NNL\d{3})\b ?((?:(?! # NNL\d{3}).)*)")
FINDING = re.compile(r"(?P<path>.+?):(?P<line>\d+):(?P<column>\d+): (?P<code>[A-Z]+\d+) (?P<message>.*)")


class Mark(NamedTuple):
    """A finding that a line expects; text is the message, its beginning closed by "…", or empty."""

    line: int
    code: str
    text: str

    def accepts(self, message: str) -> bool:
        return message.startswith(self.text[:-1]) if self.text.endswith("…") else self.text in ("", message)


class Finding(NamedTuple):
    line: int
    code: str
    message: str


def marks(path: str) -> list[Mark]:
    lines = (CHECKOUT / path).read_text(encoding="utf-8").splitlines()
    return [
        Mark(number, match[1], match[2].strip())
        for number, line in enumerate(lines, start=1)
        for match in MARK.finditer(line)
    ]


def options(path: str) -> tuple[str, ...]:
    """The flake8 options of a fixture."""
    with open(CHECKOUT / path, encoding="utf-8") as file:
        first = file.readline()
    return tuple(shlex.split(first.removeprefix(HEADER))) if first.startswith(HEADER) else ()


@cache
def findings_with(flake8: Callable, arguments: tuple[str, ...]) -> dict[str, list[Finding]]:
    """What one flake8 run finds in all fixtures that have these options."""
    paths = [path for path in FIXTURES if options(path) == arguments]
    run = flake8(*arguments, *paths)
    assert run.stderr == "" and run.returncode in (0, 1), run.stderr
    found = defaultdict(list)
    for line in run.stdout.splitlines():
        match = FINDING.fullmatch(line)
        assert match, line
        found[match["path"]].append(Finding(int(match["line"]), match["code"], match["message"]))
    return found


@pytest.mark.parametrize("path", FIXTURES)
def test_a_fixture_has_the_findings_that_its_marks_say(path: str, flake8: Callable) -> None:
    found = sorted(findings_with(flake8, options(path))[path])
    expected = sorted(marks(path))
    unexpected = [f"{path}:{finding.line}: {finding.code} {finding.message}" for finding in found]
    missing = []
    for mark in expected:
        for index, finding in enumerate(found):
            if finding is not None and finding[:2] == mark[:2] and mark.accepts(finding.message):
                found[index] = None  # type: ignore[call-overload]
                break
        else:
            missing.append(f"{path}:{mark.line}: {mark.code} {mark.text}")
    unexpected = [text for text, finding in zip(unexpected, found) if finding is not None]
    assert (missing, unexpected) == ([], [])


def test_the_fixtures_hold_firing_and_silent_layers() -> None:
    assert sum(len(marks(path)) for path in FIXTURES) > 100
