"""What an expression evaluates to.

Numbers, strings, booleans, None and tuples are Python's own; what can be written to is a class of this file, with the
moment of its birth, so that the heap knows what must be saved before a write (see evaluate/heap.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from nnlint.signature import Rest, Signature
from nnlint.unknown import Unknown, first

if TYPE_CHECKING:
    from nnlint.layers import Layer
    from nnlint.source import Source

Value = Any


class _Absent:
    """Among an Unknown's options: the name or entry is not there at all."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
WALKED = 100_000  # the most items of a tuple, and of the tuples in it, that are looked at
NESTED = 50  # the deepest of tuples in tuples that are looked at


REGISTRIES = ("_parameters", "_buffers", "_modules")  # of a torch.nn.Module
# The types of what can neither be written to nor hold anything.
CONSTANTS = frozenset({bool, int, float, str, bytes, type(None)})
# Where values come from that no file holds.
ORIGINS = {"sys.argv": "the command line", "os.environ": "the environment"}


# Packages of torch whose names in small letters are functions and modules of Python, of which none has parameters.
WITHOUT_MODULES = tuple(
    f"torch.{name}." for name in ("autograd", "backends", "cuda", "distributed", "fft", "linalg", "random", "special")
)

OF_ITEMS = "[]"  # behind the name of a type: it says of what kind its items are, as list[int] does


class Thing:
    """An object of the program in the words of a message: never by where it lies in memory."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()}>"


class External(Unknown):
    """Something from outside the project, known by its dotted name only."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        origin = ORIGINS.get(name)
        why = f"{name} comes from {origin}" if origin else f"{name} is not in the project"
        is_function = name.startswith(WITHOUT_MODULES) and name.rpartition(".")[2][:1].islower()
        super().__init__(why, plain=is_function, foreign=True)
        self.name = name


class Device(Unknown):
    """A torch.device: nothing is known of it but which one it is."""

    __slots__ = ("index", "kind")

    def __init__(self, kind: str, index: int | None) -> None:
        super().__init__("torch.device is not in the project", plain=True, foreign=True)
        self.kind, self.index = kind, index


class Folder(Unknown):
    """The folder of a package of the project: where it lies is not known, what lies in it is."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        super().__init__("where a package lies", plain=True)
        self.path = path


class Union(Unknown):
    """X | Y of types: isinstance() and issubclass() take it as they take the tuple of its kinds."""

    __slots__ = ("kinds",)

    def __init__(self, kinds: tuple[Value, ...]) -> None:
        super().__init__("a union of types", plain=True)
        self.kinds = kinds


class Scalar(Unknown):
    """A number, of no type of whole numbers, of which nothing else is known."""

    __slots__ = ()

    def __init__(self, why: str) -> None:
        super().__init__(why, plain=True)


class Made(Unknown):
    """What a defaultdict has made for keys that are not known: nobody has another name for it."""

    __slots__ = ()

    def __init__(self, why: str) -> None:
        super().__init__(why, foreign=True)


def merged_rest(one: Unknown | None, other: Unknown | None) -> Unknown | None:
    """Why a dict may hold further entries, given two reasons, of which one says more of them than the other."""
    if one is None or other is None:
        return first(one, other)  # type: ignore[no-any-return]
    return other if type(one) is Made else _join_bare(one, other)


class Said(Unknown):
    """The message of one of Python's own exceptions: why it was raised, in other words than Python's."""

    __slots__ = ()

    def __init__(self, why: str) -> None:
        super().__init__(why, plain=True)


class Rewritten(Unknown):
    """What a decorator that may rewrite arguments makes of a function or class; written: that as the program has it."""

    __slots__ = ("written",)

    def __init__(self, why: str, written: Value) -> None:
        super().__init__(why, calls=True)
        self.written = written


class Inherited(Unknown):
    """What an object has from a base that is not known: a call of it may call the program's own methods."""

    __slots__ = ("receiver",)

    def __init__(self, unknown: Unknown, receiver: Instance) -> None:
        super().__init__(unknown.why, plain=unknown.plain, foreign=unknown.foreign, calls=unknown.calls)
        self.receiver = receiver


