"""The arguments of ``generateimages``, and what ``--help`` says of them."""

from __future__ import annotations

import argparse

HELP = (
    "Make the renditions that the registered specs want of their source groups and that are missing. "
    "Run it as often as you like: what exists is left as it is."
)
EPILOG = (
    "Exit status: 0 everything wanted exists or was skipped for a stated reason, 1 something failed "
    "(with --dry-run: or is missing; with --enqueue: the task backend refused all of it), "
    "2 bad usage, unknown spec, collection, image or run, 130 interrupted."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "patterns",
        nargs="*",
        metavar="SPEC_PATTERN",
        help='spec ids or wildcards: * within a segment, ** across; "a" also means "a:b" (default: every spec)',
    )
    which = parser.add_argument_group("which sources")
    which.add_argument(
        "--collection",
        metavar="NAME_OR_ID",
        help='only images in this collection and below; a name, a path such as "Press/2026", or an id',
    )
    which.add_argument(
        "--image", action="append", metavar="ID", help="only this image; may be given several times"
    )
    which.add_argument(
        "--since",
        metavar="YYYY-MM-DD",
        help="only images added, and files modified, on that day or later",
    )
    which.add_argument("--retry-failed", action="store_true", help="only what failed before")
    what = parser.add_argument_group("what to do")
    what.add_argument(
        "--force",
        action="store_true",
        help="make again what exists; an old file goes when the new one is in place",
    )
    what.add_argument(
        "--verify",
        action="store_true",
        help="look in storage for the files of existing renditions, make the lost ones, report files without a row",
    )
    what.add_argument(
        "--prune",
        action="store_true",
        help="delete renditions that a spec once asked for and none does any more; "
        "with --verify also files without a row that such renditions left behind",
    )
    what.add_argument(
        "--enqueue",
        action="store_true",
        help="hand the work to the task backend, batch by batch, instead of doing it here; prints the run's id",
    )
    what.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with a run that was paused, interrupted or left, until it is done",
    )
    what.add_argument(
        "--status", nargs="?", const="", metavar="RUN", help="say how runs stand, or this one, and stop"
    )
    what.add_argument("--dry-run", action="store_true", help="only say what would be done")
    what.add_argument("--list", action="store_true", help="list the specs, their sizes and groups, and stop")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--workers", metavar="N", help="threads that make renditions (default: one for each CPU)"
    )
    how.add_argument("--batch-size", metavar="N", help="sources made in one go (default: 500)")
    how.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    how.add_argument(
        "--json", action="store_true", help="print one JSON object instead of tables and sentences"
    )
