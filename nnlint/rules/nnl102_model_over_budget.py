"""NNL102 model-over-budget."""

from collections.abc import Iterator

from nnlint.budget import first_limit
from nnlint.configuration import Configuration
from nnlint.construction import Analysis, Model
from nnlint.finding import Finding
from nnlint.pragma import MODEL, Pragmas
from nnlint.rules import Example, Rule
from nnlint.rules.wording import counted, is_same_file, nearest_path


def check(analysis: Analysis, configuration: Configuration, pragmas: Pragmas) -> Iterator[Finding]:
    """One finding per line and model: the largest count."""
    for model, limit in find_excesses(analysis, configuration, pragmas):
        message = say(model, limit, analysis.path)
        yield Finding(analysis.path, model.place.line, model.place.column, RULE.code, message)


def find_excesses(analysis: Analysis, configuration: Configuration, pragmas: Pragmas) -> Iterator[tuple[Model, float]]:
    """Every model over its budget, with that; a call whose model the function around it returns is left to that."""
    for model in sorted(analysis.models, key=lambda model: (model.place, -model.at_least)):
        if model.returned:
            continue
        in_code = pragmas.budgets(MODEL, model.place.line)
        names = (model.name, model.name.rpartition(".")[2])
        limit = first_limit((*in_code, configuration.model_budget), names)
        if model.at_least > limit:
            yield model, limit


def say(model: Model, limit: float, path: str) -> str:
    """The message for a model over its budget."""
    text = f"{model.title} builds {counted(model.at_least, model.parameters)}, over the budget of {limit:,}"
    return text if model.largest is None else f"{text}; largest: {say_largest(model, path)}"


def say_largest(model: Model, path: str) -> str:
    """Where most of the parameters are; a share only of a total that is known."""
    assert model.largest is not None
    name, largest_path, line, count = model.largest
    where = f"line {line}" if is_same_file(largest_path, path) else f"{nearest_path(largest_path)}:{line}"
    share = f" ({round(100 * count / model.parameters)} %)" if model.parameters else ""
    return f"{name} at {where}, {count:,}{share}"


RULE = Rule(
    code="NNL102",
    name="model-over-budget",
    summary="A model has more parameters than its budget.",
    page="""\
What it does
  Counts the parameters of each model in the file: what a class builds with its defaults, what a function returns, what
  module-level code, the main body and functions construct of the project's classes, themselves or through the project's
  functions. Each parameter counts once, as in sum(p.numel() for p in model.parameters()). Reports one with more than
  --max-model-params allows, and its largest layer.

Why is this bad
  A model outgrows the device it is meant for one layer at a time, each within its own budget. To allow one model on
  purpose, raise its budget where a reviewer sees it: # nnlint: max-model-params=200M
""",
    bad=(
        Example(
            "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.up = nn.Linear(1024, 4096)\n        self.down = nn.Linear(4096, 1024)\n",
            ("--max-model-params=5M",),
            (
                (
                    4,
                    1,
                    "Net() builds 8,393,728 parameters, over the budget of 5,000,000; "
                    "largest: Linear at line 7, 4,198,400 (50 %)",
                ),
            ),
        ),
    ),
    good=(
        Example(
            "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.up = nn.Linear(1024, 1024)\n",
            ("--max-model-params=5M",),
        ),
    ),
    check=check,
)
