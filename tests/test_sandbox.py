"""The sandbox: its pictures are what they say, its pages answer, its hooks cover what its templates ask for."""

from __future__ import annotations

import io
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.template.loader import get_template
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat
from wagtail.models import Page
from willow.image import Image as WillowImage

from sandbox import album, zoo
from sandbox.demo import library, pages
from sandbox.gallery.models import CustomImage, CustomRendition
from sandbox.people.models import Guest, Profile
from sandbox.pictures import Picture, make_missing
from wagtail_sourcegroups import sourcegroups
from wagtail_sourcegroups.registry import get_registry

SANDBOX = Path(zoo.__file__).parent
ORIENTATION = 0x0112

# The zoo ----------------------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("estuary-24mp.jpg", ("JPEG", "RGB", (6000, 4000), 1)),
        ("larches-12mp.jpg", ("JPEG", "RGB", (4000, 3000), 1)),
        ("lemon-alpha.png", ("PNG", "RGBA", (1200, 1200), 1)),
        ("tidal-flats-palette.png", ("PNG", "P", (1600, 1100), 1)),
        ("dusk.webp", ("WEBP", "RGB", (1800, 1200), 1)),
        ("aurora.avif", ("AVIF", "RGB", (1800, 1200), 1)),
        ("lighthouse.gif", ("GIF", "P", (720, 480), 16)),
        ("tomatoes-cmyk.jpg", ("JPEG", "CMYK", (2000, 1400), 1)),
        ("poppies-display-p3.jpg", ("JPEG", "RGB", (1800, 1200), 1)),
    ],
)
def test_picture_is_of_its_kind(pictures: dict[str, Path], name: str, kind: tuple[Any, ...]) -> None:
    with Image.open(pictures[name]) as image:
        assert (image.format, image.mode, image.size, getattr(image, "n_frames", 1)) == kind


@pytest.mark.once
def test_alpha_picture_is_transparent_outside_and_opaque_inside(pictures: dict[str, Path]) -> None:
    with Image.open(pictures["lemon-alpha.png"]) as image:
        alpha = image.getchannel("A")
    assert (alpha.getpixel((0, 0)), alpha.getpixel((600, 600))) == (0, 255)


@pytest.mark.once
def test_wide_gamut_profile_is_one_that_littlecms_reads(pictures: dict[str, Path]) -> None:
    with Image.open(pictures["poppies-display-p3.jpg"]) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    # The red of sRGB has x = 0.64; that of Display P3, adapted to D50, is further out.
    assert ImageCms.getProfileDescription(profile).strip() == "Display P3 (sandbox)"
    assert profile.profile.red_colorant[1][0] == pytest.approx(0.682, abs=0.001)


@pytest.mark.once
def test_vector_picture_is_one_that_willow_measures(pictures: dict[str, Path]) -> None:
    with pictures["compass.svg"].open("rb") as opened:
        assert WillowImage.open(opened).get_size() == (800, 800)


@pytest.mark.once
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_picture_says_how_it_was_turned(pictures: dict[str, Path], orientation: int) -> None:
    with Image.open(pictures[f"islands-orientation-{orientation}.jpg"]) as image:
        assert image.getexif()[ORIENTATION] == orientation


@pytest.mark.once
@pytest.mark.parametrize("orientation", range(2, 9))
def test_turned_picture_is_upright_once_turned_back(pictures: dict[str, Path], orientation: int) -> None:
    first, turned = (
        ImageOps.exif_transpose(Image.open(pictures[f"islands-orientation-{n}.jpg"])).reduce(10)
        for n in (1, orientation)
    )
    # The numerals differ, and JPEG is not quite the same either way round.
    assert max(ImageStat.Stat(ImageChops.difference(first, turned)).mean) < 2


@pytest.mark.once
def test_pictures_are_painted_once(pictures: dict[str, Path]) -> None:
    before = {name: path.stat().st_mtime_ns for name, path in pictures.items()}
    zoo.make_pictures(next(iter(pictures.values())).parent)
    assert {name: path.stat().st_mtime_ns for name, path in pictures.items()} == before