class Buffer(Unknown):
    """What torch.nn.Buffer makes: a tensor, its only option, which a module registers as a buffer."""

    __slots__ = ("persistent",)

    def __init__(self, tensor: Value, persistent: Value) -> None:
        super().__init__("a buffer", (tensor,), plain=True)
        self.persistent = persistent


class Named(Unknown):
    """An Unknown with the name by which --nnlint-assume could give it, or something in it, a value."""

    __slots__ = ("path",)

    def __init__(self, unknown: Unknown, path: str) -> None:
        super().__init__(unknown.why, plain=unknown.plain, foreign=unknown.foreign, calls=unknown.calls)
        self.path = path


class List(list[Any]):
    """A Python list; a Rest among the items stands for any number of items that are not known."""

    __slots__ = ("birth",)

    def __init__(self, items: Any = (), birth: int = 0) -> None:
        super().__init__(items)
        self.birth = birth


class Deque(List):
    """A collections.deque; most: the most items that it keeps."""

    __slots__ = ("most",)

    def __init__(self, items: Any = (), birth: int = 0, most: int | None = None) -> None:
        super().__init__(items, birth)
        self.most = most


class Size(tuple[Any, ...]):
    """A torch.Size: a tuple in all but its type, its text, and the type of what is made of it."""

    __slots__ = ()


class Dict(dict[Any, Any]):
    """A Python dict; `rest` says why it may hold further entries, `kind` which class of dict it is."""

    __slots__ = ("birth", "factory", "kind", "rest")

    def __init__(
        self, items: Any = (), birth: int = 0, rest: Unknown | None = None, kind: str = "dict", factory: Any = None
    ) -> None:
        super().__init__(items)
        self.birth, self.rest, self.kind, self.factory = birth, rest, kind, factory

    def certain(self) -> bool:
        """Whether the keys, their number and their order are known."""
        return self.rest is None and not any(may_be_absent(value) for value in self.values())


class View(Thing):
    """What keys(), values() and items() of a dict give: `pick` makes an item of an entry."""

    __slots__ = ("kind", "mapping", "pick")

    def __init__(self, kind: str, mapping: Dict, pick: Callable[[Any, Any], Any]) -> None:
        self.kind, self.mapping, self.pick = kind, mapping, pick


class Set(set[Any]):
    """A Python set; `rest` says why it may hold further members; made: its members in their order, as
    it was made, until it is written to."""

    __slots__ = ("birth", "made", "rest")

    def __init__(self, items: Any = (), birth: int = 0, rest: Unknown | None = None) -> None:
        super().__init__(items)
        self.birth, self.rest = birth, rest
        self.made: tuple[Any, ...] = ()


class Stream(Thing):
    """An iterator: its items are computed when asked for. position: how many it has given, which nothing takes back;
    spoiled: it was advanced where that is not certain;
    frame: of the generator function that gives the items; cleans_up: it does something where it is closed before its
    end; members: all of them, where only their order is not known."""

    __slots__ = ("birth", "cleans_up", "frame", "items", "members", "position", "spoiled")

    def __init__(self, items: Iterator[Any], birth: int, frame: Frame | None = None) -> None:
        self.items, self.birth, self.frame = items, birth, frame
        self.cleans_up = False
        self.position = 0
        self.spoiled: Unknown | None = None
        self.members: list[Value] | None = None

    @property
    def is_advancing(self) -> bool:
        """Whether it is making an item just now."""
        return getattr(self.items, "gi_running", False)


class Frame(Thing):
    """The variables of one call, class body or module, and the frame around it. level: of a generator that runs, how
    many trails were open when it was asked to go on; is_asked: whether it is still asked for items."""

    __slots__ = (
        "birth", "first_argument", "function", "is_asked", "level", "module", "parent", "returned", "variables",
    )  # fmt: skip

    def __init__(self, module: Module, parent: Frame | None, function: Function | None, birth: int) -> None:
        self.variables: dict[str, Value] = {}
        self.module, self.parent, self.function, self.birth = module, parent, function, birth
        self.first_argument: Value = None
        self.returned: Value = None
        self.level = 0
        self.is_asked = True


