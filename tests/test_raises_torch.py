"""fixtures/layers/raises.py against real torch: each marked call raises there, no other does, and no raise is left out.

The statements are run one by one; the marks themselves are tested in test_fixtures.py.
"""

import ast
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

if os.environ.get("NNLINT_REQUIRE_TORCH") != "1":
    pytest.importorskip("torch")

import torch

from nnlint.evaluate.entries import TAKEN

FIXTURE = Path(__file__).parent.parent / "fixtures" / "layers" / "raises.py"
MODULES = Path(torch.nn.__file__).parent / "modules"
CONSTRUCTORS = {"__init__", "reset_parameters", "_reset_parameters"}
# What raises under another name, on behalf of a constructor.
HELPERS = {
    "Module": {"add_module", "register_buffer"},
    "ModuleDict": {"update"},
    "ModuleList": {"extend"},
    "ParameterList": {"extend"},
    "ParameterDict": {"update", "_key_to_attr"},
}
# Raises that no constructor call reaches, with the reason.
UNREACHED = {
    ("Module", "register_buffer"): "the names of buffers are the framework's own",
}


class Raise(NamedTuple):
    """A raise statement of torch's, or one that a call came to."""

    file: str
    cls: str
    function: str
    line: int


def raises_of_torch() -> Iterator[Raise]:
    """The raise statements in the constructors of torch.nn."""
    for file in sorted(MODULES.glob("*.py")):
        for cls in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for function in cls.body if isinstance(cls, ast.ClassDef) else ():
                if isinstance(function, ast.FunctionDef) and is_constructor(cls.name, function.name):
                    for node in ast.walk(function):
                        if isinstance(node, ast.Raise):
                            yield Raise(file.name, cls.name, function.name, node.lineno)


def is_constructor(cls: str, function: str) -> bool:
    return function in CONSTRUCTORS or function in HELPERS.get(cls, ())


def came_to(error: Exception) -> "tuple[str, int]":
    """The file and the line of torch.nn that raised, ("", 0) for none."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if Path(frame.filename).parent == MODULES]
    return (Path(inside[-1].filename).name, inside[-1].lineno or 0) if inside else ("", 0)


def run_fixture() -> Iterator["tuple[int, str, Exception | None]"]:
    """Each statement of the fixture: its line, its text, and what it raised."""
    text = FIXTURE.read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for statement in ast.parse(text).body:
        try:
            with warnings.catch_warnings(), torch.device("meta"):
                warnings.simplefilter("ignore")
                exec(compile(ast.Module([statement], []), str(FIXTURE), "exec"), names)
        except Exception as error:
            yield statement.lineno, text.splitlines()[statement.lineno - 1], error
        else:
            yield statement.lineno, text.splitlines()[statement.lineno - 1], None


def test_the_marked_calls_raise_in_torch_and_no_others() -> None:
    found = [(line, "# NNL" in text, error) for line, text, error in run_fixture()]
    assert [(line, error) for line, marked, error in found if marked != (error is not None)] == []
    assert sum(marked for _, marked, _ in found) > 80


@pytest.mark.skipif(sys.version_info < (3, 11), reason="before 3.11 a raise of several lines has no line of its own")
def test_no_raise_of_torchs_constructors_is_left_out() -> None:
    assert len(list(raises_of_torch())) > 60
    reached = {came_to(error) for _, _, error in run_fixture() if error is not None}
    left_out = [
        found
        for found in raises_of_torch()
        if (found.file, found.line) not in reached and (found.cls, found.function) not in UNREACHED
    ]
    assert left_out == []


def test_the_names_that_a_container_refuses_are_attributes_in_torch() -> None:
    for kind, names in TAKEN.items():
        made = getattr(torch.nn, kind)()
        assert [name for name in names.split() if not hasattr(made, name)] == []
