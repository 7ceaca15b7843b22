"""What the import of a module writes to what is older than it: names of another module, a registry, a class of torch.

It is taken back when the import has ended, and made again for every file whose own imports lead to the module: what is
found in a file must not depend on which files were read before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from nnlint.evaluate.heap import NEVER, Content, Delta, Heap, Trail, content, restore
from nnlint.evaluate.look_ups import Reading
from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import ABSENT, Class, Dict, Frame, Function, Instance, List, Module, Set, Value, has_rest, join, same


class StaleError(Exception):
    """A change does not fit what has become of its object: all has to be read anew."""


class Change(NamedTuple):
    """What an import wrote to one object: the entries that differ, ABSENT where there is none, and what else it
    holds, before and after. state: what had been written to it before, as Journal tells it; number: its own."""

    item: Any
    before: dict[Any, Value]
    after: dict[Any, Value]
    rest_before: Content
    rest_after: Content
    state: int | None = None
    number: int = 0

    def tells(self) -> bool:
        """Whether a reader can tell it: what was not known may have become something else that is not known."""
        before, after = (*self.before.values(), self.rest_before), (*self.after.values(), self.rest_after)
        return not _is_same(before, after)

    def repeat(self, heap: Heap) -> bool:
        """Make the change anew on what surely is as it was before; False where that is not simple."""
        held = _entries(self.item)
        if held is None or not _alike(self.rest_before, self.rest_after):
            return False
        heap.touch(self.item)
        for key, value in self.after.items():
            if value is ABSENT:
                held.pop(key, None)
            else:
                held[key] = value
        return True

    def redo(self, heap: Heap, is_first: bool) -> bool:
        """Make the change anew; whether what it changes is what it was then. is_first: it surely was not made before;
        else what has become of it since may stand there as well."""
        heap.touch(self.item)
        entries, rest = _parts(self.item, content(self.item))
        fits = True
        for key, value in self.after.items():
            now = entries.get(key, ABSENT)
            if not _is_one_of(now, self.before[key], value):
                unknown = first(*(one for one in (value, now) if isinstance(one, Unknown)))
                fits = fits and unknown is not None
                value = Unknown(unknown.why) if unknown is not None else value
            if not is_first:
                value = join(now, value, "an import that may have run before")
            if value is ABSENT:
                entries.pop(key, None)
            else:
                entries[key] = value
        if is_first and isinstance(self.item, List) and _starts_with(self.rest_after, self.rest_before):
            rest = [*rest, *self.rest_after[len(self.rest_before) :]]
        elif not _alike(self.rest_before, self.rest_after):
            unfit = not is_first or not (_is_same(rest, self.rest_before) or _is_same(rest, self.rest_after))
            rest = self.rest_after
            if unfit and isinstance(self.item, List) and has_rest(rest):
                rest = [Rest(Unknown("what it holds"))]
            elif unfit and not isinstance(rest, Unknown):
                fits = False
        restore(self.item, _whole(self.item, entries, rest))
        return fits


def _is_one_of(now: Value, *values: Value) -> bool:
    """Whether a value is surely one of some."""
    options = now.options if isinstance(now, Unknown) and now.options else (now,)
    return all(any(same(option, value) for value in values) for option in options)


def _are_same(one: Change | None, other: Change | None) -> bool:
    """Whether the same was written."""
    if one is None or other is None or one.after.keys() != other.after.keys():
        return one is other
    are_same = all(_is_same(value, other.after[key]) for key, value in one.after.items())
    return are_same and _is_same(one.rest_after, other.rest_after)


def _is_same(one: Any, other: Any) -> bool:
    """Whether values are the same: what is not known is as good as anything else that is not."""
    if type(one) in (list, tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return same(one, other) or (isinstance(one, (Unknown, Rest)) and isinstance(other, (Unknown, Rest)))


def change(item: Any, before: Content, after: Content) -> Change | None:
    """What differs between two contents of an object."""
    (old, rest_before), (new, rest_after) = _parts(item, before), _parts(item, after)
    keys = [key for key in {**old, **new} if old.get(key, ABSENT) is not new.get(key, ABSENT)]
    if not keys and _alike(rest_before, rest_after):
        return None
    was, is_now = ({key: entries.get(key, ABSENT) for key in keys} for entries in (old, new))
    return Change(item, was, is_now, rest_before, rest_after)


def _entries(item: Any) -> dict[Any, Value] | None:
    """The entries of an object itself, where it has some."""
    if isinstance(item, Frame):
        return item.variables
    if isinstance(item, (Class, Function, Instance)):
        return item.attributes
    return item if isinstance(item, Dict) else None


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


def _of_names(item: Any, held: Content, names: frozenset[Any]) -> Content:
    """What a content holds under these names."""
    if isinstance(item, Set):
        return {member for member in names if member in held[0]}, held[1]
    if isinstance(item, Dict):
        return {key: held[0][key] for key in names if key in held[0]}, held[1]
    return {name: held[name] for name in names if name in held}


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


class Read(NamedTuple):
    """What an import has read of others: an object, or only some names of it, with what others had written to that, and
    the state that this makes, as Journal tells it."""

    item: Any
    names: frozenset[Any] | None
    written: Change | None
    state: int | None


# What says of a module's frame that it may have further names.
OPENING = frozenset({"*", "__partial__", "__getattr__"})


class Circle(NamedTuple):
    """A module that was imported while its own import ran."""

    module: Module


class Asked(NamedTuple):
    """Whether a module had been imported, as an import was told."""

    name: str
    module: Module | None
    answer: bool | Unknown


class Importing:
    """A module whose import has begun and not ended.

    trail: what it writes; reading: what it reads; around: what was noting that before; noted: the objects of others
    that it has read, and which names of them; first: what the objects that are not its own held before; own: the
    moments of the clock at which it ran itself, from and to, and not what it imports; states: those of all objects
    before it began.
    """

    def __init__(
        self, module: Module, trail: Trail, clock: int, around: Reading | None, states: dict[int, int]
    ) -> None:
        self.module, self.trail, self.states = module, trail, states
        self.reading, self.around = Reading(0), around
        self.noted: dict[int, tuple[Any, frozenset[Any] | None]] = {}
        self.first: Delta = {}
        self.own = [(clock, NEVER)]

    def owns(self, item: Any) -> bool:
        """Whether its code made an object."""
        return any(start <= item.birth < end for start, end in reversed(self.own))


class Journal:
    """The modules whose imports count for the file at hand, and what was there before any import wrote to it.

    What imports have written to an object so far is told by a number, its state: 0 where they have written nothing, and
    another for each change that is made in another state. Two states of one number are the same without a look at what
    the object holds, which may be a register of all that a package defines.
    """

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self.active = Dict()  # True for each of them; not known for one that is imported in only some of the ways
        self.importing: list[Importing] = []
        self.files = 0
        self.awaited: tuple[Module, Callable[[], object]] | None = None
        self._followed: list[str] = []  # the names of those whose log is gone through, the outermost first
        self._imported: list[str] = []  # and of those whose import has begun and not ended
        self._bases: Delta = {}
        self._states: dict[int, int] = {}  # by the objects' ids
        self._after: dict[tuple[int, int], int] = {}  # the state that a change makes of another
        self._is_told = True  # nothing was written but by changes
        self._numbers = 0
        self._names: dict[frozenset[Any] | None, frozenset[Any] | None] = {}  # each once: thousands read the same
        self.is_spoiled = False  # what modules hold is forgotten, for the files to come too

    def begin(self) -> None:
        """For another file: nothing is imported yet."""
        self.files += 1
        self.rewind()

    def rewind(self, awaited: tuple[Module, Callable[[], object]] | None = None) -> None:
        """Nothing is imported yet. awaited: a module, and what is run just before it is imported."""
        self.awaited = awaited
        for item, held in self._bases.values():
            restore(item, held)
        self.active.clear()
        self._followed.clear()
        self._states, self._is_told = {}, True

    def open(self, module: Module) -> None:
        """The import of a module begins."""
        trail = self.heap.open()
        trail.epoch = self.heap.epoch = NEVER  # all that is written is noted, and what is its own then left out
        module.birth = module.frame.birth = self.heap.clock
        reading = self.heap.look_ups.reading
        self.importing.append(Importing(module, trail, self.heap.clock, reading, dict(self._states)))
        self._imported.append(module.name)
        self.heap.look_ups.read_into(self.importing[-1].reading)

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
        self._imported.pop()
        self.heap.look_ups.read_into(one.around)
        one.trail.saved.update(one.first)
        self.heap.undo()
        self._states = one.states

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
        if self.active.get(module) is True or self._runs(module):
            return
        is_first = module not in self.active and self.active.rest is None
        if self.awaited is not None and self.awaited[0] is module:
            run, self.awaited = self.awaited[1], None
            run()
        self.heap.touch(self.active)
        self.active[module] = True
        self._followed.append(module.name)
        try:
            fits = True
            for entry in module.log:
                if isinstance(entry, Module):
                    fits = fits and not self._runs(entry)
                    if self.active.get(entry) is not True:
                        yield from self._activate(entry)
                elif isinstance(entry, Circle):
                    fits = fits and self._runs(entry.module)
                elif isinstance(entry, Asked):
                    fits = fits and _is_same(self._is_imported(entry.name, entry.module), entry.answer)
                elif isinstance(entry, Read):
                    fits = fits and self._reads_the_same(entry)
                elif not self._redo(entry, is_first):
                    self._is_told = False
                    yield entry
        finally:
            self._followed.pop()
        if not fits:
            self._is_told = False
            yield module

    def _redo(self, made: Change, is_first: bool) -> bool:
        """Make a change anew; whether what it changes is what it was then."""
        state = self._state(made.item)
        is_same = is_first and state is not None and state == made.state
        fits = (is_same and made.repeat(self.heap)) or made.redo(self.heap, is_first)
        self._move(made, state if is_same else None)
        return fits

    def _reads_the_same(self, read: Read) -> bool:
        """Whether an import would read what it has read."""
        state = self._state(read.item)
        if state is not None and state == read.state:
            return True
        return _are_same(self._written(read.item, read.names), read.written)

    def _state(self, item: Any) -> int | None:
        """What has been written to an object; None where a root, or one of two arms, may have written to it too."""
        is_open = len(self.heap.around) + len(self.heap.trails) > len(self.importing)
        return self._states.get(id(item), 0) if self._is_told and not is_open else None

    def _move(self, made: Change, state: int | None) -> None:
        """An object is in another state now, by a change that was made in a state that is known, or in another."""
        self._numbers += 1
        new = self._numbers if state is None else self._after.setdefault((state, made.number), self._numbers)
        self._states[id(made.item)] = new

    def _runs(self, module: Module) -> bool:
        """Whether the import of a module, or of the file at hand that is this module, has begun and not ended."""
        return module.name in self._followed or module.name in self._imported

    def is_imported(self, name: str, module: Value) -> bool | Unknown:
        """Whether the import of a module has begun, and it is still there. That it has not is sure where a package is
        imported that it lies in: nobody has imported it before."""
        known = module if isinstance(module, Module) else None
        answer = self._is_imported(name, known)
        if self.importing and (module is None or known is not None):
            one = self.importing[-1]
            self._note(one)
            one.module.log.append(Asked(name, known, answer))
        return answer if module is None or known is not None else Unknown("whether a module is imported", plain=True)

    def _is_imported(self, name: str, module: Module | None) -> bool | Unknown:
        if name in self._followed or name in self._imported:
            return True
        is_followed = self.active.get(module, self.active.rest)
        if is_followed is True:
            return module is not None and module.failure is None
        running = (*self._followed, *self._imported)
        if is_followed is None and any(name.startswith(f"{package}.") for package in running):
            return False
        return Unknown("whether a module is imported", plain=True)

    def _note(self, one: Importing) -> None:
        """Add what an import has read and written since it was noted last to the log of its module."""
        for item, names in self._read(one):
            one.module.log.append(Read(item, names, self._written(item, names, one.trail), self._state(item)))
        for key, (item, held) in one.trail.saved.items():
            if one.owns(item):
                continue
            one.first.setdefault(key, (item, held))
            if item is not self.active:
                self._bases.setdefault(key, (item, self._before_all(key, held)))
                item.birth = 0  # what the item's own module writes to it later is noted too
                written = change(item, held, content(item))
                if written is not None:
                    self._numbers += 1
                    made = written._replace(state=self._state(item), number=self._numbers)
                    one.module.log.append(made)
                    self._move(made, made.state)
        one.trail.saved.clear()

    def _read(self, one: Importing) -> list[tuple[Any, frozenset[Any] | None]]:
        """What an import has read of others, each once unless others write to it."""
        found: list[tuple[Any, frozenset[Any] | None]] = []
        for key, item in one.reading.items.items():
            if one.owns(item):
                continue
            names = frozenset(one.reading.names[key]) | OPENING if key in one.reading.names else None
            known = one.noted[key][1] if key in one.noted else frozenset()
            if key in self._bases or (known is not None and (names is None or not names <= known)):
                found.append((item, self._names.setdefault(names, names)))
            one.noted[key] = item, None if names is None or known is None else names | known
        one.reading.clear()
        return found

    def _written(self, item: Any, names: frozenset[Any] | None, trail: Trail | None = None) -> Change | None:
        """What imports and the root at hand have written to an object, or to some names of it, before the writes of a
        trail."""
        key = id(item)
        before = self._bases[key][1] if key in self._bases else self._before_all(key, None)
        if before is None:
            return None
        now = trail.saved[key][1] if trail is not None and key in trail.saved else None
        if names is not None:
            own: Any = now
            if own is None:
                own = (item, item.rest) if isinstance(item, (Dict, Set)) else _entries(item)
            before, now = (_of_names(item, held, names) for held in (before, own))
        made = change(item, before, content(item) if now is None else now)
        return made if made is not None and made.tells() else None

    def _before_all(self, key: int, held: Content) -> Content:
        """What an object held before the root began that asks for the import."""
        around = self.heap.around if self.importing else self.heap.trails
        return next((trail.saved[key][1] for trail in around if key in trail.saved), held)
