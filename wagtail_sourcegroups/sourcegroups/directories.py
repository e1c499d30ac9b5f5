"""Image files below a directory."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.utils.translation import gettext as _

from ..exceptions import InvalidSourceGroup, SourceUnreadable
from .base import SourceGroup, overridable
from .naming import short

#: What Wagtail accepts as an upload or Pillow reads as a photograph.
IMAGE_PATTERNS = ("*.avif", "*.gif", "*.jpeg", "*.jpg", "*.png", "*.webp")


class DirectorySourceGroup(SourceGroup):
    """
    Files of a directory whose names match one of some patterns.

    ``path``
        The directory. A relative one is below the working directory of the moment the group is made.
    ``patterns``
        Patterns of file names, ``*`` and ``?`` and ``[...]`` as in a shell; upper and lower case are one. As in a
        shell, a name that begins with a dot must be asked for.
    ``recursive``
        Whether directories below it are searched as well.

    A link is followed only to what is inside the directory. Raises :exc:`.InvalidSourceGroup` for arguments that
    cannot be; whether the directory is there is asked when it is walked.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        patterns: str | Sequence[str] = IMAGE_PATTERNS,
        recursive: bool = False,
    ) -> None:
        if not isinstance(path, str | os.PathLike) or not os.fspath(path):
            raise InvalidSourceGroup(f"{path!r} is no directory; give its path.")
        self.path = Path(os.path.abspath(os.fspath(path)))
        self.patterns = (patterns,) if isinstance(patterns, str) else tuple(patterns)
        self.recursive = recursive
        wrong = [p for p in self.patterns if not isinstance(p, str) or not p or "/" in p or os.sep in p]
        if wrong or not self.patterns:
            raise InvalidSourceGroup(
                f"The patterns {self.patterns!r} match no file: each must be a pattern of file names, such as '*.jpg', "
                "without directories (recursive=True searches those below)."
            )

    @property
    def arguments(self) -> Mapping[str, Any]:
        return {"path": str(self.path), "patterns": self.patterns, "recursive": self.recursive}

    @overridable
    def key(self) -> str:
        below = "**/" if self.recursive else ""
        return short(f"directory:{self.path}:{below}{','.join(self.patterns)}")

    @overridable
    def label(self) -> str:
        return _("Files %(patterns)s in %(directory)s") % {
            "patterns": ", ".join(self.patterns),
            "directory": self.path.name or str(self.path),
        }

    def files(self) -> Iterator[DirectoryFile]:
        """
        Yield every file, sorted by path, each to be read until the next is asked for, then closed.

        One that cannot be read says so when it is. Raises :exc:`.SourceUnreadable` at the
        end, if the directory or one below it cannot be.
        """
        unreadable: list[OSError] = []
        for path in self._paths(unreadable.append):
            file = DirectoryFile(path, root=self.path)
            try:
                yield file
            finally:
                file.close()
        if unreadable:
            raise SourceUnreadable(" ".join(map(_unreadable, unreadable))) from unreadable[0]

    def identity(self, file: Any) -> str | None:
        """The group and the path relative to its directory, the same on every machine that has the group."""
        name = getattr(file, "name", None)
        if not isinstance(name, str):
            return None
        return f"group:{self.key}:{Path(os.path.relpath(name, self.path)).as_posix()}"

    def _paths(self, unreadable: Callable[[OSError], None]) -> Iterator[str]:
        root = os.path.realpath(self.path)
        yield from self._walk(str(self.path), root, (root,), unreadable)

    def _walk(
        self, directory: str, root: str, above: tuple[str, ...], unreadable: Callable[[OSError], None]
    ) -> Iterator[str]:
        """
        Files of one directory and, if recursive, of those in it.

        ``above`` are the real directories this one lies in, itself included: a link back to one is a circle.
        """
        try:
            entries = sorted(os.listdir(directory))
        except OSError as error:
            unreadable(error)
            return
        for entry in entries:
            path = os.path.join(directory, entry)
            real = os.path.realpath(path)
            if not _is_inside(real, root):
                continue
            if os.path.isdir(real):
                if self.recursive and real not in above and not entry.startswith("."):
                    yield from self._walk(path, root, (*above, real), unreadable)
            elif os.path.isfile(real) and self._matches(entry):
                yield path

    def _matches(self, name: str) -> bool:
        return any(
            fnmatch.fnmatchcase(name.lower(), pattern.lower())
            and (pattern.startswith(".") or not name.startswith("."))
            for pattern in self.patterns
        )

    def problems(self, *, database: bool) -> list[str]:
        if not database:
            # A directory that is not mounted yet is a fact of the machine, and no reason to stop a migration.
            return []
        try:
            os.listdir(self.path)
        except OSError as error:
            return [_unreadable(error)]
        return []


def _unreadable(error: OSError) -> str:
    return f"The directory {str(error.filename)!r} cannot be read: {error.strerror or error}."


def _is_inside(real: str, root: str) -> bool:
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


class DirectoryFile(File):
    """
    A file of a directory, under its absolute name, opened when first read and not before.

    ``OSError`` is raised by whoever reads it, so that a file that cannot be costs no other.
    """

    def __init__(self, path: str, *, root: Path) -> None:
        self._handle: IO[bytes] | None = None
        self._closed = False
        self._path = path
        self._real_root = os.path.realpath(root)
        super().__init__(None, path)
        self.mode = "rb"

    @property
    def file(self) -> IO[bytes]:
        if self._handle is None:
            if self._closed:
                raise ValueError(f"I/O operation on the closed file {self.name}.")
            self._handle = self.open_again()
        return self._handle

    @file.setter
    def file(self, handle: IO[bytes] | None) -> None:
        self._handle = handle

    def open_again(self) -> IO[bytes]:
        """
        A handle of its own, also when this one is closed. Raises ``OSError``.

        Where the name leads is looked at again: since it was listed it may have become a link to somewhere else.
        """
        real = os.path.realpath(self._path)
        if not _is_inside(real, self._real_root):
            raise PermissionError(f"{self._path} leads out of {self._real_root}.")
        return open(real, "rb")

    @property
    def closed(self) -> bool:
        return self._closed

    def open(self, mode: str | None = None, *args: Any, **kwargs: Any) -> DirectoryFile:
        """Start over from the beginning; only reading is allowed."""
        if mode not in (None, "r", "rb"):
            raise ValueError(
                f"{self.name} is a source; it is opened for reading only, not with mode {mode!r}."
            )
        if self._handle is not None and not self._closed:
            self._handle.seek(0)
        self._closed = False
        return self

    def close(self) -> None:
        self._closed = True
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    @property
    def size(self) -> int:
        return os.path.getsize(self._path)

    def __bool__(self) -> bool:
        return True
