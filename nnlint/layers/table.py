"""What a table of layers is made of: a layer's entry, the parts it registers, and what torch refuses to build."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from nnlint.layers.arguments import Arguments, Violation, refused_shape, unknown_in
from nnlint.signature import REQUIRED, Parameter, Signature
from nnlint.unknown import Unknown, UnknownValueError

Structure = dict[str, Any]


class Child(NamedTuple):
    """A framework module that a layer builds itself: full public name, and arguments by parameter name.

    Arguments that are not given have the signature's default; a value may itself be a Child.
    """

    layer: str
    arguments: dict[str, Any]


class Clones(NamedTuple):
    """A ModuleList of `times` deep copies of a module value or Child."""

    module: Any
    times: int


class Children(NamedTuple):
    """A container of Child or Children; kind is "torch.nn.Sequential" or "torch.nn.ModuleList"."""

    items: tuple[Any, ...]
    kind: str


class Reference(NamedTuple):
    """A function of the framework, as a default: `activation=torch.nn.functional.relu`."""

    name: str


class Floored(dict[str, Any]):
    """Arguments of which the unknown ones have their least values; `given` are the arguments as they were.

    A Child is made from the latter: its own floors are as good, and its attributes stay unknown.
    """

    def __init__(self, given: Arguments) -> None:
        super().__init__(given)
        self.given = given


def as_given(arguments: Arguments) -> Arguments:
    """The arguments for a Child, with what is unknown."""
    return arguments.given if isinstance(arguments, Floored) else arguments


def _nothing(_: Arguments) -> None:
    return None


@dataclass(frozen=True)
class Layer:
    """One layer of a framework.

    name: the public name ("torch.nn.Linear"). defined_in: the module of its class ("torch.nn.modules.linear").
    structure: bound arguments -> registered name -> Shape of a Parameter, Child, Clones, Children, a module-valued
    argument as given, or None where the framework registers None.
    floor: every parameter that can change the count, with the value that makes the count least where the argument is
    not known (or a function of the arguments, in which the parameters before it here have their floors already).
    neutral: for parameters that are checked but cannot change the count, a value that fits any others, where this is
    not the default.
    modules: parameters that take a module. inert: parameters that the constructor stores without a look.
    attributes: bound arguments -> instance attributes, as the constructor sets them; Unknown where it is Unknown.
    constraints: what the constructor checks, in its order, beyond storage that it cannot allocate.
    bases: full names of the framework's classes that it derives from, in method resolution order.
    textbook: the textbook's count in elements, where it differs (recurrent layers).
    lazy: sizes are not known before the first forward pass.
    wraps: it owns nothing and holds the modules that it is given, which were layers where they were constructed.
    buffers: bound arguments -> registered name -> shape of a buffer, None where the framework registers None, or
    Unknown.
    """

    name: str
    defined_in: str
    signature: Signature
    structure: Callable[[Arguments], Structure]
    floor: Mapping[str, Any] = field(default_factory=dict)
    neutral: Mapping[str, Any] = field(default_factory=dict)
    modules: frozenset[str] = frozenset()
    inert: frozenset[str] = frozenset()
    attributes: Callable[[Arguments], dict[str, Any]] = lambda _: {}
    constraints: Callable[[Arguments], Violation | None] = _nothing
    bases: tuple[str, ...] = ("torch.nn.Module",)
    textbook: Callable[[Arguments], int] | None = None
    lazy: bool = False
    wraps: bool = False
    buffers: Callable[[Arguments], dict[str, Any]] = lambda _: {}

    @property
    def short_name(self) -> str:
        return self.name.rpartition(".")[2]

    def settled(self, arguments: Arguments) -> dict[str, Any]:
        """The arguments, with a harmless value for each unknown one that is checked but cannot change the count."""
        settled = dict(arguments)
        for parameter in self.signature.parameters:
            name = parameter.name
            if name in self.floor or name in self.modules or name in self.inert:
                continue
            if unknown_in(settled.get(name)) is not None:
                default = None if parameter.default is REQUIRED else parameter.default
                settled[name] = self.neutral.get(name, default)
        return settled

    def floored(self, arguments: Arguments) -> "Floored":
        """The arguments, with each unknown one that can change the count at the value that makes it least."""
        floored = Floored(arguments)
        for name, least in self.floor.items():
            if unknown_in(floored.get(name)) is not None:
                floored[name] = least(floored) if callable(least) else least
        return floored

    def at_least(self, arguments: Arguments) -> Structure:
        """A structure whose total is no more than the count of any call that fits what is known. Never raises."""
        try:
            structure = self.structure(self.floored(arguments))
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, UnknownValueError):
            return {}
        parts = {name: _whole_shape(part) for name, part in structure.items()}
        return {name: part for name, part in parts.items() if not isinstance(part, Unknown)}

    def check(self, arguments: Arguments) -> Violation | None:
        """Why the constructor raises, or None where it does not, or where nnlint cannot tell."""
        built = build(self, arguments)
        return built if isinstance(built, Violation) else None


def _whole_shape(part: Any) -> Any:
    if type(part) is not tuple:
        return part
    if all(isinstance(size, int) and size >= 0 for size in part):
        return tuple(int(size) for size in part)
    return Unknown("a size is not known")


FOUND: dict[str, Layer] = {}


def build(layer: Layer, arguments: Arguments) -> Structure | Violation | Unknown:
    """What the call builds; or why it raises; or Unknown, where the count is not surely known.

    Arguments that are Unknown do no harm where they cannot change the count. A part of the structure can still be an
    Unknown or any other value: a module-valued argument, as it was given.
    """
    unknown = {name: why for name in layer.floor if (why := unknown_in(arguments.get(name))) is not None}
    arguments = {**arguments, **unknown}
    blame = next(iter(unknown.values()), None)
    try:
        violation = layer.constraints(layer.settled(arguments))
        if violation is not None:
            return violation
        structure = layer.structure(arguments)
    except UnknownValueError as error:
        return error.unknown
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        return Violation("NNL202", str(error)) if blame is None else blame
    if layer.lazy:
        has_weight = arguments.get("affine", True) is True
        unsized = Unknown(f"{layer.short_name} takes its size from the first forward pass")
        return (_wrong_factory(arguments) if has_weight else None) or unsized
    for name, part in structure.items():
        refused = _refused(part, arguments.get("dtype"))
        if refused is None and type(part) is tuple:
            refused = _wrong_factory(arguments)
            structure[name] = tuple(int(size) for size in part)
        if refused is not None:
            return refused
    return structure


def _refused(part: Any, dtype: Any) -> Violation | Unknown | None:
    """Why torch cannot build a part of a structure."""
    if isinstance(part, Child):
        layer = FOUND.get(part.layer)
        built = build(layer, complete(layer, part.arguments)) if layer is not None else None
        return built if isinstance(built, (Violation, Unknown)) else None
    if isinstance(part, Clones):
        return _refused(part.module, dtype)
    if isinstance(part, Children):
        return next((why for item in part.items if (why := _refused(item, dtype)) is not None), None)
    return refused_shape(part, dtype) if type(part) is tuple else None


_WITHOUT_GRADIENTS = {f"torch.{name}" for name in ("int8", "int16", "int32", "int64", "uint8", "int", "long", "bool")}


def _wrong_factory(arguments: Arguments) -> Violation | None:
    """The violation of a dtype or device that no Parameter can have, whatever its type means elsewhere."""
    dtype, device = arguments.get("dtype"), arguments.get("device")
    named = getattr(dtype, "name", None)
    needs_gradients = arguments.get("_freeze", False) is False and arguments.get("_weight") is None
    if named in _WITHOUT_GRADIENTS and needs_gradients:
        return Violation("NNL204", f"dtype={named} has no gradients, which a Parameter needs")
    if isinstance(dtype, (str, int, float, list, tuple, dict)):
        return Violation("NNL204", f"dtype={dtype!r} is not a torch.dtype")
    if isinstance(device, (bool, float, list, tuple, dict)):
        return Violation("NNL204", f"device={device!r} is not a torch.device")
    return None


def complete(layer: Layer, arguments: Arguments) -> dict[str, Any]:
    """The arguments of a Child, with the defaults of those that are not given."""
    return {p.name: arguments.get(p.name, p.default) for p in layer.signature.parameters}


@cache
def signature(text: str) -> Signature:
    """A signature from how Python writes it; `name/=default` is positional only, wherever it stands."""
    only = {part.split("/=")[0].strip() for part in text.split(",") if "/=" in part}
    function = ast.parse(f"def f({text.replace('/=', '=')}): ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    a = function.args
    defaults: list[ast.expr | None] = [None] * (len(a.args) - len(a.defaults)) + list(a.defaults)
    parameters = [
        Parameter(arg.arg, _default(default), "positional" if arg.arg in only else "both")
        for arg, default in zip(a.args, defaults)
    ]
    if a.vararg is not None:
        parameters.append(Parameter(a.vararg.arg, kind="*"))
    parameters += [Parameter(arg.arg, _default(node), "keyword") for arg, node in zip(a.kwonlyargs, a.kw_defaults)]
    if a.kwarg is not None:
        parameters.append(Parameter(a.kwarg.arg, kind="**"))
    return Signature.of(*parameters)


def _default(node: ast.expr | None) -> Any:
    if node is None:
        return REQUIRED
    return Reference(ast.unparse(node)) if isinstance(node, ast.Attribute) else ast.literal_eval(node)
