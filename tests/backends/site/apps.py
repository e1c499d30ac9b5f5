"""
What a process of the site does before anything else.

``SOURCEGROUPS_DIE_AT``, such as ``wagtail_sourcegroups.generation.store:_keep_row``, has the process that first calls
that function killed (SIGKILL) there. ``SOURCEGROUPS_DIED`` is a file that then says which; where it exists, nobody dies
any more.
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
        if os.environ.get("SOURCEGROUPS_DIE_AT"):
            die_at(os.environ["SOURCEGROUPS_DIE_AT"], Path(os.environ["SOURCEGROUPS_DIED"]))


def die_at(place: str, died: Path) -> None:
    """Have whichever process is the first to call the function at ``place`` killed."""
    module, _, name = place.partition(":")
    *path, name = name.split(".")
    owner = reduce(getattr, path, import_module(module))
    original = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        try:
            with died.open("x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            return original(*args, **kwargs)
        return os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)
