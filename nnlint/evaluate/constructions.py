"""Modules that are constructed again: what the same class builds of the same arguments is copied, not evaluated anew.

A construction is remembered where nothing outside of it can have had a part in it and nothing outside of it was
written: its arguments are constants, objects that were there before the root began (and which the root has not written
since), or objects that hold nothing but such. Its copy has the same layers noted, under the calls that lead to it now.

A call that only reads is remembered as well, where what it is given are constants and copies of remembered modules of
which no part was written since (`named_apply` and the like, which fill the tensors of one block after the other), or
tensors of which no number is known (as a program's own `trunc_normal_` fills): of other copies of the same, or tensors
like those, it gives the same. It is charged what evaluating it takes, each time.

What a root is charged does not depend on what was remembered before it: the first time that it constructs something it
pays what evaluating that takes, and from then on what copying it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from types import FunctionType
from typing import Any, NamedTuple

from nnlint.evaluate.control import DEPTH
from nnlint.evaluate.heap import NEVER, length
from nnlint.evaluate.notes import Note
from nnlint.evaluate.torch_functions import FUNCTIONS
from nnlint.signature import Rest
from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    CONSTANTS,
    TRAINED,
    BoundMethod,
    Class,
    Deque,
    Device,
    Dict,
    External,
    Function,
    Instance,
    List,
    Module,
    Named,
    Native,
    Partial,
    Scalar,
    Set,
    Size,
    Tensor,
    Value,
)

LARGEST_KEY = 500  # parts of the arguments
LEAST_STEPS = 12  # what takes fewer is evaluated as fast as copied
MANY_STEPS = 500  # by module: what takes more is remembered the first time
LEAST_READ = 4  # and for a call that only reads
MOST_CALLS = 10_000  # that are remembered from one root to the next
COPIED_BY_STEP, NOTED_BY_STEP = 8, 2  # parts of objects, and notes, that are copied in the time of a step
ATOMS = CONSTANTS | {type(...), type(ABSENT), complex, range, slice, Device, External, Module, Scalar}
TOLD = CONSTANTS - {float} | {type(...), type(ABSENT)}  # that are told by being equal: 0.0 and -0.0 are, too
NOTHING: frozenset[Any] = frozenset()  # one for all
Run = Callable[[], Value]


class Different(Exception):
    """Something that is not the same for every construction."""


class Given:
    """What a construction is given, as a key by which it is found again; objects: those that were made since the root
    began, in the order in which the key tells of them."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.objects: dict[int, Any] = {}
        self.places: dict[int, int] = {}  # of each in that order
        self.older: list[Any] = []  # whose identity is part of the key
        self.parts = 0
        # Of what was heard of and not remembered yet: the root, by the set of what it has constructed, and the steps.
        self.root: Any = None
        self.steps = 0

    def key(self, value: Value) -> Any:
        """A value as part of the key. Raises Different for one that may not be the same next time."""
        kind = type(value)
        self.parts += 1
        if self.parts > LARGEST_KEY:
            raise Different
        if kind in TOLD:
            return kind, value
        if id(value) in self.places:
            return "again", self.places[id(value)]
        if kind is tuple or kind is Size:
            return (kind, *map(self.key, value))
        if kind is dict:  # what is bound to **kwargs
            return (dict, *map(self.key, value.items()))
        if kind in (float, complex):
            return kind, repr(value)
        if kind is External:
            return External, value.name
        if kind is Device:
            return Device, value.kind, value.index
        if kind is Scalar:
            return Scalar, value.why
        if kind is Native:
            if not is_constant(value):
                raise Different
            return Native, value.name, value.fn
        if kind is BoundMethod:
            return BoundMethod, self.key(value.function), self.key(value.receiver)
        if kind is Module or getattr(value, "birth", NEVER) < self.since:
            self.older.append(value)
            return id(value)
        return (kind, *self._content(kind, value))

    def _content(self, kind: type, value: Value) -> list[Any]:
        """What an object holds that was made since the root began."""
        self.objects[id(value)], self.places[id(value)] = value, len(self.places)
        if kind in (Unknown, Named) and not value.options:
            path = value.path if isinstance(value, Named) else ""
            return [value.why, value.plain, value.foreign, value.calls, path]
        if kind is Rest:
            return [self.key(value.unknown)]
        if kind is List:
            return [self.key(item) for item in value]
        if kind is Dict:
            own = [self.key(value.rest), value.kind, self.key(value.factory)]
            return own + [self.key(part) for entry in value.items() for part in entry]
        if kind is Partial:
            own = [self.key(value.callee), self.key(value.unknown_kwargs), self.key(value.kwargs)]
            return own + [self.key(part) for part in value.args]
        if kind is Instance:
            own = [self.key(value.cls), self.key(value.open), self.key(value.payload)]
            return own + [self.key(part) for entry in value.attributes.items() for part in entry]
        raise Different


