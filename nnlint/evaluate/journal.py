"""What the import of a module writes to what is older than it: names of another module, a registry, a class of torch.

It is taken back when the import has ended, and made again for every file whose own imports lead to the module: what is
found in a file must not depend on which files were read before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from nnlint.evaluate.heap import Content, Delta, Heap, Trail, content, restore
from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import ABSENT, Class, Dict, Frame, Function, Instance, List, Module, Set, Value, has_rest, same

NEVER = 10**18  # after every moment of the clock


class StaleError(Exception):
    """A change does not fit what has become of its object: all has to be read anew."""


class Change(NamedTuple):
    """What an import wrote to one object: the entries that differ, ABSENT where there is none, and what else it
    holds, before and after."""

    item: Any
    before: dict[Any, Value]
    after: dict[Any, Value]
    rest_before: Content
    rest_after: Content

    def redo(self, heap: Heap) -> bool:
        """Make the change anew; whether what it changes is what it was then."""
        heap.touch(self.item)
        entries, rest = _parts(self.item, content(self.item))
        fits = True
        for key, value in self.after.items():
            now = entries.get(key, ABSENT)
            if now is not self.before[key] and not same(now, value):
                unknown = first(*(one for one in (value, now) if isinstance(one, Unknown)))
                fits = fits and unknown is not None
                value = Unknown(unknown.why) if unknown is not None else value
            if value is ABSENT:
                entries.pop(key, None)
            else:
                entries[key] = value
        if isinstance(self.item, List) and _starts_with(self.rest_after, self.rest_before):
            rest = [*rest, *self.rest_after[len(self.rest_before) :]]
        elif not _alike(self.rest_before, self.rest_after):
            unfit = not _alike(rest, self.rest_before)
            rest = self.rest_after
            if unfit and isinstance(self.item, List) and has_rest(rest):
                rest = [Rest(Unknown("what it holds"))]
            elif unfit and not isinstance(rest, Unknown):
                fits = False
        restore(self.item, _whole(self.item, entries, rest))
        return fits


def change(item: Any, before: Content, after: Content) -> Change | None:
    """What differs between two contents of an object."""
    (old, rest_before), (new, rest_after) = _parts(item, before), _parts(item, after)
    keys = [key for key in {**old, **new} if old.get(key, ABSENT) is not new.get(key, ABSENT)]
    if not keys and _alike(rest_before, rest_after):
        return None
    was, is_now = ({key: entries.get(key, ABSENT) for key in keys} for entries in (old, new))
    return Change(item, was, is_now, rest_before, rest_after)


def _parts(item: Any, held: Content) -> tuple[dict[Any, Value], Content]:
    """A content as entries, and the rest of it."""
    if isinstance(item, (Frame, Class, Function)):
        return held, None
    if isinstance(item, Instance):
        return held[0], held[1:]
    if isinstance(item, Dict):
        return held[0], held[1]
    if isinstance(item, Set):
        return dict.fromkeys(held[0], True), held[1]
    return {}, held


def _whole(item: Any, entries: dict[Any, Value], rest: Content) -> Content:
    """A content of its parts."""
    if isinstance(item, (Frame, Class, Function)):
        return entries
    if isinstance(item, Instance):
        return entries, *rest
    if isinstance(item, Dict):
        return entries, rest
    if isinstance(item, Set):
        return set(entries), rest
    return rest


def _alike(one: Content, other: Content) -> bool:
    if type(one) in (list, tuple) and type(one) is type(other):
        return len(one) == len(other) and all(a is b for a, b in zip(one, other))
    return one is other


def _starts_with(items: list[Value], start: list[Value]) -> bool:
    return len(items) >= len(start) and _alike(items[: len(start)], start)


class Importing:
    """A module whose import has begun and not ended.

    trail: what it writes; first: what the objects that are not its own held before; own: the moments of the clock at
    which it ran itself, from and to, and not what it imports.
    """

    def __init__(self, module: Module, trail: Trail, clock: int) -> None:
        self.module, self.trail = module, trail
        self.first: Delta = {}
        self.own = [(clock, NEVER)]

    def owns(self, item: Any) -> bool:
        """Whether its code made an object."""
        return any(start <= item.birth < end for start, end in reversed(self.own))


class Journal:
    """The modules whose imports count for the file at hand, and what was there before any import wrote to it."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self.active = Set(())  # of modules
        self.importing: list[Importing] = []
        self.files = 0
        self._bases: Delta = {}

    def begin(self) -> None:
        """For another file: nothing is imported yet."""
        self.files += 1
        for item, held in self._bases.values():
            restore(item, held)
        self.active.clear()

    def open(self, module: Module) -> None:
        """The import of a module begins."""
        trail = self.heap.open()
        trail.epoch = self.heap.epoch = NEVER  # all that is written is noted, and what is its own then left out
        module.birth = module.frame.birth = self.heap.clock
        self.importing.append(Importing(module, trail, self.heap.clock))

    def pause(self) -> None:
        """The import that runs asks for another."""
        if self.importing:
            one = self.importing[-1]
            self._note(one)
            start, _ = one.own[-1]
            self.heap.clock += 1
            one.own[-1] = (start, self.heap.clock)

    def resume(self) -> None:
        """It goes on."""
        if self.importing:
            self.heap.clock += 1
            self.importing[-1].own.append((self.heap.clock, NEVER))

    def close(self) -> None:
        """The innermost import ends, and its writes are taken back: it is to be followed to make them count."""
        one = self.importing[-1]
        self.heap.undo_to(self.heap.trails.index(one.trail) + 1)
        self._note(one)
        self.importing.pop()
        one.trail.saved.update(one.first)
        self.heap.undo()

    def follow(self, module: Module) -> Iterator[Change]:
        """An import leads to a module: what it writes is written from here on. Gives the changes that do not fit."""
        if not self.importing:
            yield from self._activate(module)
            return
        one = self.importing[-1]
        self._note(one)
        if module not in one.module.log:
            one.module.log.append(module)
        yield from self._activate(module)
        for key, saved in one.trail.saved.items():
            one.first.setdefault(key, saved)
        one.trail.saved.clear()

    def _activate(self, module: Module) -> Iterator[Change]:
        if module in self.active or any(one.module is module for one in self.importing):
            return
        self.heap.touch(self.active)
        self.active.add(module)
        for entry in module.log:
            if isinstance(entry, Module):
                yield from self._activate(entry)
            elif not entry.redo(self.heap):
                yield entry

    def _note(self, one: Importing) -> None:
        """Add what an import has written since it was noted last to the log of its module."""
        for key, (item, held) in one.trail.saved.items():
            if one.owns(item):
                continue
            one.first.setdefault(key, (item, held))
            if item is not self.active:
                self._bases.setdefault(key, (item, self._before_all(key, held)))
                item.birth = 0  # what the item's own module writes to it later is noted too
                written = change(item, held, content(item))
                if written is not None:
                    one.module.log.append(written)
        one.trail.saved.clear()

    def _before_all(self, key: int, held: Content) -> Content:
        """What an object held before the root that asks for the import began."""
        return next((trail.saved[key][1] for trail in self.heap.around if key in trail.saved), held)
