"""Calls: functions, classes, partials; how classes are made, and what constructing one gives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable
from functools import partial
from typing import Any

import libcst as cst

from nnlint.count import count
from nnlint.evaluate import devices, gradients, metaclasses
from nnlint.evaluate.attributes import is_one_with
from nnlint.evaluate.constructions import Constructions
from nnlint.evaluate.control import DEPTH, GIVEN, LimitError, UnfollowedError
from nnlint.evaluate.effects import names_its_class
from nnlint.evaluate.functions import REPLACED, distinct, keyword_defaults, replaced
from nnlint.evaluate.generators import Paused, exhaust
from nnlint.evaluate.items import NATIVE_ERRORS
from nnlint.evaluate.look_ups import ADDING, READING
from nnlint.evaluate.nn_module import WRITING_METHODS, is_module
from nnlint.evaluate.notes import Note, SequentialMade, TakenApart, Verdict
from nnlint.evaluate.objects import Objects
from nnlint.evaluate.scope import Site
from nnlint.evaluate.sequential import Budget, is_sequential, misfit
from nnlint.evaluate.tensor_names import RESHAPING
from nnlint.evaluate.texts import evaluate_text, look_up_written
from nnlint.layers import Violation
from nnlint.layers.arguments import unknown_in
from nnlint.signature import BindError, Rest
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
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
    type_name,
)

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
FILTERING = ("warnings.simplefilter", "warnings.filterwarnings")  # what may have warnings raised
FILTERED = "warnings are filtered"  # among what is patched, where the program has done so
COMPLETING = ("torch.optim.",)  # what adds to groups of parameters
LOOKING = ("inspect.", "typing.", "logging.", "warnings.", "abc.", "torch.jit.", "torch.distributed.")
HANDING_ON = (
    "contextlib.AsyncContextDecorator.", "contextlib.ContextDecorator.", "contextlib.closing.", "gc.get_",
    "importlib.import_module.", "importlib.machinery.", "importlib.reload.", "importlib.util.",
    "inspect.currentframe.", "inspect.getattr_static.", "inspect.getclosurevars.", "inspect.getgeneratorlocals.",
    "inspect.getmembers", "inspect.getmodule.", "inspect.getouterframes.", "inspect.stack.", "inspect.trace.",
    "inspect.unwrap.", "numpy.apply", "numpy.random.choice.", "numpy.vectorize.", "random.choice", "random.sample.",
    "sys._getframe.", "torch.autograd.", "torch.compiler.", "torch.cuda.make_graphed", "torch.distributed._",
    "torch.distributed.algorithms.", "torch.distributed.fsdp.", "torch.distributed.tensor.", "torch.distributions.",
    "torch.fx.", "torch.jit.annotate.", "torch.jit.fork.", "torch.jit.freeze.", "torch.jit.load.",
    "torch.jit.optimize", "torch.jit.script.", "torch.jit.trace", "torch.jit.wait.", "torch.library.", "torch.onnx.",
    "torch.ops.", "torch.optim.swa_utils.", "torch.utils._pytree.", "torch.utils.checkpoint.",
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


class Calls(Objects):
    """The part of the machine that calls."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[Site] = []
        self.choices: list[int] = []  # how deep in the stack calls stand of which the callee is one of several
        self.evaluated: set[int] = set()  # the calls, by the id of their nodes, which `sites` holds
        self.sites: dict[cst.CSTNode, Site] = {}
        self.written: dict[Site, dict[str, Callable[[Frame], Value]]] = {}  # texts that eval() was given, by where
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
        built, made = len(self.built), len(self.made)
        try:
            result = self.call(callee, args, kwargs, unknown_kwargs)
        finally:
            self.stack.pop()
        if len(self.built) > built and self.is_listed(site):
            parts = direct_parts(result)
            is_older = bool(parts) and any(module is result for module in self.made[:made])
            self.list_built(built, result, () if is_older else parts)
        return result

    def list_built(self, since: int, result: Value, parts: Iterable[Value]) -> None:
        """A call has ended for which models are listed: what was built in it is, as it is now. parts: of a container
        that the call has made and gives, which is listed once for all of them."""
        held = set(map(id, parts))
        noted: dict[int, Note] = {}
        is_whole_listed = False
        for index, built in enumerate(self.built[since:], since):
            if built.listed:
                continue
            now = built._replace(listed=built.stack[: len(self.stack) + 1])
            if now.is_own or id(built.instance) not in held:
                is_given = now.is_own or built.instance is result
                now = now._replace(total=count(built.instance), is_given=is_given)
            elif not is_whole_listed:
                is_whole_listed = True
                now = now._replace(instance=result, total=count(result), is_given=True)
            self.built[index] = noted[id(built)] = now
        if self.notes is not None:
            self.notes[:] = [noted.get(id(note), note) for note in self.notes]

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
        if isinstance(callee, Descriptor) and callee.kind not in ("property", "cached_property", "classmethod"):
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
        self.doubt()
        given = [value.unknown if type(value) is Rest else value for value in (*args, *kwargs.values())]
        name = callee.name + "." if isinstance(callee, External) else ""
        why = f"it was given to {callee.name}" if isinstance(callee, External) else f"it was given to {callee.why}"
        is_harmless = name.startswith(HARMLESS) and not name.startswith(WRITING)
        if not is_harmless or not name.startswith(QUIET) or (name == "warnings.warn." and FILTERED in self.patches):
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
        if name.rpartition(".")[0].rpartition(".")[2] in RESHAPING:
            self.reshape_given(why, seen)
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
            if callee.name in FILTERING and any(value == "error" or isinstance(value, Unknown) for value in given):
                self.heap.touch(self.patches)
                self.patches[FILTERED] = Unknown("a warning may be an error", plain=True)
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
            elif name.startswith("torch.utils.data."):  # a loader has its data set
                hands_on = any(map(_holds_module, given))
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
                    self.heap.forget_shape(tensor, f"{name} wrote to it")
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
        is_filling = any(type(v) is Tensor or (type(v) is Instance and v.birth in whole) for v in bound.values())
        if is_filling and self.is_repeatable():
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
        self.frames.append(frame)
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
            self.frames.pop()
        if len(self.heap.trails) == level:
            return result
        outcomes = self.heap.collect(level, signal, result)
        ended = [out._replace(signal=None) if out.signal == "return" else out for out in outcomes]
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
            self.may_raise(str(error))
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
            self.frames.append(frame)
            try:
                item = body.send(sent) if thrown is None else body.throw(thrown)
                if type(item) is Rest:
                    self._finish_unseen(function, frame, body, item.unknown.why)
            except UnfollowedError as error:
                self._forget_reachable(function, frame, str(error))
                self.may_raise(str(error))
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
                self.frames.pop()
            sent = thrown = None
            try:
                sent = yield item
            except RaisedError as raised:
                thrown = raised

    def _finish_unseen(self, function: Function, frame: Frame, body: Paused, why: str) -> None:
        """After a Rest a generator is not asked again. What is left of it runs here; where that writes to anything
        older, or goes on in ways that are not followed, all that the generator can write to is forgotten, since nobody
        knows how far it is run."""
        before, self.heap.clock = self.heap.oldest, self.heap.clock + 1
        start = self.heap.oldest = frame.birth = self.heap.clock
        frame.is_asked, level, raises = False, frame.level, False
        try:
            exhaust(body)
        except RaisedError:
            raises = True
        outcomes = self.heap.collect(level, None, None)
        if outcomes:
            raises = raises or any(out.signal == "raise" for out in outcomes)
            self.heap.merge([out._replace(signal=None, value=None) for out in outcomes], why, lambda signal: False)
        written, self.heap.oldest = self.heap.oldest, min(before, self.heap.oldest)
        if written < start or raises or outcomes:
            self._forget_reachable(function, frame, why)
        if raises:
            self.may_raise(why)

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

    def evaluate_text(self, frame: Frame, name: str, text: Value, site: Site) -> Value:
        """eval(text), exec(text)"""
        return evaluate_text(self, frame, name, text, site)

    def look_up_written(self, frame: Frame, name: str) -> Value:
        """A name in a text that is evaluated."""
        return look_up_written(self, frame, name)

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
            return self.enum_member(cls, members, args)
        if cls.is_subclass(self.classes["enum.Enum"]):
            return self.enumeration(cls, args, kwargs)
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
        if self.stack and cls.find("__:register__") is not ABSENT and lacks_methods(cls):
            raise self.error("TypeError", f"can't instantiate abstract class {cls.name}")
        if cls.metaclass is not None and cls.metaclass.unknown_base is not metaclasses.TYPE and lacks_methods(cls):
            self.may_raise(f"{cls.name} is abstract where its metaclass says so")
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

    def enumeration(self, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
        raise NotImplementedError  # Classes makes them

    def enum_member(self, cls: Class, members: Dict, args: list[Value]) -> Value:
        raise NotImplementedError

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

    # -- decorators --------------------------------------------------------------------------------------------

    def followed(self, run: Callable[[], Value]) -> Value:
        """What running a decorator gives; ABSENT, with its writes undone, where that cannot be followed."""
        level, limit, depth, forks = len(self.heap.trails), self.limit, self.depth, self.forks
        stack, running, frames = list(self.stack), list(self.running), list(self.frames)
        tries = self.tries
        self.heap.open()
        self.limit = min(limit, self.steps + DECORATOR_STEPS)
        self.forks = min(forks, level + 1 + DECORATOR_FORKS)
        try:
            result = run()
            if len(self.heap.trails) == level + 1:
                self.heap.close()
                return result
        except (RaisedError, LimitError, UnknownValueError):
            self.stack[:], self.running[:], self.frames[:] = stack, running, frames
            self.depth, self.tries = depth, tries
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
        if isinstance(manager, (str, int, float, tuple, List, Dict, Set, Function)) or manager is None:
            raise self.error("TypeError", "the object does not support the context manager protocol")
        if isinstance(manager, Instance) and manager.cls.module is not None and not is_manager(manager.cls):
            return self.lacking(manager, "does not support the context manager protocol")
        if isinstance(manager, Instance) and manager.cls.find("__enter__") is not ABSENT:
            return self.call(self.get_attribute(manager, "__enter__"), [], {})
        if isinstance(manager, Unknown) and manager.why.startswith(REPLACING):
            self.give_up(Unknown(f"what is replaced while a block runs: {manager.why}"))
        if isinstance(manager, Unknown) and devices.may_move(manager):
            devices.move_default(self)
        return manager.part() if isinstance(manager, Unknown) else manager

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


def _holds_module(value: Value) -> bool:
    """Whether a value is a Module or a Parameter, or an object or a collection that has one."""
    parts: Iterable[Value] = (value,)
    if isinstance(value, Instance):
        parts = (value, *value.attributes.values())
    elif isinstance(value, (tuple, List, Dict)):
        parts = value.values() if isinstance(value, Dict) else value
    return any(part.is_parameter if isinstance(part, Tensor) else is_module(part) for part in parts)


def is_manager(cls: Class) -> bool:
    """Whether a class has what a with statement asks for."""
    return all(cls.find(name) is not ABSENT for name in ("__enter__", "__exit__"))


def lacks_methods(cls: Class) -> bool:
    """Whether an abstract method of a class is defined nowhere, or it is a protocol without an __init__ of its own."""
    if cls.attributes.get("_is_protocol") is True and cls.find("__init__") is ABSENT:
        return True
    needed = {name for base in cls.mro for name in base.attributes.get("__:needs__", ())}
    if cls.unknown_base is None and any(cls.find(name) is ABSENT for name in needed):
        return True
    held = (cls.find(name) for base in cls.mro for name in base.attributes)
    methods = (value.getter if isinstance(value, Descriptor) else value for value in held)
    return any(isinstance(m, Function) and m.attributes.get("__isabstractmethod__") is True for m in methods)


def _endless(function: Function) -> Unknown:
    return Unknown(f"{function.name} calls itself to an unknown depth")


def direct_parts(made: Value) -> Collection[Value]:
    """What one of the framework's containers, such as a Sequential, has as its children."""
    modules = made.attributes.get("_modules") if isinstance(made, Instance) and made.cls.module is None else None
    return modules.values() if isinstance(modules, Dict) else ()


# Outside context managers that let every exception through.
TRANSPARENT_MANAGERS = (
    "torch.no_grad ", "torch.enable_grad ", "torch.inference_mode ", "torch.set_grad_enabled ", "torch.device ",
    "torch.cuda.device ", "torch.autocast ", "torch.random.fork_rng ", "warnings.catch_warnings ",
)  # fmt: skip

__all__ = ["Calls", "Module", "Set", "Tensor"]
