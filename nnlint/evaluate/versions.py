"""Which Python and which torch will run is not known but for this: torch is 2.13, or a later one, which needs Python
3.10 or a later one."""

from __future__ import annotations

import re
from typing import Any

from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import External, List, Native, Value

PYTHON, TORCH = "sys.version_info", "torch.__version__"
PARSED = f"packaging.version.parse({TORCH})"
RELEASE = f"{PARSED}.release"
MINOR = f"{TORCH}.split('.')[1]"
PARSERS = (
    "packaging.version.parse", "pkg_resources.parse_version", "distutils.version.LooseVersion",
    "looseversion.LooseVersion", "setuptools._distutils.version.LooseVersion",
)  # fmt: skip
LEAST: dict[str, tuple[int, ...] | int] = {
    PYTHON: (3, 10), f"{PYTHON}.minor": 10, TORCH: (2, 13), RELEASE: (2, 13), f"{PARSED}.minor": 13,
    **{f"{parser}({TORCH})": (2, 13) for parser in PARSERS},
}  # fmt: skip
# Where the numbers of a version are, and the name that they are attributes of.
NUMBERS = {PYTHON: PYTHON, RELEASE: PARSED}
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Version(Unknown):
    """What a parser makes of the text of a version that is released: only others of the same one compare with it."""

    __slots__ = ("numbers", "parser")

    def __init__(self, parser: str, numbers: tuple[int, ...]) -> None:
        super().__init__("a version", plain=True)
        self.parser, self.numbers = parser, numbers


def numbers_of(text: str) -> tuple[int, ...] | None:
    """The numbers of a version, without zeros at its end; None for a text that consists of more."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,9}", text):
        return None
    return tuple(map(int, re.sub(r"(\.0+)*$", "", text).split(".")))


def _parser(name: str) -> Native:
    """packaging.version.parse(text) and the like"""

    def parse(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = first(*args, *kwargs.values())
        if isinstance(given, External) and given.name in (TORCH, f"{PARSED}.base_version", f"{PARSED}.public"):
            return External(f"{name}({TORCH})")
        numbers = numbers_of(given) if isinstance(given, str) else None
        if numbers is None:
            return machine.doubtful(Unknown(given.why if isinstance(given, Unknown) else "a version", plain=True))
        return Version(name, numbers)

    return Native("parse", parse)


def _split(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """torch.__version__.split(".")"""
    rest = Unknown("the version of torch", plain=True)
    return List(["2", External(MINOR), Rest(rest)], machine.heap.clock) if args == ["."] and not kwargs else rest


def as_int(text: External) -> External | None:
    """int(text), for a part of the text of a version; None for any other."""
    return External(f"{PARSED}.minor") if text.name == MINOR else None


VERSIONS: dict[str, Value] = {
    f"{PYTHON}.major": 3, f"{PARSED}.major": 2, "six.PY2": False, "six.PY3": True,
    f"{TORCH}.split": Native("split", _split), **{name: _parser(name) for name in PARSERS},
    "packaging.version.Version": _parser("packaging.version.parse"),
}  # fmt: skip


def item(version: External, index: Value) -> Value:
    """sys.version_info[index]; None where nothing is known of it."""
    if version.name not in NUMBERS:
        return None
    name = NUMBERS[version.name]
    major = VERSIONS[f"{name}.major"]
    if isinstance(index, slice) and (index.start, index.step) == (None, None) and isinstance(index.stop, int):
        return (major,) if index.stop == 1 else version if index.stop > 1 else None
    return {0: major, 1: External(f"{name}.minor")}.get(index) if isinstance(index, int) else None


def compare(sign: str, left: Value, right: Value) -> bool | None:
    """What a comparison with the version surely gives; None where it is not known."""
    if isinstance(right, External) and right.name in LEAST:
        left, sign, right = right, FLIPPED.get(sign, ""), left
    if isinstance(left, Version) and isinstance(right, Version):
        return _compare_two(sign, left, right)
    if not isinstance(left, External) or left.name not in LEAST:
        return None
    if isinstance(right, Version):
        right = right.numbers if left.name == f"{right.parser}({TORCH})" else None
    elif isinstance(right, Unknown) or left.name.endswith(f"({TORCH})"):
        return None
    least = LEAST[left.name]
    if left.name == TORCH and isinstance(right, str):
        if re.match("[a-uw-zA-UW-Z]", right):  # no version, and compared as a text
            return {"==": False, "!=": True}.get(sign)
        right = numbers_of(right)
    if isinstance(least, int):
        return _answer(sign, right < least, right <= least) if isinstance(right, int) else None
    if not isinstance(right, tuple) or not right or not all(isinstance(part, int) for part in right):
        return None
    return _answer(sign, right < least, right <= least)


def _compare_two(sign: str, left: Version, right: Version) -> bool | None:
    """What a comparison of two versions gives that are known and differ."""
    one, other = left.numbers, right.numbers
    if left.parser != right.parser or one == other:
        return None
    return {"==": False, "!=": True, "<": one < other, "<=": one < other, ">": one > other, ">=": one > other}[sign]


def _answer(sign: str, is_less: bool, is_not_more: bool) -> bool | None:
    """The same, given whether the other side is less, or not more, than the least version."""
    if sign in ("==", "!=", "<=", ">"):
        return sign in ("!=", ">") if is_less else None
    return sign == ">=" if is_not_more and sign in ("<", ">=") else None