class Handed(Given):
    """What a call is given that only reads, as a key."""

    def __init__(self, since: int, whole: set[int]) -> None:
        super().__init__(since)
        self.whole = whole
        self.births: list[int] = []  # of the copies that the key tells of
        self.has_tensors = False  # a tensor that may be a part of a copy is not told from another one like it

    def _content(self, kind: type, value: Value) -> list[Any]:
        if kind in (Partial, Dict):
            return super()._content(kind, value)
        if kind is Tensor and not self.births:
            return self._tensor(value)
        if kind is not Instance or value.original is None or value.birth not in self.whole or self.has_tensors:
            raise Different
        self.objects[id(value)], self.places[id(value)] = value, len(self.places)
        if value.birth not in self.births:
            self.births.append(value.birth)
        return [id(value.original), self.births.index(value.birth)]

    def _tensor(self, value: Tensor) -> list[Any]:
        """All that is known of a tensor, which is no number of it, and that it is alone in its memory."""
        if value.data is not None or value.sharing or value.alike or value.attributes is not TRAINED:
            raise Different
        self.objects[id(value)], self.places[id(value)] = value, len(self.places)
        self.has_tensors = True
        shape = self.key(value.shape)
        flags = value.is_parameter, value.is_array, value.is_here, value.is_marked, value.is_whole
        return [shape, flags, value.least, value.strides]


def is_constant(native: Native) -> bool:
    """Whether one of nnlint's own functions surely holds no object of the program."""
    if FUNCTIONS.get(native.name) is native:
        return True
    fn = native.fn
    return type(fn) is FunctionType and fn.__closure__ is None and not fn.__defaults__ and not native.attributes


