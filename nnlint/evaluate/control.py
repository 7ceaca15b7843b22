"""Control: steps and limits, unknown conditions (both arms run, then joined) and unknown repetition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

from nnlint.evaluate.effects import DEFINED, Effect, Effects, functions_of
from nnlint.evaluate.heap import Heap, Outcome, content, join_content, restore
from nnlint.evaluate.notes import Built, LayerMade, Note, SequentialMade, Verdict
from nnlint.evaluate.scope import Site
from nnlint.evaluate.tensor_names import RESHAPING
from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    CONSTANTS,
    GRADIENT,
    NO_ATTRIBUTES,
    OPENED,
    BoundMethod,
    Class,
    Descriptor,
    Dict,
    Frame,
    Function,
    Instance,
    List,
    Module,
    Namespace,
    Native,
    Partial,
    RaisedError,
    Scalar,
    Set,
    Stream,
    Tensor,
    Value,
    View,
    is_layer_made_since,
    join,
    may_write_when_called,
    merged_rest,
    one_of,
    same,
)

STEPS = 400_000  # per root: statements, calls and iterations
IMPORT_STEPS = 1_000_000  # per module that is imported: once in a process
PATIENCE = 50_000  # steps that a loop takes before it is asked whether it comes to its end within those of its root
ARM_STEPS = 3  # of each arm of a condition that is not known, beside its statements
FORKS = 40  # open forks at one moment
ENDS = 12  # of these, those that a loop leaves open before it is followed no further round by round
IDLE = 16  # of the steps of a root, the part that a loop takes which constructs nothing before it is taken so, too
DEPTH = 90  # calls inside calls
UNSIZED = frozenset({int, float, bool, type(None)})
SIZED = (list, tuple, dict, set, frozenset)
# What belongs to the root that runs, and not to the project.
OF_A_ROOT = (
    "steps", "limit", "depth", "tries", "repeats", "forks", "running", "frames", "handling", "records", "built",
    "constructing",
    "guards", "verdicts", "sequentials", "taken_apart", "suspended", "memos",
    "doubts", "hooks", "contested", "constructed", "given",
)  # fmt: skip
DRAINED = 1_000  # the most items of an iterator that is given to code that is not known


class Pace(NamedTuple):
    """What a root had spent, left open, constructed and not known where a loop began."""

    steps: int
    trails: int
    constructed: int
    doubts: int


class LimitError(Exception):
    """The root has spent its steps, its depth or its forks."""


class GivenUpError(LimitError):
    """Something that could do anything ends the root."""


class RunTimeCodeError(LimitError):
    """Code that is made at run time, which may import anything, ends the root."""

    def __init__(self) -> None:
        super().__init__("code made at run time is not evaluated")


class UnfollowedError(LimitError):
    """A generator comes to where it could go on in more ways than one can wait in."""


GIVEN = "given"  # among what is forgotten already: code that is not known has got hold of what is forgotten here
RESHAPED = "reshaped"  # and so: it has got hold of what gives tensors other shapes
# What binds attributes whose names its text does not say.
BINDING = frozenset(
    {"setattr", "__setattr__", "delattr", "__dict__", "add_module", "register_module", "register_parameter", "_modules",
     "_parameters"}
)  # fmt: skip
WRITTEN_TO = (Instance, List, Dict, Set, tuple, Rest)  # what may be written to, or hold such


class Contested:
    """What generators that were left before their end may write to when they are closed: objects, and what the names of
    frames stand for then."""

    def __init__(self) -> None:
        self.objects: dict[int, Any] = {}
        self.names: dict[tuple[int, str], Frame] = {}

    def note(self, item: Any) -> None:
        """An object; of a frame only names are noted."""
        if not isinstance(item, Frame):
            self.objects[id(item)] = item

    def note_name(self, frame: Frame, name: str) -> None:
        """A name that may be bound anew, or whose object may be written to."""
        self.names[id(frame), name] = frame


class Held:
    """Keeps an object for as long as its id says that it was seen: another would have the id of one that is gone."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


