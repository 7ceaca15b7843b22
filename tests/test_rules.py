"""Rules: their own examples, and their messages for analyses made by hand."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from nnlint import rules
from nnlint.budget import parse_budget
from nnlint.configuration import Configuration, parse_configuration
from nnlint.construction import Analysis, Context, Entry, Failure, LayerSite, Model, Place
from nnlint.pragma import read_pragmas
from nnlint.rules import Example, Rule, all_rules, check_analysis, check_file, may_construct

SMALL = parse_configuration({"max_layer_params": "10M", "max_model_params": "50M"})


def place(line: int, column: int = 5) -> Place:
    return Place(line, column, line, column + 20)


def context(count: int | None, at_least: int = 0, line: int = 39, built_by: str = "", generic: bool = False) -> Context:
    known = count is not None
    return Context(
        parameters=count,
        at_least=count if count is not None else at_least,
        arithmetic="4096×8192",
        unknown=None if known else "'bias' is not known",
        entry=Entry(place(line), built_by),
        generic=generic,
    )


def linear(*contexts: Context, path: str = "vgg.py", line: int = 39) -> LayerSite:
    names = ("torch.nn.Linear", "Linear")
    return LayerSite(path, place(line), "torch.nn.Linear", None, names, "VGG.__init__", list(contexts))


def head(*contexts: Context) -> LayerSite:
    names = ("vgg.Head", "Head", "torch.nn.Linear", "Linear")
    return LayerSite("vgg.py", place(39), "torch.nn.Linear", "vgg.Head", names, "VGG.__init__", list(contexts))


def messages(analysis: Analysis, configuration: Configuration = SMALL, text: str = "") -> list[str]:
    return [
        f"{finding.line}:{finding.column} {finding.code} {finding.message}"
        for finding in check_analysis(analysis, configuration, read_pragmas(text))
    ]


def test_a_count_over_budget_is_reported_with_its_arithmetic() -> None:
    assert messages(Analysis("vgg.py", [linear(context(33_554_432))])) == [
        "39:5 NNL101 Linear has 33,554,432 parameters (4096×8192), over the budget of 10,000,000"
    ]


@pytest.mark.parametrize("count", [0, 9_999_999, 10_000_000, None])
def test_a_count_within_budget_is_silent(count: int | None) -> None:
    assert messages(Analysis("vgg.py", [linear(context(count))])) == []


def test_a_lower_bound_over_budget_is_reported_as_one() -> None:
    assert messages(Analysis("vgg.py", [linear(context(None, 33_554_432))])) == [
        "39:5 NNL101 Linear has at least 33,554,432 parameters (4096×8192), over the budget of 10,000,000"
    ]


def test_the_largest_of_several_contexts_is_reported_with_who_builds_it() -> None:
    site = linear(
        context(20_000_000, built_by="small() at line 60"),
        context(40_000_000, built_by="large() at line 64"),
        context(30_000_000, built_by="medium() at line 62"),
    )
    assert messages(Analysis("vgg.py", [site])) == [
        "39:5 NNL101 Linear has 40,000,000 parameters (4096×8192), over the budget of 10,000,000, "
        "when built by large() at line 64"
    ]


def test_an_exact_count_goes_before_an_equal_lower_bound() -> None:
    site = linear(context(None, 40_000_000), context(40_000_000))
    (message,) = messages(Analysis("vgg.py", [site]))
    assert "at least" not in message


def test_a_generic_context_is_dropped_where_a_concrete_one_reaches_the_site() -> None:
    assert messages(Analysis("vgg.py", [linear(context(40_000_000, generic=True), context(1))])) == []
    assert len(messages(Analysis("vgg.py", [linear(context(40_000_000, generic=True))]))) == 1


def test_two_layers_of_one_kind_on_a_line_are_one_finding_and_two_kinds_are_two() -> None:
    sites = [linear(context(20_000_000)), linear(context(40_000_000)), head(context(30_000_000))]
    found = messages(Analysis("vgg.py", sites))
    assert [message.split(" parameters")[0] for message in found] == [
        "39:5 NNL101 Head has 30,000,000",
        "39:5 NNL101 Linear has 40,000,000",
    ]


def test_a_subclass_is_held_to_its_own_budget_before_its_bases() -> None:
    analysis = Analysis("vgg.py", [head(context(20_000_000)), linear(context(20_000_000), line=40)])
    configuration = Configuration(layer_budget=parse_budget("max-layer-params", "50M, Linear:1M, Head:none"))
    assert [message.split(" has")[0] for message in messages(analysis, configuration)] == ["39:5 NNL101 Linear"]


def test_a_pragma_raises_and_lowers_the_budget_of_its_line() -> None:
    text = "\n" * 38 + "fc = Linear(4096, 8192)  # nnlint: max-layer-params="
    analysis = Analysis("vgg.py", [linear(context(33_554_432))])
    assert messages(analysis, text=f"{text}40M\n") == []
    assert messages(analysis, Configuration(), text=f"{text}1M\n") == [
        "39:5 NNL101 Linear has 33,554,432 parameters (4096×8192), over the budget of 1,000,000"
    ]


def test_a_pragma_goes_before_a_path_and_a_path_before_the_general_budget() -> None:
    values = {"max_layer_params": "10M", "per_path_max_layer_params": "vgg.py: Linear:none"}
    configuration = parse_configuration(values)
    analysis = Analysis("vgg.py", [linear(context(33_554_432))])
    assert messages(analysis, configuration) == []
    text = "\n" * 38 + "fc = Linear(4096, 8192)  # nnlint: max-layer-params=1M\n"
    assert len(messages(analysis, configuration, text)) == 1


def test_a_layer_of_another_file_is_reported_where_this_file_enters_it(monkeypatch: pytest.MonkeyPatch) -> None:
    entered = linear(context(33_554_432, line=7, built_by="net() at line 6"), path="nets/mlp.py", line=12)
    monkeypatch.setattr("nnlint.analyse.analyse", lambda path, text, settings: Analysis(path))
    assert messages(Analysis("net.py", entered=[entered])) == [
        "7:5 NNL101 Linear at nets/mlp.py:12 has 33,554,432 parameters (4096×8192), over the budget of 10,000,000, "
        "when built by net() at line 6"
    ]


@pytest.mark.parametrize(("own", "pragma", "reported"), [(5, "", 1), (40_000_000, "", 0), (5, "none", 0), (5, "1k", 1)])
def test_a_layer_of_another_file_is_left_to_its_owner_where_that_reports_it(
    own: int, pragma: str, reported: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path / "mlp.py"
    owner.write_text("fc = Linear(width, width)" + (f"  # nnlint: max-layer-params={pragma}\n" if pragma else "\n"))
    owned = linear(context(own, line=1), path=str(owner), line=1)
    monkeypatch.setattr("nnlint.analyse.analyse", lambda path, text, settings: Analysis(path, [owned]))
    entered = linear(context(33_554_432, line=7), path=str(owner), line=1)
    assert len(messages(Analysis(str(tmp_path / "net.py"), entered=[entered]))) == reported


def test_a_layer_of_the_search_path_is_reported_in_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "installed").mkdir()
    (tmp_path / "project").mkdir()
    owner = tmp_path / "installed" / "mlp.py"
    owner.write_text("fc = Linear(width, width)\n")
    owned = linear(context(40_000_000, line=1), path=str(owner), line=1)
    monkeypatch.setattr("nnlint.analyse.analyse", lambda path, text, settings: Analysis(path, [owned]))
    entered = linear(context(33_554_432, line=7), path=str(owner), line=1)
    assert len(messages(Analysis(str(tmp_path / "project" / "net.py"), entered=[entered]))) == 1


def test_a_call_is_left_to_the_function_that_returns_what_it_builds() -> None:
    call = Model(place(21, 5), "VGG", "call", "VGG(10)", 138_357_544, 138_357_544, None, returned=True)
    assert messages(Analysis("vgg.py", models=[call])) == []
    assert messages(Analysis("vgg.py", models=[replace(call, returned=False)])) == [
        "21:5 NNL102 VGG(10) builds 138,357,544 parameters, over the budget of 50,000,000"
    ]


def model(count: int | None, at_least: int = 0, largest: tuple[str, str, int, int] | None = None) -> Model:
    return Model(place(20, 1), "vgg16", "function", "vgg16()", count, count or at_least, None, largest)


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (
            model(138_357_544, largest=("Linear", "vgg.py", 51, 102_764_544)),
            "vgg16() builds 138,357,544 parameters, over the budget of 50,000,000; "
            "largest: Linear at line 51, 102,764,544 (74 %)",
        ),
        (
            model(138_357_544, largest=("Linear", "nets/mlp.py", 12, 102_764_544)),
            "vgg16() builds 138,357,544 parameters, over the budget of 50,000,000; "
            "largest: Linear at nets/mlp.py:12, 102,764,544 (74 %)",
        ),
        (
            model(None, 138_357_544, ("Linear", "vgg.py", 51, 102_764_544)),
            "vgg16() builds at least 138,357,544 parameters, over the budget of 50,000,000; "
            "largest: Linear at line 51, 102,764,544",
        ),
        (model(138_357_544), "vgg16() builds 138,357,544 parameters, over the budget of 50,000,000"),
    ],
    ids=["exact", "largest elsewhere", "lower bound", "no largest"],
)
def test_a_model_over_budget_is_reported_with_its_largest_layer(one: Model, message: str) -> None:
    assert messages(Analysis("vgg.py", models=[one])) == [f"20:1 NNL102 {message}"]


def test_a_model_within_its_own_budget_is_silent() -> None:
    analysis = Analysis("vgg.py", models=[model(138_357_544)])
    assert messages(analysis, parse_configuration({"max_model_params": "50M, vgg16:200M"})) == []
    text = "\n" * 19 + "def vgg16():  # nnlint: max-model-params=200M\n    return VGG()\n"
    assert messages(analysis, text=text) == []


def test_an_unknown_count_is_reported_only_when_asked_for() -> None:
    analysis = Analysis("vgg.py", [linear(context(None, 5)), linear(context(5), line=40), linear(line=41)])
    assert messages(analysis) == []
    assert messages(analysis, Configuration(report_unknown=True)) == [
        "39:5 NNL901 Linear has a number of parameters that is not statically known: at least 5, 'bias' is not known",
        "41:5 NNL901 Linear has a number of parameters that is not statically known: no call reaches it",
    ]


def test_one_failure_of_a_file_is_reported_and_the_rest_of_it_too() -> None:
    analysis = Analysis("vgg.py", [linear(context(33_554_432))], errors=[Failure(1, 1, "a"), Failure(2, 1, "b")])
    assert [message[:20] for message in messages(analysis)] == ["1:1 NNL902 not analy", "39:5 NNL101 Linear h"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RecursionError("too deep"), "RecursionError: too deep"),
        (MemoryError(), "MemoryError"),
        (KeyError("a\nb"), "KeyError: 'a\\nb'"),
        (ValueError("two\nlines"), "ValueError: two lines"),
    ],
)
def test_an_exception_inside_becomes_one_finding(error: Exception, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Analysis:
        raise error

    monkeypatch.setattr("nnlint.analyse.analyse", fail)
    (finding,) = check_file("vgg.py", "import torch\n", SMALL)
    assert finding == ("vgg.py", 1, 1, "NNL902", f"not analysed: {words}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("import os, sys\nfrom os.path import join\n", False),
        ('"""It comes\nfrom os import nothing."""\n', False),
        ("x = 1  # import torch\n", False),
        ("import os, torch\n", True),
        ("import os, \\\n  torch\n", True),
        ("from \\\n  torch import nn\n", True),
        ("from torch.nn import Linear\n", True),
        ("from . import net\n", True),
        ("from.net import Net\n", True),
        ("try: import torch\nexcept ImportError: pass\n", True),
        ("if True:\n\timport torch\n", True),
        ("x = 1; import torch\n", True),
        ("\fimport torch\n", True),
        ("from test import Net\n", True),
    ],
)
def test_a_file_of_the_standard_library_only_constructs_no_layers(text: str, expected: bool) -> None:
    assert may_construct(text) is expected


def test_every_rule_is_found_and_documented() -> None:
    found = all_rules()
    assert [rule.code for rule in found][:2] == ["NNL101", "NNL102"]
    for rule in found:
        file = next(Path(rules.__path__[0]).glob(f"{rule.code.lower()}_*.py")).stem
        assert file == f"{rule.code}_{rule.name}".lower().replace("-", "_")
        assert "What it does\n" in rule.page and "Why is this bad\n" in rule.page and rule.good and rule.bad


def test_every_rule_is_in_the_readme_under_its_name(checkout: Path) -> None:
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (NNL\d+) \| (\S+) \|", readme, re.MULTILINE) == [(r.code, r.name) for r in all_rules()]


EXAMPLES = [(rule, example) for rule in all_rules() for example in (*rule.bad, *rule.good)]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=[f"{rule.code} {e.options}" for rule, e in EXAMPLES])
def test_an_example_gives_the_findings_that_it_states(rule: Rule, example: Example, tmp_path: Path) -> None:
    values: dict[str, object] = {}
    for option in shlex.split(" ".join(example.options)):
        name, _, value = option.removeprefix("--").partition("=")
        values[name.replace("-", "_")] = value or True
    path = tmp_path / "example.py"
    path.write_text(example.source, encoding="utf-8")
    found = check_file(str(path), example.source, parse_configuration(values))
    assert [(f.line, f.column, f.message) for f in found if f.code == rule.code] == list(example.findings)


@pytest.mark.parametrize("call", ["nn.Linear(3, 4, **{%r: 1})", "nn.Conv2d(3, 4, 3, padding_mode=%r)"])
def test_what_a_message_quotes_gives_no_commands(call: str) -> None:
    hostile = "\x1b[31m\u202e\x85::error::##vso[task]"
    (finding,) = check_file("net.py", f"from torch import nn\n{call % hostile}\n", Configuration())
    assert "31m" in finding.message
    assert not any(harmful in finding.message for harmful in ("\x1b", "\u202e", "\x85", "::", "##"))
