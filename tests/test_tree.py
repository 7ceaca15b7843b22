"""The tree of a model: sums that add up, folds, ties, what is not known; and that its counts are torch's."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_models_torch import MODELS, recorder

from nnlint.analyse import Settings, analyse
from nnlint.construction import Node
from nnlint.one_model import analyse_model
from nnlint.wanted import Wanted, WantedError, parse_wanted

SOURCE = """
import torch
from torch import nn

def block(width):
    return nn.Sequential(nn.Linear(width, width, bias=False), nn.ReLU())

class Net(nn.Module):
    def __init__(self, width=10, depth=3, *, tie=False, sizes=(2, 3), **more):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))
        self.blocks = nn.ModuleList([block(width) for _ in range(depth)])
        self.sizes = nn.ModuleList([nn.Linear(one, width) for one in sizes])
        self.head = nn.Linear(width, 7, bias=more.get("bias", True))
        if tie:
            self.tied = nn.Linear(width, width, bias=False)
            self.tied.weight = self.blocks[0][0].weight
            self.again = self.head

    @classmethod
    def small(cls, width=2):
        return cls(width)

class Wide(nn.Module):
    def __init__(self, width, other):
        super().__init__()
        self.known = nn.Linear(4, other)
        self.unknown = nn.Linear(width, width)

def decorate(function):
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

@decorate
def decorated(width, depth=1):
    return Net(width, depth)

def number():
    return 3

def refuses(size=3):
    raise ValueError("never")

