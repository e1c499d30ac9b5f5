"""
Which names of rendition files may be given twice, and what tells two such files apart.

Wagtail names a rendition after its original's file, cut off where the name gets long, without the original's directory
and extension: so two images may be given one name. A disk hands out a name once, whoever asks. Storages such as S3 do
not: of two processes that find it free at the same moment, each writes it, and one picture is lost.
"""

from __future__ import annotations

import hashlib
import os
import string

from .sources import ImageSource, Source
from .wanted import OutputKey

#: Where Wagtail keeps originals: there no two have the same name, in other directories they may.
ORIGINALS = "original_images"

_CHARACTERS = string.ascii_letters + string.digits


def own_suffix(source: Source, wished: str, key: OutputKey) -> str:
    """
    What to add to a ``wished`` name so that it is this output's alone; nothing where Wagtail's name is already.

    Looks like what Django's storages add to a name that is taken, but is always the same for the same output.
    """
    if isinstance(source, ImageSource) and is_unmistakable(str(source.file.name), wished):
        return ""
    identity = "\n".join((source.key, key.filter_spec, key.focal_point_key))
    number = int.from_bytes(hashlib.sha256(identity.encode("utf-8", "surrogateescape")).digest())
    characters = []
    for _ in range(7):
        number, place = divmod(number, len(_CHARACTERS))
        characters.append(_CHARACTERS[place])
    return "_" + "".join(characters)


def is_unmistakable(original: str, wished: str) -> bool:
    """Whether no other original's rendition can be given this name. Pure."""
    directory, name = os.path.split(original)
    stem, extension = os.path.splitext(name)
    is_whole = os.path.basename(wished).startswith(f"{stem}.")
    return is_whole and directory == ORIGINALS and os.path.splitext(wished)[1] == extension


def with_suffix(name: str, suffix: str) -> str:
    root, extension = os.path.splitext(name)
    return f"{root}{suffix}{extension}"
