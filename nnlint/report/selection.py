"""Which findings flake8 shows: its select, ignore and per-file-ignores, decided by flake8's own style guides."""

import argparse
import configparser

from flake8.exceptions import ExecutionError  # type: ignore[import-untyped]
from flake8.main.options import register_default_options  # type: ignore[import-untyped]
from flake8.options.config import parse_config  # type: ignore[import-untyped]
from flake8.options.manager import OptionManager  # type: ignore[import-untyped]
from flake8.style_guide import Decision, StyleGuideManager  # type: ignore[import-untyped]

from nnlint import __version__
from nnlint.errors import UsageError


class Selection:
    """What a configuration, found in `folder`, selects. Raises UsageError for one that flake8 refuses."""

    def __init__(self, config: configparser.RawConfigParser, folder: str) -> None:
        manager = OptionManager(version=__version__, plugin_versions="", parents=[], formatter_names=[])
        register_default_options(manager)
        try:
            given = {**vars(manager.parse_args([])), **parse_config(manager, config, folder)}
            # As flake8 does for each plugin that is installed: its codes are on unless something says otherwise.
            given |= {"extended_default_select": ["NNL"], "extended_default_ignore": []}
            self._guides = StyleGuideManager(argparse.Namespace(**given), formatter=None)
        except (ValueError, ExecutionError) as error:
            raise UsageError(" ".join(str(error).split())) from None
        self.heeds_noqa = not given["disable_noqa"]

    def shows(self, path: str, code: str) -> bool:
        """Whether findings with this code are shown in this file, but for a `# noqa`."""
        return bool(self._guides.style_guide_for(path).should_report_error(code) is Decision.Selected)