class Copies:
    """Copies of objects that share what they shared. since: what is older is no part of them, and stays the same."""

    def __init__(self, since: int, birth: int, known: dict[int, Any], root: int = 0) -> None:
        self.since, self.birth, self.known, self.root = since, birth, known, root
        self.is_closed = True  # it holds no object that stands for itself in `known`

    def of(self, value: Value) -> Value:
        """The copy of a value. Raises Different for what cannot be copied."""
        kind = type(value)
        if kind in ATOMS:
            return value
        known = self.known.get(id(value))
        if known is not None:
            self.is_closed = self.is_closed and not (known is value and kind in WRITTEN)
            return known
        copy = COPYING.get(kind)
        if copy is None:
            raise Different
        if kind in WRITTEN and self.is_outside(value):
            return value
        return copy(self, value)

    def made(self) -> list[Value]:
        """What was copied."""
        return [item for key, item in self.known.items() if id(item) != key]

    def is_outside(self, value: Any) -> bool:
        """Whether an object is no part of what is copied. Raises Different for one that only this root knows."""
        if value.birth >= self.since:
            return False
        if value.birth >= self.root > 0:
            raise Different
        return True

    def _instance(self, value: Instance) -> Instance:
        made = self.known[id(value)] = Instance(self.of(value.cls), self.birth)
        made.original = value if self.since == NEVER else None
        made.open, made.payload = self.of(value.open), self.of(value.payload)
        of, attributes = self.of, made.attributes
        for name, held in value.attributes.items():
            attributes[name] = held if type(held) in ATOMS else of(held)
        return made

    def _dict(self, value: Dict) -> Dict:
        made = self.known[id(value)] = Dict((), self.birth, self.of(value.rest), value.kind, self.of(value.factory))
        for key, held in value.items():
            made[key if type(key) in ATOMS else self.of(key)] = self.of(held)
        return made

    def _list(self, value: List) -> List:
        made = Deque((), self.birth, value.most) if isinstance(value, Deque) else List((), self.birth)
        self.known[id(value)] = made
        made.extend(map(self.of, value))
        return made

    def _set(self, value: Set) -> Set:
        made = self.known[id(value)] = Set((), self.birth, self.of(value.rest))
        made.update(map(self.of, value))
        return made

    def _tensor(self, value: Tensor) -> Tensor:
        if any(other.birth < self.since for other in value.sharing):
            raise Different
        shape, data = self.of(value.shape), None if value.sharing else self.of(value.data)
        made = Tensor(shape, self.birth, value.is_parameter, data, value.least, value.is_array)
        made.is_here, made.is_marked, made.is_whole = value.is_here, value.is_marked, value.is_whole
        made.attributes = value.attributes
        self.known[id(value)] = made
        return made

    def _partial(self, value: Partial) -> Partial:
        args = [self.of(arg) for arg in value.args]
        made = Partial(self.of(value.callee), args, {}, self.of(value.unknown_kwargs), self.birth)
        self.known[id(value)] = made
        made.kwargs = self.of(value.kwargs)
        return made

    def _tuple(self, value: tuple[Value, ...]) -> Value:
        parts = [self.of(part) for part in value]
        made = value if all(part is one for part, one in zip(parts, value)) else type(value)(parts)
        self.known[id(value)] = made  # `t = (t, t)`, forty times over, is walked once
        return made

    def _frozenset(self, value: frozenset[Value]) -> Value:
        if not all(type(part) in CONSTANTS for part in value):
            raise Different
        return value

    def _unknown(self, value: Unknown) -> Unknown:
        options = tuple(self.of(option) for option in value.options)
        made = Unknown(value.why, options, value.plain, value.foreign, value.calls)
        made = Named(made, value.path) if isinstance(value, Named) else made
        self.known[id(value)] = made
        return made

    def _rest(self, value: Rest) -> Rest:
        return Rest(self.of(value.unknown))

    def _bound(self, value: BoundMethod) -> BoundMethod:
        return BoundMethod(self.of(value.function), self.of(value.receiver))

    def _native(self, value: Native) -> Native:
        if not is_constant(value):
            raise Different
        return value

    def _defined(self, value: Function | Class) -> Value:
        raise Different


COPYING: dict[type, Callable[[Copies, Any], Value]] = {
    Instance: Copies._instance, Dict: Copies._dict, List: Copies._list, Deque: Copies._list, Set: Copies._set,
    Tensor: Copies._tensor, Partial: Copies._partial, tuple: Copies._tuple, Size: Copies._tuple,
    frozenset: Copies._frozenset,
    Unknown: Copies._unknown, Named: Copies._unknown, Rest: Copies._rest, BoundMethod: Copies._bound,
    Native: Copies._native, Function: Copies._defined, Class: Copies._defined,
}  # fmt: skip


# What may be written to, and so has the moment of its birth.
WRITTEN = frozenset({Instance, Dict, List, Deque, Set, Tensor, Partial, Function, Class})


class Parts:
    """The constructions that are remembered in one that is followed, or followed in vain, and the steps charged for
    them."""

    def __init__(self) -> None:
        self.templates: list[Template] = []
        self.steps = 0

    def add(self, template: Template, steps: int) -> None:
        self.templates.append(template)
        self.steps += steps

    def take(self, other: Parts) -> None:
        """Those of a construction that is not remembered itself."""
        self.templates += other.templates
        self.steps += other.steps


