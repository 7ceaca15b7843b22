"""How long `nnlint report` takes for one model, and how long Python takes to build it with torch.

`python tests/time_report.py`: whole processes, the best of three each, in seconds of processor
time, which another program's load hardly changes.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
MODELS = ("resnet.py::resnet50", "vgg.py::vgg16", "gpt.py::gpt2", "mobilenet.py::mobilenet_v2", "vit.py::vit_tiny")
ROUNDS = 3


def commands(model: str) -> dict[str, list[str]]:
    file, _, name = model.partition("::")
    build = f"import {Path(file).stem} as m; print(sum(p.numel() for p in m.{name}().parameters()))"
    return {
        "nnlint": [sys.executable, "-m", "nnlint", "report", model],
        "import torch": [sys.executable, "-c", "import torch"],
        "torch": [sys.executable, "-c", build],
    }


def seconds(command: list[str]) -> float:
    # As users run Python: what was compiled once is kept.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    folder = CHECKOUT / "fixtures" / "models"
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    print("| model | `nnlint report` | `import torch` | building it with torch |\n|---|---|---|---|")
    for model in MODELS:
        best = dict.fromkeys(commands(model), float("inf"))
        for _ in range(ROUNDS):  # in turn, so that another program's load falls on all of them
            best = {name: min(best[name], seconds(command)) for name, command in commands(model).items()}
        print(f"| `{model}` | " + " | ".join(f"{best[name]:.2f} s" for name in best) + " |")
