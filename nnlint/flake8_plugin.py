"""The flake8 adapter: options in, findings out, nothing else."""

import argparse
import ast
from collections.abc import Iterator, Sequence

from flake8.options.manager import Option, OptionManager  # type: ignore[import-untyped]
from flake8.style_guide import Decision, DecisionEngine  # type: ignore[import-untyped]

from nnlint.budget import OptionError
from nnlint.configuration import OPTIONS, Configuration, OptionText, parse_configuration
from nnlint.rules import all_rules, check_file


class ConfigurationOption(Option):  # type: ignore[misc]
    """An option as configuration files give it: flake8 tells the file's folder to `normalize` and to nothing else."""

    def normalize(self, value: str, *normalize_args: str) -> OptionText:
        return OptionText(value, *normalize_args)


class Plugin:
    """The plugin; flake8 makes one in each process and gives it the options there."""

    configuration: Configuration
    is_selected: bool

    def __init__(self, tree: object = None, filename: object = None, lines: object = None) -> None:
        # flake8 reads from this signature, even of an instance, what `__call__` is to be given.
        self.configuration = Configuration()
        self.is_selected = True

    def add_options(self, option_manager: OptionManager) -> None:
        """Declare the options to flake8."""
        for option in OPTIONS:
            flag = f"--{option.name}"
            if option.metavar is None:
                option_manager.add_option(flag, action="store_true", default=None, help=option.help)
            else:
                option_manager.add_option(flag, metavar=option.metavar, help=option.help)
            from_file = ConfigurationOption(flag, parse_from_config=True)
            option_manager.config_options_dict[option.name] = from_file
            option_manager.config_options_dict[option.destination] = from_file

    def parse_options(self, option_manager: OptionManager, options: argparse.Namespace, args: Sequence[str]) -> None:
        """Read the options' values; a bad one ends flake8 with its usage, one line and exit status 2."""
        try:
            self.configuration = parse_configuration(options)
        except OptionError as error:
            option_manager.parser.error(str(error))
        decision_for = DecisionEngine(options).decision_for
        self.is_selected = any(decision_for(rule.code) is Decision.Selected for rule in all_rules())

    def __call__(
        self, tree: ast.AST, filename: str, lines: Sequence[str]
    ) -> Iterator[tuple[int, int, str, type["Plugin"]]]:
        """The findings of one file: line from 1, column from 0, "NNL101 message"."""
        for finding in check_file(filename, "".join(lines), self.configuration) if self.is_selected else ():
            yield finding.line, finding.column - 1, f"{finding.code} {finding.message}", Plugin


plugin = Plugin()
