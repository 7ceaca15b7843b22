"""The fixtures are the specification: a line's mark is the finding on it, a line without a mark stays silent.

    nn.Linear(4096, 4096)  # NNL101                                    this code, whatever the message
    nn.Linear(4096, 4096)  # NNL101 Linear has 16,781,312 parameters…  a message that begins so
    nn.Linear(4096, 4096)  # NNL101 <the whole message>                exactly this

Several findings of a line are several marks. A first line `# nnlint-test: --option=value ...` replaces the options of
the repository's .flake8. Files of equal options are one real flake8 run.
"""

import ast
import re
import shlex
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from nnlint.layers import LAYERS

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


class Call(NamedTuple):
    """A call that is a statement of a fixture: what is called, each argument's source by place or name, if it fires."""

    text: str
    called: str
    arguments: dict[int | str | None, str]
    fires: bool

    def near(self, other: "Call") -> bool:
        """Whether one argument more, less or otherwise makes the other of it."""
        names = self.arguments.keys() | other.arguments.keys()
        apart = [name for name in names if self.arguments.get(name) != other.arguments.get(name)]
        return self.called == other.called and len(apart) == 1


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


def calls(path: str) -> list[Call]:
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    marked = {mark.line for mark in marks(path)}
    found = []
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            arguments = dict(enumerate(map(ast.unparse, call.args)))
            arguments |= {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            found.append(Call(ast.unparse(call), ast.unparse(call.func), arguments, statement.lineno in marked))
    return found


@pytest.mark.parametrize("path", ["fixtures/layers/every_layer.py", "fixtures/layers/raises.py"])
def test_each_call_that_fires_has_a_near_miss_one_argument_apart(path: str) -> None:
    silent = [call for call in calls(path) if not call.fires]
    firing = [call for call in calls(path) if call.fires]
    assert len(firing) > 40
    assert [call.text for call in firing if not any(call.near(other) for other in silent)] == []


def test_every_layer_of_the_tables_fires_once() -> None:
    firing = {f"torch.{call.called}" for call in calls("fixtures/layers/every_layer.py") if call.fires}
    public = {name for name, layer in LAYERS.items() if not (layer.lazy or layer.wraps or "._" in name)}
    assert public - firing == {"torch.nn.TripletMarginWithDistanceLoss"}  # it owns what it is given, or nothing


def test_the_fixtures_hold_firing_and_silent_layers() -> None:
    assert sum(len(marks(path)) for path in FIXTURES) > 100
