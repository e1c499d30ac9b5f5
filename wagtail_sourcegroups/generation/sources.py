"""Sources: one original each, and how it is named, opened and told apart from its former self."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.conf import settings
from django.db.models.fields.files import FieldFile
from wagtail.images.models import AbstractImage, SourceImageIOError

from ..exceptions import SourceUnreadable
from ..rendering import PlainImage
from .files import is_near
from .retrying import persist


def source_of(file: Any, identity: str | None = None) -> Source:
    """
    The source that a file is: a file as a group's ``files()`` yields it, or a source already.

    ``identity`` names a group's own file for good, whatever directory it is seen from.
    """
    if isinstance(file, Source):
        return file
    if isinstance(file, FieldFile):
        if isinstance(file.instance, AbstractImage) and file.field.name == "file":
            return ImageSource(file.instance)
        return FieldFileSource(file)
    return PlainSource(file, identity)


class Source:
    """
    ``key`` is stable text, ``name`` is for people, ``file`` what signals and callbacks carry, ``model`` what
    the source belongs to, ``image`` the Wagtail image it is, if it is one.
    """

    key: str
    name: str
    file: Any
    model: type
    image: AbstractImage | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key}>"

    def __bool__(self) -> bool:
        return bool(self.file)

    @property
    def is_near(self) -> bool:
        """Whether it can be read without waiting."""
        return True

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The original, readable and seekable, from its beginning. Raises :exc:`.SourceUnreadable`."""
        raise NotImplementedError
        yield

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """As :meth:`open`, and opened again if that fails for a moment."""
        with ExitStack() as stack:
            yield persist(lambda: stack.enter_context(self.open()))

    def copy_to(self, copy: IO[bytes]) -> None:
        """Write the original to ``copy``, and all of it again if that fails for a moment. Raises as :meth:`open`."""

        def attempt() -> None:
            copy.seek(0)
            copy.truncate()
            with self.open() as original:
                shutil.copyfileobj(original, copy)

        persist(attempt)

    def close(self) -> None:
        """Let go of whatever the source holds open."""


class ImageSource(Source):
    """The file of a Wagtail image."""

    def __init__(self, image: AbstractImage) -> None:
        self.image = image
        self.file = image.file
        self.model = image._meta.concrete_model or type(image)
        self.key = image_key(self.model, image.pk)
        self.name = image_name(image.title, image.pk)

    @property
    def pixels(self) -> int:
        """Of the original, from the image's columns."""
        assert self.image is not None
        return (self.image.width or 0) * (self.image.height or 0)

    @property
    def is_near(self) -> bool:
        return is_near(self.file.storage)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        assert self.image is not None
        opened = self.image.open_file()
        try:
            file = opened.__enter__()
        except (SourceImageIOError, OSError, ValueError) as error:
            raise SourceUnreadable(unreadable(self.image.file.name, error)) from error
        try:
            yield file
        finally:
            opened.__exit__(None, None, None)


class FileSourceBase(Source):
    """
    A source without an image row. ``identity`` and ``version`` say which, and in which state;
    ``digest`` is the identity's hash, by which its row is found.
    """

    identity: str
    version: str

    def __init__(self, file: Any, identity: str, version: str, name: str, model: type) -> None:
        self.file = file
        self.identity = identity
        self.version = version
        self.digest = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
        self.key = f"file:{self.digest}"
        self.name = name
        self.model = model

    @property
    def plain_image(self) -> PlainImage:
        """What Wagtail's filters run over in place of an image."""
        return PlainImage(os.path.basename(self.name))


