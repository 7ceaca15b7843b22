"""The listing: order, shares, marks, widths, and that nothing in it is more than text."""

import pytest
from report_samples import context, model, site

from nnlint.construction import Analysis, Failure, Place
from nnlint.finding import printable
from nnlint.report.gather import FileReport, LayerKey, layer_key, model_key
from nnlint.report.listing import list_files, percent, report_text
from nnlint.report.terminal import render

HOSTILE = "\x1b[31m[bold]::error::\u202e##[debug]##vso[task]\r\n</script><b>"


@pytest.fixture(autouse=True)
def plain_output(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def listing(*reports: FileReport, over: float = -1) -> str:
    return render(report_text(list_files(reports), over))


def vgg() -> FileReport:
    counts = {3: context(5), 39: context(102_764_544, built_by="vgg16() at line 20"), 4: context(None, 9)}
    layers = [site("vgg.py", line, count) for line, count in counts.items()]
    analysis = Analysis("vgg.py", layers, [], [model("vgg16", None)], [Failure(1, 2, "too deep")])
    return FileReport(analysis, frozenset([layer_key(layers[1])]))


def test_the_listing_is_aligned_and_largest_first() -> None:
    assert listing(vgg()) == (
        "    parameters  share  layer   arithmetic  place, and where it is largest\n"
        "!  102,764,544  100 %  Linear              vgg.py:39:13 VGG.__init__, built by vgg16() at line 20\n"
        "           ≥ 9   <1 %  Linear              vgg.py:4:13 VGG.__init__; because\n"
        "             5   <1 %  Linear              vgg.py:3:13 VGG.__init__\n"
        "\n"
        "   parameters  model    place\n"
        "      unknown  vgg16()  vgg.py:20:1 function; x\n"
        "\n"
        "not analysed\n"
        "  vgg.py:1:2: too deep\n"
        "\n"
        "3 layers and 1 model in 1 file\n"
        "! over its budget: 1 layer and 0 models\n"
    )


def test_the_place_stands_below_where_the_line_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    long = site("a/rather/long/path/to/vgg.py", 39, context(102_764_544, built_by="vgg16() at line 20"))
    lines = listing(FileReport(Analysis(long.path, [long]), frozenset([layer_key(long)]))).splitlines()
    assert lines[1] == "!  102,764,544  100 %  Linear" and max(map(len, lines)) <= 80
    assert lines[2:4] == [
        " " * 23 + "a/rather/long/path/to/vgg.py:39:13 VGG.__init__, built by",
        " " * 23 + "vgg16() at line 20",
    ]


def test_what_is_not_over_the_number_is_left_out_but_has_its_share() -> None:
    text = listing(vgg(), over=9)
    assert "vgg.py:39" in text and "vgg.py:4" not in text and "vgg.py:3:" not in text
    assert "1 of 3 layers and 0 of 1 model in 1 file\n" in text


def test_models_over_budget_are_marked() -> None:
    analysis = Analysis("a.py", models=[model("small", 5), model("large", 10, line=30)])
    text = listing(FileReport(analysis, frozenset([model_key(analysis.models[1], "a.py")])))
    assert "!          10  large()  a.py:30:1 function\n            5  small()" in text


def test_a_context_of_another_file_is_told_with_the_file() -> None:
    owner = Analysis("mlp.py", [site("mlp.py", 12, context(5, built_by="f() at line 1"))])
    user = Analysis("net.py", entered=[site("mlp.py", 12, context(7, built_by="g() at line 2"))])
    assert "mlp.py:12:13 VGG.__init__, built by g() at line 2 of net.py\n" in listing(
        FileReport(owner), FileReport(user)
    )


def test_a_share_is_nothing_only_where_there_is_nothing() -> None:
    told = [percent(part, 1000) for part in (0, 1, 9, 10, 499, 1000)] + [percent(0, 0)]
    assert told == ["0 %", "<1 %", "<1 %", "1 %", "50 %", "100 %", "0 %"]


def test_names_from_source_are_no_markup_no_escapes_and_no_commands() -> None:
    analysis = Analysis(HOSTILE, [site(HOSTILE, 1, context(5, built_by=HOSTILE), class_name=f"x.{HOSTILE}")])
    analysis.models.append(model(HOSTILE, 5))
    analysis.errors.append(Failure(1, 1, HOSTILE))
    text = listing(FileReport(analysis))
    assert text.count("\\x1b[31m[bold]") >= 4 and text.count("</script><b>") >= 4
    for harmful in ("\x1b", "::", "##", "\r", "\u202e"):
        assert harmful not in text
    assert all(line.startswith((" ", "not ", "1 ", "!")) for line in filter(None, text.splitlines()))


def test_text_that_harms_nothing_stays_as_it_is() -> None:
    for text in ("modèle/größe.py:3:1 Net.__init__", "25088×4096 + 4096", "[bold] # 1 : 2", "層"):
        assert printable(text) == text


def test_keys_tell_equal_layers_in_one_place_apart_by_class() -> None:
    one, other = site("a.py", 1, context(1)), site("a.py", 1, context(1), class_name="Own")
    assert layer_key(one) != layer_key(other)
    assert layer_key(one)._replace(path="") == LayerKey("", Place(1, 13, 1, 41), "torch.nn.Linear", None)