@pytest.mark.once
def test_pictures_are_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        zoo.transparent(tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.once
def test_interrupted_painting_leaves_no_half_picture(tmp_path: Path) -> None:
    def stop(path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_missing([Picture("a.jpg", stop)], tmp_path)
    assert not (tmp_path / "a.jpg").exists()


# The site ---------------------------------------------------------------------------------------------------


@pytest.fixture
def small_pictures(settings: Any, tmp_path: Path) -> Path:
    """Every picture the demo would paint, by its name and of its format, but of a thumbnail's size."""
    settings.PICTURES_DIR, settings.PRESS_DIR = tmp_path / "pictures", tmp_path / "press"
    for directory, kinds in (
        (settings.PICTURES_DIR, [*album.PHOTOGRAPHS, *zoo.PICTURES, *album.PORTRAITS.values()]),
        (settings.PRESS_DIR, album.PRESS_KIT),
    ):
        directory.mkdir()
        for kind in kinds:
            if kind.name.endswith(".svg"):
                zoo.vector(directory / kind.name)
            else:
                Image.effect_noise((12, 8), 60).convert("RGB").save(directory / kind.name)
    return settings.PICTURES_DIR


@pytest.fixture
def demo(db: None, small_pictures: Path) -> str:
    """What the demo says when it has run."""
    return run_demo()


def run_demo(*args: str) -> str:
    out = io.StringIO()
    call_command("demo", *args, stdout=out, stderr=out)
    return out.getvalue()


def urls() -> list[str]:
    return [page.specific.url for page in Page.objects.live().filter(depth__gt=1).order_by("path")]


def test_demo_says_what_it_did_and_how_to_go_on(demo: str) -> None:
    assert "Loaded 40 photographs; added 8 people and 12 pages." in demo
    assert "Log in:          http://localhost:8000/admin/ as admin, password admin" in demo
    # The interpreter that runs it, wherever its environment is.
    [start] = [line for line in demo.splitlines() if line.startswith("Start the site:")]
    python, manage, runserver = shlex.split(start.partition(":")[2])
    assert Path(python).absolute() == Path(sys.executable).absolute()
    assert (Path(manage).resolve(), runserver) == (SANDBOX / "manage.py", "runserver")


def test_demo_run_again_opens_no_picture(demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(Image, "open", lambda *args, **kwargs: opened.append(args))
    assert "All 40 photographs and their pages are here already." in run_demo()
    assert opened == []


def test_demo_run_again_makes_no_rendition(demo: str) -> None:
    before = CustomRendition.objects.count()
    run_demo()
    assert CustomRendition.objects.count() == before > 0


def test_every_page_answers(demo: str, client: Any) -> None:
    assert {url: client.get(url).status_code for url in urls()} == dict.fromkeys(urls(), 200)


def test_pages_ask_for_nothing_that_was_not_made_ahead(demo: str, client: Any) -> None:
    before = set(CustomRendition.objects.values_list("pk", flat=True))
    for url in urls():
        client.get(url)
    made = CustomRendition.objects.exclude(pk__in=before).values_list("image__origin", "filter_spec")
    assert list(made) == []


def test_album_page_is_a_jinja_template() -> None:
    assert get_template("blog/album_page.html").backend.name == "jinja2"


@pytest.mark.django_db
def test_album_page_shows_every_picture_of_its_collections(small_pictures: Path, client: Any) -> None:
    with get_registry().override(empty=True):
        library.load(library.default_photographs(), lambda photograph, error: None)
        pages.make_pages()
    page = client.get("/odd-formats/").content.decode()
    odd = CustomImage.objects.filter(collection__name__in=["Odd formats", "Turned"])
    assert page.count("<figure") == odd.count() == 24


def test_people_page_shows_renditions_of_plain_image_fields(demo: str, client: Any) -> None:
    page = client.get("/people/").content.decode()
    shown = {*(profile.avatar_thumbnail.url for profile in Profile.objects.all())}
    shown |= {guest.portrait_card.url for guest in Guest.objects.all()}
    originals = {person.avatar.url for person in Profile.objects.all()}
    assert (len(shown), shown & originals) == (8, set())
    assert all(url in page for url in shown)


def test_each_class_of_groups_is_registered_once() -> None:
    kinds = [
        sourcegroups.ImageModelSourceGroup,
        sourcegroups.CollectionSourceGroup,
        sourcegroups.TagSourceGroup,
        sourcegroups.ImageFieldSourceGroup,
        sourcegroups.ReferenceSourceGroup,
        sourcegroups.DirectorySourceGroup,
        sourcegroups.QuerySetSourceGroup,
        sourcegroups.SourceGroup,
    ]
    # Beside the ones in the hooks, each ImageSpecField registers a group of its own.
    registry, hooks = get_registry(), SANDBOX / "blog" / "wagtail_hooks.py"
    groups = {b.group for b in registry.bindings if registry.location(b.spec.id).startswith(f"{hooks}:")}
    nearest = Counter(next(cls for cls in type(group).__mro__ if cls in kinds) for group in groups)
    assert nearest == dict.fromkeys(kinds, 1)


def test_system_checks_find_nothing_wrong_with_the_registrations() -> None:
    assert get_registry().problems == ()


# One's own photographs --------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A directory of photographs: two in subdirectories, one beside them, one that is none."""
    directory = tmp_path / "mine"
    for name in ("loose.jpg", "Norway/fjord.jpg", "Norway/Day 2/hut.png"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((12, 8), 60).convert("RGB").save(directory / name)
    (directory / "broken.jpg").write_bytes(b"no picture")
    (directory / "notes.txt").write_text("no picture either")
    return directory


@pytest.mark.django_db
def test_each_subdirectory_becomes_a_collection(own: Path) -> None:
    library.load(library.photographs_in(own), lambda photograph, error: None)
    paths = {
        image.origin: "/".join(image.collection.get_ancestors(inclusive=True).values_list("name", flat=True))
        for image in CustomImage.objects.select_related("collection")
    }
    assert paths == {
        "photos/mine/loose.jpg": "Root/Blog/mine",
        "photos/mine/Norway/fjord.jpg": "Root/Blog/Norway",
        "photos/mine/Norway/Day 2/hut.png": "Root/Blog/Norway/Day 2",
    }


@pytest.mark.django_db
def test_unreadable_file_is_refused_and_costs_the_others_nothing(own: Path) -> None:
    refused: list[str] = []
    loaded = library.load(
        library.photographs_in(own), lambda photograph, error: refused.append(photograph.origin)
    )
    assert (len(loaded), refused) == (3, ["photos/mine/broken.jpg"])


@pytest.mark.django_db
def test_own_photographs_get_an_article_each_collection(own: Path, small_pictures: Path) -> None:
    run_demo("--photos", str(own))
    assert set(Page.objects.filter(slug__startswith="photographs").values_list("slug", flat=True)) == {
        "photographs-mine",
        "photographs-norway",
        "photographs-norway-day-2",
    }


@pytest.mark.django_db
def test_finding_what_is_not_loaded_takes_one_query(
    small_pictures: Path, django_assert_num_queries: Any
) -> None:
    library.load(library.site_photographs(), lambda photograph, error: None)
    with django_assert_num_queries(1):
        assert library.not_loaded(library.site_photographs()) == []


def test_photographs_of_something_that_is_no_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("demo", "--photos", str(tmp_path / "none"))
    path = tmp_path / "none"
    assert str(caught.value) == f"{path} is not a directory; --photos takes one that holds photographs."


@pytest.mark.django_db
def test_people_are_added_once(small_pictures: Path) -> None:
    assert (pages.make_people(), pages.make_people()) == (8, 0)
