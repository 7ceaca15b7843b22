"""A program in Python and in nnlint's machine, side by side: what tests/test_evaluate_python.py compares."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from nnlint.evaluate.control import LimitError
from nnlint.evaluate.machine import Machine
from nnlint.evaluate.scope import Scope
from nnlint.evaluate.statements import lower_definitions
from nnlint.project import Project
from nnlint.signature import Rest
from nnlint.source import Source, parse
from nnlint.unknown import Unknown, UnknownValueError
from nnlint.values import Dict, Instance, RaisedError, Set

PATH = str(Path(__file__).parent / "generated.py")


class Ended(NamedTuple):
    """A program's variables, the exception that ended it ("" for none), and why nnlint gave up ("" for not)."""

    variables: dict[str, Any]
    raised: str
    limit: str = ""


def python(program: str) -> Ended:
    """What Python makes of a program."""
    module = sys.modules["generated"] = ModuleType("generated")
    try:
        exec(compile(program, PATH, "exec"), module.__dict__)
    except Exception as error:
        return Ended(module.__dict__, type(error).__name__)
    return Ended(module.__dict__, "")


def nnlint(program: str) -> Ended:
    """What nnlint makes of it."""
    source = parse(PATH, program)
    assert isinstance(source, Source), source
    machine = Machine(Project(PATH))
    module = machine.load(source, "generated")
    machine.start()
    raised = limit = ""
    recursion = sys.getrecursionlimit()
    sys.setrecursionlimit(max(recursion, 12_000))
    try:
        for _, statement in lower_definitions(source.tree.body, Scope(machine, source, "module")):
            statement(module.frame)
    except RaisedError as error:
        raised = error.value.cls.name if isinstance(error.value, Instance) else "?"
    except (LimitError, UnknownValueError) as error:
        limit = str(error)
    finally:
        sys.setrecursionlimit(recursion)
    return Ended(dict(module.frame.variables), raised, limit)


def is_known(value: Any) -> bool:
    """Whether nothing in a value of nnlint's is unknown."""
    if isinstance(value, (Unknown, Rest)):
        return False
    if isinstance(value, (Dict, Set)) and value.rest is not None:
        return False
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    if isinstance(value, (list, tuple, set)):
        return all(map(is_known, value))
    return True


COMPARED = (bool, int, float, complex, str, bytes, list, tuple, dict, set, range, type(None))


def agrees(found: Any, expected: Any) -> bool:
    """Whether what nnlint knows of a value is true of Python's; what it does not know agrees with everything."""
    if isinstance(found, Unknown):
        return not found.options or any(agrees(option, expected) for option in found.options)
    if isinstance(found, Instance):
        found = found.payload
        if found is None:
            return not isinstance(expected, COMPARED)
        return any(
            agrees(found, base(expected)) for base in (str, int, list, dict, tuple) if isinstance(expected, base)
        )
    if not isinstance(found, COMPARED):
        return not isinstance(expected, (bool, int, float, str, tuple, list, dict)) and expected is not None
    if isinstance(found, (list, tuple)):
        sort = list if isinstance(found, list) else tuple
        if not isinstance(expected, sort) and type(expected).__name__ not in ("deque", "dict_keys", "dict_values",
                                                                             "dict_items"):  # fmt: skip
            return False
        return agree_in_order(list(found), list(expected))
    if isinstance(found, dict):
        open_ended = isinstance(found, Dict) and not found.certain()
        return (
            isinstance(expected, dict)
            and (open_ended or len(found) == len(expected))
            and all(key not in found or agrees(found[key], expected[key]) for key in expected)
        )
    if isinstance(found, set):
        known = {item for item in found if not isinstance(item, Unknown)}
        missing = expected - known
        return known <= expected and (not missing or (isinstance(found, Set) and found.rest is not None))
    return type(found) is type(expected) and (found == expected or found != found) and repr(found) == repr(expected)


def agree_in_order(found: list[Any], expected: list[Any]) -> bool:
    rest = next((i for i, item in enumerate(found) if isinstance(item, Rest)), None)
    if rest is None:
        return len(found) == len(expected) and all(map(agrees, found, expected))
    if not all(map(agrees, found[:rest], expected)) or len(expected) < rest:
        return False
    after = found[rest + 1 :]
    return any(isinstance(i, Rest) for i in after) or len(expected) - rest >= len(after)


def difference(program: str) -> tuple[str, int, int]:
    """What is wrong ("" for nothing), how many variables were compared, and how many of them nnlint knows."""
    truth, found = python(program), nnlint(program)
    names = [n for n, v in truth.variables.items() if not n.startswith("__") and not isinstance(v, ModuleType)]
    unknown = [name for name in found.variables if not is_known(found.variables[name])]
    if found.limit:
        return "", len(names), 0
    if found.raised != truth.raised and not set(unknown) & set(names):
        return f"raises {found.raised or 'nothing'}, not {truth.raised or 'nothing'}", len(names), 0
    if found.raised != truth.raised:
        return "", len(names), 0
    for name in names:
        if name not in found.variables:
            return f"{name} is missing", len(names), 0
        if not agrees(found.variables[name], truth.variables[name]):
            return f"{name} is {found.variables[name]!r}, not {truth.variables[name]!r}", len(names), 0
    extra = {name for name in found.variables if not name.startswith("__") and name not in truth.variables}
    if any(name not in unknown for name in extra):
        return f"{sorted(extra)} should not be there", len(names), 0
    return "", len(names), sum(name not in unknown for name in names)