class Module(Thing):
    """A file of the project, as an imported module.

    failure: what its import ends with; unfollowed: the decorators that were not understood in it; declared: imports
    under `if TYPE_CHECKING:`, by the name that they bind (level, module, name there); declared_stars: those of all
    names; is_replaced: something else stands in its place in sys.modules; log: the modules that its import leads to and
    what it writes to what is older, in order (see evaluate/journal.py).
    """

    __slots__ = (
        "birth", "declared", "declared_stars", "failure", "frame", "functions", "is_replaced", "log", "name", "package",
        "ready", "source", "unfollowed",
    )  # fmt: skip

    def __init__(self, name: str, source: Source, birth: int) -> None:
        self.name, self.source, self.birth = name, source, birth
        self.frame = Frame(self, None, None, birth)
        self.ready = False
        self.package = False
        self.functions: dict[str, tuple[Function, Value]] = {}
        self.declared: dict[str, tuple[int, str, str]] = {}
        self.declared_stars: list[tuple[int, str]] = []
        self.is_replaced = False
        self.log: list[Any] = []
        self.failure: RaisedError | None = None
        self.unfollowed: set[Any] = set()


class Class:
    """A class: of the project (module given), or of Python or the framework (native or layer given).

    unknown_base: why some base is not known; unsure: why its instances may hold more than the known classes give
    them from the start (an unknown base ahead of a known one, a metaclass of the project); kin: why isinstance() may
    say other than the bases do (a protocol, a hook); slots: the only attributes that its instances may have, where it
    says so; metaclass: the program's own, where it has one; noting: told of each class and name that any of them looks
    up, where somebody is.
    """

    noting: ClassVar[Callable[[Class, str], None] | None] = None
    __slots__ = (
        "attributes", "bases", "birth", "dataclass", "full_name", "kin", "layer", "local", "metaclass", "module", "mro",
        "name", "native", "qualified", "site", "slots", "unknown_base", "unsure",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        bases: tuple[Class, ...] = (),
        attributes: dict[str, Value] | None = None,
        full_name: str = "",
        native: type | None = None,
        layer: Layer | None = None,
        birth: int = 0,
        module: Module | None = None,
        qualified: str = "",
    ) -> None:
        self.name, self.bases, self.native, self.layer, self.birth = name, bases, native, layer, birth
        self.full_name, self.module, self.qualified = full_name or name, module, qualified or name
        self.attributes: dict[str, Value] = {} if attributes is None else attributes
        self.unknown_base: Unknown | None = next((b.unknown_base for b in bases if b.unknown_base is not None), None)
        self.unsure: Unknown | None = next((b.unsure for b in bases if b.unsure is not None), None)
        self.kin: Unknown | None = None
        self.metaclass: Class | None = next((b.metaclass for b in bases if b.metaclass is not None), None)
        self.dataclass: Any = None
        self.slots: frozenset[str] | None = None if native is None else frozenset()
        self.local = False
        self.site: Any = None
        self.mro: tuple[Class, ...] = linearize(self)
        if layer is None:
            self.layer = next((c.layer for c in self.mro[1:] if c.layer is not None), None)

    def __repr__(self) -> str:
        return f"<class {self.full_name}>"

    def find(self, name: str) -> Value:
        """The attribute by the method resolution order, or ABSENT."""
        noting = Class.noting
        for owner in self.mro:
            if noting is not None:
                noting(owner, name)
            if name in owner.attributes:
                found = owner.attributes[name]
                if type(found) is Unknown and may_be_absent(found):
                    behind = self.mro[self.mro.index(owner) + 1 :]
                    later = (base.attributes[name] for base in behind if name in base.attributes)
                    inherited = next(later, ABSENT)
                    return found if inherited is ABSENT else join(present(found), inherited, found.why)
                return found
        return ABSENT

    def is_subclass(self, other: Class) -> bool:
        return other in self.mro

    def native_base(self) -> type | None:
        """The Python type that instances carry as their payload (a NamedTuple's tuple), or None."""
        return next((c.native for c in self.mro if c.native is not None and c.native is not object), None)


