"""A ``wagtail_hooks.py`` that registers what no spec covers. Pure, but for the places of apps and templates."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.template import engines

from ..exceptions import InvalidFilters
from ..specs import expand_filters
from . import richtext
from .matching import problem
from .report import Asked, Report
from .uses import Use

WIDTH = 88

_HEAD = '''"""
What this site asks for, and no spec has made ahead of time until now.

Written by `manage.py findspecs --as-hook`. Every image of the site gets all of these.
Where few images need a spec, bind it to a smaller group: CollectionSourceGroup,
TagSourceGroup, ImageFieldSourceGroup and ReferenceSourceGroup are imported likewise.
"""

from wagtail_sourcegroups import register
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup
'''
_NOTHING = (
    '"""Every filter spec that this site is known to ask for has a spec: nothing is left to register."""\n'
)
_REFUSED = '"""What this site asks for and no spec covers cannot be registered as it stands."""\n'


@dataclass
class _Draft:
    """A spec to be registered: its patterns, and what is to be said of them."""

    patterns: dict[str, None] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)


def hook(report: Report, known: Collection[str]) -> str:
    """
    The text of a module; ``known`` are the ids that are taken.

    One spec for each template, with the patterns as the template has them; a filter spec that several templates ask for
    is in the spec of the first. What cannot be registered is said in comments.
    """
    drafts: dict[str, _Draft] = {}
    refused: list[str] = []
    left = {each.filter_spec: each for each in report.uncovered}
    for asked in report.uncovered:
        if asked.filter_spec not in left:
            continue
        if wrong := _unusable(asked.filter_spec):
            refused.append(f"{_shown(asked.uses[0].place)} asks for {asked.filter_spec!r}: {wrong}")
            del left[asked.filter_spec]
            continue
        draft = drafts.setdefault(_id_of(asked.uses[0]), _Draft())
        draft.remarks[_remark(asked)] = None
        draft.patterns[_pattern(asked, left)] = None
    refused += [
        f"{_shown(each.use.place)} names the spec {each.use.spec_id!r}, which is not registered."
        for each in report.unknown
    ]
    named = dict(zip(_free(drafts, known), drafts.values(), strict=True))
    parts = [_HEAD if named else _REFUSED if refused else _NOTHING]
    parts += [_spec(id_, draft) for id_, draft in named.items()]
    parts += [_groups(list(named))] if named else []
    parts += [_comment(["Not registered:", *refused])] if refused else []
    return "\n".join(parts)


def _unusable(filter_spec: str) -> str:
    try:
        expand_filters(filter_spec)
    except InvalidFilters as error:
        return str(error)
    return problem(filter_spec)


def _pattern(asked: Asked, left: dict[str, Asked]) -> str:
    """As it is written, if nothing that it stands for is registered already; else the filter spec alone."""
    pattern = asked.uses[0].pattern
    try:
        expanded = expand_filters(pattern)
    except InvalidFilters:
        expanded = ()
    if asked.filter_spec not in expanded or any(each not in left or _unusable(each) for each in expanded):
        pattern, expanded = asked.filter_spec, (asked.filter_spec,)
    for filter_spec in expanded:
        del left[filter_spec]
    return pattern


def _remark(asked: Asked) -> str:
    use = asked.uses[0]
    near = f"; almost {', '.join(asked.near)}, to Wagtail another rendition" if asked.near else ""
    return f"{_shown(use.template)}{f', line {use.line}' if use.line else ''}{near}"


def _shown(path: str) -> str:
    """A path from the working directory; of what lies elsewhere, its end, since this is to be kept in a repository."""
    relative = os.path.relpath(path) if os.path.isabs(path) else path
    return relative if not relative.startswith("..") else "/".join(path.split(os.sep)[-3:])


# Ids --------------------------------------------------------------------------------------------------------------


def _id_of(use: Use) -> str:
    """``app:template``, such as ``blog:blocks:picture`` for ``blog/templates/blog/blocks/picture.html``."""
    if use.tag == richtext.TAG:
        return f"{_app(use.template)[0] or 'site'}:richtext"
    if use.template.endswith(".py"):
        return f"{_app(use.template)[0] or 'site'}:api"
    label, parts = _app(use.template)
    if not label:
        parts = _below_directories(use.template)
        label, parts = (parts[0], parts[1:]) if len(parts) > 1 else ("site", parts)
    parts = parts[1:] if len(parts) > 1 and parts[0] == label else parts
    *folders, name = parts
    words = [label, *folders, name.split(".")[0]]
    return ":".join(re.sub(r"[^A-Za-z0-9_\-.]+", "-", word) or "-" for word in words)


def _app(path: str) -> tuple[str, list[str]]:
    """The label of the app that a file lies in, and its path below the app's directory of templates."""
    inside = [config for config in apps.get_app_configs() if path.startswith(config.path + os.sep)]
    if not inside:
        return "", []
    config = max(inside, key=lambda config: len(config.path))
    parts = os.path.relpath(path, config.path).split(os.sep)
    return config.label, parts[1:] or parts


def _below_directories(path: str) -> list[str]:
    """A path below the directory of templates that it lies in, as ``DIRS`` names them."""
    directories = [os.path.abspath(each) for backend in engines.all() for each in backend.template_dirs]
    found = next((each for each in directories if path.startswith(each + os.sep)), None)
    return os.path.relpath(path, found).split(os.sep) if found else path.strip("/").split("/")[-2:]


def _free(ids: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """The ids, with a number where one is taken."""
    taken = set(known)
    for id_ in ids:
        number, free = 2, id_
        while free in taken:
            number, free = number + 1, f"{id_}-{number}"
        taken.add(free)
        yield free


# Text -------------------------------------------------------------------------------------------------------------


def _spec(id_: str, draft: _Draft) -> str:
    patterns = list(draft.patterns)
    call = (
        f"register.spec({_quoted(id_)}, {_listed(patterns) if len(patterns) > 1 else _quoted(patterns[0])})"
    )
    if len(call) > WIDTH:
        inner = _exploded(patterns) if len(patterns) > 1 else f"    {_quoted(patterns[0])},"
        call = f"register.spec(\n    {_quoted(id_)},\n{inner}\n)"
    return f"{_comment(draft.remarks)}{call}\n"


def _groups(ids: list[str]) -> str:
    call = f"register.source_group({_listed(ids)}, ImageModelSourceGroup())"
    if len(call) > WIDTH:
        call = f"register.source_group(\n{_exploded(ids)}\n    ImageModelSourceGroup(),\n)"
    return f"{call}\n"


def _exploded(texts: Iterable[str]) -> str:
    """A list that is an argument, in lines; in one where it has room."""
    texts = list(texts)
    if len(line := f"    {_listed(texts)},") <= WIDTH:
        return line
    return "\n".join(["    [", *(f"        {_quoted(text)}," for text in texts), "    ],"])


def _listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _comment(lines: Iterable[str]) -> str:
    return "".join(f"# {' '.join(line.split())}\n" for line in lines)
