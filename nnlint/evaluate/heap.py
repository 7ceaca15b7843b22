"""What can be undone: every write to an older object is saved first, so that both arms of an unknown condition can be
run from the same state, and joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from nnlint.evaluate.look_ups import LookUps
from nnlint.evaluate.tensor_numbers import holds_integers
from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    Class,
    Dict,
    Frame,
    Function,
    Instance,
    List,
    Module,
    RaisedError,
    Set,
    Stream,
    Tensor,
    Value,
    has_rest,
    join,
    may_write_when_called,
    merged_rest,
    same,
)

Content = Any
Delta = dict[int, tuple[Any, Content]]


class Outcome(NamedTuple):
    """How a piece of program ended (None, BREAK, CONTINUE, RETURN or RAISE), with what value, and what it wrote."""

    signal: str | None
    value: Value
    delta: Delta


class Trail:
    """The writes since a fork, with the old contents; `exits` are ways that have left, relative to the fork. by_raise:
    the only exit is one by exceptions, and further ones may join it; `unjoined` is what may now hold something else
    than at that exit."""

    __slots__ = ("by_raise", "epoch", "exits", "saved", "unjoined")

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.saved: Delta = {}
        self.exits: list[Outcome] = []
        self.by_raise = False
        self.unjoined: dict[int, Any] = {}

    def save(self, item: Any, held: Content) -> None:
        """Note that `item`, which held `held` at the fork or when it was saved first, is written."""
        self.saved.setdefault(id(item), (item, held))
        if self.by_raise:
            self.unjoined[id(item)] = item


def content(item: Any) -> Content:
    """A copy of what an object holds."""
    if isinstance(item, Frame):
        return dict(item.variables)
    if isinstance(item, Instance):
        return dict(item.attributes), item.open, item.payload
    if isinstance(item, (Class, Function)):
        return dict(item.attributes)
    if isinstance(item, Dict):
        return dict(item), item.rest
    if isinstance(item, List):
        return list(item)
    if isinstance(item, Set):
        return set(item), item.rest
    if isinstance(item, Module):
        return item.ready
    if isinstance(item, Stream):
        return item.spoiled, item.position
    if isinstance(item, Tensor):
        return item.shape, item.data, item.least, item.is_marked, item.attributes
    raise TypeError(type(item).__name__)


def size(item: Any) -> int:
    """How much there is to copy of what an object holds, where that is long."""
    held = length(item)
    return held if held > 500 else 0


def length(item: Any) -> int:
    """How many attributes or items an object holds."""
    if isinstance(item, Frame):
        return len(item.variables)
    held = item.attributes if isinstance(item, (Instance, Class)) else item
    return len(held) if isinstance(held, (dict, list, set, tuple)) else 0


def restore(item: Any, held: Content) -> None:
    """Make an object hold what `content` gave."""
    if isinstance(item, Frame):
        item.variables.clear()
        item.variables.update(held)
    elif isinstance(item, Instance):
        attributes, item.open, item.payload = held
        item.attributes.clear()
        item.attributes.update(attributes)
    elif isinstance(item, (Class, Function)):
        item.attributes.clear()
        item.attributes.update(held)
    elif isinstance(item, Dict):
        entries, item.rest = held
        item.clear()
        item.update(entries)
    elif isinstance(item, List):
        item[:] = held
    elif isinstance(item, Set):
        members, item.rest = held
        item.clear()
        item.update(members)
    elif isinstance(item, Module):
        item.ready = held
    elif isinstance(item, Tensor):
        item.shape, item.data, item.least, item.is_marked, item.attributes = held
    elif isinstance(item, Stream):
        spoiled, position = held
        item.spoiled = first(spoiled, None if position == item.position else Unknown(ADVANCED))


def join_names(left: dict[str, Value], right: dict[str, Value], why: str) -> dict[str, Value]:
    """Two namespaces; a name that only one has may be absent."""
    joined: dict[str, Value] = {}
    for name, value in left.items():
        other = right.get(name, ABSENT)
        joined[name] = value if value is other else join(value, other, why)
    for name in set_minus(right, left):
        joined[name] = join(ABSENT, right[name], why)
    return joined


def set_minus(one: dict[str, Value], other: dict[str, Value]) -> list[str]:
    """The names of one that the other lacks, in order."""
    return [name for name in one if name not in other]


def join_lists(left: list[Value], right: list[Value], why: str) -> list[Value]:
    """Two states of one list: what they share stays; where the lengths differ, a Rest holds both ends."""
    if len(left) == len(right) and not has_rest(left) and not has_rest(right):
        return [join(one, other, why) for one, other in zip(left, right)]
    shared = 0
    while shared < min(len(left), len(right)) and same(left[shared], right[shared]):
        shared += 1
    if shared == len(left) == len(right):
        return left
    ends = tuple(left[shared:]), tuple(right[shared:])
    if has_rest(ends[0]) or has_rest(ends[1]):
        ends = _flat(ends)
    return [*left[:shared], Rest(Unknown(why, ends, calls=any(map(may_write_when_called, ends[0] + ends[1]))))]


def _flat(ends: tuple[tuple[Value, ...], tuple[Value, ...]]) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """The ends of a list. They may hold those that were joined before, and these others: where that is much, the parts
    of all of them are one end, each once, and there may be none."""
    pending: list[Value] = list(ends)
    parts = 0
    while pending and parts <= NESTED:
        parts += 1
        pending += _inside(pending.pop()) or ()
    if not pending:
        return ends
    seen, single = set(), {}
    pending = list(ends)
    while pending:
        part = pending.pop()
        inside = _inside(part)
        held = part.unknown if type(part) is Rest else part
        if inside is None:
            is_unknown = isinstance(held, Unknown)
            single[(held.plain, held.foreign, held.calls) if is_unknown else id(held)] = held
        elif id(held) not in seen:
            seen.add(id(held))
            pending += inside
    return tuple(single.values()), ()


def _inside(part: Value) -> tuple[Value, ...] | None:
    """What a part of joined ends is made of; None for a single item."""
    held = part.unknown if type(part) is Rest else part
    if isinstance(held, Unknown):
        return held.options or None
    return held if isinstance(held, tuple) else None


def _entry(held: Content, key: Value, other: Content, why: str) -> Value:
    """What a dict may hold under a key that it or the other has: where it may have entries that are not known, another,
    or none."""
    entries, rest = held
    if key in entries:
        return entries[key]
    return Unknown(why, (ABSENT, rest.part())) if rest is not None else ABSENT


def join_content(item: Any, left: Content, right: Content, why: str) -> Content:
    """What an object holds after two arms."""
    if isinstance(item, (Frame, Class, Function)):
        return join_names(left, right, why)
    if isinstance(item, Instance):
        payload = left[2] if left[2] is right[2] else join(left[2], right[2], why)
        return join_names(left[0], right[0], why), first(left[1], right[1]), payload
    if isinstance(item, Dict):
        common = [key for key in left[0] if key in right[0]]
        if common != [key for key in right[0] if key in left[0]]:
            return {}, Unknown(why)
        keys = (*left[0], *set_minus(right[0], left[0]))
        joined = {key: join(_entry(left, key, right, why), _entry(right, key, left, why), why) for key in keys}
        return joined, merged_rest(left[1], right[1])
    if isinstance(item, List):
        return join_lists(left, right, why)
    if isinstance(item, Set):
        return left[0] & right[0], first(left[1], right[1], None if left[0] == right[0] else Unknown(why))
    if isinstance(item, Tensor):
        data = left[1] if left[1] is right[1] else None
        attributes = left[4] if left[4] is right[4] else join_names(left[4], right[4], why)
        return join(left[0], right[0], why), data, None, left[3] or right[3], attributes
    if isinstance(item, Stream):
        doubt = None if left[1] == right[1] else Unknown(ADVANCED)
        return first(left[0], right[0], doubt), max(left[1], right[1])
    return first(left, right)


ADVANCED = "an iterator was advanced under a condition that is not known"
FEW_VIEWS = 40  # tensors in one memory that are written to as fast as one
NESTED = 12  # parts of a list's ends that are told apart
JOINED = 8  # parts that are copied in the time in which two are joined
JOINED_ALONE = 5  # parts that are joined in the time that an object takes which has none
ALWAYS = 0  # before every moment of the clock
NEVER = 10**18  # after every moment of the clock
ROOTS = 10**15  # roots run after all imports: before this moment, the clock shows that of an import


class Heap:
    """The clock that dates objects, and the open trails."""

    def __init__(self) -> None:
        self.clock = ROOTS
        self.epoch = ALWAYS
        self.oldest = 0
        self.since = NEVER  # the moment at which the root began that runs
        self.is_clean = True  # it has written nothing that is older
        self.whole: set[int] = set()  # the births of copies of which no part was written since
        self.copied = 0  # items of long contents that were saved, and of all that were joined: not charged yet
        self.trails: list[Trail] = []
        self.floor = 0  # how many trails were open where the innermost try began
        self.exits = 0  # ways that have left by an exception
        self.look_ups = LookUps()
        self.around: list[Trail] = []  # those open where what runs apart is asked for, the outermost first
        self._import_clock = ALWAYS + 1
        self.watch: Callable[[Any], None] | None = None  # told of what is about to be written

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What runs here is no part of any open trail: it is older than all, and no undoing takes its writes back."""
        clock = self.clock
        kept = self.trails, self.around, self.epoch, self.oldest, self.floor, self.copied, self.watch
        self.clock = max(clock, self._import_clock) if clock < ROOTS else self._import_clock
        self.around = [*self.around, *self.trails]
        self.trails, self.epoch, self.floor, self.copied = [], ALWAYS, 0, 0
        try:
            yield
        finally:
            self.undo_to(0)
            self._import_clock = self.clock
            self.clock = clock if clock >= ROOTS else self.clock
            self.trails, self.around, self.epoch, self.oldest, self.floor, self.copied, self.watch = kept

    def touch(self, item: Any) -> None:
        """Say that `item` is about to be written."""
        birth: int = item.birth
        self.whole.discard(birth)
        if type(item) is Set:
            item.made = ()
        if self.watch is not None:
            self.watch(item)
        if self.look_ups.is_watching:
            self.look_ups.written(item)
        if birth < self.oldest:
            self.oldest = birth
        if birth < self.since:
            self.is_clean = False
        if birth < self.epoch:
            trail = self.trails[-1]
            if id(item) not in trail.saved:
                trail.saved[id(item)] = (item, content(item))
                self.copied += size(item)
            if trail.by_raise:
                trail.unjoined[id(item)] = item

    def forget_numbers(self, tensor: Tensor) -> None:
        """The elements of a tensor are written: those are no longer known that may be in the same memory."""
        if len(tensor.sharing) > FEW_VIEWS:  # those of other roots, which may have run or not, cost nothing
            self.copied += sum(other.birth >= self.since for other in tensor.sharing)
        for other in tensor.sharing or (tensor,):
            if other.data is not None:
                self.touch(other)
                other.is_whole = holds_integers(other)
                other.data = None

    def forget_shape(self, tensor: Tensor, why: str) -> None:
        """A tensor gets another shape, and so do those that may be it."""
        for each in (tensor, *tensor.alike):
            self.touch(each)
            each.shape, each.least, each.strides = Unknown(why, plain=True), None, None

    def begin_root(self) -> None:
        """A root begins: all that there is is older."""
        self.clock += 1
        self.since, self.is_clean, self.whole = self.clock, True, set()

    def open(self) -> Trail:
        """Start a trail: what is born from now on is newer than it."""
        self.clock += 1
        trail = Trail(self.clock)
        self.trails.append(trail)
        self.epoch = self.clock
        return trail

    def close(self) -> None:
        """End the innermost trail and keep what was written."""
        trail = self.trails.pop()
        self.epoch = self.trails[-1].epoch if self.trails else ALWAYS
        for item, held in trail.saved.values():
            if item.birth < self.epoch:
                self.trails[-1].save(item, held)

    def undo(self) -> None:
        """End the innermost trail and take back what was written."""
        trail = self.trails.pop()
        self.epoch = self.trails[-1].epoch if self.trails else ALWAYS
        for item, held in trail.saved.values():
            if self.look_ups.is_watching:
                self.look_ups.written(item)
            restore(item, held)

    def undo_to(self, level: int) -> None:
        """Take back all trails above a level."""
        while len(self.trails) > level:
            self.undo()

    def collect(self, level: int, signal: str | None, value: Value) -> list[Outcome]:
        """End all trails from `level` on and take back their writes; every way that was open, relative to the base."""
        outcomes: list[Outcome] | None = None
        if signal == "raise":
            value.__traceback__ = None  # it would keep the frames of nnlint's own calls, and all that these hold
        while len(self.trails) > level:
            trail = self.trails[-1]
            written = {key: (item, content(item)) for key, (item, _) in trail.saved.items()}
            if outcomes is None:
                outcomes = [Outcome(signal, value, written)]
            else:
                outcomes = [out._replace(delta={**written, **out.delta}) for out in outcomes]
            outcomes.extend(trail.exits)
            self.undo()
        return outcomes or []

    def apply(self, delta: Delta) -> None:
        """Write what a delta holds: nothing that was not written before."""
        watch, self.watch = self.watch, None
        for item, held in delta.values():
            self.touch(item)
            restore(item, held)
        self.watch = watch

    def merge(self, outcomes: list[Outcome], why: str, drop: Callable[[str | None], bool]) -> tuple[str | None, Value]:
        """Join the ways that end alike and go on with one; the others stay open as exits of a new trail.

        Ways whose signal `drop` names are left out where another way goes on.
        """
        groups: dict[str | None, Outcome] = {}
        kept = [out for out in outcomes if not drop(out.signal)] or outcomes[:1]
        for out in kept:
            known = groups.get(out.signal)
            groups[out.signal] = out if known is None else self.join_outcomes(known, out, why)
        chosen = groups.pop(None, None) or groups.pop(next(iter(groups)))
        if list(groups) == ["raise"]:
            self.leave(groups["raise"], why)
        elif groups:
            self.open().exits.extend(groups.values())
        self.apply(chosen.delta)
        return chosen.signal, chosen.value

    def leave(self, raised: Outcome, why: str) -> None:
        """A way that leaves by an exception, relative to the state at hand: it stays open, as one with those that have
        left since the innermost try began."""
        self.exits += 1
        trail = self.trails[-1] if len(self.trails) > self.floor else None
        if trail is None or not trail.by_raise:
            trail = self.open()
            trail.by_raise = True
            trail.exits.append(Outcome("raise", raised.value, dict(raised.delta)))
        else:
            before = trail.exits[0]
            for key, item in {**trail.unjoined, **{key: item for key, (item, _) in raised.delta.items()}}.items():
                now = raised.delta[key][1] if key in raised.delta else content(item)
                base = trail.saved[key][1] if key in trail.saved else content(item)
                known = before.delta[key][1] if key in before.delta else base
                before.delta[key] = (item, join_content(item, known, now, why))
                self.count_joined(item)
            value = RaisedError(join(before.value.value, raised.value.value, why))
            trail.exits[0] = Outcome("raise", value, before.delta)
        trail.unjoined = {key: item for key, (item, _) in raised.delta.items()}
        self.clock += 1  # what was made before this exit is older than what is written from here on
        self.epoch = trail.epoch = self.clock

    def count_joined(self, item: Any) -> None:
        """Two states of what an object holds are joined: it is to be charged."""
        self.copied += JOINED * (JOINED_ALONE + length(item))

    def join_outcomes(self, left: Outcome, right: Outcome, why: str) -> Outcome:
        """Two ways that end alike, as one."""
        delta: Delta = {}
        for key in (*left.delta, *(key for key in right.delta if key not in left.delta)):
            item = (left.delta.get(key) or right.delta[key])[0]
            now = None if key in left.delta and key in right.delta else content(item)
            one = left.delta[key][1] if key in left.delta else now
            other = right.delta[key][1] if key in right.delta else now
            self.count_joined(item)
            delta[key] = (item, join_content(item, one, other, why))
        if left.signal == "raise":
            raised = join(left.value.value, right.value.value, why)
            return Outcome("raise", RaisedError(raised), delta)
        return Outcome(left.signal, join(left.value, right.value, why), delta)
