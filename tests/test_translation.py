"""French: every message is translated and compiled, and the admin speaks it to whoever prefers it."""

from __future__ import annotations

import ast
import gettext
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from wagtail.users.models import UserProfile

import wagtail_sourcegroups
from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.admin import states
from wagtail_sourcegroups.admin.runs.wording import renditions_in_words
from wagtail_sourcegroups.coverage import Figures
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup, TagSourceGroup
from wagtail_sourcegroups.words import in_words, several_in_words

# What it reads of the database, other tests read on both.
pytestmark = pytest.mark.once

MESSAGES = Path(wagtail_sourcegroups.__file__).parent / "locale" / "fr" / "LC_MESSAGES"
#: "%%" comes first: what follows it is no placeholder.
PLACEHOLDER = re.compile(r"%%|%\(\w+\)[a-z]|%[a-z]|\{\w*\}|__\w+__|</?[a-z][^>]*>")


@dataclass
class Message:
    """As a .po has it: what it is of (``msgid``, ``msgid_plural``, ``msgctxt``), ``msgstr`` by number of the form."""

    flags: str = ""
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What a .mo knows it by."""
        context = self.parts.get("msgctxt")
        return self.parts["msgid"] if context is None else f"{context}\x04{self.parts['msgid']}"

    @property
    def is_plural(self) -> bool:
        return "msgid_plural" in self.parts

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What is translated, and the translation: of a plural, each form and what it is of."""
        if not self.is_plural:
            return [(self.parts["msgid"], self.parts["msgstr"])]
        singular, plural = self.parts["msgid"], self.parts["msgid_plural"]
        return [(singular, self.parts.get("msgstr[0]", "")), (plural, self.parts.get("msgstr[1]", ""))]

    @property
    def compiled(self) -> dict[Any, str]:
        """As ``gettext`` reads it of a .mo."""
        if not self.is_plural:
            return {self.key: self.parts["msgstr"]}
        return {(self.key, form): said for form, (_of, said) in enumerate(self.pairs)}


def read_po(text: str) -> Iterator[Message]:
    """Its messages, the first of which is the header. Obsolete ones are comments."""
    for block in text.split("\n\n"):
        message, name = Message(), ""
        for line in block.splitlines():
            if line.startswith("#,"):
                message.flags += line
            elif line and not line.startswith("#"):
                keyword, quote, rest = line.partition('"')
                name = keyword.strip() or name
                message.parts[name] = message.parts.get(name, "") + ast.literal_eval(quote + rest)
        if message.parts:
            yield message


@pytest.fixture(scope="module")
def po() -> list[Message]:
    return list(read_po((MESSAGES / "django.po").read_text()))


@pytest.fixture(scope="module")
def messages(po: list[Message]) -> list[Message]:
    return po[1:]


# The files -----------------------------------------------------------------------------------------------


def test_the_header_names_the_language_and_nobody(po: list[Message]) -> None:
    header = po[0].parts["msgstr"]
    assert po[0].key == "" and "fuzzy" not in po[0].flags
    assert "\nLanguage: fr\n" in header
    assert "\nPlural-Forms: nplurals=2; plural=(n > 1);\n" in header
    assert "@" not in header


def test_nothing_is_left_open_or_guessed(messages: list[Message]) -> None:
    assert len(messages) > 400
    assert [message.key for message in messages if "fuzzy" in message.flags] == []
    assert [message.key for message in messages if not all(said.strip() for _of, said in message.pairs)] == []
    assert [
        message.key
        for message in messages
        if sum(name.startswith("msgstr") for name in message.parts) != len(message.pairs)
    ] == []


def test_placeholders_and_tags_are_kept(messages: list[Message]) -> None:
    assert {
        of: said
        for message in messages
        for of, said in message.pairs
        if Counter(PLACEHOLDER.findall(of)) != Counter(PLACEHOLDER.findall(said))
    } == {}


def test_what_is_compiled_is_what_is_written(messages: list[Message]) -> None:
    """``django-admin compilemessages`` was run after the last change."""
    with (MESSAGES / "django.mo").open("rb") as file:
        compiled: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    # Its header, from which msgfmt leaves the date out.
    del compiled[""]
    written: dict[Any, str] = {}
    for message in messages:
        written |= message.compiled
    assert compiled.keys() == written.keys()
    assert {key: said for key, said in compiled.items() if said != written[key]} == {}


