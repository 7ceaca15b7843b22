"""The constructors of torch's layers: the parameters, buffers and modules that they make; copies of modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnlint.evaluate.devices import is_everywhere
from nnlint.evaluate.nn_containers import fill
from nnlint.evaluate.nn_module import MODULE_METHODS, Fn, prepare, refuse, set_state
from nnlint.evaluate.parametrize import holds_computed
from nnlint.evaluate.sequential import HOOKED
from nnlint.evaluate.torch_names import REGISTERING
from nnlint.layers import (
    PLAIN,
    PLAIN_BUFFERS,
    Child,
    Children,
    Clones,
    GivenTensor,
    Layer,
    Structure,
    Violation,
    build,
    check_plain,
    stored,
)
from nnlint.layers import find as find_layer
from nnlint.layers.table import Reference
from nnlint.numpy_numbers import NumpyInt
from nnlint.signature import BindError, Rest
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    CONSTANTS,
    DENSE,
    GRADIENT,
    BoundMethod,
    Class,
    Deque,
    Dict,
    Function,
    Instance,
    List,
    Partial,
    Set,
    Size,
    Stream,
    Tensor,
    Value,
)

# The textbook has one bias vector a gate, and no projection matrix.
NOT_IN_TEXTBOOKS = ("bias_hh", "weight_hr")


def layer_init(layer: Layer) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        module = args[0]
        unknown = kwargs.pop("**", None)
        try:
            bound = layer.signature.bind(args[1:], kwargs, unknown)
        except BindError as error:
            given = (*args[1:], *kwargs.values())
            return refuse(machine, module, layer.short_name, Violation("NNL203", str(error)), given)
        if isinstance(module, Instance) and module.cls.unknown_base is None and module.cls.layer is None:
            raise machine.error("TypeError", "super(type, obj): obj must be an instance or subtype of type")
        prepare(machine, module)
        construct(machine, module, layer, bound)
        if isinstance(module, Instance) and module.cls.module is not None:
            _go_by_class(machine, module)
        reset = RESETS.get(layer.short_name, "reset_parameters")
        if isinstance(module.cls.find(reset), Function):  # torch's own change no sizes
            weight = bound.get("_weight")  # an Embedding with its weights given is not reset
            if isinstance(weight, Unknown):
                machine.havoc(module, weight.why)
            elif weight is None:
                machine.call(machine.get_attribute(module, reset), [], {})
        elif isinstance(module.cls.find("reset_running_stats"), Function) and layer.buffers(bound):
            machine.call(machine.get_attribute(module, "reset_running_stats"), [], {})
        if isinstance(module.cls.find("register_buffer"), Function) and layer.buffers(bound):
            machine.havoc(module, "register_buffer() is the program's own")
        return None

    return run


# By what torch's constructors register, and what those of RNNBase call beside.
USED = tuple(sorted(REGISTERING - {"register_buffer"})) + ("_init_flat_weights", "flatten_parameters")


def _go_by_class(machine: Any, module: Instance) -> None:
    """What a class of the program's own has in store for the constructor of a layer that it derives from: a name that
    it gives is taken, and methods of it may register otherwise."""
    for name in (*module.attributes["_parameters"], *module.attributes["_buffers"]):
        if module.cls.unknown_base is None and not isinstance(module.cls.find(name), (type(ABSENT), Unknown)):
            raise machine.error("KeyError", f"attribute '{name}' already exists")
    own = next((name for name in USED if isinstance(module.cls.find(name), Function)), None)
    if own is not None:
        machine.may_raise(f"{own}() is the program's own")
        machine.havoc(module, f"{own}() is the program's own")


# What torch's constructors call in the end, by torch's source, where it is not reset_parameters; "" for nothing.
RESETS = {
    **dict.fromkeys(("MultiheadAttention", "Transformer"), "_reset_parameters"),
    **dict.fromkeys(
        ("AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss", "TransformerEncoder", "TransformerEncoderLayer",
         "TransformerDecoder", "TransformerDecoderLayer", "DataParallel", "DistributedDataParallel",
         "TripletMarginWithDistanceLoss", "Container"),
        "",
    ),
}  # fmt: skip


LAYER_STEPS = 7  # what building and counting a layer costs beside its module and its tensors, in statements


def construct(machine: Any, module: Instance, layer: Layer, bound: dict[str, Value]) -> None:
    """Register what a layer's constructor registers, or raise as it does."""
    key = constants(bound)
    if key is None:
        bound = {name: _given(machine, name, value) for name, value in bound.items()}
        attributes, structure, buffers = planned(layer, bound)
    elif (id(layer), key) in PLANS:
        attributes, structure, buffers = PLANS[id(layer), key]
    else:
        if len(PLANS) >= KEPT_PLANS:
            PLANS.clear()
        attributes, structure, buffers = PLANS[id(layer), key] = planned(layer, bound)
    module.attributes.update(attributes)
    if isinstance(structure, Violation):
        return refuse(machine, module, layer.short_name, structure, bound.values())
    machine.judge(module, layer.short_name, None, () if key is not None else bound.values())
    if not is_everywhere(bound.get("device")):
        machine.may_refuse("a device")
    machine.step(LAYER_STEPS + (0 if isinstance(structure, Unknown) else 2 * len(structure)))
    if layer.lazy:
        module.attributes[INITIALIZED_BY] = Dict(bound, machine.heap.clock)
        structure = Unknown(f"{layer.short_name} gets its sizes at the first forward pass")
    if isinstance(structure, Unknown):
        add_buffers(machine, module, buffers)
        if not layer.lazy:
            machine.may_raise(structure.why)
        module.open = structure
        structure = {} if layer.lazy else layer.at_least(bound)
        for name, part in structure.items():
            if type(part) is tuple:
                if machine.textbook and layer.textbook is not None and name.startswith(NOT_IN_TEXTBOOKS):
                    part = (0,)
                made = Tensor(Unknown(module.open.why, plain=True), machine.heap.clock, True, least=part)
                module.attributes["_parameters"][name] = made
            elif part is not None:
                add_part(machine, module, name, part)
        return
    register(machine, module, layer, structure, buffers)
    frozen = bound.get("_freeze", False)
    for tensor in module.attributes["_parameters"].values() if frozen is not False else ():
        machine.train(tensor, not frozen if isinstance(frozen, bool) else Unknown("_freeze", plain=True))


