"""The value that nnlint does not know, with the reason; it refuses to act like a value."""

from typing import Any, NoReturn


class UnknownValueError(Exception):
    """An Unknown was used as if it were a value; the evaluator turns this back into the Unknown."""

    def __init__(self, unknown: "Unknown") -> None:
        super().__init__(unknown.why)
        self.unknown = unknown


def first(*values: Any) -> Any:
    """The first that is not None; `or` would ask an Unknown for its truth."""
    return next((value for value in values if value is not None), None)


class Unknown:
    """A value that nnlint does not know.

    why: the reason, in words fit to show a user.
    options: where not empty, the value is surely one of these (the arms of an unknown condition).
    plain: the value is surely no Module and no Parameter, and holds none (a number, a string, a tensor).
    foreign: it is no object that is known by another way, so that a write to it changes nothing that is known.
    calls: it may be a function that is known by another way, and that may write to anything when it is called.
    """

    __slots__ = ("calls", "foreign", "options", "plain", "reaches", "why")

    def __init__(
        self,
        why: str,
        options: tuple[object, ...] = (),
        plain: bool = False,
        foreign: bool = False,
        calls: bool = False,
    ) -> None:
        self.why, self.calls = why, calls
        self.options = options
        self.plain = plain
        self.foreign = foreign
        self.reaches: bool | None = None  # whether an option may write when it is called, once that was asked

    @property
    def is_opaque(self) -> bool:
        """Whether it may be an object that is known by another way: what is done to it may be done to that."""
        return not (self.options or self.plain or self.foreign)

    def part(self) -> "Unknown":
        """An attribute or an item of it."""
        return Unknown(self.why, plain=self.plain, foreign=self.foreign, calls=self.calls)

    def __repr__(self) -> str:
        return f"Unknown({self.why!r})"

    def _refuse(self, *_: object) -> NoReturn:
        raise UnknownValueError(self)

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __len__ = __iter__ = __contains__ = __int__ = __index__ = __float__ = _refuse
    __hash__ = _refuse
