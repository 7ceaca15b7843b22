"""What changed since an earlier JSON report: new, grown, shrunk and gone layers and models, and the totals."""

import json
import os
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from rich.console import RenderableType
from rich.text import Text

from nnlint.errors import UsageError
from nnlint.report.contract import VERSION
from nnlint.report.listing import MARK, counted, size
from nnlint.report.terminal import FirstThatFits, cell, columns

Key = tuple[str, str, str, int]
File = Mapping[str, Any]  # of a report
Entry = Mapping[str, Any]  # a layer or model of a file
COUNTS = ("parameters", "at_least")


class CompareError(UsageError):
    """A file that is no report to compare with."""


class Call(NamedTuple):
    """A model of kind "call" in a report."""

    path: str
    line: int
    name: str


class Count(NamedTuple):
    """What a report says of one layer or model: parameters, or None; at_least; name: short, for a table; place."""

    parameters: int | None
    at_least: int
    name: str
    place: str


class Change(NamedTuple):
    """One layer or model, in the earlier report and in this one; None where it is not in there."""

    before: Count | None
    after: Count | None

    @property
    def word(self) -> str:
        """What happened, as far as that is certain: what was a lower bound may have been as large before."""
        if self.before is None or self.after is None:
            return "new" if self.before is None else "gone"
        if self.before[:2] == self.after[:2]:
            return ""
        if self.before.parameters is None:
            return "changed"
        if self.after.at_least > self.before.at_least:
            return "grown"
        return "shrunk" if self.after.parameters is not None else "changed"

    @property
    def growth(self) -> int:
        """By how many parameters it is certain to have grown; negative where it is smaller."""
        if self.before is not None and (self.before.parameters is None or self.word == "changed"):
            return 0
        return (self.after.at_least if self.after else 0) - (self.before.at_least if self.before else 0)

    @property
    def size(self) -> int:
        """How many parameters it has for certain, or had."""
        return max(count.at_least for count in (self.before, self.after) if count)


class Comparison(NamedTuple):
    """Every layer and every model of both reports."""

    layers: list[Change]
    models: list[Change]


def read_report(path: str, formula: str) -> dict[str, Any]:
    """An earlier JSON report, counted by the same formula. Raises CompareError."""
    try:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        version, its_formula = report["version"], report["formula"]
    except OSError as error:
        raise CompareError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CompareError(f"{path} is no JSON report of nnlint") from None
    if version != VERSION:
        raise CompareError(f"{path} is a report of version {version}; this nnlint compares version {VERSION}")
    if its_formula != formula:
        raise CompareError(f"{path} counts by the formula {its_formula}, this report by {formula}")
    return dict(report)


def compare(before: Mapping[str, Any], after: Mapping[str, Any], returned: Container[Call] = ()) -> Comparison:
    """The changes between two reports. Entries are the same by path, scope, layer and order, whatever their lines.

    Of the earlier report's files, those count that are in this one too, or are no more. returned: the calls of this
    report that are left out, as in a listing, since the function around them is there. Raises CompareError.
    """
    read = {os.path.normpath(file["path"]) for file in after["files"]}
    try:
        files = [f for f in before["files"] if os.path.normpath(f["path"]) in read or not os.path.exists(f["path"])]
        shown = list(_without_returned(after["files"], lambda file, call: call_of(file, call) in returned))
        return Comparison(
            _changes(_layers(files), _layers(after["files"])),
            _changes(_models(_without_returned(files, _SeemsReturned(after["files"], shown))), _models(shown)),
        )
    except (KeyError, TypeError, AttributeError):
        raise CompareError("the earlier report does not follow the contract") from None


def excesses(comparison: Comparison, growth: Fraction) -> list[str]:
    """What has grown by more than this share of what it was: all layers together, and models that were there before."""
    total = Change(_sum([c.before for c in comparison.layers]), _sum([c.after for c in comparison.layers]))
    grown = sum(change.growth for change in comparison.layers)
    found = ["all layers together"] if total.before and grown > growth * total.before.at_least else []
    for before, after, change in ((change.before, change.after, change) for change in comparison.models):
        if before is not None and after is not None and change.growth > growth * before.at_least:
            found.append(f"{after.name} {after.place}")
    return found


def parse_growth(text: str) -> Fraction:
    """ "5%" or "2.5 %" as a share. Raises CompareError."""
    try:
        share = Fraction(text.strip().removesuffix("%").strip()) / 100
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if share < 0:
        raise CompareError(f"--max-growth: {text!r} is no percentage, such as 5%")
    return share


def report_changes(comparison: Comparison, over: float = -1) -> Iterator[RenderableType]:
    """The parts of the comparison: models and layers that are or were larger than `over`; totals, of all of them."""
    for noun, changes in (("model", comparison.models), ("layer", comparison.layers)):
        changed = sorted((c for c in changes if c.word and c.size > over), key=_order)
        if changed:
            yield _table(noun, changed)
    yield Text("\n").join(_totals(comparison, over))


def _order(change: Change) -> tuple[object, ...]:
    shown = change.after or change.before
    return -abs(change.growth), shown and shown.place, shown and shown.name


