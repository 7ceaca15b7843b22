"""Small programs whose totals are known by hand: what evaluation follows, and where it must say nothing."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import libcst as cst
import pytest

from nnlint.analyse import analyse
from nnlint.construction import Model
from nnlint.evaluate.tensor_numbers import Interval, apply, combine
from nnlint.source import walk


def models(tmp_path: Path, text: str) -> dict[str, Model]:
    path = tmp_path / "model.py"
    path.write_text(textwrap.dedent(text))
    analysis = analyse(str(path))
    assert not analysis.errors
    return {model.name: model for model in analysis.models}


def test_a_file_that_cannot_construct_a_layer_loads_no_parser(tmp_path: Path) -> None:
    code = "import sys; from nnlint.analyse import analyse; analyse('plain.py'); print('libcst' in sys.modules)"
    for text, expected in (("x = 1\n", "False"), ("import torch\n", "True")):
        (tmp_path / "plain.py").write_text(text)
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


def test_a_parameter_annotated_with_a_class_gets_its_default_instance(tmp_path: Path) -> None:
    found = models(
        tmp_path,
        """
        from dataclasses import dataclass
        from torch import nn

        @dataclass
        class Config:
            width: int = 10
            def __getattribute__(self, name):
                return super().__getattribute__("width" if name == "size" else name)

        class Needs:
            def __init__(self, size): self.size = size

        class Net(nn.Module):
            def __init__(self, config: "Config | None"):
                super().__init__()
                self.head = nn.Linear(config.size, 3)

        class Stated(nn.Module):
            def __init__(self, config: Config | None = None):
                super().__init__()
                self.head = nn.Linear(1 if config is None else config.width, 3)

        class Open(nn.Module):
            def __init__(self, config: Needs):
                super().__init__()
                self.head = nn.Linear(config.size, 3)
        """,
    )
    assert (found["Net"].parameters, found["Net"].title) == (33, "Net() with Config defaults")
    assert found["Stated"].parameters == 6
    assert found["Open"].parameters is None


def test_a_handler_that_may_match_is_one_of_two_ways(tmp_path: Path) -> None:
    found = models(
        tmp_path,
        """
        from torch import nn
        from elsewhere import Trouble, happen

        def net():
            try:
                raise happen()
            except KeyError:
                width = 2
            except Exception:
                width = 5
            return nn.Linear(width, 1)
        """,
    )
    assert found["net"].parameters is None
    assert found["net"].at_least <= 3


def test_sizes_from_tensor_arithmetic(tmp_path: Path) -> None:
    found = models(
        tmp_path,
        """
        import math
        import torch
        from torch import nn

        def widths(factor):
            exponents = torch.round(torch.log((torch.arange(4) * 36 + 24) / 24) / math.log(factor))
            return (torch.round(24 * torch.pow(factor, exponents) / 8) * 8).int().tolist()

        def net():
            return nn.Sequential(*[nn.Linear(width, 1) for width in widths(2.4)])

        def at_a_half():
            return nn.Sequential(*[nn.Linear(width, 1) for width in widths(2.5)])

        def unsure():
            return nn.Linear(int(torch.linspace(0, 10, 3)[1].item()), 1)
        """,
    )
    assert found["net"].parameters == 24 + 56 + 136 + 136 + 4
    assert found["at_a_half"].parameters is None  # 24 * 2.5 / 8 is 7.5: float32 may fall on either side
    assert found["unsure"].parameters is None


def test_a_decorator_that_goes_on_and_on_gives_what_it_was_given(tmp_path: Path) -> None:
    found = models(
        tmp_path,
        """
        from torch import nn

        def endless(cls):
            while True:
                pass

        @endless
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = nn.Linear(10, 3)
        """,
    )
    assert found["Net"].parameters == 33


def test_a_walk_over_children_that_are_not_known_ends(tmp_path: Path) -> None:
    found = models(
        tmp_path,
        """
        from torch import nn
        from elsewhere import block

        def each(fn, module):
            for name, child in module.named_children():
                each(fn, child)
            fn(module)

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = nn.Linear(10, 3)
                self.block = block()
                each(print, self)
        """,
    )
    assert (found["Net"].parameters, found["Net"].unknown) != (None, "evaluation limit reached")


def test_modules_by_name(tmp_path: Path) -> None:
    (tmp_path / "registry.py").write_text("import sys\ndef width(fn): return sys.modules[fn.__module__].WIDTH\n")
    found = models(
        tmp_path,
        """
        from torch import nn
        from registry import width
        WIDTH = 7
        def net():
            return nn.Linear(width(net), 1)
        """,
    )
    assert found["net"].parameters == 8


@pytest.mark.parametrize(
    ("sign", "left", "right", "expected"),
    [("*", 7.0, 8, 56.0), ("+", 3, 4, 7), ("*", 2**20, 2**20, None), ("/", 1.0, 0, None), ("**", -2.0, 2, None)],
)
def test_tensor_numbers(sign: str, left: float, right: float, expected: float | None) -> None:
    assert combine(sign, left, right) == expected


def test_rounding_needs_one_answer_for_the_whole_interval() -> None:
    assert apply("round", Interval(2.4999, 2.5001)) is None
    assert apply("round", Interval(2.6, 2.7)) == 3.0
    quotient = combine("/", 1, 3)
    assert isinstance(quotient, Interval) and quotient.low < 1 / 3 < quotient.high


def test_walk_finds_calls_in_the_order_of_the_text() -> None:
    class Calls(cst.CSTVisitor):
        def __init__(self) -> None:
            self.found: list[cst.CSTNode] = []

        def visit_Call(self, node: cst.Call) -> None:
            self.found.append(node)

    checkout = Path(__file__).parent.parent
    paths = [*checkout.glob("fixtures/**/*.py"), *checkout.glob("nnlint/*.py")]
    assert len(paths) > 40
    for path in paths:
        tree = cst.parse_module(path.read_text())
        visitor = Calls()
        tree.visit(visitor)
        assert [node for node in walk(tree) if isinstance(node, cst.Call)] == visitor.found, path


def test_an_abstract_class_is_no_model(tmp_path: Path) -> None:
    found = models(
        tmp_path,
        """
        import abc
        from torch import nn

        class Base(nn.Module, abc.ABC):
            def __init__(self):
                super().__init__()
                self.a = nn.Linear(2, 3)

            @abc.abstractmethod
            def head(self): ...

            @property
            @abc.abstractmethod
            def width(self): ...

        class Half(Base):
            def head(self): ...

        class Whole(Half):
            width = 4

        class Careless(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Linear(3, 3)

            @abc.abstractmethod
            def head(self): ...
        """,
    )
    assert {name: model.parameters for name, model in found.items()} == {"Whole": 9, "Careless": 12}