class Control:
    """The part of the machine that decides what runs."""

    patches: Dict

    def __init__(self) -> None:
        self.heap = Heap()
        self.look_ups = self.heap.look_ups
        self.effects = Effects()
        self.steps = 0
        self.limit = STEPS
        self.forks = FORKS
        self.depth = 0
        self.deepest, self.widest = 0, 0  # of the depth, and of the trails that are open, the most since somebody asked
        self.tries = 0
        self.guards = 0  # open blocks that may catch what is raised in them
        self.ground = 0  # the trails that are open where a root begins; more are open in an arm that may not run
        self.repeats = 0  # open repetitions of unknown length
        self.doubts = 0  # how often what is not known had a part in what runs
        self.running: list[Function] = []
        self.frames: list[Frame] = []  # of the calls among what runs
        self.executing: list[Module] = []  # modules whose import has begun and not ended, the innermost last
        self.handling: list[Value] = []
        self.records: dict[Any, Any] = {}
        self.built: list[Built] = []
        self.is_listed: Callable[[Site], bool] = lambda site: False  # whether models are listed for a call
        self.constructing = False  # a Module of the project
        self.verdicts: dict[Verdict, None] = {}
        self.sequentials: list[SequentialMade] = []
        self.taken_apart: set[Instance] = set()
        # While a construction is followed that is to be remembered: what is noted, how often it did what a copy would
        # lack, the functions of which it mattered how often they run, and the outermost of those that run whose text
        # had a part in it.
        self.notes: list[Note] | None = None
        self.losses = 0
        self.counted: set[Function] = set()
        self.outermost = 0
        # What modules call, with themselves, where they are called, saved or loaded, and tensors, with gradients.
        self.hooks: tuple[tuple[Instance | Tensor, Value, bool], ...] = ()  # and whether states alone call it
        # Copies that a memo knows; whether that was made by deepcopy itself, for a method of the program.
        self.memos: dict[int, tuple[Value, dict[int, Value], bool]] = {}
        # What values that are not known may be, or be a part of, by their ids.
        self.aliased: dict[int, Value] = {}
        self.given: dict[int, Value] = {}  # what code that is not known has got hold of
        self.made: list[Instance] = []  # the modules that the root has constructed
        self.constructed: set[Any] = set()  # the constructions that are remembered among what it has constructed
        self.suspended: tuple[Stream, ...] = ()  # generators that wait where closing them does something
        self.contested = Contested()
        self.unmade: Any = None  # the class that its metaclass is making (see metaclasses.Unmade)

    def start(self) -> None:
        """Begin a root: nothing is spent, nothing is open. What it sets is OF_A_ROOT."""
        self.steps, self.limit, self.depth, self.tries, self.repeats, self.forks = 0, STEPS, 0, 0, 0, FORKS
        self.running, self.frames, self.handling, self.records, self.built = [], [], [], {}, []
        self.constructing, self.heap.copied, self.doubts = False, 0, 0
        self.guards, self.verdicts, self.sequentials, self.taken_apart = 0, {}, [], set()
        self.suspended, self.memos, self.hooks, self.aliased, self.made, self.constructed = (), {}, (), {}, [], set()
        self.contested, self.heap.watch, self.given = Contested(), None, {}
        self.look_ups.forget()

    def step(self, cost: int = 1) -> None:
        """Charge a step; raises LimitError when the root has spent its own."""
        self.steps += cost
        if self.steps > self.limit:
            raise LimitError("evaluation limit reached")

    def may_raise(self, why: str, kinds: tuple[Value, ...] = ()) -> None:
        """From here a try statement around may go on with its handlers, as well as the program with what follows.
        kinds: the exceptions that it may be, where that is known."""
        self.look_ups.lose()
        if not self.tries:
            return
        trails = self.heap.trails
        if len(trails) > self.forks:
            raise LimitError("evaluation limit reached")
        self.step(1 + (len(trails[-1].unjoined) // 10 if trails else 0))
        self.heap.leave(Outcome("raise", RaisedError(Unknown(why, kinds)), {}), why)
        self._charge_copied()

    def doubtful(self, found: Value) -> Value:
        """What an operation gives that may raise as well, where its operands are not known, or where it gives a tensor
        of a shape or a size that is not known."""
        if self.tries:
            doubt = found.shape if isinstance(found, Tensor) else found
            if isinstance(found, Tensor) and isinstance(doubt, tuple):
                doubt = next((size for size in doubt if isinstance(size, Unknown)), None)
            if isinstance(doubt, Unknown):
                self.may_raise(doubt.why)
        return found

    @contextmanager
    def trying(self, guarded: bool) -> Iterator[None]:
        """What is raised in here may be caught by what is around."""
        floor, guards = self.heap.floor, self.guards
        self.heap.floor = len(self.heap.trails)
        self.tries += 1
        self.guards += guarded
        try:
            yield
        finally:
            self.tries -= 1
            self.guards, self.heap.floor = guards, floor

    def charge(self, *values: Value) -> None:
        """Charge what an operation on long values costs beyond its own step."""
        for value in values:
            if type(value) in UNSIZED:
                continue
            if isinstance(value, Tensor):
                self.charge(value.data)
            elif isinstance(value, (str, bytes)):
                self.step(len(value) // 10 if len(value) > 500 else 0)
            elif isinstance(value, SIZED):
                self.step(len(value) // 10)

    def iterate(self, value: Value) -> Iterator[Value]:
        raise NotImplementedError

    def set_attribute(self, value: Value, name: str, given: Value) -> None:
        raise NotImplementedError

    def note(self, note: Note) -> None:
        """Note something of what the root constructs."""
        note.enter(self)
        if self.notes is not None:
            self.notes.append(note)

    def take_back(self, count: int) -> None:
        """The layers and models after the first `count` notes do not count: they will be noted again."""
        if self.notes is not None:
            self.notes[count:] = [note for note in self.notes[count:] if not isinstance(note, (LayerMade, Built))]

    def doubt(self) -> None:
        """Code that is not known runs, or an arm of a condition that is not known."""
        self.look_ups.lose()
        self.doubts += not self.constructing  # inside of that, a copy has none

    def lose_construction(self) -> None:
        """The construction that runs does what a copy of it would lack."""
        self.losses += 1

    def give_up(self, why: Unknown) -> None:
        """Something that cannot be evaluated could do anything: the root ends."""
        raise GivenUpError(why.why)

    def _run_arm(self, frame: Frame | None, arm: Callable[[], Any], why: str) -> list[Outcome]:
        self.doubt()
        level = len(self.heap.trails)
        if level > self.forks:
            raise LimitError("evaluation limit reached")
        self.widest = max(self.widest, level)
        self.heap.open()
        try:
            signal = arm()
            value = frame.returned if frame is not None and signal == "return" else None
        except RaisedError as raised:
            signal, value = "raise", raised
        outcomes = self.heap.collect(level, signal, value)
        self.step(ARM_STEPS)
        self._charge_copied()
        return outcomes

    def _charge_copied(self) -> None:
        copied, self.heap.copied = self.heap.copied, 0
        self.step(copied // 40)

    def fork(self, frame: Frame, why: str, arms: Sequence[Callable[[], str | None]]) -> str | None:
        """Run every arm from the same state and join what comes after."""
        outcomes = [outcome for arm in arms for outcome in self._run_arm(frame, arm, why)]
        return self._go_on(frame, outcomes, why)

    def _go_on(self, frame: Frame, outcomes: list[Outcome], why: str) -> str | None:
        signal, value = self.heap.merge(outcomes, why, self._is_dropped)
        if signal == "raise":
            raise value
        if signal == "return":
            frame.returned = value
        return signal

    def _is_dropped(self, signal: str | None) -> bool:
        # An arm that raises ends the program, unless a try around it could go on.
        return signal == "raise" and not self.tries

    def either(self, why: Unknown, *arms: Callable[[], Value]) -> Value:
        """Evaluate each arm of an expression from the same state and join the values."""
        outcomes: list[Outcome] = []
        for arm in arms:
            box: list[Value] = []
            for outcome in self._run_arm(None, lambda: box.append(arm()), why.why):
                outcomes.append(outcome._replace(value=box[0]) if outcome.signal is None else outcome)
        signal, value = self.heap.merge(outcomes, why.why, self._is_dropped)
        if signal == "raise":
            raise value
        return value

    def each_option(self, value: Unknown, run: Callable[[Value], Value]) -> Value:
        """`run` on each option of an Unknown that has some, joined."""
        options = [option for option in value.options if option is not ABSENT]
        if not options:
            return Unknown(value.why)
        if len(options) == 1:
            return run(options[0])
        return self.either(value, *[lambda o=option: run(o) for option in options])

    def bounded(self, frame: Frame, ends: str, run: Callable[[], str | None]) -> str | None:
        """A loop, or one round of it: ways that left with `ends` (a break, "continue") go on from here, whatever the
        others do."""
        level, value = len(self.heap.trails), None
        try:
            signal = run()
        except RaisedError as raised:
            if len(self.heap.trails) == level:
                raise
            signal, value = "raise", raised
        if len(self.heap.trails) == level:
            return None if signal == ends else signal
        outcomes = self.heap.collect(level, signal, frame.returned if signal == "return" else value)
        outcomes = [out._replace(signal=None) if out.signal == ends else out for out in outcomes]
        return self._go_on(frame, outcomes, "a condition is not known")

    def pace(self) -> Pace:
        """Where a loop begins, for is_tiring()."""
        return Pace(self.steps, len(self.heap.trails), len(self.records) + len(self.built), self.doubts)

    def is_tiring(self, began: Pace) -> bool:
        """Whether a loop is better taken as one of any number of rounds: it may have been left in many of them, or it
        takes many steps on what is not known and constructs nothing, as one that trains does."""
        if len(self.heap.trails) - began.trails >= ENDS:
            return True
        patience = self.limit // IDLE // (1 + 4 * self.repeats)
        if self.constructing or self.steps - began.steps < patience or self.doubts - began.doubts < ENDS:
            return False
        return len(self.records) + len(self.built) == began.constructed

    def repeat(self, frame: Frame, why: str, body: Callable[[], str | None]) -> str | None:
        """Run a body an unknown number of times: what it may write is forgotten first, then it runs once, and the
        result is joined with no run at all."""
        self.repeats += 1
        try:
            return self._repeat(frame, why, body)
        finally:
            self.repeats -= 1

    def _repeat(self, frame: Frame, why: str, body: Callable[[], str | None]) -> str | None:
        widened: dict[int, tuple[Any, Any]] = {}
        for attempt in range(6):
            level = len(self.heap.trails)
            count, built, noted = len(self.records), len(self.built), len(self.notes or ())
            made, aliased = len(self.made), len(self.aliased)
            self.heap.open()
            self._widen(widened)
            epoch = self.heap.open().epoch
            try:
                signal = body()
            except RaisedError as raised:
                if len(self.heap.trails) == level + 2 and not self.tries:
                    self.heap.undo_to(level)
                    raise
                signal, frame.returned = "raise", raised
            outcomes = self.heap.collect(level + 1, signal, frame.returned if signal in ("return", "raise") else None)
            grown = False
            for outcome in outcomes:
                for key, (item, held) in outcome.delta.items():
                    if item.birth >= epoch:  # made in this run: no other run knows it
                        continue
                    self.heap.count_joined(item)
                    before = widened[key][1] if key in widened else content(item)
                    after = widen(item, before, held, why, attempt >= 3)
                    if not same_content(before, after):
                        widened[key] = (item, after)
                        grown = True
            self.heap.undo_to(level)
            self._charge_copied()
            del self.made[made:]
            while len(self.aliased) > aliased:
                self.aliased.popitem()
            if not grown:
                break
            while len(self.records) > count:
                self.records.popitem()
            del self.built[built:]
            self.take_back(noted)
        else:
            raise LimitError("a loop of unknown length changes too much")

        def some() -> str | None:
            self._widen(widened)
            signal = body()
            return None if ends_round(signal) else signal

        def finish() -> str | None:
            level = len(self.heap.trails)
            signal = some()
            if len(self.heap.trails) > level:
                outs = self.heap.collect(level, signal, frame.returned if signal == "return" else None)
                outs = [out._replace(signal=None) if ends_round(out.signal) else out for out in outs]
                return self._go_on(frame, outs, why)
            return signal

        return self.fork(frame, why, (lambda: None, finish))

    def _widen(self, widened: dict[int, tuple[Any, Any]]) -> None:
        for item, held in widened.values():
            self.heap.touch(item)
            restore(item, held)

    def forget_after(self, run: Callable[[], object], why: str) -> None:
        """Run something that may or may not happen, any number of times; what it wrote is forgotten."""
        frame = Frame.__new__(Frame)
        frame.returned = None

        def body() -> str | None:
            run()
            return None

        self.repeat(frame, why, body)

    def alias(self, values: Iterable[Value]) -> None:
        """A value that is not known is one of these, or a part of one: code that is not known and gets hold of that may
        write to them."""
        if self.executing:
            return
        before = len(self.aliased)
        for value in values:
            held = value.mapping if isinstance(value, View) else value
            parts = list(held.values()) if isinstance(held, Dict) else [held]
            parts = list(held) if isinstance(held, (list, tuple, Set)) else parts
            self.step(len(parts) // 40)
            written_to = (part for part in parts if isinstance(part, WRITTEN_TO))
            self.aliased.update(
                (id(part), part) for part in written_to if type(part) is not Rest or part.unknown.options
            )
        if len(self.aliased) > before:
            self.step((len(self.aliased) - before) // 10)
            self.lose_construction()

    def some_of(self, values: list[Value], why: str, since: int | None = None) -> Rest:
        """Any number of items, each of them one of these values, or a part of one. since: when what made them began,
        where it made others for each."""
        self.alias((values, *(value.options for value in values if isinstance(value, Unknown))))
        older = [value for value in values if since is None or not is_layer_made_since(value, since)]
        found = one_of(why, older)
        return Rest(found if len(older) == len(values) else Unknown(why, foreign=found.foreign, calls=found.calls))

    def havoc(self, value: Value, why: str, seen: set[Any] | None = None) -> None:
        """Code that is not known got hold of `value`: what it could write is forgotten."""
        seen = set() if seen is None else seen
        if type(value) in CONSTANTS or id(value) in seen or isinstance(value, (str, int, float)):
            return
        if isinstance(value, Unknown):
            for option in value.options:
                if not isinstance(option, (Class, Function)):
                    self.havoc(option, why, seen)
            if GIVEN in seen and value.is_opaque and not self.executing:
                seen.discard(GIVEN)
                self.step(len(self.aliased) // 2 + len(self.made) // 40)
                made = [module for module in self.made if module.open is None]  # of others nothing is known already
                for held in (*self.aliased.values(), *made):
                    self.havoc(held, why, seen)
            return
        if type(value) is Rest:
            self.havoc(value.unknown, why, seen)
            return
        seen.update((id(value), Held(value)))
        self.step(1 + (len(value) // 4 if isinstance(value, SIZED) else 0))
        self.hand(value)
        if isinstance(value, (tuple, list)):
            for item in value:
                self.havoc(item, why, seen)
        if isinstance(value, Dict):
            for item in value.values():
                self.havoc(item, why, seen)
            self.havoc(value.rest, why, seen)
            if value or not is_forgotten(value.rest):
                self.heap.touch(value)
                value.clear()
                value.rest = Unknown(why, foreign=True)
        elif isinstance(value, List):
            if not (len(value) == 1 and type(value[0]) is Rest and is_forgotten(value[0].unknown)):
                self.heap.touch(value)
                value[:] = [Rest(Unknown(why, foreign=True))]
        elif isinstance(value, Set):
            for item in list(value):
                self.havoc(item, why, seen)
            self.heap.touch(value)
            value.clear()
            value.rest = Unknown(why, foreign=True)
        elif isinstance(value, Instance):
            bases = [base for base in value.cls.mro if base.module is not None or base.local]
            of_classes = [(base, name) for base in bases for name in data_of(base)]
            for item in (*value.attributes.values(), *(base.attributes[name] for base, name in of_classes)):
                if type(item) not in CONSTANTS:
                    self.havoc(item, why, seen)
            if isinstance(value.payload, (List, Dict, Set)):
                self.havoc(value.owner if isinstance(value, Namespace) else value.payload, why, seen)
            attributes = value.attributes
            names = (*attributes, *(name for _, name in of_classes))
            self.step(len(names) // 4)
            if not (is_forgotten(value.open) and all(is_forgotten(attributes.get(name)) for name in names)):
                self.heap.touch(value)
                value.open = Unknown(why, foreign=True)
                for name in dict.fromkeys(names):
                    if name[:1] != "_" or not isinstance(attributes.get(name), Dict):
                        attributes[name] = Unknown(why, foreign=True)
            for base in bases:
                self._havoc_methods(base, why, seen)
        elif isinstance(value, Class):
            self._havoc_class(value, why, seen)
        elif isinstance(value, Frame):
            self._havoc_names(value, why, seen)
        elif isinstance(value, Tensor):
            self.heap.forget_numbers(value)
            self.mark(value)
            if RESHAPED in seen:
                self.heap.forget_shape(value, why)
        elif isinstance(value, Native):
            if value.name in RESHAPING:
                self.reshape_given(why, seen)
        elif isinstance(value, View):
            self.havoc(value.mapping, why, seen)
        elif isinstance(value, BoundMethod):
            self.havoc(value.receiver, why, seen)
            self.havoc(value.function, why, seen)
        elif isinstance(value, Partial):
            for item in (value.callee, *value.args, *value.kwargs.values()):
                self.havoc(item, why, seen)
        elif isinstance(value, Stream):
            if value.is_advancing:
                self.give_up(Unknown(f"an iterator that makes an item: {why}"))
            built, drained = len(self.records), 0
            level = len(self.heap.trails)
            try:
                for item in islice(self.iterate(value), DRAINED):
                    drained += 1
                    self.havoc(item, why, seen)
            except RaisedError:
                while len(self.heap.trails) > level:
                    self.heap.close()  # how far it is taken, and whether anything is raised there, nobody knows
            if drained == DRAINED:  # nobody takes all items of an endless iterator
                self.lose_construction()
                while len(self.records) > built:
                    self.records.popitem()
            self.heap.touch(value)
            value.spoiled = Unknown(why)
        elif isinstance(value, Function):
            if OPENED not in value.attributes:
                self.heap.touch(value)
                forgotten = Unknown(why, foreign=True)
                value.attributes.update({n: forgotten for n in value.attributes if not n.startswith("__")})
                value.attributes[OPENED] = forgotten
            self._havoc_closure(value, why, seen)

    def hand(self, value: Value) -> None:
        """Code that is not known gets hold of a value: what is written to an object that it gives may be written to
        that."""
        if isinstance(value, (Instance, List, Dict, Set, Tensor)):
            self.given[id(value)] = value

    def reshape_given(self, why: str, seen: set[Any]) -> None:
        """Any tensor that code that is not known has got hold of, or gets, may be given another shape in place."""
        seen.add(RESHAPED)
        self.step(len(self.given) // 10)
        for held in self.given.values():
            if isinstance(held, Tensor):
                self.heap.forget_shape(held, why)

    def mark(self, tensor: Tensor) -> None:
        """A tensor gets attributes of which nothing is known."""
        if not tensor.is_marked or tensor.attributes:
            self.heap.touch(tensor)
            tensor.is_marked, tensor.attributes = True, NO_ATTRIBUTES

    def give(self, tensor: Tensor, name: str, value: Value) -> None:
        """tensor.name = value, for an attribute that torch lets the program write"""
        if type(value) not in CONSTANTS and name != GRADIENT:
            self.mark(tensor)
        elif tensor.attributes.get(name, ABSENT) is not value:
            self.heap.touch(tensor)
            tensor.attributes = {**tensor.attributes, name: value}

    def forget_gradients(self) -> None:
        """Any parameter may be trained or not from here on."""
        if GRADIENT not in self.patches:
            self.heap.touch(self.patches)
            self.patches[GRADIENT] = Unknown("requires_grad of a tensor that is not known is set", plain=True)
            self.heap.whole.clear()  # what a call that reads them has given, it need not give again

    def _havoc_closure(self, function: Function, why: str, seen: set[Any]) -> None:
        """A function that is called may write to what it names in the functions around it."""
        for parameter in function.signature.parameters:
            self.havoc(parameter.default, why, seen)
        if function.site is None:
            return
        text = self.effects.text(function.site)
        if not text.names.isdisjoint(RESHAPING):
            self.reshape_given(why, seen)
        around: Frame | None = function.parent
        while around is not None and around is not function.module.frame:
            for name in text.names & around.variables.keys():
                self.havoc(around.variables[name], why, seen)
                if name in text.nonlocals:
                    self.heap.touch(around)
                    around.variables[name] = Unknown(why)
            around = around.parent
        self._havoc_reached(function, why, seen)

    def _havoc_reached(self, value: Value, why: str, seen: set[Any]) -> None:
        """The functions that come with a value may be called: what of their modules they may write is forgotten."""
        reached = ("reached", id(value))
        if reached in seen:
            return
        seen.add(reached)
        functions = list(functions_of(value))
        self.step(len(functions) // 4)
        for effect in self.effects.of_all(functions, seen):
            if effect not in seen:
                seen.add(effect)
                self._havoc_global(effect, why, seen)

    def _havoc_global(self, effect: Effect, why: str, seen: set[Any]) -> None:
        variables, name = effect.module.frame.variables, effect.name
        if name == GRADIENT:
            self.forget_gradients()
        held = variables.get(name)
        inside = held
        if isinstance(held, Instance) and not held.attributes and held.open is None:
            inside = held.payload if self.effects.only_looks_up(held.cls) else held
        grows_by_reading = isinstance(inside, Dict) and inside.factory is not None
        if effect.is_opened and isinstance(inside, (List, Dict, Set)) and not grows_by_reading:
            for item in list(inside.values() if isinstance(inside, Dict) else inside):
                if type(item) is not Rest:
                    self.havoc(item, why, seen)
            for base in held.cls.mro if isinstance(held, Instance) else ():
                self._havoc_methods(base, why, seen)
        elif isinstance(held, (Class, List, Dict, Set, Stream, Instance, tuple)):
            self.havoc(held, why, seen)
        if effect.is_bound and name in variables:
            self.heap.touch(effect.module.frame)
            variables[name] = Unknown(why)

    def run_hooks(self, of_states: bool = True) -> None:
        """Modules and tensors may call their hooks: what those may write is forgotten. of_states: also those that
        saving and loading a state calls."""
        why = "a hook may have written it"
        for module, hook, is_of_states in self.hooks:
            if is_of_states and not of_states:
                continue
            if isinstance(hook, BoundMethod) and isinstance(hook.receiver, Instance):
                self.forget_own(hook.receiver, why, [hook.function])
            else:
                self.havoc(hook, why)
            if self.effects.may_write_argument(hook, 0):
                self.havoc(module, why)

    def forget_own(self, receiver: Instance, why: str, called: Sequence[Value] = ()) -> None:
        """The program's methods may run on an object, in ways that are not followed: what they may write is forgotten,
        but for modules. Those that are `called` run, with the methods that they name: they may bind modules as well."""
        reached = [method for method in called if isinstance(method, Function)]
        for method in reached:
            named = (receiver.cls.find(name) for name in self._named_methods(receiver, method))
            reached += [other for other in named if isinstance(other, Function) and other not in reached]
        own = (method for base in receiver.cls.mro for method in base.attributes.values())
        methods = reached if called else [method for method in own if isinstance(method, Function)]
        for method in methods:
            if method.site is None or method.name == "__init__":
                continue
            text, seen = self.effects.text(method.site), {id(receiver)}
            self._havoc_closure(method, why, seen)
            if called and (text.evaluates or not text.names.isdisjoint(BINDING)):
                self.havoc(receiver, why)
            for told in sorted(text.written | text.opened | text.rebound):
                name = told[1:]
                held = receiver.attributes.get(name, receiver.cls.find(name)) if told.startswith(".") else ABSENT
                if called and told.startswith(".") and told in text.rebound:
                    self.set_attribute(receiver, name, Unknown(why))
                elif held is not ABSENT and not isinstance(held, (Function, Descriptor, Native, Instance, Tensor)):
                    self.havoc(held, why, seen)
                    self.heap.touch(receiver)
                    receiver.attributes[name] = Unknown(why)

    def _named_methods(self, receiver: Instance, method: Function) -> list[str]:
        """The names that a method speaks of, or may by a text that it evaluates: all that its object's classes have."""
        if method.site is None:
            return []
        text = self.effects.text(method.site)
        own = {name for base in receiver.cls.mro for name in base.attributes} if text.evaluates else set()
        return sorted(text.names | own)

    def forget_reached(self, frame: Frame, why: str) -> None:
        """Nobody knows what was written: all that is reached from the names of a module is forgotten, but for what is
        defined."""
        seen: set[Any] = set()
        for held in list(frame.variables.values()):
            self.havoc(held.frame if isinstance(held, Module) else held, why, seen)
        self._havoc_names(frame, why, seen)

    def _havoc_names(self, frame: Frame, why: str, seen: set[Any]) -> None:
        """Code that is not known got hold of the names of a module: its data is forgotten; what is defined stays."""
        self.heap.touch(frame)
        for name, held in list(frame.variables.items()):
            if not isinstance(held, DEFINED) and not name.startswith("__"):
                self.havoc(held, why, seen)
                frame.variables[name] = Unknown(why)
        frame.variables["*"] = True

    def _havoc_methods(self, cls: Class, why: str, seen: set[Any]) -> None:
        """The methods of a class may be called: what they may write beside its objects is forgotten."""
        self._havoc_reached(cls, why, seen)
        for method in cls.attributes.values() if cls.local else ():
            if isinstance(method, Function) and method.parent is not method.module.frame:
                self._havoc_closure(method, why, seen)

    def _havoc_class(self, cls: Class, why: str, seen: set[Any]) -> None:
        """Code that is not known got hold of a class: its data is forgotten; its methods stay, and may be called."""
        self._havoc_methods(cls, why, seen)
        names = [name for base in cls.mro for name in data_of(base)]
        self.step(len(names) // 4)
        if names:
            self.heap.touch(cls)
        for name in names:
            self.havoc(cls.find(name), why, seen)
            cls.attributes[name] = Unknown(why)


def is_forgotten(value: Value) -> bool:
    """Whether nothing at all is known of an attribute, so that there is nothing to forget."""
    return type(value) is Unknown and value.foreign and not (value.options or value.plain or value.calls)


def data_of(cls: Class) -> list[str]:
    """The attributes of a class of the project that are no methods, nor what makes it an enumeration."""
    if cls.module is None or "__members__" in cls.attributes:
        return []
    return [
        name
        for name, held in cls.attributes.items()
        if type(held) is not Function and name[:2] != "__" and not isinstance(held, (Descriptor, Native, Class))
    ]


def widen(item: Any, before: Any, after: Any, why: str, forget: bool) -> Any:
    """What an object may hold after any number of further runs, given what it held before and after one."""
    if isinstance(item, (Frame, Class, Function)):
        return widen_names(before, after, why, forget)
    if isinstance(item, Instance):
        payload = before[2] if same(before[2], after[2]) else Unknown(why)
        return widen_names(before[0], after[0], why, forget), first(before[1], after[1]), payload
    if isinstance(item, List):
        shared = 0
        while shared < min(len(before), len(after)) and same(before[shared], after[shared]):
            shared += 1
        if shared == len(before) == len(after):
            return before
        calls = any(map(may_write_when_called, (*before, *after)))
        return [*before[: 0 if forget else shared], Rest(Unknown(why, calls=calls))]
    if isinstance(item, Dict):
        entries, rest = widen_names(before[0], after[0], why, forget), merged_rest(before[1], after[1])
        if set(before[0]) != set(after[0]):
            return {k: v for k, v in entries.items() if k in before[0]}, merged_rest(rest, Unknown(why))
        return entries, rest
    if isinstance(item, Set):
        return before[0] & after[0], first(before[1], after[1], None if before[0] == after[0] else Unknown(why))
    return join_content(item, before, after, why)


def widen_names(before: dict[Any, Value], after: dict[Any, Value], why: str, forget: bool) -> dict[Any, Value]:
    names = {}
    for name in (*before, *(name for name in after if name not in before)):
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        if same(old, new):
            names[name] = old
        elif old is ABSENT or (isinstance(old, Unknown) and ABSENT in [o for o in old.options if o is ABSENT]):
            names[name] = Unknown(why, (ABSENT, Unknown(why)))
        else:
            joined = join(old, new, why)
            plain = isinstance(joined, Unknown) and joined.plain
            names[name] = Unknown(why, plain=plain, calls=may_write_when_called(joined))
    return names


def same_content(left: Any, right: Any) -> bool:
    """Whether two contents say the same, Unknowns being alike."""
    if left is right:
        return True
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        is_less = isinstance(left, Scalar) and not isinstance(right, Scalar)
        return left.plain == right.plain and len(left.options) == len(right.options) and not is_less
    if type(left) is Rest and type(right) is Rest:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same_content(left[key], right[key]) for key in left)
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(map(same_content, left, right))
    if isinstance(left, set):
        return bool(left == right)
    return same(left, right)


def ends_round(signal: str | None) -> bool:
    """Whether a statement ends a round of the loop that it stands in, and no more than that loop."""
    return signal is not None and signal.startswith(("continue", "break"))
