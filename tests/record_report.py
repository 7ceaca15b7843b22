"""Record what the report looks like, as text and as the README's picture: `python tests/record_report.py`."""

import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

CHECKOUT = Path(__file__).parent.parent
RECORDED = CHECKOUT / "fixtures" / "report"
WIDTHS = (80, 120)
COMMANDS = {
    "listing": "--over 9M --max-layer-params 16M --max-model-params 100M fixtures/models/gpt.py fixtures/models/vgg.py "
    "fixtures/models/seq2seq.py",
    "convolutions": "fixtures/models/resnet.py::resnet50 --depth 2 --dtype float16",
    "transformer": "fixtures/models/gpt.py::gpt2",
    "narrow": "fixtures/models/transformer.py::Translator",
    "unknown": "fixtures/models/cyclegan.py::ResnetGenerator --depth 2",
    "changes": "fixtures/models/lenet.py --compare fixtures/report/lenet_before.json --max-growth 5%",
}
PICTURE = "fixtures/models/resnet.py::resnet50 --depth 2"
PICTURE_WIDTH = 90


def run(arguments: str, width: int, colour: bool = False) -> str:
    """What `nnlint report` prints on a terminal so wide."""
    chosen = {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm-256color"} if colour else {"NO_COLOR": "1"}
    kept = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR")}
    command = [sys.executable, "-m", "nnlint", "report", "--isolated", *arguments.split()]
    environment = {**kept, **chosen, "COLUMNS": str(width), "PYTHONPATH": str(CHECKOUT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, encoding="utf-8").stdout


def picture() -> str:
    """The README's picture of that output."""
    console = Console(record=True, width=PICTURE_WIDTH, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(Text.from_ansi(run(PICTURE, PICTURE_WIDTH, colour=True)))
    return console.export_svg(title=f"nnlint report {PICTURE}", unique_id="nnlint")


if __name__ == "__main__":
    for name, arguments in COMMANDS.items():
        for width in WIDTHS:
            (RECORDED / f"{name}_{width}.txt").write_text(run(arguments, width), encoding="utf-8")
    (RECORDED / "resnet50.svg").write_text(picture(), encoding="utf-8")