# What is said --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 rendu"), (1, "1 rendu"), (2, "2 rendus"), (3_000_000, "3000000 rendus")]
)
def test_plurals_are_french_whatever_those_of_wagtail_are(count: int, said: str, settings: Any) -> None:
    settings.USE_THOUSAND_SEPARATOR = False
    with translation.override("fr"):
        assert re.sub(r"(?<=\d)\s(?=\d)", "", renditions_in_words(count)) == said


def test_what_is_remembered_in_no_language_is_said_in_each() -> None:
    figures = Figures(3, 6, ready=1, missing=1, stale=2, failed=2)
    with translation.override("fr"):
        assert states.in_words(figures) == "Prêts\xa0: 1 sur 6, 1 manquant, 2 périmés, 2 en échec"
        assert (
            str(in_words("scale-50|format-webp-lossless"))
            == "50\xa0% de la taille d'origine, WebP, sans perte"
        )
        assert several_in_words(["width-20", "width-30|format-webp"]) == "largeur 20 et 30\xa0; WebP"
        assert TagSourceGroup("big").label == "Images avec le mot-clé «\xa0big\xa0»"
    assert str(in_words("format-webp-lossless")) == "the original's size, WebP, lossless"


# The pages -----------------------------------------------------------------------------------------------


class Texts(HTMLParser):
    """What a page shows, piece by piece."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.found.add(" ".join(data.split(" ")).strip())


@pytest.fixture
def registry() -> Iterator[Registry]:
    get_registry().notice(None)
    with get_registry().override(empty=True) as registry:
        yield registry
    get_registry().notice(None)


@pytest.fixture
def card(registry: Registry) -> RenditionSpec:
    spec = RenditionSpec("shop:card", ["width-20", "fill-10x10"], label="Card")
    registry.add_spec(spec)
    registry.add_group(spec.id, ImageModelSourceGroup())
    return spec


@pytest.fixture
def shown(client: Client, superuser: Any) -> Callable[[str, str], set[str]]:
    """What a page says to an administrator who prefers this language."""

    def get(language: str, name: str) -> set[str]:
        UserProfile.objects.update_or_create(user=superuser, defaults={"preferred_language": language})
        superuser.refresh_from_db()
        client.force_login(superuser)
        response = client.get(reverse(name))
        assert response.status_code == 200
        return Texts(response.content.decode()).found

    return get


PAGES = {
    "sourcegroups:overview": {
        "Renditions": "Rendus",
        "Overview": "Vue d'ensemble",
        "Generate what is missing": "Générer ce qui manque",
        "Ready by spec": "Rendus prêts par spécification",
        "Not counted yet": "Pas encore compté",
    },
    "sourcegroups_specs:index": {
        "Specs": "Spécifications",
        "Makes": "Produit",
        "Used for": "Utilisée pour",
        "20 wide; 10 × 10, cropped": "Largeur 20\xa0; 10 × 10, recadré",
        "2 renditions": "2 rendus",
        "In code": "Dans le code",
    },
    "sourcegroups:runs": {
        "Runs": "Exécutions",
        "Started by": "Lancée par",
        "Stalled": "Interrompue",
        "Command line": "Ligne de commande",
    },
    "sourcegroups:coverage": {
        "Rendition coverage": "Couverture des rendus",
        "Expected": "Attendu",
        "Out of date": "Périmé",
        "Share ready": "Part prête",
    },
    "sourcegroups:assignments": {
        "Assignments": "Assignations",
        "All images": "Toutes les images",
        "2 per image": "2 par image",
        "in code": "dans le code",
    },
    "sourcegroups:failures": {
        "Rendition failures": "Échecs de rendus",
        "Nothing has failed.": "Aucun échec.",
    },
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_a_page_speaks_the_language_of_who_looks(
    name: str, shown: Callable[[str, str], set[str]], card: RenditionSpec
) -> None:
    english, french = set(PAGES[name]), set(PAGES[name].values())
    in_french, in_english = shown("fr", name), shown("en", name)
    assert french - in_french == set()
    assert english & in_french == set()
    # These are what the page says otherwise.
    assert english - in_english == set()
    assert french & in_english == set()
