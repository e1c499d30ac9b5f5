"""A process that tries cases: numbers come in, verdicts go out, a line each. It may be killed by any of them."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any


def main(directory: Path, start: int) -> None:
    # Decoders written in C print what they think, to where verdicts would go.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    faulthandler.enable()

    import django

    django.setup()

    from .cases import FORMATS, case
    from .seeds import SEEDS
    from .trial import ADDRESSES_AT_MOST, attempt, memory, prepare

    def answer(**values: Any) -> None:
        answers.write(json.dumps(values) + "\n")

    prepare()
    for number in range(3 * len(FORMATS), 5 * len(FORMATS)):
        # What is imported, registered and cached the first time is nobody's leak.
        attempt(case(number), directory)
    addresses = memory("VmSize") * 1024 + ADDRESSES_AT_MOST
    resource.setrlimit(resource.RLIMIT_AS, (addresses, addresses))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer(ready=sorted(SEEDS))
    for line in sys.stdin:
        number = int(line)
        answer(
            number=number, **asdict(attempt(case(number, start), directory, lambda name: answer(stage=name)))
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