@dataclass(eq=False, frozen=True, slots=True)
class Followed:
    """What was followed once. depth, forks: how far calls, and conditions that are not known, were inside of each
    other; counted: the functions of which it mattered how often they run."""

    depth: int
    forks: int
    counted: frozenset[Function]

    def fits(self, machine: Any, steps: int) -> bool:
        """Whether the root that runs could evaluate this to its end, in so many steps."""
        return bool(
            machine.steps + steps <= machine.limit
            and machine.depth + self.depth <= DEPTH
            and len(machine.heap.trails) + self.forks <= machine.forks
            and self.counted.isdisjoint(machine.running)
        )

    def charge(self, machine: Any, steps: int) -> None:
        """It is taken as it was, for so many steps."""
        machine.step(steps)
        machine.deepest = max(machine.deepest, machine.depth + self.depth)
        machine.widest = max(machine.widest, len(machine.heap.trails) + self.forks)
        machine.counted |= self.counted


@dataclass(eq=False, frozen=True, slots=True)
class Reading(Followed):
    """A call that only reads. place: of what it gives among the objects that it is given, or `made` is a constant;
    older: what its key knows by identity, which is no other object's as long as it is held."""

    steps: int
    place: int | None
    made: Value
    older: tuple[Any, ...]

    def result(self, machine: Any, given: Given) -> Value:
        """What it gives for these arguments."""
        self.charge(machine, self.steps)
        return self.made if self.place is None else list(given.objects.values())[self.place]


@dataclass(eq=False, frozen=True, slots=True)
class Template(Followed):
    """A construction to be copied. given: its arguments; notes: what was noted in it, the calls that lead to
    it left out; own: the steps that evaluating it takes beside its parts, which are remembered themselves; copying:
    those that copying it takes; recalled: the attributes of the program's own making that were remembered from before;
    modules: those constructed in it, itself among them; handed: what code that is not known has got hold of; is_closed:
    nothing that it was given is a part of it."""

    made: Value
    given: Given
    notes: list[Note]
    own: int
    parts: list[Template]
    copying: int
    recalled: list[tuple[Instance, str]]
    modules: list[Instance]
    handed: list[Value]
    is_closed: bool

    def steps(self, constructed: set[Template], new: set[Template]) -> int:
        """What it is charged after what the root has constructed already, and what is new to it, as this is then."""
        if self in constructed or self in new:
            return self.copying
        new.add(self)
        return self.own + sum(part.steps(constructed, new) for part in self.parts)

    def is_recalled(self, machine: Any, given: Given) -> bool:
        """Whether the root that runs has looked up before what was recalled."""
        known = machine.look_ups.known
        return all((id(owner), name) in known for owner, name in self._recalled(given))

    def _recalled(self, given: Given) -> list[tuple[Instance, str]]:
        """What is recalled where these are the arguments."""
        if not self.recalled:
            return self.recalled
        known = dict(zip(self.given.objects, given.objects.values()))
        return [(known.get(id(owner), owner), name) for owner, name in self.recalled]

    def copy(self, machine: Any, given: Given, steps: int) -> Value:
        """Construct it again, with these arguments, for so many steps. Raises RecursionError, with nothing done yet,
        where the stack is not as deep as what is copied."""
        known, birth = dict(zip(self.given.objects, given.objects.values())), machine.heap.clock + 1
        of = Copies(NEVER, birth, known).of
        made, lead = of(self.made), tuple(machine.stack)
        notes, handed = [note.moved(lead, 0, of) for note in self.notes], [of(value) for value in self.handed]
        machine.heap.clock += 2  # nothing else is of this birth
        self.charge(machine, steps)
        for note in notes:
            machine.note(note)
        for value in handed:
            machine.hand(value)
        if machine.look_ups.recalled is not None:
            machine.look_ups.recalled.extend(self._recalled(given))
        machine.made.extend(known[id(module)] for module in self.modules)
        if self.is_closed:
            machine.heap.whole.add(birth)
        return made


