"""What a spec makes of a sample: drawn beside its form, in memory, for those who may see both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from wagtail.models import Collection

from tests.images import picture, stored
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin.specs import trying
from wagtail_sourcegroups.admin.specs.cards import Made, cards, summary
from wagtail_sourcegroups.generation.sources import ImageSource
from wagtail_sourcegroups.models import StoredSpec

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registry")]

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><rect width="60" height="40"/></svg>'


@pytest.fixture
def curator(editor: Any) -> Any:
    """An editor of Press who may also define specs."""
    editor.user_permissions.add(*Permission.objects.filter(codename="change_storedspec"))
    return type(editor).objects.get(pk=editor.pk)


@pytest.fixture
def photo(press: Collection, add_image: Callable[..., Any]) -> Any:
    return add_image(press, name="photo.jpg", content=picture((600, 400)))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Originals that were opened."""
    found: list[Any] = []
    stock = ImageSource.open

    def open_(self: ImageSource) -> Any:
        found.append(self.image)
        return stock(self)

    monkeypatch.setattr(ImageSource, "open", open_)
    return found


def draw(client: Client, filters: str, **given: Any) -> Any:
    return client.post(reverse("sourcegroups:spec_preview"), {"filters": filters, **given})


def fetch(client: Client, image: Any, filter_spec: str) -> Any:
    return client.get(
        reverse("sourcegroups:spec_preview_picture"), {"sample": image.pk, "filter": filter_spec}
    )


class TestDrawing:
    def test_a_card_for_each_size_with_its_formats_and_weights(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any
    ) -> None:
        response = draw(as_user(admin_user), "fill-{300x200,900x600}|format-{webp,jpeg}")
        page = response.content.decode()
        assert "4 renditions of each image: 2 sizes, 2 formats each." in page
        small, large = response.context["cards"]
        assert (small.heading, small.note) == (
            "300 × 200, cropped",
            "Fills the frame, keeps the focal point in view.",
        )
        assert (large.heading, large.note) == (
            "900 × 600, cropped",
            "This sample gives 600 × 400: small originals aren't enlarged.",
        )
        assert [line.label for line in small.lines] == ["WebP", "JPEG"]
        weights = {line.filter_spec: line.made.weight for card in (small, large) for line in card.lines}
        for filter_spec, weight in weights.items():
            assert photo.get_rendition(filter_spec).file.size == weight

    def test_makes_no_rendition_and_stores_no_file(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any, media_root: Any
    ) -> None:
        client, before = as_user(admin_user), stored(media_root)
        client.get(reverse("sourcegroups_specs:add"))
        draw(client, "width-20\nfill-10x10|format-webp")
        assert fetch(client, photo, "width-20").status_code == 200
        cache.clear()
        assert fetch(client, photo, "width-20").status_code == 200
        assert not photo.renditions.exists()
        assert stored(media_root) == before

    def test_opens_the_sample_once_and_remembers_what_came_of_it(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any, opened: list[Any]
    ) -> None:
        client = as_user(admin_user)
        draw(client, "width-{20,30,40}|format-{webp,jpeg}")
        assert opened == [photo]
        draw(client, "width-{20,30,40}|format-{webp,jpeg}")
        fetch(client, photo, "width-20|format-webp")
        assert opened == [photo]
        draw(client, "width-{20,30,40}|format-{webp,jpeg}\nwidth-50")
        assert opened == [photo, photo]

    def test_another_focal_point_is_another_picture(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any, opened: list[Any]
    ) -> None:
        client = as_user(admin_user)
        draw(client, "fill-10x10")
        photo.focal_point_x, photo.focal_point_y, photo.focal_point_width, photo.focal_point_height = (
            9,
            9,
            9,
            9,
        )
        photo.save()
        draw(client, "fill-10x10")
        assert len(opened) == 2

    def test_wrong_filters_have_a_reason_and_no_picture(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any, opened: list[Any]
    ) -> None:
        response = draw(as_user(admin_user), "width-20\nfil-10x10")
        page = response.content.decode()
        assert (
            '<p class="error-message">There is no filter called “fil”. Did you mean “fill-10x10”?</p>' in page
        )
        assert "Shown here as soon as the filters are right." in page
        assert "<img" not in page and not opened

    def test_no_filters_are_no_mistake_yet(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any
    ) -> None:
        page = draw(as_user(admin_user), " \n").content.decode()
        assert "Shown here as soon as there are filters." in page and "error-message" not in page

    def test_a_lost_original_is_said_to_be_lost(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any
    ) -> None:
        photo.file.storage.delete(photo.file.name)
        page = draw(as_user(admin_user), "width-20").content.decode()
        assert "is not in storage." in page and "<img" not in page

    def test_the_form_itself_draws_no_picture(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any, opened: list[Any]
    ) -> None:
        row = StoredSpec.objects.create(label="One", spec_id="one", filters="width-{20,30}")
        page = as_user(admin_user).get(reverse("sourcegroups_specs:edit", args=[row.pk])).content.decode()
        assert "2 renditions of each image: 2 sizes." in page
        assert photo.title in page and not opened

    def test_has_no_script_or_style_of_its_own(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any
    ) -> None:
        client = as_user(admin_user)
        page = client.get(reverse("sourcegroups_specs:add")).content.decode()
        panel = page[page.index('class="sg-preview"') : page.index("panel-child-strategy")]
        for text in (panel, draw(client, "width-20").content.decode()):
            assert "<script" not in text and "style=" not in text and "onclick" not in text


