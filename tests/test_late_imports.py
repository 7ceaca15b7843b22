"""A module that one root imports before it has changed a class, and another after: what the import reads decides if
the module is the same. Python runs each case, too, and says what the module holds then."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nnlint.analyse import analyse

BASE = """\
class Base:
    width = 3
    __match_args__ = ()
    def __init__(self): self.size = 4
    def __len__(self): return 5
    def __add__(self, other): return 6
    def __getitem__(self, key): return 7
    def __call__(self): return 8
    def __contains__(self, key): return True
    def __iter__(self): return iter([1, 2])
    def __eq__(self, other): return True
    def __hash__(self): return 1
    def __enter__(self): return 9
    def __exit__(self, *raised): return None
    def __getattr__(self, name): return 13
    def __str__(self): return "abc"
    def __bool__(self): return True
    def __index__(self): return 2
    @property
    def made(self): return 10
    @classmethod
    def of_class(cls): return 11
    @staticmethod
    def of_none(): return 12

BASED = Base()
"""
LATE = """\
from base import BASED, Base

class Sub(Base):
    def wider(self):
        return super().width

def entered():
    with BASED as found:
        return found

def unpacked():
    first, second = BASED
    return second

def matched():
    match BASED:
        case Base(3): return 5
    return 6

try:
    SIZE = {read}
except Exception:
    SIZE = 1
"""
NET = """\
import base
from torch import nn

class First(nn.Module):
    def __init__(self):
        super().__init__()
        import late
        self.a = nn.Linear(late.SIZE, 1)

class Second(nn.Module):
    def __init__(self):
        super().__init__()
        {change}
        import late
        self.a = nn.Linear(late.SIZE, 1)

class Third(First):
    pass
"""
# What is written to the class, and what the module that is imported late reads.
CASES = [
    ("__init__", "lambda self: setattr(self, 'size', 40)", "Base().size"),
    ("__init__", "lambda self: setattr(self, 'size', 40)", "Sub().size"),
    ("__new__", "lambda cls: 5", "7 if type(Base()) is int else 6"),
    ("__len__", "lambda self: 50", "len(BASED)"),
    ("__len__", "lambda self: 50", "BASED.__len__()"),
    ("__add__", "lambda self, other: 60", "BASED + 1"),
    ("__getitem__", "lambda self, key: 70", "BASED['a']"),
    ("__call__", "lambda self: 80", "BASED()"),
    ("__contains__", "lambda self, key: False", "5 if 'a' in BASED else 6"),
    ("__iter__", "lambda self: iter([1, 2, 3])", "sum(item for item in BASED)"),
    ("__iter__", "lambda self: iter([1, 2, 3])", "len(list(BASED))"),
    ("__iter__", "lambda self: iter([1, 2, 3])", "max(BASED)"),
    ("__iter__", "lambda self: iter([1, 3])", "unpacked()"),
    ("__eq__", "lambda self, other: False", "5 if BASED == 3 else 6"),
    ("__hash__", "lambda self: 77", "hash(BASED)"),
    ("__enter__", "lambda self: 90", "entered()"),
    ("__getattr__", "lambda self, name: 130", "BASED.missing"),
    ("__str__", "lambda self: 'abcdef'", "len(str(BASED))"),
    ("__str__", "lambda self: 'abcdef'", "len(f'{BASED}')"),
    ("__str__", "lambda self: 'abcdef'", "len('%s' % BASED)"),
    ("__bool__", "lambda self: False", "5 if BASED else 6"),
    ("__index__", "lambda self: 3", "[1, 2, 3, 4, 5][BASED]"),
    ("__match_args__", "('width',)", "matched()"),
    ("made", "100", "BASED.made"),
    ("of_class", "lambda *classes: 110", "Base.of_class()"),
    ("of_class", "lambda *classes: 110", "BASED.of_class()"),
    ("of_none", "lambda *given: 120", "Base.of_none()"),
    ("width", "33", "BASED.width"),
    ("width", "33", "getattr(Base, 'width')"),
    ("width", "33", "Sub.width"),
    ("width", "33", "Sub().wider()"),
    ("width", "33", "vars(Base)['width']"),
    ("width", "33", "Base.__dict__['width']"),
    ("added", "33", "5 if 'added' in vars(Base) else 6"),
    ("added", "33", "len([name for name in dir(Base) if name == 'added']) + 1"),
]
HELD = "SEEN = {1, 2}\nTABLE = {'a': 3, 'b': 4}\nclass Kind: pass\n"
# What is written to a set or a dict, what the module reads of it, and whether that is another entry.
HOLDING = [
    ("base.SEEN.add(5)", "5 if 5 in SEEN else 6", False),
    ("base.SEEN.add(4)", "5 if 5 in SEEN else 6", True),
    ("base.SEEN.discard(1)", "5 if 1 in SEEN else 6", False),
    ("base.SEEN.discard(1)", "5 if 2 in SEEN else 6", True),
    ("base.SEEN.add(base.Kind)", "5 if Kind in SEEN else 6", False),
    ("base.SEEN.add('kind')", "5 if Kind in SEEN else 6", True),
    ("base.SEEN.add(4)", "len(SEEN) if 5 not in SEEN else 6", False),
    ("base.TABLE['c'] = 5", "5 if 'c' in TABLE else 6", False),
    ("base.TABLE['c'] = 5", "5 if 'd' in TABLE else 6", True),
    ("base.TABLE.clear()", "5 if 'a' in TABLE else 6", False),
    ("base.TABLE.pop('b')", "5 if 'a' in TABLE else 6", True),
    ("base.TABLE['a'] = 5", "TABLE['a'] if 'b' in TABLE else 6", False),
]
SILENT = {"hash(BASED)", "len('%s' % BASED)", CASES[-1][2]}  # what is not evaluated at all


@pytest.mark.parametrize(("name", "value", "read"), CASES)
def test_a_module_that_is_imported_late_is_as_its_import_finds_the_class(
    tmp_path: Path, name: str, value: str, read: str
) -> None:
    found, sizes = late_sizes(tmp_path, BASE, LATE.format(read=read), f"base.Base.{name} = {value}")
    assert sizes[0] != sizes[1]
    assert found["First"] == found["Third"] == (None if read in SILENT else sizes[0] + 1)
    assert found["Second"] in (None, sizes[1] + 1)


@pytest.mark.parametrize(("change", "read", "is_another"), HOLDING)
def test_a_module_that_is_imported_late_is_as_its_import_finds_the_entry(
    tmp_path: Path, change: str, read: str, is_another: bool
) -> None:
    found, sizes = late_sizes(tmp_path, HELD, f"from base import *\nSIZE = {read}\n", change)
    assert (sizes[0] == sizes[1]) is is_another
    assert found["First"] == found["Third"] == sizes[0] + 1
    assert found["Second"] in ((sizes[1] + 1,) if is_another else (None, sizes[1] + 1))


def late_sizes(folder: Path, base: str, late: str, change: str) -> tuple[dict[str, int | None], list[int]]:
    """The counts of models that import `late` before `change` and after it, and the SIZE that Python finds then."""
    (folder / "base.py").write_text(base)
    (folder / "late.py").write_text(late)
    (folder / "net.py").write_text(NET.format(change=change))
    found = {model.name: model.parameters for model in analyse(str(folder / "net.py")).models}
    sizes = []
    for before in ("", change):
        program = f"import json, base\n{before}\nimport late\nprint(json.dumps(late.SIZE))"
        done = subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True)
        sizes.append(json.loads(done.stdout))
    return found, sizes
