"""Which templates the loaders of a Django engine can find, by name, and what stands in them."""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What a template without any tag does not have.
_TAG = "{%"
#: A word that asks for renditions, in a tag or a call of either language.
_ASKS = re.compile(r"\b(image|image_url|srcset_image|picture|generateimage|thumbnail)\b")


@dataclass(frozen=True, slots=True)
class Source:
    """A template: its name, and the file it stands in, or its text where a loader keeps it in memory."""

    name: str
    path: str
    text: str | None = None

    def read(self, charset: str = "utf-8") -> str:
        """
        The text, "" for a file that is no template: one with bytes that no text has, or without a tag.

        Raises ``OSError`` and ``UnicodeDecodeError``.
        """
        if self.text is not None:
            return self.text
        content = Path(self.path).read_bytes()
        if b"\0" in content or _TAG.encode() not in content:
            return ""
        return content.decode(charset)


def sources_by_name(engine: Any) -> dict[str, list[Source]]:
    """
    The templates of a ``django.template.Engine``. Several of one name stand in the order in which its loaders find
    them: the first is the one that is used, the others only where it extends itself. A loader that cannot say what it
    has, such as one that reads a database, is left out.
    """
    found: dict[str, list[Source]] = {}
    seen: set[str] = set()
    for loader in unwrapped(engine.template_loaders):
        for source in _sources(loader):
            if source.path not in seen:
                seen.add(source.path)
                found.setdefault(source.name, []).append(source)
    return found


def unwrapped(loaders: Iterable[Any]) -> Iterator[Any]:
    """The loaders that find templates, without those that only keep what others have found."""
    for loader in loaders:
        inner = getattr(loader, "loaders", None)
        if inner is None:
            yield loader
        else:
            yield from unwrapped(inner)


def _sources(loader: Any) -> Iterator[Source]:
    for name, text in sorted(getattr(loader, "templates_dict", {}).items()):
        yield Source(name, name, text)
    for directory in getattr(loader, "get_dirs", tuple)():
        yield from _sources_below(os.path.abspath(directory))


def _sources_below(root: str) -> Iterator[Source]:
    entered: set[str] = set()
    for directory, below, names in os.walk(root, followlinks=True):
        # A link may lead back to where it stands.
        entered.add(os.path.realpath(directory))
        below[:] = sorted(
            each for each in below if os.path.realpath(os.path.join(directory, each)) not in entered
        )
        for name in sorted(names):
            path = os.path.join(directory, name)
            yield Source(os.path.relpath(path, root).replace(os.sep, "/"), path)


def may_matter(path: str, text: str) -> bool:
    """
    Whether a template that cannot be parsed is worth a word: not one that came with a package, for another package that
    this site does not have, and that has nothing to do with images.
    """
    installed = {os.path.realpath(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}
    came_along = any(os.path.realpath(path).startswith(directory + os.sep) for directory in installed)
    return not came_along or _ASKS.search(text) is not None