def linearize(cls: Class) -> tuple[Class, ...]:
    """The C3 linearization; raises TypeError where Python does."""
    sequences = [list(base.mro) for base in cls.bases] + [list(cls.bases)]
    order = [cls]
    while any(sequences):
        sequences = [s for s in sequences if s]
        for sequence in sequences:
            head = sequence[0]
            if not any(head in other[1:] for other in sequences):
                break
        else:
            raise TypeError(f"cannot create a consistent method resolution order for {cls.name}")
        order.append(head)
        for sequence in sequences:
            if sequence[0] is head:
                del sequence[0]
    return tuple(order)


OBJECT = Class("object", native=object)  # the base of the classes that tables hold


class Instance:
    """An object of a Class. `open`: why it may have further or other attributes; payload: of a builtin base; original:
    what it is a copy of, where it is one (see evaluate/constructions.py)."""

    __slots__ = ("attributes", "birth", "cls", "open", "original", "payload")

    def __init__(self, cls: Class, birth: int, payload: Value = None) -> None:
        self.cls, self.birth, self.payload = cls, birth, payload
        self.attributes: dict[str, Value] = {}
        self.open: Unknown | None = None
        self.original: Instance | None = None

    def is_its_own(self) -> bool:
        """Whether it is a dict whose entries are its attributes, too: self.__dict__ = self."""
        return self.payload is not None and "__dict__" in self.attributes

    def __repr__(self) -> str:
        return f"<{self.cls.name} object>"

    def __eq__(self, other: object) -> bool:
        """As a key of a dict: a member of a `class Kind(str, Enum)` is found under its text, and its text under it."""
        if self is other or not isinstance(self.payload, (str, int)):
            return self is other
        return bool(self.payload == (other.payload if isinstance(other, Instance) else other))

    def __hash__(self) -> int:
        return hash(self.payload) if isinstance(self.payload, (str, int)) else object.__hash__(self)


# What nnlint notes among the variables of a frame.
INNER_NAMES = frozenset({"*", "__partial__", "__annotations_in_order__"})