class TestSample:
    def test_is_the_newest_that_one_may_see(
        self,
        as_user: Callable[[Any], Client],
        curator: Any,
        admin_user: Any,
        photo: Any,
        archive: Collection,
        add_image: Callable[..., Any],
    ) -> None:
        newest = add_image(archive)
        assert draw(as_user(curator), "width-20").context["sample"] == photo
        assert draw(as_user(admin_user), "width-20").context["sample"] == newest

    def test_a_chosen_one_is_remembered(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        photo: Any,
        press: Collection,
        add_image: Callable[..., Any],
    ) -> None:
        add_image(press)
        client = as_user(admin_user)
        draw(client, "width-20", sample=photo.pk)
        assert draw(client, "width-20").context["sample"] == photo
        photo.delete()
        assert draw(client, "width-20").context["sample"] is not None

    @pytest.mark.parametrize("key", ["0", "x", "99999999999999999999999"])
    def test_one_that_is_not_there_is_replaced_by_another(
        self, key: str, as_user: Callable[[Any], Client], admin_user: Any, photo: Any
    ) -> None:
        assert draw(as_user(admin_user), "width-20", sample=key).context["sample"] == photo

    def test_one_of_another_collection_is_not_shown(
        self,
        as_user: Callable[[Any], Client],
        curator: Any,
        photo: Any,
        archive: Collection,
        add_image: Callable[..., Any],
    ) -> None:
        other, client = add_image(archive), as_user(curator)
        assert draw(client, "width-20", sample=other.pk).context["sample"] == photo
        assert fetch(client, other, "width-20").status_code == 404
        assert fetch(client, photo, "width-20").status_code == 200

    def test_without_an_image_there_are_words(
        self, as_user: Callable[[Any], Client], admin_user: Any
    ) -> None:
        page = draw(as_user(admin_user), "width-{20,30}").content.decode()
        assert "2 renditions of each image: 2 sizes." in page
        assert "There is no image yet to try this on." in page

    def test_an_svg_makes_what_it_can(
        self,
        as_user: Callable[[Any], Client],
        admin_user: Any,
        press: Collection,
        add_image: Callable[..., Any],
    ) -> None:
        drawing = add_image(press, name="drawing.svg", content=ContentFile(SVG))
        client = as_user(admin_user)
        assert draw(client, "width-20").context["sample"] is None
        response = draw(
            client, "width-20|format-{webp,jpeg}|preserve-svg\nwidth-20|format-webp", sample=drawing.pk
        )
        (card,) = response.context["cards"]
        assert [line.made.format for line in card.lines] == ["svg", "svg", ""]
        assert "does not apply to an SVG" in card.lines[2].made.error
        shown = fetch(client, drawing, "width-20|format-webp|preserve-svg")
        assert shown["Content-Type"] == "image/svg+xml"
        assert "sandbox" in shown["Content-Security-Policy"]


