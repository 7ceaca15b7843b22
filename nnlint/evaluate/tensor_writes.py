"""What is written into a vector whose numbers are known, where sizes are computed in place: widths[1:-2] *= 2."""

from __future__ import annotations

from typing import Any

from nnlint.evaluate.tensor_attributes import check_index
from nnlint.evaluate.tensor_numbers import Interval, Number, are_whole, convert, is_exact, is_whole
from nnlint.evaluate.torch_functions import numbers_of
from nnlint.values import NO_ATTRIBUTES, Tensor, Value


def write(machine: Any, value: Tensor, index: Value, given: Value) -> bool:
    """value[index] = given, where it is sure which numbers the vector holds then; otherwise nothing is done."""
    if type(index) is int and isinstance(value.shape, tuple) and value.shape:
        check_index(machine, value, index)
    places, numbers = _places(value, index), numbers_of(given)
    if places is None or numbers is None or not _fits(value, given, index, len(places)):
        return False
    assert isinstance(value.data, tuple)
    in_integers = are_whole(value.data)
    if not in_integers and not all(isinstance(number, (float, Interval)) for number in value.data):
        return False
    made = [_as_held(number, in_integers) for number in numbers]
    if None in made:
        return False
    held = list(value.data)
    for place, number in zip(places, made * len(places) if len(made) == 1 else made):
        held[place] = number
    machine.step(len(held))
    machine.heap.touch(value)
    machine.heap.forget_numbers(value)  # of what shares its memory
    value.data = tuple(held)
    return True


def augment(machine: Any, sign: str, value: Tensor, index: Value, right: Value) -> bool:
    """value[index] += right and the like, on the same terms."""
    places = _places(value, index)
    if places is None or not isinstance(right, (int, float, Tensor)):
        return False
    assert isinstance(value.data, tuple)
    held = tuple(value.data[place] for place in places)
    shape, data = ((len(held),), held) if isinstance(index, slice) else ((), held[0])
    result = machine.binary(sign, Tensor(shape, machine.heap.clock, data=data, is_array=value.is_array), right)
    return isinstance(result, Tensor) and result.shape == shape and write(machine, value, index, result)


def _places(value: Tensor, index: Value) -> range | None:
    """The places in a vector that an index names, where its numbers are known and it is no parameter."""
    is_plain = not value.is_parameter and value.attributes is NO_ATTRIBUTES
    if not is_plain or type(value.data) is not tuple or value.shape != (len(value.data),):
        return None
    bounds = (index.start, index.stop, index.step) if isinstance(index, slice) else (index,)
    if not all(type(bound) is int or (bound is None and isinstance(index, slice)) for bound in bounds):
        return None
    if isinstance(index, slice):
        return range(len(value.data))[index] if index.step is None or index.step > 0 else None
    assert isinstance(index, int)
    place = range(index, index + 1) if index >= 0 else range(index + len(value.data), index + len(value.data) + 1)
    return place if 0 <= place.start < len(value.data) else None


def _fits(value: Tensor, given: Value, index: Value, count: int) -> bool:
    if not isinstance(given, Tensor):
        return True
    sizes = ((), (1,), (count,)) if isinstance(index, slice) else ((),)
    return given.is_array is value.is_array and given.shape in sizes


def _as_held(number: Number, in_integers: bool) -> Number:
    """A number as a vector holds it, of whole numbers or of such with a point; None where that is not sure."""
    if in_integers:
        return int(number) if isinstance(number, int) and is_whole(number) else None
    return float(number) if is_exact(number) else convert(number, "float32")  # type: ignore[arg-type]