model = Net(5, depth=1)
"""


def build(text: str, source: str = SOURCE) -> Node:
    (model,) = analyse_model("net.py", source, parse_wanted(text), Settings()).models
    assert model.tree is not None
    assert (model.tree.total, model.tree.is_exact) == (model.at_least, model.parameters is not None)
    return model.tree


def outline(node: Node, level: int = 0) -> Iterator[str]:
    words = [node.name, node.kind, f"{node.own}/{node.total}", f"×{node.times}" if node.times > 1 else ""]
    yield " " * level + " ".join(filter(None, [*words, node.tied and f"= {node.tied}", node.unknown]))
    for child in node.children:
        yield from outline(child, level + 1)


def test_a_tree_has_modules_by_name_and_equal_neighbours_once() -> None:
    assert list(outline(build("Net"))) == [
        "Net 10/457",
        " scale Parameter 10/10",
        " blocks ModuleList 0/300",
        "  0–2 Sequential 0/100 ×3",
        "   0 Linear 100/100",
        "   1 ReLU 0/0",
        " sizes ModuleList 0/70",
        "  0 Linear 30/30",
        "  1 Linear 40/40",
        " head Linear 77/77",
    ]


def test_tied_parameters_and_modules_count_where_they_are_first() -> None:
    lines = list(outline(build("Net(tie=True)")))
    assert lines[0] == "Net 10/457"
    assert lines[-2:] == [" tied Linear 0/0 = blocks.0.0.weight", " again Linear 0/0 = head"]


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("Net()", 10 + 300 + 70 + 77),
        ("Net(1)", 1 + 3 + 3 + 4 + 14),
        ("Net(width=1, depth=0)", 1 + 3 + 4 + 14),
        ("Net(1, sizes=[5])", 1 + 3 + 6 + 14),
        ("Net(1, bias=False)", 1 + 3 + 3 + 4 + 7),
        ("Net.small", 2 + 12 + 6 + 8 + 21),
        ("Net.small(1)", 25),
        ("decorated(1)", 1 + 1 + 3 + 4 + 14),
        ("decorated(1, depth=3)", 25),
        ("model", 5 + 25 + 15 + 20 + 42),
        ("block(3)", 9),
    ],
)
def test_a_model_is_built_as_it_is_asked_for(text: str, total: int) -> None:
    tree = build(text)
    assert tree.is_exact and tree.total == total


@pytest.mark.parametrize(
    ("text", "words"),
    [("Net", "class Net"), ("Net.small", "@classmethod"), ("decorated", "@decorate"), ("model", "model = Net(5")],
)
def test_a_model_stands_where_it_is_written(text: str, words: str) -> None:
    (model,) = analyse_model("net.py", SOURCE, parse_wanted(text), Settings()).models
    above = SOURCE.splitlines()[model.place.line - 2 : model.place.line]
    assert any(line.strip().startswith(words) for line in above)


def test_what_is_not_given_and_has_no_default_is_not_known() -> None:
    assert list(outline(build("Wide(other=5)"))) == [
        "Wide 0/25 width is a parameter without a default",
        " known Linear 25/25",
        " unknown Linear 0/0 width is a parameter without a default",
    ]
    assert build("Wide(2, 5)").total == 25 + 6
    assumed = analyse_model("net.py", SOURCE, parse_wanted("Wide(2)"), Settings(assume={"other": 5})).models
    assert assumed[0].parameters == 25 + 6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Nett", "net.py has no model 'Nett'; did you mean Net?"),
        ("zzz", "net.py has no model 'zzz'; there are Net, Wide, "),
        ("Net.big", "net.py has no model 'Net.big'"),
        ("number", "number() returns no Module"),
        ("refuses", "refuses() cannot be built: ValueError: never"),
        ("model(3)", "model is a model already: it takes no arguments here"),
        ("Wide(widht=3)", "Wide() got an unexpected keyword argument 'widht'; did you mean width?"),
        ("Wide(1, 2, 3)", "Wide() takes 3 positional arguments but 4 were given"),
        ("Wide(1, width=2)", "Wide() got multiple values for argument 'width'"),
        ("Net(size)", "'size' is no Python literal (a number, "),
        ("Net(depth=open('x'))", "\"open('x')\" is no Python literal"),
        ("Net(*[1])", "'*[1]' is no Python literal"),
        ("Net(**{})", "'**{}': write each argument by itself"),
        ("Net(", "'Net(' is neither a name nor a call"),
        ("Net()()", "'Net()()' is neither a name nor a call"),
        ("3", "'3' is neither a name nor a call"),
        ("", "'' is neither a name nor a call"),
    ],
)
def test_what_is_no_model_or_takes_no_such_arguments_is_one_line(text: str, words: str) -> None:
    with pytest.raises(WantedError) as raised:
        build(text)
    assert str(raised.value).startswith(words) and "\n" not in str(raised.value)


def test_a_file_that_does_not_parse_has_no_model() -> None:
    with pytest.raises(WantedError, match=r"^net\.py:2:7: does not parse"):
        build("Net", "import torch\ndef f(:\n")


def test_a_deep_model_keeps_its_total() -> None:
    lines = ["from torch import nn", "net = nn.Linear(1, 1)", "for _ in range(200):", "    net = nn.Sequential(net)"]
    tree = build("net", "\n".join(lines))
    assert tree.total == 2 and 40 < len(list(outline(tree))) < 80


def test_a_files_models_have_trees_only_where_asked_for() -> None:
    for trees in (False, True):
        models = analyse("net.py", SOURCE, trees=trees).models
        assert [
            model.tree is not None for model in models if model.kind != "call" and model.name in ("Net", "block")
        ] == [trees, trees]


def test_a_model_that_a_script_constructs_has_its_tree_where_nothing_changes_it() -> None:
    changed = f"{SOURCE}\nother = Net(5, depth=1)\nother.head = nn.Linear(5, 1)\n"
    models = [m for m in analyse("net.py", changed, trees=True).models if m.kind == "call" and "Net(5" in m.title]
    assert [(m.parameters, m.tree is not None) for m in models] == [(107, True), (107, False)]
    assert models[0].tree is not None and models[0].tree.total == 107


def unfold(node: Node, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Every path of the tree and its total, folds taken apart."""
    first, dash, last = node.name.partition("–")
    stem = re.sub(r"\d+\Z", "", first)
    numbers = range(int(first[len(stem) :]), int(last) + 1) if dash else ()
    for name in [f"{stem}{number}" for number in numbers] or [node.name]:
        path = f"{prefix}.{name}" if prefix else name
        yield path, node.total
        for child in node.children:
            yield from unfold(child, path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", MODELS, ids=[path.stem for path in MODELS])
def test_the_counts_of_a_tree_are_torchs_module_by_module(path: Path) -> None:
    record = recorder()
    import torch

    compared = 0
    for name, build_real in record.builders(record.load(path)):
        with torch.device("meta"):
            real = build_real()
        if not isinstance(real, torch.nn.Module):
            continue
        totals: dict[str, int] = {}
        for parameter_name, parameter in real.named_parameters():
            parts = parameter_name.split(".")
            for end in range(len(parts) + 1):
                key = ".".join(parts[:end])
                totals[key] = totals.get(key, 0) + parameter.numel()
        (model,) = analyse_model(str(path), path.read_text(encoding="utf-8"), Wanted(name, name), Settings()).models
        assert model.tree is not None and model.tree.is_exact
        for key, total in unfold(model.tree):
            assert total == totals.get(key, 0), f"{name}: {key}"
            compared += 1
    assert compared > 0


def test_a_block_is_not_what_it_was_before_the_script_or_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "state.py").write_text("SIZE = [3]\n")
    (tmp_path / "blocks.py").write_text(
        "from torch import nn\nimport state\n\nclass Block(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.a = nn.Linear(state.SIZE[0], 1)\n        self.b = nn.Linear(2, 2)\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.blocks = nn.ModuleList([Block(), Block(), Block(), Block()])\n\n"
        "if __name__ == '__main__':\n    print(Block(), Block(), Block())\n    state.SIZE[0] = 9\n    maker = Net\n"
    )
    (tmp_path / "wide.py").write_text("import state\nstate.SIZE[0] = 20\nfrom blocks import Net\n")

    def total(file: str, wanted: str) -> int | None:
        path = tmp_path / file
        (model,) = analyse_model(str(path), path.read_text(), parse_wanted(wanted), Settings()).models
        return model.parameters

    assert total("blocks.py", "maker()") == 4 * 16
    assert total("blocks.py", "Net()") == 4 * 10
    assert total("wide.py", "Net()") == 4 * 27
