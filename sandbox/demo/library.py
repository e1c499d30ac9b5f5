"""Photographs into collections: what there is to load, and the loading of what is not there yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.images import ImageFile
from wagtail.models import Collection

from sandbox import album, zoo
from sandbox.gallery.models import CustomImage
from sandbox.pictures import Picture

# The eight Exif orientations of one photograph, in every installed Wagtail.
WAGTAIL_PHOTOGRAPHS = "images/tests/image_files"


@dataclass(frozen=True)
class Photograph:
    """A file to load. ``origin`` is its name for the demo, by which a later run knows it again."""

    origin: str
    path: Path
    picture: Picture = field(repr=False)
    credit: str = ""


def painted(pictures: Iterable[Picture], directory: Path, shelf: str) -> Iterator[Photograph]:
    """Pictures that the sandbox makes itself, by the names they have or will have."""
    for picture in pictures:
        yield Photograph(
            f"{shelf}/{picture.name}", directory / picture.name, picture, "Painted by the sandbox."
        )


def default_photographs() -> list[Photograph]:
    """What the demo loads if nobody names a directory: the album, the zoo and Wagtail's own test photographs."""
    return [*site_photographs(), *wagtail_photographs()]


def site_photographs() -> list[Photograph]:
    """What the demo's pages show."""
    return [
        *painted(album.PHOTOGRAPHS, settings.PICTURES_DIR, "album"),
        *painted(zoo.PICTURES, settings.PICTURES_DIR, "zoo"),
    ]


def wagtail_photographs() -> list[Photograph]:
    """The photographs among the test images of the installed Wagtail; none where a distribution left them out."""
    import wagtail

    return [
        Photograph(
            f"wagtail/{path.name}",
            path,
            Picture(
                path.name,
                _exists,
                "Odd formats/Turned",
                f"Wagtail's {_title(path)}",
                "A waterfall in a forest",
                ("exif",),
            ),
            "From Wagtail's own tests.",
        )
        for path in sorted((Path(wagtail.__file__).parent / WAGTAIL_PHOTOGRAPHS).glob("*.jpg"))
    ]


def photographs_in(directory: Path) -> list[Photograph]:
    """
    One's own photographs: each subdirectory becomes a collection below ``Blog``, files beside them go to one named
    after the directory itself. Raises ``NotADirectoryError`` for anything else.
    """
    if not directory.is_dir():
        raise NotADirectoryError(
            f"{directory} is not a directory; --photos takes one that holds photographs."
        )
    suffixes = {f".{extension}" for extension in settings.WAGTAILIMAGES_EXTENSIONS}
    found = []
    for path in sorted(directory.rglob("*")):
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file():
            inside = path.relative_to(directory)
            shelf = inside.parent.as_posix() if len(inside.parts) > 1 else directory.name
            picture = Picture(path.name, _exists, f"Blog/{shelf}", _title(path), tags=("postcard",))
            found.append(Photograph(f"photos/{directory.name}/{inside.as_posix()}", path, picture))
    return found


def not_loaded(photographs: Iterable[Photograph]) -> list[Photograph]:
    """Those without an image yet. One query; no file is looked at."""
    known = set(CustomImage.objects.exclude(origin="").values_list("origin", flat=True))
    return [photograph for photograph in photographs if photograph.origin not in known]


def load(
    photographs: Iterable[Photograph], refused: Callable[[Photograph, Exception], None]
) -> list[CustomImage]:
    """
    Save an image for each photograph, the way an upload does.

    One that cannot be read as an image is handed to ``refused`` with the reason, and costs the others nothing.
    """
    loaded = []
    for photograph in photographs:
        try:
            loaded.append(_load(photograph))
        except Exception as error:  # noqa: BLE001  somebody's own file may be broken in any way
            refused(photograph, error)
    return loaded


def _load(photograph: Photograph) -> CustomImage:
    picture = photograph.picture
    with photograph.path.open("rb") as opened:
        image = CustomImage(
            title=picture.title,
            description=picture.alt,
            credit=photograph.credit,
            origin=photograph.origin,
            collection=collection_at(picture.collection),
            file=ImageFile(opened, name=photograph.path.name),
        )
        image._set_image_file_metadata()
        if picture.focal:
            _set_focal_point(image, *picture.focal)
        image.save()
    image.tags.add(*picture.tags)
    return image


def _set_focal_point(image: CustomImage, x: float, y: float) -> None:
    image.focal_point_x, image.focal_point_y = round(x * image.width), round(y * image.height)
    image.focal_point_width = image.focal_point_height = min(image.width, image.height) // 5


def collection_at(path: str) -> Collection:
    """The collection of this name path below the root, made with all above it if need be."""
    collection: Any = Collection.get_first_root_node()
    for name in filter(None, path.split("/")):
        collection = collection.get_children().filter(name=name).first() or collection.add_child(name=name)
    return collection


def _title(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ").strip().capitalize() or path.name


def _exists(path: Path) -> None:
    """A photograph is not made, it is there."""
    raise FileNotFoundError(path)
