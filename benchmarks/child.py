"""The process that is measured: reads from standard input which function to call, and writes its answer to a file."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    job = json.loads(sys.stdin.read())
    if os.environ["BENCHMARK_STACK"] != "none":
        import django

        django.setup()
    module, _, name = job["function"].rpartition(".")
    function = getattr(import_module(f"benchmarks.{module}"), name)
    Path(job["answer"]).write_text(json.dumps(function(**job["arguments"])))


if __name__ == "__main__":
    main()
