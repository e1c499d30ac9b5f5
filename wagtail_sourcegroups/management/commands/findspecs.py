"""``manage.py findspecs``: the filter specs that a site asks for, where, and which of its specs cover them."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ...exceptions import SourceGroupsError
from ...findspecs.hook import hook
from ...findspecs.observed import Observed, counted, unexplained
from ...findspecs.report import Report, report
from ...findspecs.scan import scan
from ...registry import Registry, get_registry
from .. import findings
from ..choosing import usage_error
from ..reporting import Reports, nobody_reads

UNCOVERED = 1


class Command(Reports, BaseCommand):
    help = (
        "Find the filter specs that templates, rich text and the API ask for, and the specs that cover them. "
        "Templates are parsed, not rendered; nothing is written."
    )
    # It reports what they would stop at.
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        epilog = "Exit status: 0, 1 with --uncovered if no spec covers something, 2 bad usage."
        return super().create_parser(prog_name, subcommand, epilog=epilog, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--uncovered",
            action="store_true",
            help="only what no spec covers; exit status 1 if there is anything",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
        parser.add_argument(
            "--as-hook",
            action="store_true",
            help="print a wagtail_hooks.py that registers what no spec covers",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.verbosity = int(options["verbosity"])
        self.json: bool = options["json"]
        if self.json and options["as_hook"]:
            raise usage_error("--json and --as-hook do not go together: one prints data, the other a module.")
        try:
            found = self._find(as_hook=options["as_hook"], only_uncovered=options["uncovered"])
        except SourceGroupsError as error:
            # A registration that contradicts another one: nobody can say what is covered.
            raise CommandError(str(error)) from error
        except BrokenPipeError:
            nobody_reads()
            sys.exit(UNCOVERED)
        if options["uncovered"] and not found.is_complete:
            sys.exit(UNCOVERED)

    def _find(self, *, as_hook: bool, only_uncovered: bool) -> Report:
        registry = self._registry()
        specs = registry.specs
        found = report(scan(), specs)
        if as_hook:
            self._say(hook(found, specs).rstrip("\n"))
            return found
        observed = () if only_uncovered and not self.json else self._observed(found, registry)
        if self.json:
            self._say(json.dumps(findings.as_json(found, observed), indent=2, ensure_ascii=False))
        elif self.verbosity or not found.is_complete:
            quiet = only_uncovered or not self.verbosity
            for line in findings.lines(found, observed, style=self.style, only_uncovered=quiet):
                self._say(line)
        return found

    def _registry(self) -> Registry:
        try:
            return get_registry().refresh()
        except DatabaseError as error:
            # Where a repository is tested there may be none: what code registers is known all the same.
            self._say(
                f"Without the specs that admins have stored, since the database refuses: {error}", error=True
            )
            return get_registry()

    def _observed(self, found: Report, registry: Registry) -> tuple[Observed, ...]:
        try:
            return unexplained(counted(), found, registry.specs.values())
        except DatabaseError as error:
            self._say(
                f"Without the renditions that there are, since the database refuses: {error}", error=True
            )
            return ()
