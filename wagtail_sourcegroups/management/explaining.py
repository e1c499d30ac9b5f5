"""What the command explains: why the database refuses, and which command line goes on with it."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Any

from django.db import DatabaseError, connections, router

from ..models import BoundFilterSpec


def database_sentence(error: DatabaseError) -> str:
    """What a database error comes from, where that is known."""
    using = router.db_for_read(BoundFilterSpec)
    try:
        tables = connections[using].introspection.table_names()
    except DatabaseError:
        tables = None
    if tables is not None and BoundFilterSpec._meta.db_table not in tables:
        return "The tables of wagtail_sourcegroups are not there yet; run `manage.py migrate` first."
    # What a server that is away is said to be takes several lines.
    return f"The database refuses: {' '.join(str(error).split())}"


def how_to_run_again(options: dict[str, Any], *, called: bool) -> str:
    """The command line to type in order to go on."""
    script = sys.argv[0]
    if os.path.basename(script) == "__main__.py":
        words = ["python", "-m", "django"]
    elif script.endswith(".py"):
        words = ["python", script]
    else:
        words = [os.path.basename(script) or "django-admin"]
    if called:
        return shlex.join([*words, *sys.argv[1:]])
    words = ["python", "manage.py", "generateimages", *options["patterns"]]
    for name in ("collection", "image", "since", "workers", "batch_size"):
        given = options[name]
        for value in given if isinstance(given, list | tuple) else [given]:
            if value is not None:
                words += [f"--{name.replace('_', '-')}", str(value)]
    for name in ("retry_failed", "force", "verify", "prune", "dry_run", "fail_fast", "json"):
        words += [f"--{name.replace('_', '-')}"] if options[name] else []
    return shlex.join(words)
