"""Budgets: what a user wrote as a limit, parsed, and matched to the names of layers and models."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

UNLIMITED = math.inf
EXPONENTS = {"": 0, "k": 3, "m": 6, "b": 9}
NUMBER = re.compile(
    r"(?P<whole>\d+(?:_\d+)*)(?:\.(?P<fraction>\d+))?(?:[eE]\+?(?P<exponent>\d{1,2}))?(?P<unit>[kKmMbB]?)", re.ASCII
)
NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


class OptionError(ValueError):
    """A value that an option does not take; the message is one line and names the option and the value."""

    def __init__(self, option: str, value: str, why: str) -> None:
        hint = "; a comment in a configuration file must stand on a line of its own" if "#" in value else ""
        super().__init__(f"{option}: {' '.join(value.split())!r} {why}{hint}")


@dataclass(frozen=True)
class Budget:
    """The most parameters that a thing may have. plain: for all names, or None where only names are given."""

    plain: float | None = None
    by_name: Mapping[str, float] = field(default_factory=dict)

    def limit(self, names: Iterable[str]) -> float | None:
        """The limit for the first of `names` that has one of its own, else the plain one; None: nothing is said."""
        return next((self.by_name[name] for name in names if name in self.by_name), self.plain)

    @property
    def is_limited(self) -> bool:
        """Whether anything at all can be over this budget."""
        return any(limit is not None and limit < UNLIMITED for limit in (self.plain, *self.by_name.values()))


def parse_limit(option: str, text: str) -> float:
    """A number, or `none` for no limit."""
    return UNLIMITED if text.lower() == "none" else parse_number(option, text, ", 1_000_000 or none")


def parse_number(option: str, text: str, last: str = " or 1_000_000") -> int:
    """`1000000`, `1_000_000`, `1e6`, `500k`, `2.5M` or `7B`; exact, never through a float.

    last: how the list of examples for a value that is none of these ends.
    """
    match = NUMBER.fullmatch(text)
    if match is None:
        raise OptionError(option, text, f"is not a number of parameters (such as 500k, 10M, 1e6{last})")
    whole, fraction, exponent, unit = match.group("whole", "fraction", "exponent", "unit")
    digits = int(whole + (fraction or ""))
    power = int(exponent or 0) + EXPONENTS[unit.lower()] - len(fraction or "")
    if power >= 0:
        return digits * int(10**power)
    number, remainder = divmod(digits, int(10**-power))
    if remainder:
        raise OptionError(option, text, "is not a whole number of parameters")
    return number


def parse_budget(option: str, text: str) -> Budget:
    """A plain number, numbers by name, or both: `10M, Conv2d:2M, torch.nn.LSTM:4M, Head:none`."""
    plain: float | None = None
    by_name: dict[str, float] = {}
    if "#" in text:
        raise OptionError(option, text, "is not a budget")
    items = [item.strip() for item in re.split(r"[,\n]", text) if item.strip()]
    if not items:
        raise OptionError(option, text, "is empty (write none for no budget)")
    for item in items:
        name, colon, number = (part.strip() for part in item.rpartition(":"))
        if colon and not number:
            raise OptionError(option, item, "lacks a number (such as Conv2d:2M)")
        limit = parse_limit(option, number)
        if not colon and plain is None:
            plain = limit
        elif not colon:
            raise OptionError(option, text, "gives two plain numbers")
        elif not NAME.fullmatch(name):
            raise OptionError(option, item, "does not begin with a name (such as Conv2d:2M or torch.nn.LSTM:4M)")
        elif name in by_name:
            raise OptionError(option, text, f"gives two numbers for {name}")
        else:
            by_name[name] = limit
    return Budget(plain, by_name)


def first_limit(budgets: Iterable[Budget], names: Iterable[str]) -> float:
    """The limit that the first of `budgets` states for something that goes by `names`, best name first."""
    known = tuple(names)
    limits = (budget.limit(known) for budget in budgets)
    return next((limit for limit in limits if limit is not None), UNLIMITED)
