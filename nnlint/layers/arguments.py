"""How tables look at arguments: what is known of them, and which sizes torch refuses."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nnlint.unknown import Unknown, UnknownValueError

Shape = tuple[int, ...]
Arguments = Mapping[str, Any]


class Violation(NamedTuple):
    """A constructor call that raises in the framework whenever it runs. error: which of Python's exceptions, where that
    is one for sure."""

    code: str
    message: str
    error: str = ""


class GivenTensor(Unknown):
    """A tensor as an argument: its values are not known, but its shape may be (a tuple, or None)."""

    __slots__ = ("shape",)

    def __init__(self, shape: tuple[Any, ...] | None) -> None:
        super().__init__("the value of a tensor", plain=True)
        self.shape = shape

    def differs(self, shape: tuple[Any, ...]) -> bool:
        """Whether its shape is surely another one."""
        if self.shape is None or unknown_in(self.shape) is not None or unknown_in(shape) is not None:
            return False
        return self.shape != shape


LARGEST = 2**63 - 1
FLOAT32, WIDEST = 4, 16


def refused_shape(shape: tuple[Any, ...], dtype: Any = None) -> Violation | Unknown | None:
    """Why `torch.empty(shape)` raises: sizes that are no sizes, or storage that overflows (c10/core/TensorImpl.h)."""
    for size in shape:
        if isinstance(size, Unknown):
            return size
    for index, size in enumerate(shape):
        if not isinstance(size, int) or (index == 0 and isinstance(size, bool)):
            return Violation("NNL202", f"a size must be an integer, not {size!r}")
    if any(size < 0 for size in shape):
        return Violation("NNL202", f"sizes must not be negative: {shape}")
    elements = 1
    for size in shape:
        elements *= size
        if size > LARGEST or elements > 2**64 - 1:
            return Violation("NNL204", f"storage overflows: {shape}")
    stride = 1
    for size in reversed(shape[1:]):
        stride *= max(size, 1)
        if stride > LARGEST:
            return Violation("NNL204", f"storage overflows: {shape}")
    if elements * (FLOAT32 if dtype is None else 1) > LARGEST:
        return Violation("NNL204", f"storage overflows: {shape}")
    if dtype is not None and elements * WIDEST > LARGEST:
        return Unknown("storage may overflow, depending on the dtype")
    return None


def violation_of(shape: tuple[Any, ...]) -> Violation | None:
    """The violation of allocating a tensor that is not a Parameter; an Unknown size raises UnknownValueError."""
    refused = refused_shape(shape)
    if isinstance(refused, Unknown):
        raise UnknownValueError(refused)
    return refused


_PLAIN = (int, float, complex, str, bytes, type(None))
_COLLECTIONS = (tuple, list, set, frozenset, dict)
WALKED = 100_000  # the most items of an argument that are looked at


def unknown_in(value: Any) -> Unknown | None:
    """The Unknown that a value is or holds; any value but Python's plain ones counts as not known."""
    pending, visited = [value], 0
    while pending:
        item = pending.pop()
        if isinstance(item, Unknown):
            return item
        if isinstance(item, _PLAIN):
            continue
        if type(item) not in _COLLECTIONS:
            return Unknown("an argument is no plain value")
        visited += len(item)
        if visited > WALKED:
            return Unknown("an argument is too large to look at")
        pending.extend(reversed(tuple(item)))
    return None


def is_plain(value: Any) -> bool:
    """Whether it is surely no Tensor and no Module, though something."""
    return value is not None and unknown_in(value) is None


def known(value: Any) -> Any:
    """The value, for a look at its type, which an Unknown must not get."""
    if isinstance(value, Unknown):
        raise UnknownValueError(value)
    return value


def size(value: Any) -> tuple[Any, ...]:
    """The shape that `torch.empty(value)` has."""
    if isinstance(value, (tuple, list)):
        return tuple(value)
    if isinstance(value, Unknown):
        raise UnknownValueError(value)
    return (value,)


def spread(value: Any, times: int) -> Any:
    """torch.nn.modules.utils._ntuple: an iterable as a tuple of whatever length, else `times` of the value."""
    if isinstance(value, Unknown):
        return value
    if unknown_in(value) is not None and type(value) not in _COLLECTIONS:
        return Unknown("an argument is no plain value")
    return tuple(value) if isinstance(value, (*_COLLECTIONS, str, bytes)) else (value,) * times


def computed(arguments: Arguments, names: tuple[str, ...], compute: Callable[[], Any]) -> Any:
    """What follows from arguments, or the first of them that is not known."""
    unknown = next((why for name in names if (why := unknown_in(arguments[name])) is not None), None)
    return compute() if unknown is None else unknown


def derived(why: str, compute: Callable[[], Any]) -> Any:
    """An attribute that is computed from arguments, or Unknown."""
    try:
        value = compute()
    except (UnknownValueError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return Unknown(why)
    return value


def sizes(arguments: Arguments, *names: str) -> Violation | None:
    """The violation of the first argument that is no size, where every one of them is a size of a Parameter."""
    for name in names:
        value = known(arguments[name])
        if not isinstance(value, int):
            return Violation("NNL202", f"{name}={value!r} is not an integer")
        if value < 0:
            return Violation("NNL202", f"{name}={value} is negative")
    return None


def whole(value: Any) -> int:
    """The value where it is a known number above zero, else 1; for floors."""
    return int(value) if isinstance(value, int) and value > 0 else 1


def given(*names: str) -> Callable[[Arguments], dict[str, Any]]:
    """Attributes that are the arguments of the same names."""
    return lambda arguments: {name: arguments[name] for name in names}
