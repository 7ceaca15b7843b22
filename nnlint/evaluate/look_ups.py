"""Attributes that the program computes when they are read, by a `__getattribute__` of its own: what one gave is
remembered until something that it was computed from is written.

While a look-up runs, the machine notes what it reads. Where it does more than the few things that are noted (it writes,
loops, calls what is not known, stands under a condition that is not known), it is not remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import libcst as cst

from nnlint.source import walk
from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    BoundMethod,
    Class,
    Dict,
    Frame,
    Function,
    Instance,
    Namespace,
    Native,
    Set,
    Value,
    is_plain,
)

# What the text of a function may consist of, beyond what only holds other parts together: all that it can read by
# these is noted.
NOTED = (
    cst.FunctionDef, cst.Parameters, cst.Param, cst.Annotation, cst.IndentedBlock, cst.SimpleStatementLine, cst.Expr,
    cst.If, cst.Else, cst.Return, cst.Raise, cst.Assign, cst.AssignTarget, cst.Name, cst.Integer, cst.SimpleString,
    cst.ConcatenatedString, cst.FormattedString, cst.FormattedStringText, cst.FormattedStringExpression,
    cst.Attribute, cst.Subscript, cst.SubscriptElement, cst.Index, cst.Call, cst.Arg, cst.Comparison,
    cst.ComparisonTarget, cst.BooleanOperation, cst.UnaryOperation, cst.BinaryOperation, cst.List, cst.Tuple,
    cst.Element,
)  # fmt: skip
# nnlint's own functions that read nothing but what is noted elsewhere.
READING = frozenset({"__getattribute__", "getattr", "hasattr", "super"})
# Those that add to their first argument and read nothing of it.
ADDING = frozenset({"add", "append", "extend", "update"})


class Reading:
    """What a look-up has read: objects by their id; of those in `names` no more than these names of a frame, attributes
    of a function or class, keys of a dict, members of a set. since: what is younger was made by itself; is_lost: not
    all that it did is noted."""

    __slots__ = ("is_lost", "items", "names", "since")

    def __init__(self, since: int) -> None:
        self.items: dict[int, Any] = {}
        self.names: dict[int, set[Any]] = {}
        self.since = since
        self.is_lost = False

    def add(self, item: Any) -> None:
        """It reads all that an object holds."""
        self.items[id(item)] = item
        self.names.pop(id(item), None)

    def add_name(self, item: Frame | Function | Class | Dict | Set, name: Value) -> None:
        """It reads a name of a frame, an attribute of a function or class, or whether there is a key or a member."""
        names = self.names.get(id(item))
        if names is not None:
            names.add(name)
        elif id(item) not in self.items:
            self.items[id(item)], self.names[id(item)] = item, {name}

    def take(self, other: Reading) -> None:
        """It reads what another one does."""
        for key, item in other.items.items():
            if key not in other.names:
                self.add(item)
            for name in other.names.get(key, ()):
                self.add_name(item, name)

    def clear(self) -> None:
        self.items.clear()
        self.names.clear()


class Remembered(NamedTuple):
    """What looking up a name on an object gave (ABSENT among it), and what that was read from."""

    owner: Instance
    found: Value
    reading: Reading


class LookUps:
    """The look-ups of one root that are remembered, and the one that runs. changes: how often what is remembered has
    changed; recalled: what is recalled while a construction is followed, object and name."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, str], Remembered] = {}
        self.watched: set[int] = set()
        self.reading: Reading | None = None
        self.changes = 0
        self.recalled: list[tuple[Instance, str]] | None = None
        self._texts: dict[cst.CSTNode, bool] = {}

    @property
    def is_watching(self) -> bool:
        """Whether writes matter."""
        return bool(self.watched) or self.reading is not None

    def forget(self) -> None:
        """Nothing is remembered from here on."""
        self.known, self.watched = {}, set()
        self.changes += 1

    def written(self, item: Any) -> None:
        """An object is about to be written."""
        if id(item) in self.watched:
            self.forget()
        if self.reading is not None and item.birth < self.reading.since:
            self.reading.is_lost = True

    def read_into(self, reading: Reading | None) -> None:
        """What is read from here on is noted there; what find() looks up on a class, too."""
        self.reading = reading
        Class.noting = reading.add_name if reading is not None else None

    def note(self, items: Iterable[Any]) -> None:
        """The look-up that runs reads what these objects hold."""
        if self.reading is not None:
            for item in items:
                self.reading.add(item.owner if isinstance(item, Namespace) else item)

    def note_name(self, item: Frame | Function | Class | Dict | Set, name: Value) -> None:
        """The look-up that runs reads a name of a frame, an attribute of a function or class, or whether there is a key
        or a member."""
        if self.reading is not None:
            self.reading.add_name(item, name)

    def lose(self) -> None:
        """The look-up that runs does what is not noted."""
        if self.reading is not None:
            self.reading.is_lost = True

    def recall(self, owner: Instance, name: str) -> Remembered | None:
        """What a look-up gave before, if nothing has changed."""
        known = self.known.get((id(owner), name))
        if known is not None and self.reading is not None:
            self.reading.take(known.reading)
        if known is not None and self.recalled is not None:
            self.recalled.append((owner, name))
        return known

    @contextmanager
    def follow(self, since: int) -> Iterator[Reading]:
        """Note what is read in here, for a look-up inside of another one for both."""
        around, reading = self.reading, Reading(since)
        self.read_into(reading)
        try:
            yield reading
        except BaseException:
            reading.is_lost = True
            raise
        finally:
            self.read_into(around)
            if around is not None:
                around.take(reading)
                around.is_lost |= reading.is_lost

    def remember(self, owner: Instance, name: str, found: Value, reading: Reading) -> None:
        """Keep what a look-up gave, where all that it read was noted and it made nothing new."""
        if not reading.is_lost and is_older(found, reading.since):
            self.known[id(owner), name] = Remembered(owner, found, reading)
            self.watched.update(reading.items)
            self.changes += 1

    def is_noted(self, function: cst.CSTNode) -> bool:
        """Whether the text of a function consists of what is noted."""
        if function not in self._texts:
            self._texts[function] = all(isinstance(part, NOTED) for part in walk(function))
        return self._texts[function]


def is_older(found: Value, since: int) -> bool:
    """Whether a value is a constant, or an object that was there before."""
    if isinstance(found, Unknown):
        return all(is_older(option, since) for option in found.options)
    if isinstance(found, BoundMethod):
        return is_older(found.function, since) and is_older(found.receiver, since)
    if found is ABSENT or is_plain(found) or isinstance(found, Native):
        return True
    return isinstance(getattr(found, "birth", None), int) and found.birth < since