# The attributes of a torch.nn.Module between its buffers and its modules:
# https://github.com/pytorch/pytorch/blob/v2.13.0/torch/nn/modules/module.py
KEPT = (
    "_non_persistent_buffers_set", "_backward_pre_hooks", "_backward_hooks", "_is_full_backward_hook",
    "_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called", "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs", "_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)  # fmt: skip
KEPT_BY = frozenset({"Module", "Sequential", "ModuleList", "ModuleDict"})  # by these, and no more
KEPT_BY_TORCH = "what torch keeps of a module"


# The attributes of a function that say why it is not called as it is written, and why it may have others.
REPLACED, OPENED = "__replaced__", "__opened__"


def is_slot(name: str) -> bool:
    """Whether a function keeps what has this name elsewhere than in its __dict__."""
    return hasattr(FunctionType, name) or name in (REPLACED, OPENED)


class Namespace(Instance):
    """The __dict__ of an object, a class or a function, or the names of a module or of a class body that runs: it holds
    at every moment what they do."""

    __slots__ = ("owner",)

    def __init__(self, cls: Class, birth: int, owner: Instance | Class | Frame | Function) -> None:
        self.owner = owner
        super().__init__(cls, birth)

    def _of_object(self, owner: Instance) -> dict[Value, Value]:
        """The attributes of an object, with those that torch gives a Module and nothing else is known of."""
        fields = owner.cls.find("_fields") if isinstance(owner.payload, tuple) else ()  # which a tuple's class has
        names = [name for name in owner.attributes if not isinstance(fields, tuple) or name not in fields]
        if all(name in names for name in ("training", *REGISTRIES)):
            start = names.index("_parameters")
            rest = [name for name in names if name not in ("training", *REGISTRIES, *KEPT)]
            names = [*names[:start], "training", "_parameters", "_buffers", *KEPT, "_modules", *rest]
        return {name: owner.attributes.get(name, Unknown(KEPT_BY_TORCH, plain=True)) for name in names}

    @property
    def payload(self) -> Dict:
        """A copy for readers; what writes to a namespace writes to its owner."""
        if isinstance(self.owner, Class):
            return Dict(self.owner.attributes, self.birth)
        if isinstance(self.owner, Instance):
            own = any(
                base.full_name.startswith("torch.nn.") and base.name not in KEPT_BY for base in self.owner.cls.mro
            )
            doubt = Unknown(KEPT_BY_TORCH, plain=True) if own else None
            return Dict(self._of_object(self.owner), self.birth, first(self.owner.open, doubt))
        if isinstance(self.owner, Function):
            held = self.owner.attributes
            return Dict({n: v for n, v in held.items() if not is_slot(n)}, self.birth, held.get(OPENED))
        names = {name: value for name, value in self.owner.variables.items() if name not in INNER_NAMES}
        return Dict(names, self.birth, Unknown("further names", foreign=True))

    @payload.setter
    def payload(self, value: Value) -> None:
        """Nothing: it has no content of its own."""


NO_ATTRIBUTES: dict[str, Value] = {}
GRADIENT = "requires_grad"  # the attribute of a tensor
TRAINED: dict[str, Value] = {GRADIENT: True}


Strides = tuple[int, ...] | None
DENSE: tuple[int, ...] = (0,) * 9  # of a tensor whose elements stand in their order, by identity


class Tensor(Thing):
    """A tensor: a shape (a tuple of ints and Unknowns, or Unknown), its values where they are known, and whether it
    is a Parameter. least: a shape whose number of elements is a lower bound, where the shape is not known; is_array:
    it is one of numpy's; is_here: it is on the device that is the default one; attributes: constants that it is surely
    given, among them whether it requires a gradient (the dict itself is never written to); is_marked: it may have
    further attributes that torch does not give it; is_whole: it surely is of a dtype of whole numbers; sharing: the
    tensors that may have their elements in the same memory, where it is one of several; alike: those that may be this
    very tensor; strides: how its elements
    stand there, where that is known."""

    __slots__ = (
        "alike", "attributes", "birth", "data", "is_array", "is_here", "is_marked", "is_parameter", "is_whole", "least",
        "shape", "sharing", "strides",
    )  # fmt: skip

    def __init__(
        self,
        shape: Value,
        birth: int,
        is_parameter: bool = False,
        data: Value = None,
        least: tuple[int, ...] | None = None,
        is_array: bool = False,
    ) -> None:
        self.shape, self.birth, self.is_parameter, self.is_array = shape, birth, is_parameter, is_array
        self.data, self.least, self.is_here = data, least, False
        self.is_marked = self.is_whole = False
        self.attributes = TRAINED if is_parameter else NO_ATTRIBUTES
        self.sharing: list[Tensor] = []
        self.alike: list[Tensor] = []
        self.strides: Strides = None

    def viewing(self, base: Tensor) -> Tensor:
        """This new tensor, of which the elements may be those of another: where numbers are known that a write would
        change, which those of the first one then are. Of the same rank, it may be the other one itself."""
        first = base.sharing[0] if base.sharing else base
        if first.data is not None:
            base.sharing = base.sharing or [base]
            base.sharing.append(self)
            self.sharing = base.sharing
        shapes = [shape for shape in (self.shape, base.shape) if isinstance(shape, tuple)]
        if not base.is_parameter and len({len(shape) for shape in shapes}) < 2:
            base.alike = base.alike or [base]
            base.alike.append(self)
            self.alike = base.alike
        return self

    def numel(self) -> int | Unknown:
        """The number of elements."""
        if isinstance(self.shape, Unknown):
            return self.shape
        total = 1
        for size in self.shape:
            if isinstance(size, Unknown):
                return size
            total *= size
        return total


class Function:
    """A function of the project: its signature, its body as a closure over frames, and where it was defined."""

    __slots__ = (
        "attributes", "birth", "body", "keyword_defaults", "lowered", "module", "name", "owner", "parent", "qualified",
        "signature", "site",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        qualified: str,
        signature: Signature,
        body: Callable[[Frame], Any],
        parent: Frame,
        birth: int,
        lowered: Any = None,
    ) -> None:
        self.name, self.qualified, self.signature, self.body = name, qualified, signature, body
        self.parent, self.birth = parent, birth
        self.module = parent.module
        self.owner: Class | None = None
        self.attributes: dict[str, Value] = {}
        self.keyword_defaults: Dict | None = None  # as they may be written to, where the program asks for them
        self.lowered = lowered
        self.site: Any = None

    @property
    def is_generator(self) -> bool:
        """Whether a call gives an iterator."""
        return self.lowered is not None and self.lowered.bindings.has_yield

    def __repr__(self) -> str:
        return f"<function {self.qualified}>"


class Arity(NamedTuple):
    """How many arguments a function takes at least and at most, and those that may be given by name: None for any."""

    fewest: int
    most: int
    names: frozenset[str] | None

    def allows(self, args: list[Value], kwargs: dict[str, Value]) -> bool:
        """Whether the function may be called so, as far as that is known."""
        is_known = not kwargs or self.names is None or kwargs.keys() <= self.names
        if is_known and self.fewest <= len(args) + len(kwargs) and len(args) <= self.most:
            return True
        return "**" in kwargs or has_rest(args)


class Native:
    """A function that nnlint itself provides: fn(machine, args, kwargs) -> value; attributes: what it has beside;
    arity: how it may be called, where others than its own code say so; signature: of one that the program can see."""

    __slots__ = ("arity", "attributes", "fn", "name", "signature")

    def __init__(self, name: str, fn: Callable[..., Value], attributes: dict[str, Value] | None = None) -> None:
        self.name, self.fn, self.attributes = name, fn, attributes or {}
        self.arity: Arity | None = None
        self.signature: Signature | None = None

    def __repr__(self) -> str:
        return f"<native {self.name}>"


class BoundMethod(Thing):
    """A function with its self (or cls)."""

    __slots__ = ("function", "receiver")

    def __init__(self, function: Value, receiver: Value) -> None:
        self.function, self.receiver = function, receiver

    def __eq__(self, other: object) -> bool:
        """As in Python: it is made anew by each look-up, and the same as another of the same object."""
        is_one = isinstance(other, BoundMethod) and self.function is other.function
        return is_one and self.receiver is other.receiver  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((id(self.function), id(self.receiver)))


class Partial(Thing):
    """functools.partial. kwargs: the dict that the program has by the name of `keywords`, and may write to."""

    __slots__ = ("args", "birth", "callee", "kwargs", "unknown_kwargs")

    def __init__(
        self, callee: Value, args: list[Value], kwargs: dict[str, Value], unknown_kwargs: Unknown | None, birth: int
    ) -> None:
        self.callee, self.args, self.kwargs, self.birth = callee, args, Dict(kwargs, birth), birth
        self.unknown_kwargs = unknown_kwargs

    def keywords(self) -> tuple[dict[str, Value], Unknown | None]:
        """The keywords that are surely given, and why there may be others."""
        doubt = next((value for value in self.kwargs.values() if may_be_absent(value)), None)
        if doubt is None:
            return self.kwargs, first(self.unknown_kwargs, self.kwargs.rest)
        sure = {name: value for name, value in self.kwargs.items() if not may_be_absent(value)}
        return sure, first(self.unknown_kwargs, self.kwargs.rest, Unknown(doubt.why))


class Descriptor(Thing):
    """staticmethod, classmethod or property (getter, setter)."""

    __slots__ = ("getter", "kind", "setter")

    def __init__(self, kind: str, getter: Value, setter: Value = None) -> None:
        self.kind, self.getter, self.setter = kind, getter, setter


class Super(Thing):
    """super(): attribute look-up after `after` in the order of the receiver's class."""

    __slots__ = ("after", "receiver")

    def __init__(self, after: Class, receiver: Value) -> None:
        self.after, self.receiver = after, receiver


class RaisedError(Exception):
    """An exception of the evaluated program on its way to a handler. value: an Instance or an Unknown; is_meant: by a
    `raise` in the code of a module."""

    def __init__(self, value: Value, is_meant: bool = False) -> None:
        super().__init__(describe_error(value))
        self.value, self.is_meant = value, is_meant


def describe_error(value: Value) -> str:
    """The words of a raised exception, for reasons shown to users."""
    if isinstance(value, Instance):
        args = value.attributes.get("args", ())
        given = [a.why if isinstance(a, Said) else a for a in args] if isinstance(args, tuple) else []
        text = ", ".join(str(a) for a in given if isinstance(a, (str, int, float)))
        return f"{value.cls.name}: {text}" if text else value.cls.name
    if isinstance(value, Unknown) and value.options:
        return value.why
    return "an exception"


OWN_TYPES: dict[type, str] = {
    List: "list", Deque: "collections.deque", Set: "set", Size: "torch.Size", Function: "function", Class: "type",
    Module: "module", BoundMethod: "method", Partial: "functools.partial", Super: "super",
    Native: "builtin_function_or_method",
}  # fmt: skip


def type_name(value: Value) -> str:
    """What Python's messages call a value's type."""
    if isinstance(value, Instance):
        return value.cls.name
    return value.kind if isinstance(value, Dict) else OWN_TYPES.get(type(value), type(value).__name__)


def as_text(value: Value) -> Value:
    """A value as a name: of an object that is a str, as the members of some enumerations are, the text that it is."""
    return value.payload if isinstance(value, Instance) and isinstance(value.payload, str) else value


def may_be_absent(value: Value) -> bool:
    """Whether a dict's or namespace's entry is there in only some of the ways the program can have run."""
    if not isinstance(value, Unknown) or not value.options:
        return False
    return any(option is ABSENT for option in value.options)


def has_rest(items: Any) -> bool:
    """Whether a sequence's length is not known."""
    return Rest in map(type, items)


def holds_object(value: Value, perhaps: bool = False) -> bool:
    """Whether a value is an object of a class, or a sequence, of sequences, of such; perhaps: or may be one, where it
    is not known."""
    pending, seen = [value], {id(value)}
    while pending:
        part = pending.pop()
        if isinstance(part, Instance) or (perhaps and isinstance(part, Unknown) and part.is_opaque):
            return True
        for item in part if isinstance(part, (list, tuple)) else ():
            if id(item) not in seen:
                seen.add(id(item))
                pending.append(item)
    return False


def present(value: Value) -> Value:
    """The value read from an entry: that it may be absent does not matter to one who reads it."""
    if not may_be_absent(value):
        return value
    options = tuple(option for option in value.options if option is not ABSENT)
    return options[0] if len(options) == 1 else Unknown(value.why, options, value.plain)


def is_plain(value: Value) -> bool:
    """Whether a value surely is no Module and no Parameter, nor holds one."""
    if isinstance(value, Unknown):
        return value.plain
    if isinstance(value, tuple):
        return CONSTANTS.issuperset(map(type, value)) or (is_small(value) and all(map(is_plain, value)))
    return value is None or value is ABSENT or isinstance(value, (bool, int, float, complex, str, bytes))


def is_foreign(value: Value) -> bool:
    """Whether a value surely neither is nor holds an object that is known by another way."""
    if isinstance(value, Unknown):
        return value.plain or (value.foreign and not value.options)
    if isinstance(value, tuple):
        return is_small(value) and all(map(is_foreign, value))
    return is_plain(value)


def is_layer_made_since(value: Value, moment: int) -> bool:
    """Whether a value is one of the framework's modules, and it and all that it holds were made after a moment."""
    pending: list[Value] = [value]
    for _ in range(WALKED):
        if not pending:
            return isinstance(value, Instance) and "_modules" in value.attributes
        part = pending.pop()
        if isinstance(part, Instance) and part.cls.module is None and part.open is None and part.birth > moment:
            pending += [part.payload, *part.attributes.values()]
        elif isinstance(part, Dict) and part.birth > moment:
            pending += [part.rest, *part.values()]
        elif not (is_foreign(part) or (isinstance(part, Tensor) and part.birth > moment)):
            return False
    return False


def one_of(why: str, values: Iterable[Value]) -> Unknown:
    """What is one of these values, or a part of one, where nobody knows which."""
    parts = [value.unknown if type(value) is Rest else value for value in values]
    calls = any(map(may_write_when_called, parts))
    return Unknown(why, plain=all(map(is_plain, parts)), foreign=all(map(is_foreign, parts)), calls=calls)


def is_as_unknown(held: Value, other: Unknown) -> bool:
    """Whether nothing more is known of one value than of another that is not known, so that it may be that as well."""
    return (
        type(held) is Unknown
        and not held.options
        and held.plain <= other.plain
        and held.foreign <= other.foreign
        and held.calls >= other.calls
    )


def same(left: Value, right: Value) -> bool:
    """Whether two values are surely the same: identical, or equal constants of one type."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple):
        return len(left) == len(right) and is_small(left) and all(map(same, left, right))
    if isinstance(left, (bool, int, float, complex, str, bytes, range)):
        return bool(left == right)
    if isinstance(left, External):
        return left.name == str(right.name)
    if isinstance(left, Device):
        return (left.kind, left.index) == (right.kind, right.index)
    if isinstance(left, BoundMethod):
        return same(left.function, right.function) and same(left.receiver, right.receiver)
    return False


def is_small(value: tuple[Value, ...]) -> bool:
    """Whether a tuple can be walked: `t = (t, t)`, forty times over, holds more items than anybody can visit, and who
    walks `t = (t,)`, many times over, asks this again at each level."""
    visited, stack = 0, [(value, 0)]
    while stack:
        item, depth = stack.pop()
        visited += len(item)
        if visited > WALKED or depth > NESTED:
            return False
        stack.extend((inner, depth + 1) for inner in item if type(inner) is tuple)
    return True


def is_option(value: Value, other: Value) -> bool:
    """Whether `other` is an Unknown that may be just this value."""
    if not isinstance(other, Unknown) or not other.options:
        return False
    return any(option is value for option in other.options)


def may_write_when_called(value: Value) -> bool:
    """Whether a value is, or may be, a function that has hold of objects of its own."""
    if isinstance(value, Unknown):
        if value.options and value.reaches is None:  # an option may have options: each is asked once
            value.reaches = any(map(may_write_when_called, value.options))
        return value.calls or bool(value.reaches)
    is_closure = isinstance(value, Function) and value.parent is not value.module.frame
    return is_closure or isinstance(value, (BoundMethod, Partial))


def _join_bare(bare: Unknown, other: Value) -> Unknown:
    """What may be any value, or another."""
    plain = bare.plain and is_plain(other)
    calls = bare.calls or may_write_when_called(other)
    foreign = (bare.foreign or bare.plain) and (is_plain(other) or (isinstance(other, Unknown) and other.foreign))
    is_kept = type(bare) is Unknown and (bare.plain, bare.calls, bare.foreign) == (plain, calls, foreign)
    return bare if is_kept else Unknown(bare.why, plain=plain, foreign=foreign, calls=calls)


def is_from_outside(value: Value) -> bool:
    """Whether a value is some object of code that is not known, and surely none that is known by another way."""
    return type(value) is Unknown and value.foreign and not (value.options or value.plain or value.calls)


def is_as_foreign(value: Value, other: Value) -> bool:
    """Whether nothing more is known of one value than of another, that it comes from outside."""
    return is_from_outside(value) and is_from_outside(other)


def holds_known(value: Value) -> bool:
    """Whether a value is, or may be, an object that is known, and that a write to it would change."""
    options = value.options if isinstance(value, Unknown) else (value,)
    return any(isinstance(option, (Instance, List, Dict, Set, BoundMethod)) for option in options)


def join(left: Value, right: Value, why: str) -> Value:
    """The value after two arms of an unknown condition: the same stays, different becomes Unknown with the options."""
    if left is right:
        return left
    for bare, other in (left, right), (right, left):
        if isinstance(bare, Unknown) and not bare.options and not isinstance(bare, External):
            if is_option(bare, other):
                return other
            if not is_from_outside(bare) or not holds_known(other):
                return _join_bare(bare, other)
    if same(left, right) or is_option(right, left):
        return left
    if is_option(left, right):
        return right
    are_tuples = isinstance(left, tuple) and type(left) is type(right) and len(left) == len(right)
    if are_tuples and is_small(left) and not has_rest(left + right):
        return type(left)(join(one, other, why) for one, other in zip(left, right))
    options: list[Value] = []
    for value in (left, right):
        for option in (value.options if isinstance(value, Unknown) else ()) or (value,):
            if not any(same(option, other) or is_as_foreign(option, other) for other in options):
                options.append(option)
    plain = all(is_plain(option) for option in options)
    if len(options) == 1:
        return options[0]
    if len(options) > 8:
        absent = (ABSENT,) if any(option is ABSENT for option in options) else ()
        return Unknown(why, (*absent, Unknown(why, plain=plain)) if absent else (), plain)
    return Unknown(why, tuple(options), plain)
