"""
Groups that know nothing of this package: any object with ``files()``, made a :class:`.SourceGroup`.

Such an object may do as it likes: change the working directory, open in text mode, leave its files open. Whoever
walks it sees binary files with absolute names, in the working directory that the process had before.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.files import File
from django.core.files.images import ImageFile
from django.db.models.fields.files import FieldFile

from ..exceptions import InvalidSourceGroup
from ..registrations import same_group, validate_group
from .base import SourceGroup, overridable
from .naming import call_text, short

# The working directory belongs to the whole process: while a group runs in its own, other threads are there too.
# The lock keeps two groups from taking each other's directory for the process's. Code that opens relative names in
# other threads meanwhile cannot be protected; the time is that of one next(), never that of making renditions.
_working_directory = threading.RLock()


def adapt(given: Any) -> SourceGroup:
    """
    ``given`` as a source group: itself if it is one, else wrapped.

    Raises :exc:`.InvalidSourceGroup` for an object without ``files()``.
    """
    if isinstance(given, SourceGroup):
        return given
    validate_group(given, "adapted")
    return AdaptedGroup(given)


class AdaptedGroup(SourceGroup):
    """Any object with ``files()`` as a source group. Signals are sent by the object itself."""

    def __init__(self, given: Any) -> None:
        self._registered = given

    @property
    def registered(self) -> Any:
        return self._registered

    @property
    def arguments(self) -> Mapping[str, Any]:
        return getattr(self._registered, "__dict__", {})

    @overridable
    def key(self) -> str:
        own = getattr(self._registered, "key", None)
        return short(
            own if isinstance(own, str) and own else call_text(type(self._registered), self.arguments)
        )

    @overridable
    def label(self) -> str:
        own = getattr(self._registered, "label", None)
        cls = type(self._registered)
        return short(str(own) if own else call_text(cls, self.arguments).removeprefix(f"{cls.__module__}."))

    def files(self) -> Iterator[Any]:
        """
        Yield what the object yields: field files as they are, other files as :class:`PlainFile`.

        The directory that the object sets is in force only while the object runs. A file of the operating system
        is closed once the following one has been asked for. Raises what the object raises, in the process's own
        directory, and :exc:`.InvalidSourceGroup` for something that is no file.
        """
        directory = OwnDirectory()
        previous: PlainFile | None = None
        with directory:
            inner = iter(self._registered.files())
        try:
            while True:
                with directory:
                    try:
                        given = next(inner)
                    except StopIteration:
                        return
                    file = self._binary(given)
                # Only now: the object may have gone on reading it after its yield.
                if previous is not None and (
                    not isinstance(file, PlainFile) or file.handle is not previous.handle
                ):
                    previous.let_go()
                previous = file if isinstance(file, PlainFile) else None
                yield file
        finally:
            if previous is not None:
                previous.let_go()
            if hasattr(inner, "close"):
                with directory:
                    inner.close()

    def identity(self, file: Any) -> str | None:
        """A file in memory is named by its group and its own name; one on disk by its absolute path."""
        name = getattr(file, "name", None)
        if isinstance(file, FieldFile) or not isinstance(name, str) or os.path.isabs(name):
            return None
        return f"group:{self.key}:{name}"

    def _binary(self, given: Any) -> Any:
        if isinstance(given, FieldFile):
            return given
        name = absolute(getattr(given, "name", None))
        # Only Django's plain wrappers: what others hold may be a download that nobody has asked for yet.
        handle = given.file if type(given) in (File, ImageFile) else given
        # A text handle decodes what no text is; its buffer gives the bytes.
        binary = getattr(handle, "buffer", None) if isinstance(handle, io.TextIOBase) else handle
        if not callable(getattr(binary, "read", None)):
            raise InvalidSourceGroup(
                f"files() of {self.label} yielded {given!r}, which is no file; it must yield files opened for reading, "
                "such as open(path, 'rb'), or field files, such as image.file."
            )
        return PlainFile(handle, binary, name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AdaptedGroup):
            return NotImplemented
        return same_group(self._registered, other._registered)

    def __hash__(self) -> int:
        # No more than this is sure to be equal for objects with an equality of their own.
        return hash((AdaptedGroup, type(self._registered)))

    def __repr__(self) -> str:
        return f"<{self.label}>"


class PlainFile(File):
    """A file that a group gave, under an absolute name, to be read as bytes."""

    def __init__(self, handle: Any, file: Any, name: str | None) -> None:
        super().__init__(file, name)
        # Django would take the handle's own, which may be a number.
        self.name = name
        #: What the group gave. Kept, since a text handle that is collected closes its buffer.
        self.handle = handle

    def let_go(self) -> None:
        """Close a file of the operating system; one in memory may be the group's to give again."""
        if isinstance(self.handle, io.BufferedIOBase | io.RawIOBase | io.TextIOBase) and not isinstance(
            self.handle, io.BytesIO
        ):
            self.handle.close()


class OwnDirectory(contextlib.AbstractContextManager[None]):
    """
    The working directory of something that runs in pieces: left as it was outside them, kept between them.
    """

    def __init__(self) -> None:
        self.inside: str | None = None
        self._outside: str | None = None

    def __enter__(self) -> None:
        _working_directory.acquire()
        try:
            self._outside = current_directory()
            if self.inside is not None and self.inside != self._outside:
                os.chdir(self.inside)
        except BaseException:
            _working_directory.release()
            raise

    def __exit__(self, *exception: object) -> None:
        try:
            now = current_directory()
            # One that is where the process is follows it wherever that goes.
            self.inside = None if now == self._outside else now
            if self.inside is not None and self._outside is not None:
                os.chdir(self._outside)
        finally:
            _working_directory.release()


def current_directory() -> str | None:
    """The working directory, or ``None`` when it has been deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def absolute(name: Any) -> str | None:
    """A relative name of a file that is there, as an absolute one; any other name as it is; no name for none."""
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if isinstance(name, os.PathLike):
        name = os.fspath(name)
    if not isinstance(name, str) or not name:
        return None
    return os.path.abspath(name) if os.path.exists(name) else name
