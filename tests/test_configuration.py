"""The options, from the values that flake8 hands over to a Configuration."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnlint.budget import OptionError, first_limit
from nnlint.configuration import OptionText, parse_configuration, split_items

HERE = os.path.abspath("project")


def limit(path: str, lines: str, *names: str) -> float:
    values = {"per_path_max_layer_params": OptionText(lines, HERE), "max_layer_params": "7"}
    return first_limit(parse_configuration(values).layer_budgets(path), names)


def test_without_options_nothing_is_limited() -> None:
    configuration = parse_configuration({})
    assert not configuration.layer_budget.is_limited and not configuration.model_budget.is_limited
    assert configuration.settings.formula == "framework"
    assert not configuration.report_unknown


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("edge/*", "project/edge/a.py", True),
        ("edge/*", "project/edge/deep/a.py", True),
        ("edge/", "project/edge/a.py", True),
        ("./edge", "project/edge/a.py", True),
        ("edge/*", "edge/a.py", False),
        ("edge/*", "project/other/edge/a.py", False),
        ("*/edge/*", "project/other/edge/a.py", True),
        ("../shared/*.py", "shared/a.py", True),
        ("edge", "project/other/edge/a.py", True),
        ("edge", "project/edges/a.py", False),
        ("a.py", "project/edge/a.py", True),
        ("test_*.py", "project/test_a.py", True),
        ("test_*.py", "project/a.py", False),
        (HERE + "/edge/*", "project/edge/a.py", True),
        ("other/*, edge/*", "project/edge/a.py", True),
    ],
)
def test_a_pattern_is_relative_to_the_configuration_file(pattern: str, path: str, matches: bool) -> None:
    assert limit(path, f"{pattern}: 3") == (3 if matches else 7)
    assert limit(os.path.abspath(path), f"{pattern}:3") == (3 if matches else 7)


def test_the_first_path_that_matches_counts_and_what_it_leaves_open_is_the_general_budget() -> None:
    lines = "\nedge/tiny.py: 1\nedge/*: Linear:2\n*.py: 3\n"
    assert limit("project/edge/tiny.py", lines, "Linear") == 1
    assert limit("project/edge/a.py", lines, "Linear") == 2
    assert limit("project/edge/a.py", lines, "Conv2d") == 7
    assert limit("project/a.py", lines, "Conv2d") == 3


def test_assumptions_are_literals_by_name() -> None:
    text = "vocab_size=32000, args.hidden = [512, 256],\nact='relu, gelu', deep={'a': (1, 2)}\nnone=None"
    assert parse_configuration({"nnlint_assume": text}).assume == {
        "vocab_size": 32000,
        "args.hidden": [512, 256],
        "act": "relu, gelu",
        "deep": {"a": (1, 2)},
        "none": None,
    }


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a=1,b=2", ["a=1", "b=2"]),
        ("a=(1, [2, 3]), b=','", ["a=(1, [2, 3])", "b=','"]),
        ("a=(1,\n2)\nb=3", ["a=(1,\n2)", "b=3"]),
        ("a=')', b=1", ["a=')'", "b=1"]),
        ("a=1), b=2", ["a=1)", "b=2"]),
        (" , ", []),
    ],
)
def test_items_end_at_commas_outside_of_brackets_and_quotes(text: str, items: list[str]) -> None:
    assert split_items(text) == items


def test_own_layers_are_read() -> None:
    configuration = parse_configuration({"nnlint_layers": "mylib.Fused=torch.nn.Linear,\nmylib.Conv=torch.nn.Conv2d"})
    assert configuration.settings.layers == {"mylib.Fused": "torch.nn.Linear", "mylib.Conv": "torch.nn.Conv2d"}


def test_search_folders_are_relative_to_the_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    configuration = parse_configuration({"nnlint_search_path": OptionText("lib", str(tmp_path))})
    assert configuration.search_path == (str(tmp_path / "lib"),)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("max-layer-params", "10X", "max-layer-params: '10X' is not a number"),
        (
            "max-layer-params",
            "10M, Conv2D:2M",
            "max-layer-params: '10M, Conv2D:2M' names Conv2D, which is no layer; did you mean Conv2d, or module.Conv2D",
        ),
        (
            "max-layer-params",
            "torch.nn.Lineal:1",
            "max-layer-params: 'torch.nn.Lineal:1' names torch.nn.Lineal, which is no layer; did you mean "
            "torch.nn.Linear?",
        ),
        (
            "max-layer-params",
            "torch.nn.modules.rnn.LSTM:1",
            "max-layer-params: 'torch.nn.modules.rnn.LSTM:1' names torch.nn.modules.rnn.LSTM, which is no layer; "
            "did you mean torch.nn.LSTM?",
        ),
        (
            "per-path-max-layer-params",
            "a: linear:1",
            "per-path-max-layer-params: 'linear:1' names linear, which is no layer; did you mean Linear",
        ),
        ("max-model-params", "", "max-model-params: '' is empty"),
        ("per-path-max-layer-params", "edge/*", "per-path-max-layer-params: 'edge/*' is not 'pattern: budget'"),
        ("per-path-max-layer-params", "a: 1\nb: x", "per-path-max-layer-params: 'x' is not a number"),
        ("nnlint-assume", "hidden", "nnlint-assume: 'hidden' is not name=value"),
        ("nnlint-assume", "1a=2", "nnlint-assume: '1a=2' is not name=value"),
        ("nnlint-assume", "act=relu", "nnlint-assume: 'act=relu' does not give a Python literal"),
        ("nnlint-assume", "a=" + "(" * 9999, "nnlint-assume: 'a=(((("),
        ("nnlint-assume", "a=__import__('os')", "nnlint-assume: \"a=__import__('os')\" does not give a Python literal"),
        ("nnlint-layers", "mylib.Fused", "nnlint-layers: 'mylib.Fused' is not own.Layer=torch.nn.Layer"),
        ("nnlint-layers", "a.B=torch.nn.Lineal", "nnlint-layers: 'a.B=torch.nn.Lineal' does not name a layer"),
        ("nnlint-search-path", "no/such", "nnlint-search-path: 'no/such' is not a folder"),
        ("nnlint-formula", "other", "nnlint-formula: 'other' is neither framework nor textbook"),
        ("nnlint-report-unknown", "maybe", "nnlint-report-unknown: 'maybe' is neither true nor false"),
    ],
)
def test_a_bad_value_gives_one_line_with_option_and_value(option: str, value: str, message: str) -> None:
    with pytest.raises(OptionError) as raised:
        parse_configuration({option.replace("-", "_"): value})
    assert str(raised.value).startswith(message) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("max-layer-params", "Conv2d:1, torch.nn.Conv2d:2, torch.nn.ReLU:3, Head:4, nets.Conv2D:5, Conv:6, Linear_:7"),
        ("max-layer-params", "LINEAR:1, torch.nn.qat.Linear:2"),
        ("max-model-params", "Conv2D:1, linear:2"),
    ],
)
def test_a_name_that_may_be_a_class_of_the_users_is_taken(option: str, value: str) -> None:
    layers = "mylib.LINEAR=torch.nn.Linear, torch.nn.qat.Linear=torch.nn.Linear"
    configuration = parse_configuration({option.replace("-", "_"): value, "nnlint_layers": layers})
    assert configuration.layer_budget.is_limited or configuration.model_budget.is_limited


def test_a_comment_behind_a_value_gets_a_hint() -> None:
    with pytest.raises(OptionError, match="on a line of its own"):
        parse_configuration({"max_layer_params": "10M  # agreed in March"})


def test_the_plugin_starts_without_libcst() -> None:
    code = "import sys, nnlint.flake8_plugin, nnlint.rules; print('libcst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "False\n"