def add_buffers(machine: Any, module: Instance, buffers: dict[str, Value]) -> None:
    for name, shape in buffers.items():
        made = shape if shape is None or isinstance(shape, Unknown) else Tensor(shape, machine.heap.clock)
        module.attributes["_buffers"][name] = made


def register(machine: Any, module: Instance, layer: Layer, structure: Structure, buffers: dict[str, Value]) -> None:
    """Register what a layer is made of."""
    add_buffers(machine, module, buffers)
    for name, part in structure.items():
        if type(part) is tuple:
            if machine.textbook and layer.textbook is not None and name.startswith(NOT_IN_TEXTBOOKS):
                part = (0,)
            made = module.attributes["_parameters"][name] = Tensor(part, machine.heap.clock, True)
            made.strides = DENSE
        else:
            add_part(machine, module, name, part)


INITIALIZED_BY = "_initialize_hook"  # of torch's LazyModuleMixin: here the arguments, for the first forward pass


def call_lazy(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The first input of a lazy layer says its size; from then on it is one of the class that is not lazy."""
    module, given = args[0], first(*args[1:2], kwargs.get("input"))
    arguments, shape = module.attributes.get(INITIALIZED_BY), given.shape if isinstance(given, Tensor) else None
    is_torchs = module.cls.module is None and module.birth >= machine.heap.epoch  # its class is nothing that is joined
    if is_torchs and isinstance(arguments, Dict) and type(shape) is tuple and HOOKED not in module.attributes:
        layer = find_layer(module.cls.full_name.replace("Lazy", ""))
        assert layer is not None
        at = -1 if "Linear" in layer.name else 1 if "Norm" in layer.name else -1 - int(layer.name[-2])
        size = shape[at] if -len(shape) <= at < len(shape) else Unknown("the size of an input")
        attributes, structure, buffers = planned(layer, {layer.signature.parameters[0].name: size, **arguments})
        if isinstance(structure, dict):
            machine.heap.touch(module)
            del module.attributes[INITIALIZED_BY]
            module.attributes.update(attributes)
            module.cls, module.open = machine.torch_class(layer.name), None
            before = dict(module.attributes["_parameters"])
            register(machine, module, layer, structure, buffers)
            for name, tensor in module.attributes["_parameters"].items():
                if isinstance(tensor, Tensor) and isinstance(before.get(name), Tensor):
                    tensor.attributes = before[name].attributes
    return MODULE_METHODS["__call__"](machine, args, kwargs)


PLANS: dict[Any, Any] = {}  # what calls with constants alone build, by their layers and arguments
KEPT_PLANS = 5_000


def planned(layer: Layer, bound: dict[str, Value]) -> Any:
    """The attributes that a layer's constructor sets, what it builds, and the shapes of its buffers."""
    attributes = {
        name: Unknown(value.why, plain=True) if isinstance(value, Unknown) else value
        for name, value in attributes_of(layer, bound).items()
    }
    return attributes, build(layer, bound), buffers_of(layer, bound)


def constants(bound: dict[str, Value]) -> tuple[Any, ...] | None:
    """Arguments as a key that tells 1 from True, if all are constants or tuples of integers."""
    key: list[Any] = []
    for name, value in bound.items():
        kind = type(value)
        if kind not in CONSTANTS and not (kind is tuple and all(type(item) is int for item in value)):
            return None
        key += (name, kind, value)
    return tuple(key)


def normal(machine: Any, value: Value) -> Value:
    """An argument as the tables take it: sequences as tuples, objects of a builtin base as what they carry, dicts."""
    if isinstance(value, List):
        return tuple(value) if not any(type(i) is Rest for i in value) else Unknown("a list of unknown length")
    if type(value) is Size:
        return tuple(value)
    if isinstance(value, Instance) and isinstance(value.payload, (int, str, float, tuple)):
        return value.payload
    if isinstance(value, Dict) and value.certain():
        return dict(value)
    if isinstance(value, Stream):
        return Unknown("an iterator as an argument")
    if isinstance(value, Tensor):
        return NumpyInt(value.data) if isinstance(value.data, int) else given_tensor(value)  # no int, but a size
    return value


# What torch iterates over where it is no number, as a tensor is not.
ITERATED = frozenset(
    ["kernel_size", "stride", "padding", "dilation", "output_padding", "normalized_shape", "d_model"]
)  # fmt: skip


def _given(machine: Any, name: str, value: Value) -> Value:
    """An argument of a layer's constructor as the tables take it."""
    return given_tensor(value) if isinstance(value, Tensor) and name in ITERATED else normal(machine, value)


def given_tensor(tensor: Tensor) -> GivenTensor:
    return GivenTensor(tensor.shape if isinstance(tensor.shape, tuple) else None)


def attributes_of(layer: Layer, bound: dict[str, Value]) -> dict[str, Value]:
    try:
        return layer.attributes(bound)
    except Exception:
        return {name: Unknown(f"{name} of {layer.short_name}") for name in bound}


def buffers_of(layer: Layer, bound: dict[str, Value]) -> dict[str, Value]:
    return {
        name: Unknown(f"{name} of {layer.short_name}", plain=True) if isinstance(shape, Unknown) else shape
        for name, shape in layer.buffers(bound).items()
    }


def add_part(machine: Any, module: Instance, name: str, part: Any) -> None:
    """One registered child of a layer that builds others."""
    if part is None:
        is_registered = "weight" in name or ("bias" in name and not name.endswith(("_k", "_v")))
        (module.attributes["_parameters"] if is_registered else module.attributes)[name] = None
        return
    module.attributes["_modules"][name] = make_part(machine, part)


def make_part(machine: Any, part: Any) -> Value:
    if isinstance(part, Child):
        given = {name: make_part(machine, value) for name, value in part.arguments.items()}
        layer = find_layer(part.layer)
        made = Instance(machine.torch_class(part.layer), machine.heap.clock)
        prepare(machine, made)
        if layer is not None:
            construct(machine, made, layer, layer.signature.bind((), given))
        elif part.layer in PLAIN:
            plain_init(part.layer)(machine, [made], given)
        return made
    if isinstance(part, Clones):
        original = make_part(machine, part.module)
        made = Instance(machine.torch_class("torch.nn.ModuleList"), machine.heap.clock)
        prepare(machine, made)
        if isinstance(part.times, int) and part.times > 10_000:
            made.open = Unknown("too many copies to make")
            return made
        if isinstance(part.times, int):
            fill(machine, made, [deep_copy(machine, original, {}) for _ in range(part.times)], 0)
        return made
    if isinstance(part, Children):
        made = Instance(machine.torch_class(part.kind), machine.heap.clock)
        prepare(machine, made)
        fill(machine, made, [make_part(machine, item) for item in part.items], 0)
        return made
    return part


def of_copy(value: Tensor) -> dict[str, Value]:
    """The attributes of a deep copy: of a Parameter, none that torch does not give it."""
    known = value.attributes
    return known if not value.is_parameter else {name: known[name] for name in known.keys() & {GRADIENT}}


STATES = ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__")


REFILLING: dict[type | None, tuple[str, ...]] = {dict: ("__setitem__",), list: ("append", "extend"), None: ()}


def making_copies(cls: Class) -> list[Function]:
    """The methods by which a class makes its copies by itself, or fills them as if from outside."""
    native = cls.native_base()
    names = *STATES[2:], *REFILLING.get(native, ()), *(() if native is None else ("__new__",))
    return [method for method in map(cls.find, names) if isinstance(method, Function)]


def has_state(cls: Class) -> bool:
    """Whether a class says itself what its copies hold."""
    return bool(making_copies(cls)) or any(isinstance(cls.find(name), Function) for name in STATES[:2])


def blank(machine: Any, value: Instance) -> Value:
    """The object that a copy of another one is to be, as the class's own __new__ gives it, where it has one."""
    if value.payload is not None or not isinstance(value.cls.find("__new__"), Function):
        return Instance(value.cls, machine.heap.clock, value.payload)
    made = machine.allocate(value.cls, [], {})
    if not isinstance(made, Instance) or made.cls is not value.cls:
        return Unknown(f"a copy that {value.cls.name} makes by itself")
    machine.heap.touch(made)
    return made


def restored(machine: Any, value: Instance, made: Instance, copied: Callable[[Value], Value]) -> Value:
    """A copy of an object of such a class: `made`, with a copy of the state that the object gives."""
    gives, takes = value.cls.find("__getstate__"), value.cls.find("__setstate__")
    by_itself = making_copies(value.cls)
    if by_itself:
        machine.forget_own(value, "it makes a copy of itself", by_itself)
        return Unknown(f"a copy that {value.cls.name} makes by itself")
    own = Dict(value.attributes, machine.heap.clock, value.open)
    state = copied(machine.call(BoundMethod(gives, value), [], {}) if isinstance(gives, Function) else own)
    if takes is not ABSENT:
        machine.call(BoundMethod(takes, made), [state], {})
    elif isinstance(state, Dict):
        set_state(machine, [made, state], {})
    elif state is not None:
        made.open = Unknown("the state of a copy")
    return made


MEMO = Unknown("a memo", foreign=True)  # why the dict that is a memo of deepcopy may hold entries


def deep_copy(machine: Any, value: Value, memo: dict[int, Value]) -> Value:
    """copy.deepcopy: everything that can be written to is made anew, sharing kept."""
    machine.step()
    if id(value) in memo:
        return memo[id(value)]
    clock = machine.heap.clock
    if isinstance(value, Instance):
        hook = value.cls.find("__deepcopy__")
        if hook is not ABSENT:
            handed_on = Dict((), clock, MEMO)
            machine.lose_construction()
            machine.memos[id(handed_on)] = handed_on, memo, True
            memo[id(value)] = Unknown(f"a copy that {value.cls.name} is making")
            memo[id(value)] = by_hook = machine.call(BoundMethod(hook, value), [handed_on], {})
            return by_hook
        if value.cls.find("__members__") is not ABSENT:
            return value
        if value.cls is machine.classes["mappingproxy"]:  # an object's __dict__: the copy is nobody's
            return deep_copy(machine, value.payload, memo)
        if value.is_its_own():  # the copy has other attributes than entries
            return machine.doubtful(Unknown("a copy of a dict that is its own __dict__"))
        if holds_computed(value):  # as a rule that raises
            return machine.doubtful(Unknown("a copy of a module of which a tensor is computed from others"))
        made: Value = blank(machine, value)
        memo[id(value)] = made
        if not isinstance(made, Instance):
            return made
        if has_state(value.cls):
            return restored(machine, value, made, lambda state: deep_copy(machine, state, memo))
        made.open = value.open
        made.payload = deep_copy(machine, value.payload, memo)
        for name, held in value.attributes.items():
            made.attributes[name] = deep_copy(machine, held, memo)
        return made
    if isinstance(value, Tensor):
        if not value.is_parameter:
            machine.may_refuse("deepcopy()")  # that was computed from others
        made = Tensor(value.shape, clock, value.is_parameter, value.data, value.least, value.is_array)
        made.is_marked, made.is_whole = value.is_marked, value.is_whole
        made.attributes = of_copy(value)
    elif isinstance(value, Dict):
        made = Dict((), clock, value.rest, value.kind, value.factory)
        memo[id(value)] = made
        for key, held in value.items():
            made[key] = deep_copy(machine, held, memo)
    elif isinstance(value, List):
        made = Deque((), clock, value.most) if isinstance(value, Deque) else List((), clock)
        memo[id(value)] = made
        made.extend(deep_copy(machine, item, memo) for item in value)
    elif isinstance(value, Set):
        made = Set((), clock, value.rest)
        made.update(deep_copy(machine, item, memo) for item in value)
    elif isinstance(value, tuple):
        return type(value)(deep_copy(machine, item, memo) for item in value)
    elif isinstance(value, Unknown) and value.options:
        return Unknown(value.why, tuple(deep_copy(machine, o, memo) for o in value.options), value.plain)
    elif isinstance(value, Partial):
        made = Partial(
            deep_copy(machine, value.callee, memo), [deep_copy(machine, arg, memo) for arg in value.args],
            deep_copy(machine, value.kwargs, memo), value.unknown_kwargs, clock,
        )  # fmt: skip
    elif isinstance(value, BoundMethod):
        made = BoundMethod(value.function, deep_copy(machine, value.receiver, memo))
    elif isinstance(value, (Stream,)):
        return Unknown("a copy of an iterator")
    else:
        return value
    memo[id(value)] = made
    return made


def is_sizes(value: Value) -> bool:
    """Whether a value is a tuple of whole numbers."""
    return isinstance(value, tuple) and all(type(item) is int or item is None for item in value)


def plain_init(name: str) -> Fn:
    signature, short_name = PLAIN[name], name.rpartition(".")[2]

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        module = args[0]
        unknown = kwargs.pop("**", None)
        try:
            bound = signature.bind(args[1:], kwargs, unknown)
        except BindError as error:
            given = (*args[1:], *kwargs.values())
            return refuse(machine, module, short_name, Violation("NNL203", str(error)), given)
        violation = check_plain(
            name,
            {
                parameter: given_tensor(value) if isinstance(value, Tensor) else normal(machine, value)
                for parameter, value in bound.items()
            },
        )
        if violation is not None:
            return refuse(machine, module, short_name, violation, bound.values())
        machine.judge(module, short_name, None, bound.values())
        prepare(machine, module)
        taken = {key: normal(machine, value) if isinstance(value, List) else value for key, value in bound.items()}
        for parameter_name, value in stored(short_name, taken).items():
            is_simple = isinstance(value, (int, float, str)) or value is None or is_sizes(value)
            if (
                isinstance(value, Reference)
                or (isinstance(value, Unknown) and not value.plain)
                or (not is_simple and not isinstance(value, Unknown))
            ):
                value = Unknown(f"{parameter_name} of {name.rpartition('.')[2]}", plain=True)
            module.attributes[parameter_name] = value
        for buffer in PLAIN_BUFFERS.get(name, ()):
            module.attributes.pop(buffer, None)
            is_known = isinstance(bound[buffer], Tensor) or bound[buffer] is None
            held = bound[buffer] if is_known else Unknown(f"{buffer} of {short_name}", plain=True)
            module.attributes["_buffers"][buffer] = held
        return None

    return run