def _table(noun: str, changes: Sequence[Change]) -> RenderableType:
    numbers = ("", ">before", ">after", ">growth")
    wide, narrow = columns(*numbers, noun, "place"), columns(*numbers, f"{noun}, place")
    for change in changes:
        shown = change.after or change.before
        assert shown is not None
        cells = [cell(change.word, STYLES.get(change.word, ""))]
        cells += [cell(size(*count[:2]) if count else "") for count in (change.before, change.after)]
        cells.append(cell(f"{change.growth:+,}" if change.growth else ""))
        name, place = cell(shown.name, "bold"), cell(shown.place)
        wide.add_row(*cells, name, place)
        narrow.add_row(*cells, Text("\n").join([name, place]))
    return FirstThatFits(wide, narrow)


STYLES = {"new": "yellow", "grown": "yellow", "shrunk": "green", "gone": "green"}


def _totals(comparison: Comparison, over: float) -> Iterator[Text]:
    for noun, changes in (("layer", comparison.layers), ("model", comparison.models)):
        before, after = [c.before for c in changes if c.before], [c.after for c in changes if c.after]
        told = [f"{size(*_sum(counts)[:2])} in {counted(len(counts), noun)}" for counts in (before, after)]
        changed = [change for change in changes if change.word]
        words = Counter(change.word for change in changed)
        detail = ", ".join(f"{number} {word}" for word, number in sorted(words.items())) or "no change"
        shown = sum(change.size > over for change in changed)
        detail += f"; {shown} of {len(changed)} shown" if shown < len(changed) else ""
        yield Text(f"{noun}s before: {told[0]}; after: {told[1]} ({detail})")


def failed(found: Sequence[str], limit: str) -> Text:
    """What to say of growth over the limit."""
    return cell(f"{MARK} grown by more than {limit}: {', '.join(found)}", "red")


def _sum(counts: Sequence[Count | None]) -> Count:
    known = [count for count in counts if count is not None]
    total = sum(count.at_least for count in known)
    return Count(total if all(c.parameters is not None for c in known) else None, total, "", "")


def _changes(before: dict[Key, Count], after: dict[Key, Count]) -> list[Change]:
    return [Change(before.get(key), after.get(key)) for key in dict.fromkeys([*after, *before])]


def _layers(files: Sequence[Mapping[str, Any]]) -> dict[Key, Count]:
    found: dict[Key, Count] = {}
    for file in files:
        for layer in file["layers"]:
            name = layer["class"] or layer["layer"]
            _add(found, (file["path"], layer["scope"], name), layer, name.rpartition(".")[2], layer["scope"])
    return found


def _models(files: Iterable[File]) -> dict[Key, Count]:
    found: dict[Key, Count] = {}
    for file in files:
        for model in file["models"]:
            _add(found, (file["path"], model["kind"], model["name"]), model, f"{model['name']}()", model["kind"])
    return found


def _add(found: dict[Key, Count], names: tuple[str, str, str], entry: Mapping[str, Any], name: str, scope: str) -> None:
    """Under the first key that is free: the order among entries with the same names."""
    path = os.path.normpath(names[0])
    order = 0
    while (path, *names[1:], order) in found:
        order += 1
    place = f"{names[0]}:{entry['line']} {scope}"
    found[path, names[1], names[2], order] = Count(entry["parameters"], int(entry["at_least"]), name, place)


# -- calls whose model the function around them returns, which is there itself ------------------------------------


def call_of(file: File, model: Entry) -> Call:
    """The call that an entry of kind "call" is."""
    return Call(file["path"], model["line"], model["name"])


def _without_returned(files: Iterable[File], is_returned: Callable[[File, Entry], bool]) -> Iterator[File]:
    for file in files:
        models = [model for model in file["models"] if model["kind"] != "call" or not is_returned(file, model)]
        yield {**file, "models": models}


class _SeemsReturned:
    """Whether a call of the earlier report, which does not say so, is of a model that its function returns: as in this
    report, where it is unchanged, else where it has its function's count."""

    def __init__(self, files: Iterable[File], shown: Iterable[File]) -> None:
        self.calls, self.shown = ({_without_line(f, m) for f in part for m in f["models"]} for part in (files, shown))

    def __call__(self, file: File, call: Entry) -> bool:
        function = _above(file, call)
        if function is None:
            return False
        if _without_line(file, call) in self.calls:
            return _without_line(file, call) not in self.shown
        return all(function[key] == call[key] for key in COUNTS)


def _without_line(file: File, call: Entry) -> tuple[object, ...]:
    function = _above(file, call)
    named = os.path.normpath(file["path"]), call["kind"], call["name"], function and function["name"]
    return (*named, *(call[key] for key in COUNTS))


def _above(file: File, model: Entry) -> Entry | None:
    """The function in which a call may stand: the nearest model above, where that is a function."""
    above = [other for other in file["models"] if other["kind"] != "call" and other["line"] <= model["line"]]
    nearest: Entry | None = max(above, key=lambda other: int(other["line"]), default=None)
    return nearest if nearest is not None and nearest["kind"] == "function" else None
