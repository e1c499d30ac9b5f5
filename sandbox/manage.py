#!/usr/bin/env python
"""The sandbox's command line."""

import os
import sys
from pathlib import Path


def main() -> None:
    # Python puts this file's own directory first; the sandbox's modules are found as sandbox.*, from the one above.
    here = Path(__file__).resolve().parent
    sys.path[:] = [str(here.parent), *(entry for entry in sys.path if Path(entry or ".").resolve() != here)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