class TestBounds:
    def test_a_sample_that_takes_too_long_is_not_opened(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any, settings: Any, opened: list[Any]
    ) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"MAX_PIXELS_IN_FLIGHT": 600 * 400 - 1}
        client = as_user(admin_user)
        assert draw(client, "width-20").context["sample"] is None
        page = draw(client, "width-20", sample=photo.pk).content.decode()
        assert "This sample is too large" in page
        assert fetch(client, photo, "width-20").status_code == 404
        assert not opened

    def test_only_the_first_filters_are_tried(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("wagtail_sourcegroups.admin.specs.shown.MOST_TRIED", 3)
        response = draw(as_user(admin_user), "width-{20,30,40,50,60}")
        assert len(response.context["cards"]) == 3
        assert "2 more are not tried here." in response.content.decode()

    def test_what_takes_too_long_is_left_for_the_next_time(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(trying, "PATIENCE", -1.0)
        client = as_user(admin_user)
        tried = []
        for _time in range(3):
            found = draw(client, "width-{20,30,40}").context["cards"]
            tried.append(sum(line.made is not None for card in found for line in card.lines))
        assert tried == [1, 2, 3]

    def test_an_output_that_is_too_large_is_refused(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any, settings: Any
    ) -> None:
        settings.WAGTAIL_SOURCEGROUPS = {"MAX_OUTPUT_PIXELS": 1000}
        page = draw(as_user(admin_user), "scale-100").content.decode()
        assert "at most 1000 are allowed" in page and "<img" not in page


class TestPicture:
    @pytest.mark.parametrize("filter_spec", ["", "fil-10x10", "width-{20,30}", "width-20 format-webp"])
    def test_there_is_one_of_one_right_filter_only(
        self, filter_spec: str, as_user: Callable[[Any], Client], admin_user: Any, photo: Any
    ) -> None:
        assert fetch(as_user(admin_user), photo, filter_spec).status_code == 404

    def test_is_what_wagtail_makes(
        self, as_user: Callable[[Any], Client], admin_user: Any, photo: Any
    ) -> None:
        response = fetch(as_user(admin_user), photo, "fill-30x30|format-webp")
        assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("image/webp", "nosniff")
        assert response.content == photo.get_rendition("fill-30x30|format-webp").file.read()


class TestPermissions:
    @pytest.mark.parametrize(
        ("kind", "status"), [("nobody", 302), ("editor", 302), ("curator", 200), ("admin_user", 200)]
    )
    def test_both_ask_as_their_page_does(
        self,
        kind: str,
        status: int,
        as_user: Callable[[Any], Client],
        photo: Any,
        request: pytest.FixtureRequest,
        opened: list[Any],
    ) -> None:
        client = as_user(None if kind == "nobody" else request.getfixturevalue(kind))
        assert draw(client, "width-20").status_code == status
        assert fetch(client, photo, "width-20").status_code == status
        assert bool(opened) is (status == 200)

    def test_methods(self, as_user: Callable[[Any], Client], admin_user: Any) -> None:
        client = as_user(admin_user)
        assert client.get(reverse("sourcegroups:spec_preview")).status_code == 405
        assert client.post(reverse("sourcegroups:spec_preview_picture")).status_code == 405


class TestWords:
    @pytest.mark.parametrize(
        ("filters", "words"),
        [
            ("width-20", "1 rendition of each image."),
            ("width-20|format-{webp,jpeg}", "2 renditions of each image: 1 size, 2 formats."),
            ("width-{20,30}", "2 renditions of each image: 2 sizes."),
            (
                "fill-{8x4,16x9}|format-{avif,webp,jpeg}",
                "6 renditions of each image: 2 sizes, 3 formats each.",
            ),
        ],
    )
    def test_how_many(self, filters: str, words: str) -> None:
        assert summary(RenditionSpec("a", filters).filters) == words

    def test_how_many_where_sizes_differ_in_formats(self) -> None:
        assert summary(["width-20|format-webp", "width-20|format-jpeg", "width-30"]) == (
            "3 renditions of each image: 2 sizes."
        )

    @pytest.mark.parametrize(
        ("filter_spec", "size", "note"),
        [
            ("width-800", (800, 533), "This sample gives 800 × 533."),
            ("width-800", (600, 400), "This sample gives 600 × 400: small originals aren't enlarged."),
            ("height-300", (450, 300), "This sample gives 450 × 300."),
            ("max-300x300", (300, 200), "This sample gives 300 × 200."),
            ("max-900x900", (600, 400), "This sample gives 600 × 400: small originals aren't enlarged."),
            ("min-300x300", (450, 300), "This sample gives 450 × 300."),
            ("min-900x300", (600, 400), "This sample gives 600 × 400: small originals aren't enlarged."),
            ("original", (1000, 669), "This sample gives 1000 × 669."),
            ("scale-50", (500, 334), "This sample gives 500 × 334."),
        ],
    )
    def test_what_the_sample_gives(self, filter_spec: str, size: tuple[int, int], note: str) -> None:
        (card,) = cards([filter_spec], {filter_spec: Made(*size, "jpeg", 1)})
        assert card.note == note

    def test_pictures_keep_their_proportion(self) -> None:
        small, large = cards(
            ["fill-800x450", "fill-1600x900"],
            {"fill-800x450": Made(800, 450, "jpeg", 1), "fill-1600x900": Made(1000, 563, "jpeg", 1)},
        )
        assert small.picture is not None and large.picture is not None
        assert small.picture.width / large.picture.width == pytest.approx(0.8, abs=0.01)

    def test_what_no_browser_shows_has_no_picture(self) -> None:
        (card,) = cards(
            ["width-20|format-heic", "width-20|format-webp"],
            {
                "width-20|format-heic": Made(20, 10, "heic", 1),
                "width-20|format-webp": Made(20, 10, "webp", 1),
            },
        )
        assert card.picture is not None and card.picture.filter_spec == "width-20|format-webp"
        assert [line.label for line in card.lines] == ["HEIC", "WebP"]

    def test_two_of_one_name_are_told_apart(self) -> None:
        (card,) = cards(["fill-9x9", "fill-9x9-c50"], {})
        assert [line.label for line in card.lines] == ["fill-9x9", "fill-9x9-c50"]

    def test_the_originals_own_format_is_named(self) -> None:
        (card,) = cards(["width-20"], {"width-20": Made(20, 10, "png", 1)})
        assert card.lines[0].label == "The original's format (PNG)"