class FieldFileSource(FileSourceBase):
    """The file of some model's file field. A stored file is replaced by one of another name."""

    def __init__(self, file: FieldFile) -> None:
        instance = file.instance
        # The model that has the field: a multi-table child or a proxy names the same file.
        meta = file.field.model._meta
        super().__init__(
            file,
            identity=f"field:{meta.label_lower}:{instance.pk}:{file.field.name}",
            version=file.name or "",
            name=f"{file.name} ({meta.verbose_name} {instance.pk})",
            model=type(instance),
        )

    @property
    def plain_image(self) -> PlainImage:
        return PlainImage(os.path.basename(self.version))

    @property
    def is_near(self) -> bool:
        return is_near(self.file.storage)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        try:
            # A handle of our own: the instance's may be in use, and some storages open a file only once.
            opened = self.file.storage.open(self.file.name, "rb")
        except (OSError, ValueError) as error:
            raise SourceUnreadable(unreadable(self.file.name, error)) from error
        with opened:
            yield opened


class PlainSource(FileSourceBase):
    """
    A file from a directory, or anything that reads like one.

    A file that can be opened again by its path is told apart by size and time and read only when needed; of
    any other the content is kept, and hashed.
    """

    def __init__(self, file: Any, identity: str | None = None) -> None:
        handle = _binary(file)
        name = str(getattr(file, "name", "") or "")
        self._path = os.path.abspath(name) if name and os.path.isfile(name) else None
        self._content: IO[bytes] | None = None
        self.modified_at: datetime | None = None
        if self._path is not None:
            status = os.stat(self._path)
            version = f"{status.st_size}:{status.st_mtime_ns}"
            self.modified_at = datetime.fromtimestamp(status.st_mtime, tz=UTC)
            identity = identity or f"path:{self._path}"
        else:
            self._content, digest = _copy(handle)
            version = f"sha256:{digest}"
            identity = identity or f"content:{digest}"
        shown = identity.rpartition(":")[2] if identity.startswith("group:") else os.path.basename(name)
        super().__init__(file, identity, version, shown or "(unnamed file)", type(file))

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        if self._content is not None:
            self._content.seek(0)
            yield self._content
            return
        assert self._path is not None
        try:
            # Apart from the reading, whose errors are other ones. A directory's file looks again where its name leads.
            open_again: Any = getattr(self.file, "open_again", partial(open, self._path, "rb"))
            opened: IO[bytes] = open_again()
        except OSError as error:
            raise SourceUnreadable(unreadable(self.name, error)) from error
        with opened:
            yield opened

    def release(self) -> None:
        """Close the handle the group gave: what is needed of it is known, and there may be many."""
        with suppress(OSError, ValueError):
            close = getattr(self.file, "close", None)
            if close is not None:
                close()

    @property
    def in_memory(self) -> bool:
        """Whether its content is kept, so that many of it weigh."""
        return self._content is not None

    def __bool__(self) -> bool:
        # Not the file's own truth: Django's has none without a name.
        return True

    def close(self) -> None:
        self.release()
        if self._content is not None:
            self._content.close()


def storable(text: str) -> str:
    """Text that every database takes: a file name may hold bytes that are no text, and an error anything at all."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def image_key(model: type, pk: Any) -> str:
    """The key of an image's source: ``app.model:pk``."""
    return f"{model._meta.label_lower}:{pk}"  # type: ignore[attr-defined]


def image_name(title: str, pk: Any) -> str:
    """How an image is called in messages."""
    return f"{title} (#{pk})"


def unreadable(name: str | None, error: Exception) -> str:
    """A sentence for editors: no path of the machine in it."""
    if isinstance(error, FileNotFoundError) or isinstance(error.__cause__, FileNotFoundError):
        return f"The original {os.path.basename(name or '')!r} is not in storage."
    return f"The original {os.path.basename(name or '')!r} cannot be read: {type(error).__name__}."


def _binary(file: Any) -> Any:
    """The bytes of a text handle are in its buffer."""
    return getattr(file, "buffer", file)


def _copy(handle: Any) -> tuple[IO[bytes], str]:
    with suppress(AttributeError, OSError, ValueError):
        handle.seek(0)
    content = SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115 - kept
    try:
        shutil.copyfileobj(handle, content)
    except (AttributeError, OSError, ValueError) as error:
        content.close()
        name = getattr(handle, "name", handle)
        raise SourceUnreadable(f"The source {name!r} cannot be read: {error}.") from error
    content.seek(0)
    return content, hashlib.file_digest(content, "sha256").hexdigest()
