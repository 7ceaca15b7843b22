"""The page in a real browser: its counts are the JSON's, it zooms and sorts, on a phone and in the dark, offline."""

import functools
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_samples import context, site
from selenium import webdriver

from nnlint.cli import main
from nnlint.construction import Analysis, Failure, Model, Node, Place
from nnlint.report.gather import FileReport, layer_key, model_key
from nnlint.report.page import report_page

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
if not (CHROMIUM and DRIVER):
    if os.environ.get("NNLINT_REQUIRE_BROWSER"):
        pytest.fail("chromium and chromedriver are required here", pytrace=False)
    pytest.skip("there is no chromium with chromedriver here", allow_module_level=True)

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
HOSTILE = "</script><img src=x onerror=alert(1)><b>{{data}}"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def reports(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The page and the JSON report of the same files."""
    folder = tmp_path_factory.mktemp("page")
    written = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(checkout)
        for form in ("html", "json"):
            patch.setattr("nnlint.report.command.write", functools.partial(written.__setitem__, form))
            paths = [f"fixtures/models/{name}.py" for name in ("gpt", "resnet", "vgg", "cyclegan")]
            assert main(["report", "--isolated", f"--format={form}", "--max-model-params=1B", *paths]) == 0
    (folder / "report.html").write_text(written["html"], encoding="utf-8")
    return folder / "report.html", json.loads(written["json"])


@pytest.fixture
def page(browser: Any, reports: tuple[Path, Any]) -> Any:
    return opened(browser, reports[0])


def opened(browser: Any, path: Path, width: int = 1200, scheme: str = "light") -> Any:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.get(path.as_uri())
    return browser


def texts(page: Any, selector: str) -> list[str]:
    found: list[str] = page.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)", selector
    )
    return found


def shown(entry: dict[str, Any]) -> str:
    if entry["parameters"] is not None:
        return f"{entry['parameters']:,}"
    return f"≥ {entry['at_least']:,}" if entry["at_least"] else "unknown"


def click(page: Any, selector: str) -> None:
    page.execute_script("document.querySelector(arguments[0]).click()", selector)


def test_every_count_of_the_page_is_the_jsons(page: Any, reports: tuple[Path, Any]) -> None:
    files = reports[1]["files"]
    layers = sorted((f"{f['path']}:{layer['line']}", shown(layer)) for f in files for layer in f["layers"])
    places, counts = (texts(page, f"#layers td[data-label='{name}']") for name in ("Place", "Parameters"))
    assert sorted(zip(places, counts)) == layers and len(layers) > 30
    models = {(f"{f['path']}:{m['line']}", shown(m)) for f in files for m in f["models"] if m["kind"] != "call"}
    places, counts = (texts(page, f"#models td[data-label='{name}']") for name in ("Place", "Parameters"))
    assert models <= set(zip(places, counts)) and len(models) > 15


def test_the_map_has_the_models_and_their_modules(page: Any) -> None:
    tiles = "#map > button.tile"
    first = page.execute_script("return document.querySelector(arguments[0]).title", tiles)
    assert first == "gpt2_xl() GPT 1,557,611,200"
    for title in ("transformer ModuleDict 1,557,611,200", "h ModuleList 1,475,558,400", "0–47 ×48 Block 1,475,558,400"):
        click(page, tiles)
        assert page.execute_script("return document.querySelector(arguments[0]).title", tiles) == title
    click(page, tiles)
    parts = page.execute_script("return [...document.querySelectorAll(arguments[0])].map(one => one.title)", tiles)
    assert sum(int(part.rpartition(" ")[2].replace(",", "")) for part in parts) == 1_475_558_400
    steps = texts(page, "#trail button")
    assert steps[0] == "all models" and steps[-1] == "0–47 ×48 1,475,558,400" and len(steps) == 5
    click(page, "#trail button:nth-child(2)")
    assert texts(page, "#trail button") == steps[:2]
    assert page.execute_script("return document.activeElement.textContent") == steps[1]


def test_areas_are_proportional_and_do_not_overlap(page: Any) -> None:
    boxes = page.execute_script(
        "return [...document.querySelectorAll('#map > button.tile')].map(one => "
        "[one.title, one.offsetLeft, one.offsetTop, parseFloat(one.style.width), parseFloat(one.style.height)])"
    )
    counts = [int(title.rpartition(" ")[2].replace(",", "")) for title, *_ in boxes]
    areas = [width * height for *_, width, height in boxes]
    for count, area in zip(counts, areas):
        assert area / sum(areas) == pytest.approx(count / sum(counts), rel=0.01, abs=1e-6)
    whole = page.execute_script("return [document.getElementById('map').clientWidth, 512]")
    assert sum(areas) == pytest.approx(whole[0] * whole[1], rel=0.01)


def test_the_tables_sort_and_filter(page: Any) -> None:
    def numbers() -> list[int]:
        found = texts(page, "#layers td[data-label='Parameters']")
        return [int(text.strip("≥ ").replace(",", "").replace("unknown", "0")) for text in found]

    assert numbers() == sorted(numbers(), reverse=True)
    click(page, "#layers th:nth-child(1) button")
    assert numbers() == sorted(numbers())
    assert page.execute_script("return document.querySelector('#layers th').ariaSort") == "ascending"
    click(page, "#layers th:nth-child(3) button")
    names = texts(page, "#layers td[data-label='Layer']")
    assert names == sorted(names) and len(set(names)) > 3
    page.find_element("id", "filter").send_keys("linear VGG.py")
    rows = texts(page, "#layers tbody tr")
    assert rows and all("Linear" in row and "vgg.py" in row for row in rows)


def test_what_is_over_budget_is_marked(page: Any) -> None:
    assert texts(page, "#models tr.over td[data-label='Model']") == ["gpt2_xl()"]
    assert texts(page, "#layers tr.over") == []
    assert texts(page, "#over") == ["over its budget: 0 layers and 1 model"]
    assert page.find_element("id", "over").is_displayed()


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_readable(width: int, scheme: str, browser: Any, reports: tuple[Path, Any]) -> None:
    page = opened(browser, reports[0], width, scheme)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    colours = page.execute_script(
        "const of = (one, name) => getComputedStyle(document.querySelector(one))[name];"
        "return [[of('body', 'color'), of('body', 'backgroundColor')], [of('.hint', 'color'), "
        "of('body', 'backgroundColor')], [of('tr.over', 'color'), of('body', 'backgroundColor')], "
        "[of('button.tile', 'color'), of('button.tile', 'backgroundColor')]]"
    )
    assert all(contrast(*pair) >= 4.5 for pair in colours)
    assert (luminance(colours[0][1]) < 0.1) == (scheme == "dark")
    heights = page.execute_script("return [...document.querySelectorAll('th button')].map(one => one.offsetHeight)")
    assert min(heights) >= (44 if width < 600 else 24)


@pytest.mark.parametrize("width", [360, 760, 1000, 1200])
def test_tables_of_long_names_need_no_scrolling(width: int, browser: Any, tmp_path: Path) -> None:
    path, name = "vision_models/segmentation/feature_pyramid_network.py", "keypointrcnn_resnet50_fpn_deterministic"
    layer = site(path, 298, context(None, 102_764_544, f"{name}() at line 412"), class_name="nets.FastRCNNConvFCHead")
    model = Model(Place(1, 1, 1, 2), name, "function", f"{name}()", None, 5, "backbone is a parameter")
    report = FileReport(Analysis(path, [layer], [], [model]), frozenset([layer_key(layer), model_key(model, path)]))
    (tmp_path / "page.html").write_text(report_page([report]), encoding="utf-8")
    page = opened(browser, tmp_path / "page.html", width)
    excess = "return [...document.querySelectorAll('.table')].map(one => one.scrollWidth - one.clientWidth)"
    assert page.execute_script(excess) == [0, 0]
    assert texts(page, "#layers tr.over td[data-label='Place']") == [f"{path}:298"]


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [float(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lower, higher = sorted([luminance(one), luminance(other)])
    return (higher + 0.05) / (lower + 0.05)


def test_it_loads_nothing_and_logs_nothing(page: Any) -> None:
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert page.get_log("browser") == []


def test_names_from_source_are_only_text(browser: Any, tmp_path: Path) -> None:
    tree = Node("", HOSTILE, 0, 5, children=(Node(HOSTILE, HOSTILE, 5, 5),))
    model = Model(Place(1, 1, 1, 2), HOSTILE, "class", HOSTILE, None, 5, HOSTILE, tree=tree)
    layer = site(HOSTILE, 1, context(5, built_by=HOSTILE), class_name=f"x.{HOSTILE}")
    analysis = Analysis(HOSTILE, [layer], [], [model], [Failure(1, 1, HOSTILE)])
    (tmp_path / "page.html").write_text(report_page([FileReport(analysis)]), encoding="utf-8")
    page = opened(browser, tmp_path / "page.html")
    assert page.execute_script("return document.querySelectorAll('img, b').length") == 0
    assert HOSTILE in texts(page, "#models td[data-label='Model']")[0] and HOSTILE in texts(page, "#failures li")[0]
    assert page.get_log("browser") == []


def test_a_page_without_models_is_one_too(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(report_page([FileReport(Analysis("a.py"))]), encoding="utf-8")
    page = opened(browser, tmp_path / "page.html")
    assert not page.find_element("id", "over").is_displayed()
    assert texts(page, "#summary") == ["no layers and no models in 1 file"] and page.get_log("browser") == []