class Constructions:
    """The constructions of one file that are remembered, by what they are given. A first one is only heard of, unless
    it takes long: to remember costs a copy."""

    def __init__(self) -> None:
        self.known: dict[Any, Given | Template | None] = {}
        self.calls: dict[Any, Reading | None] = {}
        self.made = 0  # how often something was constructed
        self.parts = Parts()  # of the construction that is followed

    def forget(self) -> None:
        """For another file: nothing is known yet."""
        self.known, self.calls, self.parts = {}, {}, Parts()

    def end_root(self) -> None:
        """Calls are of use above all to the root that made what they are given."""
        if len(self.calls) > MOST_CALLS:
            self.calls = {}

    def make(
        self, machine: Any, cls: Class, args: list[Value], kwargs: dict[str, Value], run: Run, at_once: bool = False
    ) -> Value:
        """What `run` constructs: cls(*args, **kwargs). at_once: it is remembered the first time already."""
        self.made += 1
        given = Given(machine.heap.since)
        try:
            parts = [given.key(part) for part in (cls, *args, *kwargs.values())]
        except Different:
            return run()
        key = (_around(machine), at_once, *parts, *kwargs)
        known = self.known.setdefault(key, given)
        if known is None:
            return run()
        if isinstance(known, Given):
            return self._remember(machine, key, known, given, run, at_once)
        new: set[Template] = set()
        steps = known.steps(machine.constructed, new)
        if known.is_recalled(machine, given) and known.fits(machine, steps):
            with suppress(RecursionError):
                made = known.copy(machine, given, steps)
                machine.constructed |= new
                self.parts.add(known, steps)
                return made
        return run()

    def call(self, machine: Any, function: Function, bound: dict[str, Value], run: Run) -> Value:
        """What `run` gives: the function with its parameters bound."""
        heap, lowered = machine.heap, function.lowered
        if lowered is None or function.is_generator:
            return run()
        given, unused = Handed(heap.since, heap.whole), lowered.unused
        try:
            parts = [given.key(value) for name, value in bound.items() if name not in unused]
            key = (given.key(function), _around(machine), *parts)
        except Different:
            return run()
        if key not in self.calls:
            self.calls[key] = None
            return self._read(machine, given, run, key)
        known = self.calls[key]
        return run() if known is None or not known.fits(machine, known.steps) else known.result(machine, given)

    def _read(self, machine: Any, given: Given, run: Run, key: Any) -> Value:
        """Run a call for the first time, and remember it if it only reads and gives a constant or what it is given."""
        constructed = self.made
        result, seen = _follow(machine, run)
        if seen is None or self.made != constructed or seen.steps < LEAST_READ:
            return result
        if seen.notes or seen.recalled or seen.handed:
            return result
        places = {id(item): place for place, item in enumerate(given.objects.values())}
        if id(result) in places or type(result) in ATOMS:
            place = places.get(id(result))
            made = result if place is None else None
            self.calls[key] = Reading(seen.depth, seen.forks, seen.counted, seen.steps, place, made, tuple(given.older))
        return result

    def _remember(self, machine: Any, key: Any, heard: Given, given: Given, run: Run, at_once: bool) -> Value:
        """Construct it, remember it if that can be and is worth it, and charge it."""
        is_first = heard is given and not at_once
        is_known = heard.root is machine.constructed
        spared = heard.steps if is_known else 0  # what it takes now, a copy will not take from now on
        before, modules, around, self.parts = machine.steps, len(machine.made), self.parts, Parts()
        machine.limit += spared
        template = None
        try:
            self.known[key] = given if is_first else None
            made, seen = _follow(machine, run)
            least = MANY_STEPS * (1 + len(machine.made) - modules) if is_first else LEAST_STEPS
            if seen is not None and seen.steps >= least:
                template = self._template(machine, made, given, seen)
        finally:
            machine.limit -= spared
            parts, self.parts = self.parts, around
            if template is None:
                around.take(parts)
        if template is None:
            given.root, given.steps = machine.constructed, machine.steps - before
            machine.step(0)
            return made
        machine.constructed.add(template)
        if is_known:
            machine.steps = before
            machine.step(template.copying)
        around.add(template, machine.steps - before)
        self.known[key] = template
        return made

    def _template(self, machine: Any, made: Value, given: Given, seen: Seen) -> Template | None:
        """What was constructed, to be copied; None where it cannot be."""
        copies = Copies(seen.start, NEVER, {id(item): item for item in given.objects.values()}, machine.heap.since)
        lead = len(machine.stack)
        try:
            copied, notes = copies.of(made), [note.moved((), lead, copies.of) for note in seen.notes]
            handed = [copies.of(value) for value in seen.handed]
        except (Different, RecursionError):
            return None
        size = sum(1 + length(item) for item in copies.known.values())
        copying = 1 + size // COPIED_BY_STEP + len(notes) // NOTED_BY_STEP
        modules = [item for item in copies.made() if type(item) is Instance and "_modules" in item.attributes]
        own, parts = seen.steps - self.parts.steps, self.parts.templates
        return Template(
            seen.depth, seen.forks, seen.counted, copied, given, notes, own, parts, copying, seen.recalled, modules,
            handed, copies.is_closed,
        )  # fmt: skip


