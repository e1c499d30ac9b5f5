from __future__ import annotations

import pytest

from wagtail_sourcegroups.words import in_words, several_in_words


@pytest.mark.parametrize(
    ("filter_spec", "words"),
    [
        ("fill-800x450|format-webp", "800 × 450, cropped, WebP"),
        ("format-webp|fill-800x450", "800 × 450, cropped, WebP"),
        ("fill-800x450-c100", "800 × 450, cropped"),
        ("max-165x165", "at most 165 × 165"),
        ("min-500x200", "at least 500 × 200"),
        ("width-2400|format-jpeg|jpegquality-90", "2400 wide, JPEG, quality 90"),
        ("height-64", "64 high"),
        ("scale-50", "50% of the original's size"),
        ("scale-12.5", "12.5% of the original's size"),
        ("original", "the original's size"),
        ("format-avif", "the original's size, AVIF"),
        ("width-400|bgcolor-ff0000", "400 wide, on #ff0000"),
        ("width-400|preserve-svg", "400 wide"),
        ("width-400|format-webp-lossless", "400 wide, WebP, lossless"),
        ("width-400|sepia-3|blur", "400 wide, sepia-3, blur"),
        ("width-|max", "the original's size, width-, max"),
    ],
)
def test_a_filter_spec_in_words(filter_spec: str, words: str) -> None:
    assert str(in_words(filter_spec)) == words


@pytest.mark.parametrize(
    ("filter_specs", "words"),
    [
        (
            [
                f"fill-{size}|format-{name}"
                for size in ("800x450", "1600x900")
                for name in ("avif", "webp", "jpeg")
            ],
            "800 × 450 and 1600 × 900, cropped; AVIF, WebP, JPEG",
        ),
        (["width-100", "width-200", "width-300"], "100, 200 and 300 wide"),
        (
            ["max-165x165", "width-800|format-webp|webpquality-70"],
            "at most 165 × 165; 800 wide; WebP, quality 70",
        ),
        (["original"], "the original's size"),
        ([], ""),
    ],
)
def test_several_in_words(filter_specs: list[str], words: str) -> None:
    assert several_in_words(filter_specs) == words
