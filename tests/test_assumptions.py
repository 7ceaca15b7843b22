"""--nnlint-assume gives values to what would be Unknown, by the path that leads to it; never to what is known. And what
the README says is assumed of code without source."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnlint.analyse import Settings, analyse

PROGRAM = """\
import torch
from torch import nn
from outside import load

settings = load()


class Net(nn.Module):
    def __init__(self, args, width, depth=2):
        super().__init__()
        model, sizes = args.model, args["sizes"]
        self.args, self.settings = args, load()
        self.layer = nn.Linear({size}, 1, bias=False)
"""


@pytest.mark.parametrize(
    ("assumed", "size"),
    [
        ("width", "width"),
        ("args.width", "args.width"),
        ("args.model.width", "args.model.width"),
        ("args.model.width", "model.width"),
        ("args.model.width", "self.args.model.width"),
        ("args.model.width", "args['model']['width']"),
        ("args.model.width", "getattr(args.model, 'width')"),
        ("args.model.width", "getattr(model, 'width', 3)"),
        ("args.model.block.sizes.width", "model.block['sizes'].width"),
        ("args.sizes", "sizes"),
        ("settings.model.width", "settings.model.width"),
        ("args.width", "args.width * 2 // 2"),
    ],
)
def test_a_path_is_assumed_however_the_program_gets_there(tmp_path: Path, assumed: str, size: str) -> None:
    assert counted(tmp_path, size, {assumed: 512}) == 512


@pytest.mark.parametrize(
    ("assumed", "size"),
    [
        ("model.width", "args.width"),
        ("args.model.width", "args.width"),
        ("args.model.width", "args.model.block.width"),
        ("args.width", "args.other"),
        ("args.model.width", "args['model'][0]"),
    ],
)
def test_another_path_is_not_assumed(tmp_path: Path, assumed: str, size: str) -> None:
    assert counted(tmp_path, size, {assumed: 512}) is None


@pytest.mark.parametrize(
    ("assumed", "size"), [("depth", "depth"), ("nn.width", "2"), ("self.training", "self.training")]
)
def test_what_is_known_stays(tmp_path: Path, assumed: str, size: str) -> None:
    assert counted(tmp_path, size, {assumed: 512}) == (2 if size != "self.training" else 1)


def counted(folder: Path, size: str, assumed: dict[str, object]) -> int | None:
    """The count of the layer whose size is written so."""
    program = PROGRAM.replace("{size}", size)
    analysis = analyse(str(folder / "net.py"), program, Settings(assume=assumed))
    (layer,) = analysis.layers
    return layer.parameters


OUTSIDE = """\
import torch
from torch import nn
from outside import Base, change


class Own(Base):
    depth = 3

    def __init__(self):
        self.width = 512
        super().__init__(width=64)


class Sizes:
    depth = 3

    def width(self):
        return 512


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(512, 2))


def build():
    sizes, net, tensor, listed = Sizes(), Net(), torch.zeros(512, 2), [torch.zeros(512, 2)]
    change({given})
    nn.Linear({size}, 1, bias=False)
"""


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("", "Own().width"),
        ("", "Own().depth + 509"),
        ("Sizes", "Sizes().width()"),
        ("sizes", "sizes.width()"),
        ("tensor", "tensor.shape[0]"),
        ("net.weight", "net.weight.shape[0]"),
    ],
)
def test_what_code_without_source_leaves_alone(tmp_path: Path, given: str, size: str) -> None:
    assert outside(tmp_path, given, size) == 512


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("", "Own().other"),
        ("Sizes", "Sizes.depth"),
        ("sizes", "sizes.depth"),
        ("Sizes", "sizes.depth"),
        ("listed", "listed[0].shape[0]"),
        ("net", "net.weight.shape[0]"),
    ],
)
def test_what_code_without_source_may_change(tmp_path: Path, given: str, size: str) -> None:
    assert outside(tmp_path, given, size) is None


def outside(folder: Path, given: str, size: str) -> int | None:
    """The count of a layer of so many inputs, when code without source was given this."""
    program = OUTSIDE.replace("{given}", given).replace("{size}", size)
    (layer,) = analyse(str(folder / "net.py"), program).layers
    return layer.parameters
