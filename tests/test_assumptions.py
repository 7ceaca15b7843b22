"""--nnlint-assume gives values to what would be Unknown, by the path that leads to it; never to what is known."""

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
