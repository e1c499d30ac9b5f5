"""Django's test runner, telling the probe which test runs and keeping the migrated database for the next strategy."""

from __future__ import annotations

import shutil
import unittest
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.runner import DiscoverRunner

from tests.peer.probe import Probe


class Runner(DiscoverRunner):
    def __init__(self, *, probe: Probe, keep_database_as: Path, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe
        self.keep_database_as = keep_database_as

    def setup_databases(self, **kwargs: Any) -> Any:
        config = super().setup_databases(**kwargs)
        if not self.keep_database_as.exists():
            connection.close()
            shutil.copy(connection.settings_dict["NAME"], self.keep_database_as)
        return config

    def get_resultclass(self) -> Any:
        probe = self.probe

        class Result(unittest.TextTestResult):
            def startTest(self, test: unittest.TestCase) -> None:
                probe.test_class = type(test).__name__
                super().startTest(test)

        return Result
