"""What the import of a module writes to what is older than it: names of another module, a registry, a class of torch.

It is taken back when the import has ended, and made again for every file whose own imports lead to the module: what is
found in a file must not depend on which files were read before it. What a module reads when it is imported may hang on
what was imported before it: where another file leads to it in another world, all has to be read anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from nnlint.evaluate.heap import Content, Delta, Heap, Trail, content, restore
from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import ABSENT, Class, Dict, Frame, Function, Instance, List, Module, Set, Value, has_rest, same

NEVER = 10**18  # after every moment of the clock
WORLD = "the changes that were made, in order, as a number"


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


class World(NamedTuple):
    """Which changes stood when the code of a module began to run, in order, as a number."""

    number: Value


class Read(NamedTuple):
    """What a module has imported by name from another."""

    frame: Frame
    name: str
    value: Value


class Circle(NamedTuple):
    """A module that was imported while its own import ran."""

    module: Module


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
        self.world = Dict({WORLD: 0})
        self.importing: list[Importing] = []
        self.files = 0
        self._bases: Delta = {}
        self._worlds: dict[tuple[int, int], int] = {}
        self._changes: list[tuple[int, Change] | None] = [None]  # of each world: the one before, and what made it
        self._judged: dict[tuple[Module, int, int], bool] = {}
        self._reach: dict[Module, set[Module]] = {}
        self._ran: list[tuple[int, int, Module]] = []  # from when to when the code of a module ran
        self._owners: dict[int, Module | None] = {}  # of what imports write to
        self._followed: list[Module] = []  # those whose log is gone through, the outermost first

    def begin(self) -> None:
        """For another file: nothing is imported yet."""
        self.files += 1
        for item, held in self._bases.values():
            restore(item, held)
        self.active.clear()
        self._followed.clear()
        self.world[WORLD] = 0

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
            self._ran.append((start, self.heap.clock, one.module))

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
        self._ran.append((one.own[-1][0], self.heap.clock + 1, one.module))
        self.importing.pop()
        one.trail.saved.update(one.first)
        self.heap.undo()

    def enter_code(self) -> None:
        """The module that is imported begins to do more than import."""
        one = self.importing[-1]
        self._note(one)
        one.module.log.append(World(self.world[WORLD]))

    def read(self, module: Module, name: str) -> None:
        """The module that is imported takes a name of another."""
        if self.importing and name in module.frame.variables:
            one = self.importing[-1]
            self._note(one)
            one.module.log.append(Read(module.frame, name, module.frame.variables[name]))

    def follow(self, module: Module) -> Iterator[Change | Module]:
        """An import leads to a module: what it writes is written from here on. Gives the changes that do not fit, and
        the modules that would read something else."""
        if not self.importing:
            yield from self._activate(module)
            return
        one = self.importing[-1]
        self._note(one)
        entry = Circle(module) if self._runs(module) else module
        if entry not in one.module.log and module is not one.module:
            one.module.log.append(entry)
        yield from self._activate(module)
        for key, saved in one.trail.saved.items():
            one.first.setdefault(key, saved)
        one.trail.saved.clear()

    def _activate(self, module: Module) -> Iterator[Change | Module]:
        if module in self.active or self._runs(module):
            return
        self.heap.touch(self.active)
        self.active.add(module)
        self._followed.append(module)
        try:
            fits = True
            for entry in module.log:
                if isinstance(entry, Module):
                    fits = fits and not self._runs(entry)
                    yield from self._activate(entry)
                elif isinstance(entry, Change):
                    if not entry.redo(self.heap):
                        yield entry
                    self._advance(entry)
                else:
                    fits = fits and self._stands(module, entry)
            if not fits:
                yield module
        finally:
            self._followed.pop()

    def _runs(self, module: Module) -> bool:
        """Whether the import of a module has begun and not ended."""
        return module in self._followed or any(one.module is module for one in self.importing)

    def _stands(self, module: Module, entry: World | Read | Circle) -> bool:
        """Whether a module that is imported now finds what it found."""
        if isinstance(entry, Circle):
            return self._runs(entry.module)
        if isinstance(entry, Read):
            now = entry.frame.variables.get(entry.name, ABSENT)
            return now is entry.value or same(now, entry.value)
        now = self.world[WORLD]
        if not isinstance(now, int) or not isinstance(entry.number, int):
            return now is entry.number
        if now == entry.number:
            return True
        if self.importing:  # what modules lead to is not all known yet
            is_alike = self._concerning(module, now) == self._concerning(module, entry.number)
            self._reach.clear()
            return is_alike
        key = (module, now, entry.number)
        if key not in self._judged:
            self._judged[key] = self._concerning(module, now) == self._concerning(module, entry.number)
        return self._judged[key]

    def _concerning(self, module: Module, number: int) -> list[int]:
        """The changes of a world to what a module can reach."""
        reached = self._reached(module)
        found: list[int] = []
        step = self._changes[number]
        while step is not None:
            number, made = step
            owner = self._owners.get(id(made.item))
            if owner is None or owner in reached:
                found.append(id(made))
            step = self._changes[number]
        return found

    def _reached(self, module: Module) -> set[Module]:
        """The modules that the import of a module leads to, and the module itself."""
        if module not in self._reach:
            reached, pending = {module}, [module]
            while pending:
                for entry in pending.pop().log:
                    other = entry.module if isinstance(entry, Circle) else entry
                    if isinstance(other, Module) and other not in reached:
                        reached.add(other)
                        pending.append(other)
            self._reach[module] = reached
        return self._reach[module]

    def _owner(self, item: Any) -> Module | None:
        """The module whose code has made an object."""
        running = ((*one.own[-1], one.module) for one in self.importing)
        found = (module for start, end, module in (*running, *reversed(self._ran)) if start <= item.birth < end)
        return next(found, None)

    def _advance(self, change: Change) -> None:
        """A change is made: the world is another."""
        now = self.world[WORLD]
        if isinstance(now, int):
            key = (now, id(change))
            if key not in self._worlds:
                self._worlds[key] = len(self._changes)
                self._changes.append((now, change))
            self.heap.touch(self.world)
            self.world[WORLD] = self._worlds[key]

    def _note(self, one: Importing) -> None:
        """Add what an import has written since it was noted last to the log of its module."""
        for key, (item, held) in list(one.trail.saved.items()):
            if one.owns(item):
                continue
            one.first.setdefault(key, (item, held))
            if item is not self.active and item is not self.world:
                self._bases.setdefault(key, (item, self._before_all(key, held)))
                self._owners.setdefault(key, self._owner(item))
                item.birth = 0  # what the item's own module writes to it later is noted too
                written = change(item, held, content(item))
                if written is not None:
                    one.module.log.append(written)
                    self._advance(written)
        one.first.setdefault(id(self.world), one.trail.saved.get(id(self.world), (self.world, content(self.world))))
        one.trail.saved.clear()

    def _before_all(self, key: int, held: Content) -> Content:
        """What an object held before the root that asks for the import began."""
        return next((trail.saved[key][1] for trail in self.heap.around if key in trail.saved), held)
