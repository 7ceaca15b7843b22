"""Configuration classes and command lines: what nnlint knows of them is what their own packages make of them."""

from pathlib import Path

import pytest
from differential import difference, is_known, nnlint

from nnlint.analyse import analyse
from nnlint.values import External

PROGRAMS = (Path(__file__).parent.parent / "fixtures" / "configurations.txt").read_text(encoding="utf-8").split("###\n")
PACKAGES = ("attrs", "click", "pydantic", "pydantic_settings")


@pytest.fixture(autouse=True, scope="module")
def _packages() -> None:
    for package in PACKAGES:
        pytest.importorskip(package)


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.split("\n")[0] for program in PROGRAMS])
def test_a_configuration_holds_what_python_gives_it(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if program.startswith("import numpy"):
        pytest.importorskip("numpy")
    monkeypatch.setattr("sys.argv", ["program"])
    assert difference(program)[0] == ""
    variables = nnlint(program).variables.items()
    assert [name for name, value in variables if not is_known(value) and not isinstance(value, External)] == []


UNKNOWN = [
    "from pydantic import BaseModel\nclass Config(BaseModel):\n    width: int = 3\n"
    "known = Config().width\nunknown = Config.model_fields, Config().model_dump_json()\n",
    "from pydantic import BaseModel\nfrom elsewhere import settings\n"
    "class Config(BaseModel):\n    model_config = settings\n    v: int = 3\n"
    "known = 1\nunknown = getattr(Config(other=5), 'other', 4)\n",
    "from pydantic import BaseModel, ConfigDict\nfrom elsewhere import options\n"
    "class Config(BaseModel):\n    model_config = ConfigDict(extra='allow')\n    v: int = 3\n"
    "known = Config(other=5).other\nunknown = getattr(Config(**options), 'other', 4)\n",
    "from pydantic import AliasChoices, BaseModel, Field\n"
    "class Config(BaseModel):\n    v: int = Field(3, validation_alias=AliasChoices('vv', 'ww'))\n"
    "known = Config().v\nunknown = Config(v=5).v\n",
    "from pydantic import BaseModel, ConfigDict\n"
    "class Config(BaseModel):\n    model_config = ConfigDict(alias_generator=str.upper)\n    v: int = 3\n"
    "known = Config().v\nunknown = Config(v=5).v\n",
    "from pydantic import BaseModel\nclass Config(BaseModel):\n    v: int = 3\nunknown = Config() == Config()\n",
    "from pydantic import field_validator\nfrom pydantic.dataclasses import dataclass\nfrom elsewhere import rounded\n"
    "@dataclass\nclass Config:\n    v: int = 3\n    _rounded = field_validator('v')(rounded)\n"
    "known = Config().v\nunknown = Config(v=5).v\n",
    "from pydantic.dataclasses import dataclass\n@dataclass\nclass Config:\n    v: int = 3\n    w: float = 2\n"
    "    def __post_init__(self):\n        self.u = self.w\n"
    "known = Config(5).w\nunknown = Config(w=5).u\n",
    "from pydantic import BaseModel, field_validator\nfrom elsewhere import rounded\n"
    "class Config(BaseModel):\n    width: int = 3\n    _rounded = field_validator('width')(rounded)\n"
    "known = Config().width\nunknown = Config(width=5).width\n",
    "from pydantic import BaseModel, model_validator\nfrom elsewhere import fill\n"
    "class Config(BaseModel):\n    width: int = 3\n    _fill = model_validator(mode='after')(fill)\n"
    "unknown = Config().width\n",
    "from typing import Annotated\nfrom pydantic import BaseModel, BeforeValidator\nfrom elsewhere import rounded\n"
    "class Config(BaseModel):\n    width: Annotated[int, BeforeValidator(rounded)] = 3\n"
    "known = Config().width\nunknown = Config(width=5).width\n",
    "from typing import Optional\nfrom pydantic import BaseModel\n"
    "class Config(BaseModel):\n    width: int = 3\n    other: Optional[int]\n"
    "known = Config().width\nunknown = Config().other\n",
    "from pydantic import BaseModel\nclass Config(BaseModel):\n    width: int | str = 3\n"
    "known = Config(width=5).width\nunknown = Config(width='5').width\n",
    "from pydantic import BaseModel\nfrom elsewhere import options\nclass Config(BaseModel):\n    width: int = 3\n"
    "known = Config(width=5, **options).width\nunknown = Config(**options).width\n",
    "from attrs import define, field\nfrom elsewhere import rounded\n@define\n"
    "class Config:\n    depth: int = 3\n    width: int = field(default=3, converter=rounded)\n"
    "known = Config().depth\nunknown = Config().width\n",
    "import attr\nfrom elsewhere import fields\n@attr.s(these=fields)\nclass Config:\n    pass\n"
    "unknown = Config().width\n",
    "import argparse\nfrom elsewhere import add_arguments\nparser = argparse.ArgumentParser()\n"
    "parser.add_argument('--width', default=3)\nknown = parser.parse_args().width\n"
    "add_arguments(parser)\nunknown = parser.parse_args().width\n",
    "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('width', type=int)\n"
    "parser.add_argument('--depth', type=int, default=3)\nknown = parser.parse_args().depth\n"
    "unknown = parser.parse_args().width\n",
    "import argparse\nfrom elsewhere import arguments\nparser = argparse.ArgumentParser()\n"
    "parser.add_argument('--depth', type=int, default=3)\nknown = parser.parse_args().depth\n"
    "unknown = parser.parse_args(arguments).depth\n",
    "import argparse\nparser = argparse.ArgumentParser()\ncommands = parser.add_subparsers(dest='command')\n"
    "train = commands.add_parser('train')\ntrain.add_argument('--width', type=int, default=3)\n"
    "other = commands.add_parser('other')\nother.add_argument('--depth', type=int, default=3)\n"
    "known = parser.parse_args().width\nunknown = parser.parse_args().command\n",
    "import argparse\nparser = argparse.ArgumentParser()\ncommands = parser.add_subparsers()\n"
    "for name, width in (('a', 3), ('b', 4)):\n    commands.add_parser(name).add_argument('--width', default=width)\n"
    "known = 1\nunknown = parser.parse_args().width\n",
    "import click\nclass Odd(click.ParamType):\n    def convert(self, value, param, ctx):\n        return value | 1\n"
    "@click.command()\n@click.option('--width', type=Odd(), default=4)\n@click.option('--depth', default=3)\n"
    "def main(width, depth):\n    return width, depth\n"
    "unknown, known = main([], standalone_mode=False)\n",
    "import click\n@click.command()\n@click.option('--width', type=click.IntRange(1, 8, clamp=True), default=12)\n"
    "def main(width):\n    return width, 3\n"
    "unknown, known = main([], standalone_mode=False)\n",
    "import click\n@click.command()\n@click.option('--width', default=12)\ndef main(width):\n    return width\n"
    "known = main([], standalone_mode=False)\nunknown = main(['--width', '8'], standalone_mode=False)\n",
]


@pytest.mark.parametrize("program", UNKNOWN, ids=[f"case {index}" for index in range(len(UNKNOWN))])
def test_what_code_from_outside_could_change_is_not_known(program: str) -> None:
    variables = nnlint(program).variables
    assert not is_known(variables["unknown"])
    assert is_known(variables.get("known"))


def test_what_converts_a_default_of_the_command_line_writes_nothing_for_others() -> None:
    text = (
        "import click\nfrom torch import nn\n\nSIZE = [3]\n\ndef convert(text):\n    SIZE[0] = 9\n    return 3\n\n"
        "@click.command()\n@click.option('--size', type=convert, default='3')\ndef main(size):\n    return size\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.layer = nn.Linear(SIZE[0], 1)\n"
    )
    (model,) = analyse("main.py", text).models
    assert model.parameters == 4
