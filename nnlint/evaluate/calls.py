"""Calls: functions, classes, partials; how classes are made, and what constructing one gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from keyword import iskeyword
from typing import Any

import libcst as cst

from nnlint.evaluate import class_annotations, devices, gradients, metaclasses
from nnlint.evaluate import operations as ops
from nnlint.evaluate.attributes import is_one_with
from nnlint.evaluate.constructions import Constructions
from nnlint.evaluate.control import DEPTH, GIVEN, LimitError, UnfollowedError
from nnlint.evaluate.effects import names_its_class
from nnlint.evaluate.functions import REPLACED, distinct, keyword_defaults, replaced
from nnlint.evaluate.items import NATIVE_ERRORS
from nnlint.evaluate.kinds import REGISTER
from nnlint.evaluate.look_ups import ADDING, READING
from nnlint.evaluate.mappings import ABSTRACT
from nnlint.evaluate.nn_module import WRITING_METHODS
from nnlint.evaluate.notes import SequentialMade, TakenApart, Verdict
from nnlint.evaluate.objects import Objects
from nnlint.evaluate.scope import Scope, Site
from nnlint.evaluate.sequential import Budget, is_sequential, misfit
from nnlint.layers import Violation
from nnlint.layers.arguments import unknown_in
from nnlint.signature import REQUIRED, BindError, Parameter, Rest, Signature
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
    CONSTANTS,
    OF_ITEMS,
    BoundMethod,
    Class,
    Descriptor,
    Device,
    Dict,
    External,
    Frame,
    Function,
    Inherited,
    Instance,
    List,
    Module,
    Native,
    Partial,
    RaisedError,
    Rewritten,
    Set,
    Stream,
    Tensor,
    Value,
    has_rest,
    holds_object,
    is_plain,
    same,
    type_name,
)

# Decorators known to rewrite a function's arguments: what they decorate is not the function as written.
REWRITING = ("gin.", "hydra.", "sacred.", "hydra_zen.", "functools.singledispatch", "unittest.mock.", "mock.")
# Decorators that give no class a constructor.
KEEPING = ("torch.", "typing.", "typing_extensions.", "functools.", "enum.", "abc.")
# What puts other things into the place of names while a block runs.
REPLACING = ("unittest.mock.patch", "mock.patch", "mock.mock.patch")
OF_TENSORS = ("torch.", "numpy.")  # the names of their functions, which may be told where to write (out=)
# Outside code that surely writes to nothing it is given.
HARMLESS = (
    "logging.", "warnings.", "torch.cuda.", "torch.optim.", "torch.utils.data.", "torch.distributed.",
    "torch.manual_seed",
    "torch.device", "torch.backends.", "torch.jit.", "torch.fx.", "torch.onnx.", "torch._C.", "torch.utils.checkpoint.",
    "time.", "os.", "sys.", "random.", "numpy.", "typing.", "re.", "datetime.", "pathlib.", "torch._assert",
    "torch.set_", "torch.get_", "torch.is_", "torch.are_", "torch.no_grad",
    "torch.inference_mode", "torch.autograd.", "torch.seed",
    "torch.nn.functional.", "torch.library.", "torch.ops.", "inspect.", "importlib.", "packaging.", "abc.",
    "contextlib.", "torch.utils._pytree.", "torch.compiler.", "regex.", "torch.linalg.", "torch.fft.", "torch.special.",
    "torch.distributions.", "einops.pack.", "einops.unpack.", "einops.einsum.", "einops.parse_shape.",
    "einops.asnumpy.", "threading.Lock.", "threading.RLock.", "threading.Event.", "torch.Generator.",
    "torch.amp.GradScaler.", "difflib.",
)  # fmt: skip


# Those of them that surely do not raise, that do write, that only look even at functions, and that may give what they
# were given.
QUIET = (
    "logging.", "warnings.", "typing.", "abc.", "contextlib.", "importlib.", "packaging.", "threading.",
    "time.time", "time.perf_counter", "time.monotonic", "os.path.abspath.", "os.path.basename.", "os.path.dirname.",
    "os.path.exists.", "os.path.expand", "os.path.is", "os.path.join.", "os.path.split", "os.getenv.",
    "os.environ.", "torch.manual_seed.", "torch.no_grad.", "torch.inference_mode.",
    "torch.is_", "torch.are_", "torch.get_", "torch.set_grad_enabled.", "torch.backends.", "torch.compiler.",
    "torch.cuda.is_", "torch.cuda.device_count.", "torch.cuda.manual_seed", "torch.cuda.empty_cache.",
    "torch.distributed.is_",
)  # fmt: skip
WRITING = (
    "random.shuffle.", "numpy.random.shuffle.", "numpy.copyto.", "numpy.put.", "numpy.fill_diagonal.",
    "contextlib.closing.",
)  # fmt: skip
COMPLETING = ("torch.optim.",)  # what adds to groups of parameters
LOOKING = ("inspect.", "typing.", "logging.", "warnings.", "abc.", "torch.jit.", "torch.distributed.")
HANDING_ON = (
    "torch.jit.script.", "torch.jit.trace", "torch.jit.freeze.", "torch.jit.optimize", "torch.fx.", "torch.onnx.",
    "torch.optim.swa_utils.", "torch.utils.checkpoint.", "torch.utils._pytree.", "torch.distributed.fsdp.",
    "torch.compiler.", "torch.distributed.algorithms.", "torch.distributed.tensor.", "torch.distributed._",
    "contextlib.closing.", "random.choice", "random.sample.", "importlib.import_module.", "torch.library.",
    "torch.ops.", "numpy.random.choice.", "numpy.vectorize.", "numpy.apply", "torch.autograd.",
    "torch.distributions.",
    "inspect.currentframe.", "inspect.stack.", "inspect.getouterframes.", "inspect.trace.", "sys._getframe.", "gc.get_",
)  # fmt: skip
# Those of these that give nothing but what they were given, or what is made of it.
HANDING_ON_ALONE = (
    "random.choice", "random.sample.", "numpy.random.choice.", "torch.distributions.", "difflib.get_close_matches.",
)  # fmt: skip
# What gives an array of the items of others.
REARRANGING = (
    "numpy.append.", "numpy.array_split.", "numpy.asanyarray.", "numpy.atleast", "numpy.broadcast_to.", "numpy.choose.",
    "numpy.compress.", "numpy.concatenate.", "numpy.copy.", "numpy.delete.", "numpy.extract.", "numpy.flip",
    "numpy.hstack.", "numpy.insert.", "numpy.random.permutation.", "numpy.random.permuted.", "numpy.ravel.",
    "numpy.repeat.", "numpy.reshape.", "numpy.roll.", "numpy.select.", "numpy.sort.", "numpy.split.", "numpy.squeeze.",
    "numpy.stack.", "numpy.take", "numpy.tile.", "numpy.transpose.", "numpy.unique.", "numpy.vstack.", "numpy.where.",
)  # fmt: skip
# The methods by which code looks at an object.
ASKED = (
    "__array__", "__bool__", "__contains__", "__eq__", "__float__", "__format__", "__fspath__", "__getitem__",
    "__hash__", "__index__", "__int__", "__iter__", "__len__", "__next__", "__repr__", "__sizeof__", "__str__",
)  # fmt: skip
RECURSIONS = 4  # how deep a function that calls itself is followed where many of the forks that a root has are open
CALLED = (Function, BoundMethod, Partial)  # what code that gets hold of it may call

# Methods that write to their object: where they meet what is not known, they may have written anything.
MUTATORS = frozenset(
    {"add", "discard", "extend", "insert", "move_to_end", "pop", "popitem", "remove", "setdefault", "sort", "update"}
)

# What takes as long for a long object as for a short one.
CONSTANT_TIME = frozenset(
    {"add", "append", "callable", "discard", "get", "getattr", "hasattr", "id", "isinstance", "items", "keys",
     "setattr", "setdefault", "type", "values"}
)  # fmt: skip

# What raises with no arguments, or not for reason of values.
NEVER_RAISE = frozenset(
    {"append", "get", "items", "keys", "values", "copy", "clear", "isinstance", "issubclass", "hasattr", "getattr",
     "callable", "type", "id", "bool", "str", "repr", "print", "setattr", "__setattr__", "__init__", "parameters",
     "named_parameters", "modules", "named_modules", "children", "named_children", "apply"}
)  # fmt: skip

# What gives a tensor whatever the dtype, the strides, the gradients and the numbers of one that it is given.
TAKING_ANY = frozenset(
    {"torch.nn.Parameter", "torch.zeros", "torch.ones", "torch.empty", "torch.rand", "torch.randn", "torch.tensor",
     "torch.arange", "clone", "detach", "contiguous", "cpu", "float", "double", "half", "bfloat16", "int", "long",
     "size", "flatten", "reshape", "permute", "transpose", "t", "unsqueeze", "squeeze"}
)  # fmt: skip


def _unsure(value: Value) -> bool:
    """Whether a method of a value may raise for the items that it holds or lacks."""
    if isinstance(value, List):
        return has_rest(value)
    return isinstance(value, (Dict, Set)) and value.rest is not None


def is_unsure(value: Value, given: list[Value]) -> bool:
    """Whether it is not known which items of a container a method of it takes away."""
    return _unsure(value) or (isinstance(value, (List, Dict, Set)) and any(isinstance(key, Unknown) for key in given))


DECORATOR_STEPS = 10_000  # what applying one decorator may take
DECORATOR_FORKS = 6  # conditions that are not known, inside of each other
DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


class Calls(Objects):
    """The part of the machine that calls."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[Site] = []
        self.choices: list[int] = []  # how deep in the stack calls stand of which the callee is one of several
        self.evaluated: set[int] = set()  # the calls, by the id of their nodes, which `sites` holds
        self.sites: dict[cst.CSTNode, Site] = {}
        self.constructions = Constructions()
        self.lowered = 0  # parts of the expression that is being lowered
        self.assume = {}
        self.aliases: dict[str, str] = {}

    def record(self, site: Site, instance: Instance) -> None:
        raise NotImplementedError

    def is_sure_to_run(self) -> bool:
        """Whether what stands here runs whenever the root does."""
        return len(self.heap.trails) <= self.ground

    def judge(self, module: Instance, layer: str, violation: Violation | None, arguments: Iterable[Value]) -> None:
        """Note what becomes of the constructor call that is running; a layer of the team's own has its own rules."""
        if self.stack and not any(base.full_name in self.aliases for base in module.cls.mro):
            certain = (violation is not None and self.is_sure_to_run()) or all(unknown_in(v) is None for v in arguments)
            guarded = self.guards > 0 or len(self.stack) in self.choices
            self.note(Verdict(tuple(self.stack), layer, violation, guarded, certain))

    def judge_sequential(self, module: Instance) -> None:
        """Note that a Sequential was built; what becomes of it is seen at the end of the root."""
        if self.stack:
            self.note(SequentialMade(tuple(self.stack), module, self.guards > 0))

    def take_apart(self, module: Instance) -> None:
        """Note that a Sequential is not only called as a whole."""
        if is_sequential(module):
            self.note(TakenApart(module))

    def judge_sequentials(self) -> None:
        """Which of the Sequentials that a root has built no input can pass, as they are at its end."""
        budget = Budget()
        for stack, module, guarded in self.sequentials:
            violation, certain = (None, True) if module in self.taken_apart else misfit(module, budget)
            self.verdicts[Verdict(stack, "Sequential", violation, guarded, certain)] = None
        self.sequentials, self.taken_apart = [], set()

    # -- calls -------------------------------------------------------------------------------------------------

    def call_at(
        self, site: Site, callee: Value, args: list[Value], kwargs: dict[str, Value], unknown_kwargs: Unknown | None
    ) -> Value:
        """A call that stands in a file."""
        self.step()
        self.evaluated.add(id(site.node))
        self.stack.append(site)
        try:
            return self.call(callee, args, kwargs, unknown_kwargs)
        finally:
            self.stack.pop()

    def call(
        self,
        callee: Value,
        args: list[Value],
        kwargs: dict[str, Value],
        unknown_kwargs: Unknown | None = None,
    ) -> Value:
        """callee(*args, **kwargs), with perhaps further keywords that are not known."""
        kind = type(callee)
        if kind is BoundMethod:
            return self.call(callee.function, [callee.receiver, *args], kwargs, unknown_kwargs)
        if kind is Function:
            return self.call_function(callee, args, kwargs, unknown_kwargs)
        if kind is Class:
            return self.instantiate(callee, args, kwargs, unknown_kwargs)
        if kind is Native:
            return self.call_native(callee, args, kwargs, unknown_kwargs)
        if kind is Partial:
            given, unknown = callee.keywords()
            return self.call(
                callee.callee, [*callee.args, *args], {**given, **kwargs}, first(unknown, unknown_kwargs)
            )  # fmt: skip
        if kind is Instance:
            method = callee.cls.find("__call__")
            if method is not ABSENT:
                return self.call(BoundMethod(method, callee), args, kwargs, unknown_kwargs)
            if callee.cls.unknown_base is None and callee.open is None:
                raise self.error("TypeError", f"'{callee.cls.name}' object is not callable")
            return self.call_unknown(first(callee.cls.unknown_base, callee.open), [callee, *args], kwargs)
        if isinstance(callee, Unknown):
            if callee.options:
                choice = Unknown(callee.why, tuple(distinct(self, callee.options)), callee.plain)
                self.choices.append(len(self.stack))
                try:
                    return self.each_option(
                        choice, lambda option: self.call(option, list(args), dict(kwargs), unknown_kwargs)
                    )
                finally:
                    self.choices.pop()
            if callee.why.startswith(REPLACING) and not isinstance(callee, External):
                self.give_up(Unknown(f"what is replaced from here on: {callee.why}"))
            if isinstance(callee, Rewritten):
                self.havoc(callee.written, callee.why)
            elif callee.calls:
                self.give_up(Unknown(f"a call of what is not known: {callee.why}"))
            return self.call_unknown(callee, args, kwargs)
        if isinstance(callee, Descriptor):
            return self.call(callee.getter, args, kwargs, unknown_kwargs)
        raise self.error("TypeError", f"'{type_name(callee)}' object is not callable")

    def call_native(
        self, callee: Native, args: list[Value], kwargs: dict[str, Value], unknown_kwargs: Unknown | None
    ) -> Value:
        """One of nnlint's own functions; it sees further unknown keywords under the name "**"."""
        if unknown_kwargs is not None:
            kwargs = {**kwargs, "**": unknown_kwargs}
        if callee.arity is not None and not callee.arity.allows(args, kwargs):
            raise self.error("TypeError", f"{callee.name}() takes no such arguments")
        if callee.name not in CONSTANT_TIME:
            self.charge(*args)
        if self.look_ups.reading is not None:
            self._note_native(callee, args, kwargs)
        if kwargs and kwargs.get("out") is not None and callee.name.startswith(OF_TENSORS):
            rest = {name: value for name, value in kwargs.items() if name != "out"}
            return self.write_out(kwargs["out"], callee.name, self.call_native(callee, args, rest, None))
        suspended = self.suspended
        try:
            is_unseen = bool(args) and isinstance(args[0], Unknown)
            if is_unseen and (callee.fn in WRITING_METHODS or callee.name == "__init__"):
                if args[0].options:
                    return self.each_option(
                        args[0], lambda option: self.call_native(callee, [option, *args[1:]], dict(kwargs), None)
                    )
                self.write_unseen(args[0])
            if callee.name in MUTATORS and args and is_unsure(args[0], args[1:]):
                self.alias(args[:1])
            may_raise = self.tries > 0 and callee.name not in NEVER_RAISE
            if may_raise and any(map(_unsure, args)):
                self.may_raise(f"{callee.name}() of what is not known")
            found = callee.fn(self, args, kwargs)
            if isinstance(found, Unknown) and found.is_opaque:
                self.alias(args)
            elif type(found) is Instance and "_modules" in found.attributes:
                self.made.append(found)
            if may_raise and type(found) is Tensor and (kwargs or callee.name not in TAKING_ANY):
                self.may_refuse(callee.name)
            return self.doubtful(found) if may_raise else found
        except UnknownValueError as error:
            self.alias(args)
            if callee.name in MUTATORS and args:
                self.havoc(args[0], error.unknown.why)
            return self.doubtful(Unknown(error.unknown.why))
        except RecursionError:
            raise
        except NATIVE_ERRORS as error:
            if "'Unknown'" in str(error) or has_rest(args):  # see native()
                return self.doubtful(Unknown(f"{callee.name}() of what is not known"))
            raise self.native(error) from None
        finally:
            if self.suspended is not suspended:
                self.leave_off(suspended)

    def _note_native(self, callee: Native, args: list[Value], kwargs: dict[str, Value]) -> None:
        """What one of nnlint's own functions reads, for a look-up that is remembered."""
        for value in args if callee.name not in ADDING else args[1:]:
            if isinstance(value, (List, Dict, Set, Instance)):
                self.look_ups.note((value,))
        if callee.name == "get" and args and isinstance(args[0], Dict):
            return
        if callee.name not in READING or kwargs:
            self.look_ups.lose()

    def call_unknown(self, callee: Unknown, args: list[Value], kwargs: dict[str, Value], is_own: bool = False) -> Value:
        """Code that is not known: what it gives is not known, nor what it does to what it gets. is_own: it is the
        program's, which writes to nothing that is not known: where it does, the root ends."""
        self.look_ups.lose()
        given = [value.unknown if type(value) is Rest else value for value in (*args, *kwargs.values())]
        name = callee.name + "." if isinstance(callee, External) else ""
        why = f"it was given to {callee.name}" if isinstance(callee, External) else f"it was given to {callee.why}"
        is_harmless = name.startswith(HARMLESS) and not name.startswith(WRITING)
        if not is_harmless or not name.startswith(QUIET):
            self.may_raise(callee.why)
        if name.startswith("torch.") and name.endswith("_registration_hook."):
            self.register_otherwise()
        if self.hooks and name.startswith("torch.autograd."):
            self.run_hooks()
        if isinstance(callee, Inherited):
            self.forget_own(callee.receiver, why)
        if name.startswith(COMPLETING):
            self._complete(given, why)
        if not is_harmless and any(isinstance(v, External) and v.name in devices.MOVING for v in given):
            devices.move_default(self)
        seen: set[Any] = set() if is_own else {GIVEN}
        for value in given:
            if is_harmless and isinstance(value, Instance) and value.cls.module is not None:
                self.ask(value, why)
            if not is_harmless or (isinstance(value, CALLED) and not name.startswith(LOOKING)):
                self.havoc(value, why, seen)
        if isinstance(callee, External):
            if kwargs.get("out") is not None and is_harmless:
                return self.write_out(kwargs["out"], callee.name)
            for array in args if name.startswith("numpy.") else ():  # it may write to it, or give another view of it
                if isinstance(array, Tensor):
                    self.heap.forget_numbers(array)
            if callee.name in devices.MOVING:
                devices.move_default(self)
            if callee.name.endswith("set_grad_enabled"):
                gradients.stop(self)
            if callee.name == devices.DEFAULT and not given:
                return devices.default_device(self)
            if callee.name == "torch.device":
                device = devices.device_of(args, kwargs)
                if not isinstance(device, Device):
                    self.may_raise(device.why)
                return device
            hands_on = name.startswith(HANDING_ON)
            if name.startswith(HANDING_ON_ALONE):
                hands_on = not all(map(_holds_no_module, given))
            elif name.startswith("numpy."):  # arrays may hold objects
                hands_on = hands_on or any(holds_object(value, name.startswith(REARRANGING)) for value in given)
            if hands_on:
                self.alias(given)
            plain = name.startswith(HARMLESS) and not hands_on
            return Unknown(f"{callee.name} is not in the project", plain=plain, foreign=not hands_on)
        if callee.plain and any(isinstance(value, (Instance, Class, *CALLED)) for value in given):
            return Unknown(callee.why)  # what it is given may be what it gives
        return callee.part()

    def ask(self, value: Instance, why: str) -> None:
        """Code that only looks at an object may do so by the program's own methods: what they write is forgotten."""
        found = (value.cls.find(name) for name in ASKED)
        called = [method for method in found if isinstance(method, Function) and self.effects.may_write(method)]
        if called:
            self.forget_own(value, why, called)

    def write_out(self, out: Value, name: str, made: Value = None) -> Value:
        """function(..., out=out): a tensor, or several, take the result `made`, and are what it gives. torch's tensors
        take its shape as well, numpy's arrays keep theirs."""
        for tensor in out if isinstance(out, tuple) else (out,):
            if isinstance(tensor, Tensor):
                self.heap.forget_numbers(tensor)
                if not name.startswith("numpy"):
                    self.heap.touch(tensor)
                    tensor.shape, tensor.least = Unknown(f"{name} wrote to it", plain=True), None
                    if isinstance(made, Tensor) and tensor is out:
                        tensor.shape, tensor.least = made.shape, made.least
            else:
                self.havoc(tensor, f"{name} wrote to it")
        return out

    def _complete(self, given: list[Value], why: str) -> None:
        """Code that adds entries to the dicts that it is given, and writes to nothing else."""
        for value in given:
            for entry in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(entry, Dict):
                    self.heap.touch(entry)
                    entry.clear()
                    entry.rest = Unknown(why)

    def call_function(
        self, function: Function, args: list[Value], kwargs: dict[str, Value], unknown_kwargs: Unknown | None
    ) -> Value:
        """A function of the project."""
        is_open = unknown_kwargs is not None or has_rest(args)
        if is_open:
            self.may_raise("its arguments are not known")
        try:
            bound = function.signature.bind(args, kwargs, unknown_kwargs)
        except BindError as error:
            raise self.error("TypeError", f"{function.name}() {error}") from None
        if is_open:
            self.alias(parameter.default for parameter in function.signature.parameters)
        receiver, whole = args[0] if args else None, self.heap.whole
        if whole and any(type(v) is Instance and v.birth in whole for v in bound.values()) and self.is_repeatable():
            run = partial(self.run_function, function, bound, receiver, unknown_kwargs)
            return self.constructions.call(self, function, bound, run)
        return self.run_function(function, bound, receiver, unknown_kwargs)

    def is_repeatable(self) -> bool:
        """Whether what is constructed or called now depends on nothing but what it is given."""
        heap = self.heap
        is_noted = self.look_ups.reading is not None or heap.watch is not None or bool(self.hooks)
        return heap.is_clean and not (self.executing or self.suspended or heap.copied or is_noted)

    def run_function(
        self, function: Function, bound: dict[str, Value], first: Value, unknown_kwargs: Unknown | None = None
    ) -> Value:
        """The function's body with its parameters bound."""
        if function.attributes or function.keyword_defaults is not None:
            why = replaced(function)
            if why is not None:
                return self.call_unknown(why, [function, *bound.values()], {})
        if self.look_ups.reading is not None:
            self._note_function(function)
        frame = Frame(function.module, function.parent, function, self.heap.clock)
        signature = function.signature
        frame.variables = {name: bound[name] for name in signature.names}
        if signature.collects is not None:
            frame.variables[signature.collects] = Dict(bound[signature.collects], self.heap.clock, unknown_kwargs)
        for name in self.assume or ():
            if isinstance(bound.get(name), Unknown):
                frame.variables[name] = self.assume[name]
        frame.first_argument = first
        if function.is_generator:
            made = Stream(self.run_generator(function, frame), self.heap.clock, frame)
            made.cleans_up = function.lowered.cleans_up
            return made
        self.depth += 1
        if self.depth > self.deepest:
            self.deepest = self.depth
        if self.depth > DEPTH:
            self.depth -= 1
            raise LimitError("evaluation limit reached")
        if self._is_endless(function):
            self.depth -= 1
            return self.call_unknown(_endless(function), [function, *bound.values()], {}, is_own=True)
        level = len(self.heap.trails)
        self.running.append(function)
        result: Value = None
        try:
            signal = function.body(frame)
            result = frame.returned if signal == "return" else None
        except RaisedError as raised:
            if len(self.heap.trails) == level:
                raise
            signal, result = "raise", raised  # other ways have returned before
        finally:
            self.depth -= 1
            self.running.pop()
        if len(self.heap.trails) == level:
            return result
        outcomes = self.heap.collect(level, signal, result)
        ended = [out._replace(signal="return") if out.signal is None else out for out in outcomes]
        signal, value = self.heap.merge(ended, "a condition is not known", self._is_dropped)
        if signal == "raise":
            raise value
        return value

    def _is_endless(self, function: Function) -> bool:
        """Whether a function calls itself over what is not known: how deep, nobody can say."""
        is_repeated, is_forked = self.repeats > 2, 4 * len(self.heap.trails) > self.forks
        if not (is_repeated or is_forked):
            return False
        self.counted.add(function)
        return self.running.count(function) > (1 if is_repeated else RECURSIONS)

    def _note_function(self, function: Function) -> None:
        self.look_ups.note_name(function, REPLACED)
        defaults = keyword_defaults(function)
        if defaults is not None:
            self.look_ups.note((defaults,))
        if function.site is None or not self.look_ups.is_noted(function.site.node):
            self.look_ups.lose()

    def run_generator(self, function: Function, frame: Frame) -> Generator[Value, Value, None]:
        """The items of a generator: its body runs from one yield to the next when it is asked for an item."""
        if self._is_endless(function):
            endless = _endless(function)
            self.may_raise(endless.why)
            self._forget_reachable(function, frame, endless.why)
            yield Rest(endless)
            return
        try:
            body: Generator[Value, Value, str | None] = function.body(frame)
        except UnfollowedError as error:
            self._forget_reachable(function, frame, str(error))
            yield Rest(Unknown(str(error)))
            return
        sent: Value = None
        thrown: RaisedError | None = None
        while True:
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)
            if self.depth > DEPTH:
                self.depth -= 1
                raise LimitError("evaluation limit reached")
            frame.level = len(self.heap.trails)
            self.running.append(function)
            try:
                item = body.send(sent) if thrown is None else body.throw(thrown)
                if type(item) is Rest:
                    self._finish_unseen(function, frame, body, item.unknown.why)
            except UnfollowedError as error:
                self._forget_reachable(function, frame, str(error))
                yield Rest(Unknown(str(error)))
                return
            except StopIteration as stop:
                if stop.value != "return":
                    frame.returned = None
                return
            except RaisedError as raised:
                if self.matches(raised.value, self.classes["StopIteration"]) is True:
                    made = self.error("RuntimeError", "generator raised StopIteration")
                    made.value.attributes["__cause__"] = raised.value
                    raise made from None
                raise
            finally:
                self.depth -= 1
                self.running.pop()
            sent = thrown = None
            try:
                sent = yield item
            except RaisedError as raised:
                thrown = raised

    def _finish_unseen(self, function: Function, frame: Frame, body: Iterator[Value], why: str) -> None:
        """After a Rest a generator is not asked again. What is left of it runs here; where that writes to anything
        older, or goes on in ways that are not followed, all that the generator can write to is forgotten, since nobody
        knows how far it is run."""
        before, self.heap.clock = self.heap.oldest, self.heap.clock + 1
        start = self.heap.oldest = frame.birth = self.heap.clock
        frame.is_asked, level, raises = False, frame.level, False
        try:
            for _ in body:
                self.step()
        except RaisedError:
            raises = True
        outcomes = [out._replace(signal=None, value=None) for out in self.heap.collect(level, None, None)]
        if outcomes:
            self.heap.merge(outcomes, why, lambda signal: False)
        written, self.heap.oldest = self.heap.oldest, min(before, self.heap.oldest)
        if written < start or raises or outcomes:
            self._forget_reachable(function, frame, why)

    def abandon(self, stream: Stream, is_closed: bool) -> None:
        """A generator is asked no further. What it may write to when it is closed is forgotten; where that is at some
        later moment, it must not be written by anyone else from here on, since nobody knows who is first."""
        assert stream.frame is not None and stream.frame.function is not None
        why = "a generator is left before its end"
        self.heap.touch(stream)
        stream.spoiled = Unknown(why)
        if is_closed:
            self._forget_reachable(stream.frame.function, stream.frame, why)
            return
        self.heap.watch = self.contested.note
        self._forget_reachable(stream.frame.function, stream.frame, why)
        for effect in self.effects.of(stream.frame.function):
            self.contested.note_name(effect.module.frame, effect.name)
        around = stream.frame.parent
        while around is not None and around is not around.module.frame:
            for name in self.effects.text(stream.frame.function.site).names:
                self.contested.note_name(around, name)
            around = around.parent
        self.heap.watch = self.guard_contested

    def guard_contested(self, item: Any) -> None:
        """A write to what a generator that is not closed yet may write to as well ends the root."""
        if id(item) in self.contested.objects:
            self.give_up(Unknown("a generator that is left before its end may write to it as well"))

    def _forget_reachable(self, function: Function, frame: Frame, why: str) -> None:
        """What the code of a function can write to is not known from here."""
        for value in list(frame.variables.values()):
            self.havoc(value, why)
        self.havoc(function, why)

    def call_with_frame(self, name: str, frame: Frame, callee: Value, site: Site) -> Value:
        """super(), locals(), globals(), vars(): calls that look at the frame they stand in."""
        builtin = self.builtins.get(name)
        if callee is not builtin:
            return self.call_at(site, callee, [], {}, None)
        if name == "super":
            around: Frame | None = frame
            while around is not None:
                owner = self._owner(around.function) if around.function is not None else None
                if owner is not None:
                    return self.call(builtin, [owner, around.first_argument], {})
                around = around.parent
            return Unknown("super() outside of a class")
        if name == "globals":
            return self.namespace(frame.module.frame)
        if frame is frame.module.frame or self.is_class_frame(frame):
            return self.namespace(frame)
        held = dict(frame.variables.items())
        function = frame.function
        owner = self._owner(function) if function is not None else None
        if function is not None and owner is not None:
            text = function.site.source.python_of(function.site.node)
            if names_its_class(text):
                held["__class__"] = owner
        return Dict(held, self.heap.clock, None if name == "locals" else Unknown("vars()"))

    def evaluate_text(self, frame: Frame, text: Value) -> Value:
        """eval(text), where the text is a name, as in eval("nn." + name)"""
        if not isinstance(text, str) or not DOTTED.fullmatch(text) or any(map(iskeyword, text.split("."))):
            raise LimitError("code made at run time is not evaluated")
        name, *attributes = text.split(".")
        found = self.look_up(frame, name)
        for attribute in attributes:
            found = self.get_attribute(found, attribute)
        return found

    def _owner(self, function: Function) -> Class | None:
        """The class in whose body a function stands, behind whatever decorators."""
        if function.owner is None and self.is_class_frame(function.parent):
            made: Class | None = function.parent.returned
            return made
        return function.owner

    # -- construction ------------------------------------------------------------------------------------------

    def instantiate(
        self, cls: Class, args: list[Value], kwargs: dict[str, Value], unknown_kwargs: Unknown | None
    ) -> Value:
        """cls(*args, **kwargs)"""
        self.look_ups.lose()
        members, metaclass = cls.find("__members__"), cls.metaclass
        if members is not ABSENT and (members or members.rest is not None):
            return self._enum_member(cls, members, args)
        if cls.is_subclass(self.classes["enum.Enum"]):
            return self._enumeration(cls, args, kwargs)
        if metaclass is not None and (call := metaclass.find("__call__")) is not ABSENT:
            if metaclasses.is_followed(cls):
                return self.call(call, [cls, *args], kwargs, unknown_kwargs)
            if self.stack:  # it may give an object that it made before
                return self.call_unknown(Unknown(f"the metaclass of {cls.name}"), [cls, *args], kwargs)
        return self.construct(cls, args, kwargs, unknown_kwargs)

    def construct(
        self, cls: Class, args: list[Value], kwargs: dict[str, Value], unknown_kwargs: Unknown | None
    ) -> Value:
        """type.__call__(cls, *args, **kwargs)"""
        if self.stack and cls.find("__register__") is not ABSENT and lacks_methods(cls):
            raise self.error("TypeError", f"can't instantiate abstract class {cls.name}")
        made = self.allocate(cls, args, kwargs, unknown_kwargs)
        if isinstance(made, Unknown):  # __init__ runs on it, if it is one of the class
            for value in (made, *args, *kwargs.values()):
                self.havoc(value, f"{cls.name}.__new__ gives what is not known")
            return made.part()
        if not isinstance(made, Instance) or not made.cls.is_subclass(cls):
            return made
        init = made.cls.find("__init__")  # of the class that __new__ chose
        if cls.module is not None and isinstance(cls.find("__del__"), Function):
            self.give_up(Unknown(f"when {cls.name}.__del__ runs is not followed"))
        if init is not ABSENT:
            given = self.call(init, [made, *args], kwargs, unknown_kwargs)
            if given is not None and isinstance(init, Function) and not isinstance(given, Unknown):
                raise self.error("TypeError", f"__init__() should return None, not '{type_name(given)}'")
        elif cls.unknown_base is not None:
            made.open = cls.unknown_base
            self.take_unseen(made, [*args, *kwargs.values()], unknown_kwargs, cls.unknown_base.why)
        elif (args or kwargs) and cls.find("__new__") in (ABSENT, self.classes["object"].find("__new__")):
            raise self.error("TypeError", f"{cls.name}() takes no arguments")
        if cls.layer is not None and self.stack:
            self.record(self.stack[-1], made)
        if "_modules" in made.attributes:
            self.made.append(made)
        return made

    def take_unseen(self, made: Instance, given: list[Value], more: Unknown | None, why: str) -> None:
        """A constructor that is not known takes arguments: they may stand in the object, for what its class says."""
        for value in given:
            self.havoc(value, why)
        if given or more is not None:
            self.havoc(made, why)

    def allocate(
        self, cls: Class, args: list[Value], kwargs: dict[str, Value], unknown_kwargs: Unknown | None = None
    ) -> Value:
        """What __new__ gives: as a rule an instance without attributes."""
        new = cls.find("__new__")
        if isinstance(new, Native):
            made = self.call_native(new, [cls, *args], dict(kwargs), unknown_kwargs)
        elif isinstance(new, Function):
            made = self.call(new, [cls, *args], dict(kwargs), unknown_kwargs)
        elif new is not ABSENT:  # a classmethod is given the class twice
            made = self.call(self.get_attribute(cls, "__new__"), [cls, *args], dict(kwargs), unknown_kwargs)
        else:
            made = Instance(cls, self.heap.clock)
        if cls.unsure is not None and isinstance(made, Instance):
            self.heap.touch(made)
            made.open = first(made.open, cls.unsure)
        return made

    def _enum_member(self, cls: Class, members: Dict, args: list[Value]) -> Value:
        if not args:
            raise self.error("TypeError", f"{cls.name}() needs a value")
        is_sure = members.rest is None
        for member in members.values():
            if member is args[0]:
                return member
            is_it = self.truth(self.compare("==", member.attributes["value"], args[0]))
            if is_it is True:
                return member
            is_sure = is_sure and is_it is False
        is_flag = cls.is_subclass(self.classes["enum.Flag"])
        if len(args) != 1 or ops.is_unknown(args[0]) is not None or isinstance(args[0], Instance) or is_flag:
            return Unknown(f"a member of {cls.name}")
        missing = cls.find("_missing_")
        if isinstance(missing, Descriptor) and is_sure:
            found = self.call(self.get_attribute(cls, "_missing_"), args, {})
            if found is not None:
                return found if isinstance(found, Instance) and found.cls is cls else Unknown(f"a member of {cls.name}")
        if missing is ABSENT or is_sure:
            raise self.error("ValueError", f"{args[0]!r} is not a valid {cls.name}")
        return Unknown(f"a member of {cls.name}")

    def _enumeration(self, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """enum.Enum(name, names, start=1)"""
        unknown = Unknown("an enumeration made by a call")
        name, names = (*args, None, None)[:2]
        is_plain_kind = not cls.is_subclass(self.classes["enum.Flag"]) and cls.native_base() is not str
        own = map(cls.find, ("_generate_next_value_", "__new__"))
        decides = any(isinstance(method, (Function, Descriptor)) for method in own)
        start = kwargs.get("start", 1)
        if not is_plain_kind or decides or len(args) != 2 or kwargs.keys() - {"start", "module", "qualname"}:
            return unknown
        names = names.replace(",", " ").split() if isinstance(names, str) else names
        if isinstance(names, Dict) and names.certain():
            names = list(names.items())
        if not isinstance(names, (list, tuple)) or not isinstance(name, str) or type(start) is not int:
            return unknown
        pairs = [one if type(one) is tuple else (one, start + i) for i, one in enumerate(names)]
        if not all(len(pair) == 2 and isinstance(pair[0], str) and pair[0].isidentifier() for pair in pairs):
            return unknown
        if any(name == "mro" or name.startswith("_") for name, _ in pairs):
            return unknown
        made = Class(name, (cls,), dict(pairs), birth=self.heap.clock)
        if len(made.attributes) < len(pairs):
            raise self.error("TypeError", "a name of a member is given twice")
        self._make_enum(made)
        return made

    def make_class(
        self,
        name: str,
        qualified: str,
        parents: list[Value],
        options: dict[str, Value],
        body: Frame,
        site: Site,
        local: bool,
    ) -> Value:
        """What a class statement makes."""
        attributes = dict(body.variables)
        fields = attributes.pop("__annotations_in_order__", ())
        if not isinstance(fields, tuple) or any(isinstance(field, Unknown) for field in fields):
            self.give_up(Unknown(f"what {name} annotates depends on a condition that is not known"))
        if "__eq__" in attributes:
            attributes.setdefault("__hash__", None)
        bases: list[Class] = []
        unknown: Unknown | None = None
        ahead: Unknown | None = None
        kin: Unknown | None = Unknown(f"__subclasshook__ of {name}") if "__subclasshook__" in attributes else None
        metaclass = options.get("metaclass")
        is_abstract, is_protocol = isinstance(metaclass, External) and metaclass.name == "abc.ABCMeta", False
        if isinstance(metaclass, CALLED):
            return self.call_unknown(
                Unknown(f"the metaclass of {name}"), [metaclass, *parents, *attributes.values()], {}
            )
        for parent in parents:
            if isinstance(parent, External):
                parent = External(parent.name.removesuffix(OF_ITEMS))
                module, _, kind = parent.name.rpartition(".")
                if kind in ABSTRACT_METHODS and module in ("collections.abc", "typing"):
                    is_abstract = True
                    attributes["__needs__"] = (*attributes.get("__needs__", ()), *ABSTRACT_METHODS[kind].split())
            if isinstance(parent, Class):
                bases.append(parent)
                ahead = unknown
            elif isinstance(parent, External) and parent.name in ABSTRACT:
                bases.append(ABSTRACT[parent.name])
            elif isinstance(parent, External) and parent.name in TYPED_DICTS:
                attributes["__new__"], kin = TYPED_DICT, first(kin, parent)
            elif isinstance(parent, External) and parent.name in TRANSPARENT_BASES:
                kin = first(kin, parent if parent.name not in PLAIN_BASES else None)
                is_protocol = is_protocol or parent.name in PROTOCOLS
                is_abstract = is_abstract or is_protocol or parent.name == "abc.ABC"
            elif isinstance(parent, Unknown):
                unknown = first(unknown, parent)
            elif isinstance(parent, Native):
                made = self.class_of_native(parent)
                bases.extend([made] if made is not None else [])
                other = metaclasses.TYPE if parent.name == "type" else Unknown(f"{parent.name} as a base")
                unknown = first(unknown, self.doubtful(other) if made is None else None)
            elif isinstance(parent, (str, int, float, List, Dict)) or parent is None:
                raise self.error("TypeError", "a base is no class")
        if len(set(bases)) < len(bases):
            raise self.error("TypeError", "duplicate base class")
        final = next((base.name for base in bases if base.attributes.get("__members__")), None)
        if final is not None:
            raise self.error("TypeError", f"cannot extend {final}, which has members")
        if len({base.native_base() for base in bases} - {None}) > 1:
            raise self.error("TypeError", "multiple bases have instance lay-out conflict")
        if len(bases) > 1:
            bases = [base for base in bases if base.name != "object"]
        self.charge_class(bases)
        try:
            cls = Class(
                name, tuple(bases) or (self.classes["object"],), attributes, birth=self.heap.clock,
                module=body.module, qualified=qualified,
            )  # fmt: skip
        except TypeError as error:
            raise self.native(error) from None
        body.returned = cls
        cls.metaclass = metaclass if isinstance(metaclass, Class) else cls.metaclass
        is_made_by_type = kin is None and not is_abstract and metaclasses.is_followed(cls)
        if (cls.metaclass is not None and not is_made_by_type) or isinstance(metaclass, CALLED):
            ahead = unknown = first(unknown, Unknown(f"the metaclass of {name}"))
            has_check = cls.metaclass is None or cls.metaclass.find("__instancecheck__") is not ABSENT
            kin = first(kin, unknown if has_check else None)
        if is_abstract:
            attributes["__register__"] = REGISTER
        if is_protocol:
            attributes.setdefault("_is_protocol", True)
        cls.full_name = f"{body.module.name}.{qualified}"
        cls.local, cls.site = local, site
        cls.unknown_base, cls.unsure = first(cls.unknown_base, unknown), first(cls.unsure, ahead)
        cls.kin = kin
        if "__slots__" in attributes:
            cls.slots = self._slots(cls, attributes["__slots__"])
        for value in attributes.values():
            for function in (value, value.getter, value.setter) if isinstance(value, Descriptor) else (value,):
                if isinstance(function, Function) and function.owner is None:
                    function.owner = cls
        attributes["__fields__"] = List(fields, 0)
        self._finish_by_metaclass(cls)
        if metaclasses.makes(cls):
            return metaclasses.make(self, cls, parents, options)
        self.finish_class(cls, options)
        if isinstance(metaclass, CALLED):  # it may make anything
            return self.call_unknown(Unknown(f"the metaclass of {name}"), [cls, metaclass], {})
        return cls

    def is_enumeration(self, value: Value) -> bool:
        """Whether a class that derives from a value is an enumeration."""
        return isinstance(value, Class) and value.is_subclass(self.classes["enum.Enum"])

    def _slots(self, cls: Class, given: Value) -> frozenset[str] | None:
        """The only attributes that instances may have; None where they may have others, or where that is not known."""
        names = [given] if isinstance(given, str) else self.items(given)
        if not all(isinstance(name, str) for name in names) or "__dict__" in names or cls.unknown_base is not None:
            return None
        own = (f"_{cls.name.lstrip('_')}{name}" if is_private(name) else name for name in names)
        inherited = [base.slots for base in cls.mro[1:]]
        if any(slots is None for slots in inherited):
            return None
        return frozenset(own).union(*[slots for slots in inherited if slots is not None])

    def _finish_by_metaclass(self, cls: Class) -> None:
        """What a metaclass of the project that is not followed may write when it makes a class is forgotten."""
        metaclass = cls.metaclass
        if metaclass is not None and not metaclasses.is_followed(cls):
            self.may_raise(f"the metaclass of {cls.name}")
            self.havoc(metaclass, f"the metaclass of {cls.name}")
            if any(isinstance(metaclass.find(name), Function) for name in ("__new__", "__init__")):
                self.havoc(cls, f"the metaclass of {cls.name}")

    def charge_class(self, bases: Iterable[Class]) -> None:
        """Charge what finding the order of all bases costs."""
        self.step(sum(len(base.mro) for base in bases) ** 2 // 100)

    def class_of_native(self, native: Native) -> Class | None:
        return self.classes.get(native.name.removesuffix(OF_ITEMS))

    def finish_class(self, cls: Class, options: dict[str, Value]) -> None:
        """Enum members, NamedTuple fields, __set_name__ and __init_subclass__."""
        for name, value in list(cls.attributes.items()):
            if isinstance(value, Instance) and value.cls.find("__set_name__") is not ABSENT:
                self.call(self.get_attribute(value, "__set_name__"), [cls, name], {})
        base_names = {base.full_name for base in cls.mro[1:]}
        if "enum.Enum" in base_names:
            self._make_enum(cls)
        if "typing.NamedTuple" in base_names:
            self._make_named_tuple(cls)
        complete = cls.find("__class_made__")  # of a class of a table, for those that derive from it
        if complete is not ABSENT:
            self.call(complete, [cls], options)
        for base in cls.mro[1:]:
            hook = base.attributes.get("__init_subclass__")
            if hook is not None and base.module is not None:
                hook = hook.getter if isinstance(hook, Descriptor) else hook
                self.call(hook, [cls], {k: v for k, v in options.items() if k != "metaclass"})
                return
        is_known = cls.unknown_base is None and complete is ABSENT and not cls.is_subclass(self.classes["enum.Enum"])
        if options.keys() - {"metaclass"} and is_known and cls.find("__new__") is not TYPED_DICT:
            self.may_raise(f"{cls.name}.__init_subclass__() takes no keyword arguments")

    def _make_enum(self, cls: Class) -> None:
        members = Dict((), self.heap.clock)
        count, highest = 0, 0
        own_auto, makes_members = cls.find("_generate_next_value_"), isinstance(cls.find("__new__"), Function)
        by_itself = Unknown(f"a value that {cls.name} makes by itself", plain=True)
        ignored = cls.attributes.pop("_ignore_", ())
        ignored = ignored.replace(",", " ").split() if isinstance(ignored, str) else ignored
        for name in ignored:
            cls.attributes.pop(name, None)
        for name, value in list(cls.attributes.items()):
            is_special = name.startswith(("__", f"_{cls.name}__")) or (name[0] == name[-1] == "_")
            if is_special or isinstance(value, (Function, Descriptor)):
                continue
            is_nested = isinstance(value, Class) and value.module is not None and value.name == name
            if is_nested or (isinstance(value, Native) and self.builtins.get(value.name) is not value):
                members.rest = Unknown(f"whether {name} is a member of {cls.name}")
                continue
            if isinstance(value, Unknown):  # a function is no member, and one that is equal to another is no further
                members.rest = Unknown(value.why)
            member = Instance(cls, self.heap.clock)
            if isinstance(value, Instance) and value.cls.full_name == "enum.auto":
                count = 2 ** count.bit_length() if cls.is_subclass(self.classes["enum.Flag"]) else count + 1
                value = name.lower() if cls.native_base() is str else count
                # What follows a smaller one depends on the version of Python.
                value = by_itself if count <= highest or isinstance(own_auto, (Function, Descriptor)) else value
            elif isinstance(value, int):
                count = value
            highest = max(highest, count)
            value = by_itself if makes_members else value
            native = cls.native_base()
            if native in (str, int) and isinstance(value, (str, int)):
                member.payload = value
            member.attributes.update({"name": name, "value": value, "_value_": value, "_name_": name})
            init = cls.find("__init__")
            if isinstance(init, Function):
                self.call(init, [member, *(value if isinstance(value, tuple) else (value,))], {})
            alias = next((one for one in members.values() if _is_alias(one.attributes["value"], value)), member)
            members[name] = cls.attributes[name] = alias
        cls.attributes["__members__"] = members

    def _make_named_tuple(self, cls: Class) -> None:
        fields: list[str] = [field.name for field in cls.attributes["__fields__"]]
        parameters = [Parameter("cls", REQUIRED, "positional")]
        parameters += [Parameter(name, cls.attributes.get(name, REQUIRED)) for name in fields]
        self.name_tuple(cls, fields, Signature(tuple(parameters)))

    def name_tuple(self, cls: Class, fields: list[str], signature: Signature) -> None:
        """Give a class the constructor and attributes of a named tuple."""

        def new(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            unknown = kwargs.pop("**", None)
            bound = signature.bind(args, kwargs, unknown)
            made = Instance(args[0], machine.heap.clock, tuple(bound[name] for name in fields))
            made.attributes.update({name: bound[name] for name in fields})
            return made

        def replace(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            if not kwargs.keys() <= {*fields, "**"}:
                raise machine.error("ValueError", "got unexpected field names")
            return new(machine, [args[0].cls], {**{name: args[0].attributes[name] for name in fields}, **kwargs})

        def as_dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            return Dict({name: args[0].attributes[name] for name in fields}, machine.heap.clock)

        def make(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            return machine.call(args[0], machine.items(args[1]), {})

        for name in fields:
            cls.attributes.pop(name, None)

        def refuse(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            if args[0].cls is cls or args[1] in fields:
                raise machine.error("AttributeError", "can't set attribute")
            machine.set_plainly(*args)
            return None

        cls.attributes["__setattr__"] = Native("__setattr__", refuse)
        cls.attributes["_make"] = Descriptor("classmethod", Native("_make", make))
        cls.attributes["__new__"] = Native("__new__", new)
        cls.attributes["_replace"] = Native("_replace", replace)
        cls.attributes["_asdict"] = Native("_asdict", as_dict)
        cls.attributes["_fields"] = cls.attributes["__match_args__"] = tuple(fields)
        defaults = {p.name: p.default for p in signature.parameters if p.default is not REQUIRED}
        cls.attributes["_field_defaults"] = Dict(defaults, self.heap.clock)

    def note_field(self, frame: Frame, name: str, annotation: cst.BaseExpression, scope: Scope) -> None:
        """An annotated name in a class body: a field of a dataclass or a NamedTuple, in order."""
        noted = frame.variables.get("__annotations_in_order__", ())
        if not isinstance(noted, Unknown):
            self.heap.touch(frame)
            frame.variables["__annotations_in_order__"] = (*noted, Field(name, annotation, scope, frame))

    def make_dataclass(self, cls: Class, options: dict[str, Value]) -> Class:
        """@dataclass: an __init__ from the fields of the class and its bases."""
        if class_annotations.are_written(cls):
            self.give_up(Unknown(f"the annotations of {cls.name} are written to"))
        fields: dict[str, Field] = {}
        for base in reversed(cls.mro[1:]):
            if isinstance(base.dataclass, dict):
                fields.update(base.dataclass)
        keyword_only = options.get("kw_only") is True
        for field in cls.attributes.get("__fields__", ()):
            kind = field.kind()
            if kind == "ClassVar":
                continue
            if kind == "KW_ONLY":
                keyword_only = True
                continue
            default = cls.find(field.name)
            default = REQUIRED if default is ABSENT else default
            if isinstance(default, (List, Dict, Set)):
                raise self.error("ValueError", f"mutable default for field {field.name} is not allowed")
            field = Field(
                field.name, field.annotation, field.scope, field.frame, default, keyword_only, kind == "InitVar"
            )
            if isinstance(default, Instance) and default.cls.full_name == "dataclasses.Field":
                held = default.attributes
                field.default = held["default"]
                field.factory = held["default_factory"]
                field.in_init = held["init"] is not False
                field.is_compared = held["compare"]
                field.keyword_only = keyword_only if held["kw_only"] is None else held["kw_only"] is True
                if field.default is REQUIRED:
                    cls.attributes.pop(field.name, None)
                else:
                    cls.attributes[field.name] = field.default
            fields[field.name] = field
        cls.dataclass = fields
        self._check_order(fields)
        if cls.unknown_base is None and options.get("match_args", True) is True:
            by_position = [name for name, field in fields.items() if field.in_init and not field.keyword_only]
            cls.attributes.setdefault("__match_args__", tuple(by_position))
        if options.get("slots") is True:
            cls.slots = self._slots(cls, tuple(fields))
        if options.get("init") is not False and not isinstance(cls.attributes.get("__init__"), Function):
            self._make_init(cls, fields, options)
        if options.get("frozen") is True:
            cls.attributes["__setattr__"] = cls.attributes["__delattr__"] = Native("__setattr__", frozen_setattr)
        if options.get("eq") is not False:
            has_hash = options.get("frozen") is True or options.get("unsafe_hash") is True
            if not has_hash:
                cls.attributes.setdefault("__hash__", None)
            elif cls.attributes.get("__hash__", ABSENT) is None:
                del cls.attributes["__hash__"]
            if "__eq__" not in cls.attributes:
                cls.attributes["__eq__"] = Native("__eq__", partial(_fields_equal, _compared(cls)))
        if options.get("order") is True:
            for name, sign in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")):
                cls.attributes[f"__{name}__"] = Native(f"__{name}__", partial(_fields_ordered, sign, _compared(cls)))
        return cls

    def _make_init(self, cls: Class, fields: dict[str, Field], options: dict[str, Value]) -> None:
        """The __init__ of a dataclass."""
        ordered = [f for f in fields.values() if not f.keyword_only] + [f for f in fields.values() if f.keyword_only]
        made = REQUIRED
        signature = Signature(
            (
                Parameter("self", REQUIRED, "positional"),
                *(
                    Parameter(
                        f.name,
                        f.default if f.factory is made else FACTORY,
                        "keyword" if f.keyword_only else "both",
                    )
                    for f in ordered
                    if f.in_init
                ),
            )
        )

        def init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            unknown = kwargs.pop("**", None)
            bound = signature.bind(args, kwargs, unknown)
            receiver = args[0]
            extra = []
            for f in fields.values():
                value = bound.get(f.name, FACTORY if f.factory is not made else f.default)
                if value is FACTORY:
                    value = machine.call(f.factory, [], {})
                if f.init_only:
                    extra.append(value)
                elif value is not REQUIRED and options.get("frozen") is True:
                    machine.set_plainly(receiver, f.name, value)
                elif value is not REQUIRED:
                    machine.set_attribute(receiver, f.name, value)
            after = receiver.cls.find("__post_init__")
            if after is not ABSENT:
                machine.call(BoundMethod(after, receiver), extra, {})
            return None

        made_init = cls.attributes["__init__"] = Native("__init__", init)
        made_init.signature = _as_seen(signature)

    def _check_order(self, fields: dict[str, Field]) -> None:
        """A field without default behind one that has one is refused."""
        has_default = False
        for field in fields.values():
            if field.in_init and not field.keyword_only:
                lacks = field.default is REQUIRED and field.factory is REQUIRED
                if lacks and has_default:
                    raise self.error("TypeError", f"non-default argument '{field.name}' follows default argument")
                has_default = has_default or not lacks

    # -- decorators --------------------------------------------------------------------------------------------

    def decorate(self, wrapper: Value, value: Value, site: Site) -> Value:
        """@wrapper on a function or class; one from outside the project returns what it was given."""
        if isinstance(wrapper, Unknown) and not wrapper.options:
            if isinstance(wrapper, External) and wrapper.name.startswith(REWRITING):
                return Rewritten(f"{wrapper.name} may rewrite the arguments", value)
            if wrapper.why.startswith(REWRITING):
                return Rewritten(wrapper.why, value)
            if isinstance(value, Class) and not wrapper.why.startswith(KEEPING):
                self._add_constructor(value, wrapper.why)
            return value
        if isinstance(wrapper, Unknown) and any(isinstance(option, External) for option in wrapper.options):
            return self.each_option(wrapper, lambda option: self.decorate(option, value, site))
        if isinstance(wrapper, Descriptor) and wrapper.kind == "property":
            return value
        result = self._wrapped(wrapper, value, site)
        if isinstance(result, Unknown) and not result.options and isinstance(wrapper, (Native, Partial, BoundMethod)):
            return value
        return result

    def _add_constructor(self, cls: Class, why: str) -> None:
        """A decorator from outside may give a class of annotated names a constructor that takes them, as dataclass()
        does."""
        has_own = "__init__" in cls.attributes or isinstance(cls.find("__init__"), Function)
        if has_own or not cls.attributes.get("__fields__"):
            return

        def init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            made, more = args[0], kwargs.pop("**", None)
            machine.heap.touch(made)
            made.open = Unknown(why)
            machine.take_unseen(made, [*args[1:], *kwargs.values()], more, why)
            if made.cls.find("__post_init__") is not ABSENT:
                machine.havoc(made, why)
            return None

        self.heap.touch(cls)
        cls.attributes["__init__"] = Native("__init__", init)

    def _wrapped(self, wrapper: Value, value: Value, site: Site) -> Value:
        """What a decorator gives; one that cannot be followed, like one from outside, gives what it was given.

        Code that is imported runs, so a decorator that seems to raise, or goes on and on, was not understood: what it
        may have written elsewhere (a registry) is forgotten. It is not tried again in the same module."""
        text = wrapper.site.node if isinstance(wrapper, Function) and wrapper.site is not None else None
        unfollowed = self.executing[-1].unfollowed if self.executing else set()
        follow = partial(self.call_at, site, wrapper, [value], {}, None)
        followed = self.followed(follow) if text not in unfollowed else ABSENT
        if followed is not ABSENT:
            return followed
        if text is not None:
            unfollowed.add(text)
        self._havoc_reached(wrapper, "a decorator that is not understood may have written it", set())
        self.may_raise("a decorator that is not understood")
        return value

    def followed(self, run: Callable[[], Value]) -> Value:
        """What running a decorator gives; ABSENT, with its writes undone, where that cannot be followed."""
        level, limit, depth, forks = len(self.heap.trails), self.limit, self.depth, self.forks
        stack, running, tries = list(self.stack), list(self.running), self.tries
        self.heap.open()
        self.limit = min(limit, self.steps + DECORATOR_STEPS)
        self.forks = min(forks, level + 1 + DECORATOR_FORKS)
        try:
            result = run()
            if len(self.heap.trails) == level + 1:
                self.heap.close()
                return result
        except (RaisedError, LimitError, UnknownValueError):
            self.stack[:], self.running[:], self.depth, self.tries = stack, running, depth, tries
            self.lose_construction()  # of another depth it may be followed
        finally:
            self.limit, self.forks = limit, forks
        self.heap.undo_to(level)
        return ABSENT

    # -- context managers --------------------------------------------------------------------------------------

    def enter(self, manager: Value) -> Value:
        """with manager as ...: what __enter__ gives"""
        if is_one_with(manager, "__enter__"):
            return self.each_option(manager, self.enter)
        if isinstance(manager, (str, int, float, tuple, List, Dict, Set)) or manager is None:
            raise self.error("TypeError", "the object does not support the context manager protocol")
        if isinstance(manager, Instance) and manager.cls.module is not None and not is_manager(manager.cls):
            return self.lacking(manager, "does not support the context manager protocol")
        if isinstance(manager, Instance) and manager.cls.find("__enter__") is not ABSENT:
            return self.call(self.get_attribute(manager, "__enter__"), [], {})
        if isinstance(manager, Unknown) and manager.why.startswith(REPLACING):
            self.give_up(Unknown(f"what is replaced while a block runs: {manager.why}"))
        if isinstance(manager, Unknown) and devices.may_move(manager):
            devices.move_default(self)
        return Unknown(manager.why) if isinstance(manager, Unknown) else manager

    def as_given(self, raised: RaisedError | None) -> list[Value]:
        """The three arguments of __exit__."""
        if raised is None:
            return [None, None, None]
        kind = raised.value.cls if isinstance(raised.value, Instance) else Unknown("an exception")
        return [kind, raised.value, Unknown("a traceback", plain=True)]

    def may_swallow(self, manager: Value) -> bool:
        """Whether a context manager may catch what is raised in its block: all may but those known not to."""
        if isinstance(manager, Instance):
            return manager.cls.full_name != "contextlib.nullcontext"
        return not isinstance(manager, Unknown) or not manager.why.startswith(TRANSPARENT_MANAGERS)

    def leave(self, manager: Value, raised: RaisedError | None) -> bool | Unknown:
        """The end of a with: __exit__; whether it swallows the exception."""
        if is_one_with(manager, "__exit__"):
            swallows: bool | Unknown = self.each_option(manager, lambda option: self.leave(option, raised))
            return swallows
        if isinstance(manager, Instance) and manager.cls.find("__exit__") is not ABSENT:
            leaves = self.get_attribute(manager, "__exit__")
            return self.truth(self.call(leaves, self.as_given(raised), {}))
        return Unknown(manager.why) if isinstance(manager, Unknown) else False


def _holds_no_module(value: Value) -> bool:
    """Whether a value surely is no Module and no Parameter, nor a list of such."""
    if isinstance(value, Tensor):
        return not value.is_parameter
    return all(map(is_plain, value)) if isinstance(value, List) else is_plain(value)


def is_manager(cls: Class) -> bool:
    """Whether a class has what a with statement asks for."""
    return all(cls.find(name) is not ABSENT for name in ("__enter__", "__exit__"))


def lacks_methods(cls: Class) -> bool:
    """Whether an abstract method of a class is defined nowhere, or it is a protocol without an __init__ of its own."""
    if cls.attributes.get("_is_protocol") is True and cls.find("__init__") is ABSENT:
        return True
    needed = {name for base in cls.mro for name in base.attributes.get("__needs__", ())}
    if cls.unknown_base is None and any(cls.find(name) is ABSENT for name in needed):
        return True
    held = (cls.find(name) for base in cls.mro for name in base.attributes)
    methods = (value.getter if isinstance(value, Descriptor) else value for value in held)
    return any(isinstance(m, Function) and m.attributes.get("__isabstractmethod__") is True for m in methods)


def _endless(function: Function) -> Unknown:
    return Unknown(f"{function.name} calls itself to an unknown depth")


def is_private(name: str) -> bool:
    """Whether a name in a class stands for one with the class's name in front."""
    return name.startswith("__") and not name.endswith("__")


class _Factory:
    def __repr__(self) -> str:
        return "<factory>"


FACTORY = _Factory()


def _as_seen(signature: Signature) -> Signature:
    """What inspect.signature() tells of a dataclass's __init__."""
    hidden = Unknown("that a factory gives a default", plain=True)
    receiver, *parameters = signature.parameters
    seen = [one._replace(default=hidden) if one.default is FACTORY else one for one in parameters]
    return Signature((receiver._replace(kind="both"), *seen))


class Field:
    """A field of a dataclass or NamedTuple, in the order of the class body."""

    __slots__ = (
        "annotation", "default", "factory", "frame", "in_init", "init_only", "is_compared", "keyword_only", "name",
        "scope",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        annotation: cst.BaseExpression,
        scope: Scope,
        frame: Frame,
        default: Value = REQUIRED,
        keyword_only: bool = False,
        init_only: bool = False,
    ) -> None:
        self.name, self.annotation, self.scope, self.frame = name, annotation, scope, frame
        self.default, self.keyword_only, self.init_only = default, keyword_only, init_only
        self.factory: Value = REQUIRED
        self.in_init = True
        self.is_compared: Value = True

    def text(self) -> str:
        """The annotation as written."""
        return self.scope.source.tree.code_for_node(self.annotation)

    def kind(self) -> str:
        """What the annotation names, apart from where that is found and from what it is applied to."""
        return self.text().strip("'\" ").partition("[")[0].rpartition(".")[2].strip()


def _is_alias(value: Value, other: Value) -> bool:
    """Whether a member of an enumeration that has this value is the one that has the other."""
    are_constants = type(value) in CONSTANTS and type(other) in CONSTANTS
    return bool(value == other) if are_constants else same(value, other)


def frozen_setattr(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    raise machine.error("dataclasses.FrozenInstanceError", f"cannot assign to field {args[1]!r}")


def _compared(cls: Class) -> list[str]:
    """The fields of a dataclass by which its objects are compared."""
    return [name for name, field in cls.dataclass.items() if not field.init_only and field.is_compared is not False]


def _fields_equal(names: list[str], machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    one, other = args
    if not isinstance(other, Instance) or other.cls is not one.cls:
        return False
    answers = [machine.truth(machine.compare("==", *(machine.get_attribute(x, n) for x in args))) for n in names]
    if any(answer is False for answer in answers):
        return False
    return next((a for a in answers if isinstance(a, Unknown)), True)


def _fields_ordered(sign: str, names: list[str], machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    one, other = args
    if not isinstance(other, Instance) or other.cls is not one.cls:
        return machine.builtins["NotImplemented"]
    sides = (tuple(machine.get_attribute(side, name) for name in names) for side in args)
    return machine.compare(sign, *sides)


# Outside context managers that let every exception through.
TRANSPARENT_MANAGERS = (
    "torch.no_grad ", "torch.enable_grad ", "torch.inference_mode ", "torch.set_grad_enabled ", "torch.device ",
    "torch.cuda.device ", "torch.autocast ", "torch.random.fork_rng ", "warnings.catch_warnings ",
)  # fmt: skip
TYPED_DICTS = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})
TYPED_DICT = Native("__new__", lambda machine, args, kwargs: machine.call(machine.builtins["dict"], args[1:], kwargs))
# Outside bases that add nothing to an instance.
PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
TRANSPARENT_BASES = PROTOCOLS | {
    "abc.ABC", "collections.abc.Iterable", "collections.abc.Callable",
    "typing.Generic",
}  # fmt: skip
# What collections.abc leaves to those who derive from its classes.
ABSTRACT_METHODS = {
    "Iterable": "__iter__", "Callable": "__call__", "Sequence": "__getitem__ __len__",
    "Mapping": "__getitem__ __iter__ __len__",
    "MutableMapping": "__getitem__ __iter__ __len__ __setitem__ __delitem__",
}  # fmt: skip
PLAIN_BASES = frozenset({"abc.ABC", "typing.Generic"})  # of these, isinstance() asks no other way

__all__ = ["Calls", "Module", "Set", "Tensor"]
