"""Run Wagtail's own image tests with this package installed and one spec for all images, under one strategy.

``python tests/peer/run.py STRATEGY --files DIR [MODULE ...]``, with STRATEGY one of

- ``manual``, ``just_in_time``, ``optimistic``, ``eager``: with the Immediate task backend;
- ``held``: ``Optimistic`` with a task backend that keeps this package's tasks for a worker that never comes;
- ``stock``: without this package, for comparison.

DIR is for the test database, kept there migrated for the next strategy, and for media. Exit status 0: every test passed
and the probe saw the strategy act.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STRATEGIES = ("manual", "just_in_time", "optimistic", "eager", "held")
MODULES = (
    "test_admin_views",
    "test_api_v3",
    "test_bulk_actions",
    "test_image_operations",
    "test_management_commands",
    "test_models",
    "test_shortcuts",
    "test_signal_handlers",
    "test_templatetags",
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("strategy", choices=[*STRATEGIES, "stock"])
    parser.add_argument("--files", type=Path, required=True)
    parser.add_argument(
        "modules", nargs="*", help="instead of all of Wagtail's modules that are about images"
    )
    options = parser.parse_intermixed_args()

    # This file's directory would offer its settings.py to anybody who imports "settings".
    sys.path[0] = str(ROOT)
    wagtail = Path(find_spec("wagtail").origin).parent  # type: ignore[union-attr, arg-type]
    files = options.files.resolve()
    installed = "stock" if options.strategy == "stock" else "installed"
    template, database = files / f"{installed}.sqlite3", files / f"{options.strategy}-run.sqlite3"
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tests.peer.settings",
        PEER_STRATEGY=options.strategy,
        PEER_DATABASE=str(database),
        PEER_FILES=str(files / options.strategy),
    )
    # They expect the names that they give to files to be free.
    shutil.rmtree(files / options.strategy, ignore_errors=True)
    # Wagtail's tests open their pictures relative to the directory that holds Wagtail.
    os.chdir(wagtail.parent)
    if template.exists():
        shutil.copy(template, database)

    import django

    django.setup()

    from wagtail.images.tests.test_management_commands import TestUpdateImageRenditions

    from tests.peer.commits import fire_on_commit, hold_back_in

    fire_on_commit()
    # It compares Wagtail's progress bar with that for one rendition, the one that it put there itself.
    hold_back_in(TestUpdateImageRenditions)
    # Wagtail 7.4 has no third version of the API.
    known = [name for name in (f"wagtail.images.tests.{module}" for module in MODULES) if find_spec(name)]
    return run(options.strategy, options.modules or known, database, template)


def run(strategy: str, modules: list[str], database: Path, template: Path) -> int:
    from tests.peer import probe as peer_probe
    from tests.peer.runner import Runner

    probe = peer_probe.Probe()
    if strategy != "stock":
        bind(strategy)
        probe.connect()
        peer_probe.UploadUnderStrategy.strategy = strategy
        modules = [*modules, "tests.peer.probe"]
    runner = Runner(probe=probe, keep_database_as=template, keepdb=True, interactive=False, verbosity=1)
    failures = runner.run_tests(modules)
    complaints = [] if strategy == "stock" else probe.complaints(strategy)
    for line in [*complaints, *probe.failures]:
        print(f"{strategy}: {line}")
    print(
        f"{strategy}: {failures} failed; {probe.noticed.total()} source signals, {probe.enqueued.total()} tasks, "
        f"renditions made {probe.generated.total()} times, not made {len(probe.failures)} times"
    )
    database.unlink(missing_ok=True)
    return 1 if failures or complaints else 0


def bind(strategy: str) -> None:
    """Register one spec for every image, under a strategy."""
    from tests.peer.probe import FILTER_SPEC, SPEC_ID
    from wagtail_sourcegroups import register, strategies
    from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

    by_name: dict[str, Any] = {
        "manual": strategies.Manual(),
        "just_in_time": strategies.JustInTime(),
        "optimistic": strategies.Optimistic(),
        "eager": strategies.Eager(),
        "held": strategies.Optimistic(),
    }
    register.spec(SPEC_ID, FILTER_SPEC, strategy=by_name[strategy])
    register.source_group(SPEC_ID, ImageModelSourceGroup())


if __name__ == "__main__":
    sys.exit(main())
