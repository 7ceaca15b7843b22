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
        base.Base.{name} = {value}
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
SILENT = {"hash(BASED)", "len('%s' % BASED)", CASES[-1][2]}  # what is not evaluated at all


@pytest.mark.parametrize(("name", "value", "read"), CASES)
def test_a_module_that_is_imported_late_is_as_its_import_finds_the_class(
    tmp_path: Path, name: str, value: str, read: str
) -> None:
    (tmp_path / "base.py").write_text(BASE)
    (tmp_path / "late.py").write_text(LATE.format(read=read))
    (tmp_path / "net.py").write_text(NET.format(name=name, value=value))
    found = {model.name: model.parameters for model in analyse(str(tmp_path / "net.py")).models}
    sizes = []
    for change in ("", f"base.Base.{name} = {value}\n"):
        program = f"import json, base\n{change}import late\nprint(json.dumps(late.SIZE))"
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True)
        sizes.append(json.loads(done.stdout))
    assert sizes[0] != sizes[1]
    assert found["First"] == found["Third"] == (None if read in SILENT else sizes[0] + 1)
    assert found["Second"] in (None, sizes[1] + 1)
