"""
What a process of the site does before anything else.

``SOURCEGROUPS_DIE_AT`` names functions of the package, such as ``generation.rows:_insert_together``: the process that
first calls one is killed (SIGKILL) there. ``SOURCEGROUPS_DIED`` is a directory where a file of that name then says
which process; where it exists, nobody dies of that function any more.
"""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig

from .library import bind


class SiteConfig(AppConfig):
    name = "tests.backends.site"
    label = "backends_site"

    def ready(self) -> None:
        from wagtail_sourcegroups.registry import get_registry

        # For as long as the process lives, without what the sandbox wants.
        self.stack = ExitStack()
        bind(self.stack.enter_context(get_registry().override(empty=True)))
        for place in os.environ.get("SOURCEGROUPS_DIE_AT", "").split():
            die_at(place, Path(os.environ["SOURCEGROUPS_DIED"]) / place)


def die_at(place: str, died: Path) -> None:
    """Have whichever process is the first to call the function at ``place`` killed."""
    module, _, name = place.partition(":")
    *path, name = name.split(".")
    owner = reduce(getattr, path, import_module(f"wagtail_sourcegroups.{module}"))
    original = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        try:
            with died.open("x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            return original(*args, **kwargs)
        return os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)