class Seen(NamedTuple):
    """What was seen of something that wrote to nothing older than `start`: see Followed and Template."""

    start: int
    steps: int
    notes: list[Note]
    recalled: list[tuple[Instance, str]]
    handed: list[Value]
    depth: int
    forks: int
    counted: frozenset[Function]


def _around(machine: Any) -> tuple[Any, ...]:
    """What the notes of a call, and an exception in it, depend on beside what it is given."""
    return (
        machine.tries > 0, machine.guards > 0, len(machine.stack) in machine.choices, machine.is_sure_to_run(),
        machine.repeats,
    )  # fmt: skip


def _follow(machine: Any, run: Run) -> tuple[Value, Seen | None]:
    """Run; what that gives, and what was seen of it where nothing outside of it had a part in it or was written."""
    heap, look_ups, outer, losses = machine.heap, machine.look_ups, machine.notes, machine.losses
    machine.notes = notes = [] if outer is None else outer
    recalled, changes = look_ups.recalled, look_ups.changes
    look_ups.recalled = asked = [] if recalled is None else recalled
    asked_before, given_before = len(asked), len(machine.given)
    first, steps, level = len(notes), machine.steps, len(heap.trails)
    suspended, hooks, exits = machine.suspended, machine.hooks, heap.exits
    heap.clock += 1
    start = heap.clock
    before = heap.oldest, machine.deepest, machine.widest
    counted, machine.counted = machine.counted, set()
    outermost, height = machine.outermost, len(machine.running)
    heap.oldest, machine.deepest, machine.widest, machine.outermost = start, machine.depth, level, height
    try:
        made = run()
    finally:
        ended = heap.oldest, machine.deepest, machine.widest
        heap.oldest = min(before[0], heap.oldest)
        machine.deepest, machine.widest = max(before[1], ended[1]), max(before[2], ended[2])
        machine.notes, look_ups.recalled = outer, recalled
        inner, machine.counted = frozenset(machine.counted) or NOTHING, counted | machine.counted
        is_apart, machine.outermost = machine.outermost >= height, min(outermost, machine.outermost)
    is_alone = ended[0] >= start and machine.losses == losses and len(heap.trails) == level and heap.exits == exits
    leaves_alone = machine.suspended is suspended and machine.hooks is hooks and heap.watch is None
    is_free = not heap.copied and look_ups.changes == changes  # nothing else takes more or fewer steps for it
    if not (is_alone and leaves_alone and is_free and is_apart and inner.isdisjoint(machine.running)):
        return made, None
    told = list({(id(owner), name): (owner, name) for owner, name in asked[asked_before:]}.values())
    handed = list(islice(machine.given.values(), given_before, None))
    depth, forks = ended[1] - machine.depth, ended[2] - level
    return made, Seen(start, machine.steps - steps, notes[first:], told, handed, depth, forks, inner)
