"""
The words of the site. ``{right:album/dunes.jpg}`` is a picture, in a format of Wagtail's rich text.
"""
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass

STRAPLINE = "Food, tides and slow journeys"
SECTIONS: dict[str, tuple[str, str]] = {
    "journeys": ("Journeys", "On foot, by boat, by the slow train: places worth being early for."),
    "kitchen": ("Kitchen", "What we cook when we are back, and what we cook because we could not go."),
}


@dataclass(frozen=True)
class Story:
    """An article. ``story`` holds pairs of a StreamField block's name and its value, pictures by their origin."""

    slug: str
    section: str
    title: str
    standfirst: str
    author: str
    date: str
    hero: str
    body: str
    story: tuple[tuple[str, object], ...]


STORIES: tuple[Story, ...] = (
    Story(
        "first-light", "journeys", "The estuary before anyone is up",
        "Two hours in a very small boat, with coffee, from the slip at Alcochete to the salt pans and back.",
        "ines", "2026-06-19", "zoo/estuary-24mp.jpg",
        "<p>At five the water is the colour of the inside of a shell. Nothing moves except the heron that has "
        "decided, again, that we are not worth leaving for. Tomasz rows. I hold the coffee, which is the harder job.</p>"
        "<p>{right:album/islands.jpg}The channel is marked with poles that somebody's grandfather put there. You keep "
        "them on your left going out, and you keep your voice down, because sound carries over flat water and the first "
        "houses are nearer than they look. Past the third pole the pans begin: low walls, square after square, each with "
        "its own piece of sky.</p><p>Salt is made by waiting. The sea is let in, the door is shut, and the sun does the "
        "rest. Dona Graça, whose family has four of the squares, says that people ask her for the secret and are cross "
        "when she tells them.</p>",
        (
            ("heading", "What to bring"),
            ("text", "<ul><li>A jumper, in June too.</li><li>Coffee in a flask with a lid that locks.</li>"
             "<li>Bread from the day before. Fresh bread does not survive a boat.</li></ul>"),
            ("picture", {"picture": "album/storm-coming.jpg", "alt": "A boat under a dark sky",
                         "caption": "The same channel in March, when you stay at home."}),
            ("quote", "Salt is made by waiting. People ask for the secret and are cross when she tells them."),
            ("text", "<p>By seven the wind is up, the light has gone flat and ordinary, and there is a ferry. We tie up "
             "beside the ice house and eat the bread on the wall. It is a working day. Nobody believes where we have been.</p>"),
            ("pair", {"left": "album/night-sky.jpg", "right": "album/dunes.jpg",
                      "caption": "The same coast at other hours: midnight in October, four o'clock in August."}),
        ),
    ),
    Story(
        "blood-oranges", "kitchen", "Blood oranges, mint, nothing else",
        "Three weeks a year they are so good that a recipe is an insult. Here is a recipe.",
        "amara", "2026-06-12", "album/blood-oranges.jpg",
        "<p>Buy more than you need, because you will eat the first ones over the sink. Look for a heavy fruit with a "
        "blush that stops half-way, as if somebody had called it away.</p>"
        "<p>{left:zoo/lemon-alpha.png}Cut both ends off, stand the orange up and take the peel away in strips from top to "
        "bottom, white and all. Then slice it across, thin, and catch the juice. A little lemon wakes it up. The mint goes "
        "on last, torn, never cut.</p><p>Wait ten minutes before you serve it. That is the whole technique.</p>",
        (
            ("heading", "For four people"),
            ("text", "<p>Six oranges of two or three colours, half a lemon, a handful of mint, a thread of good oil, "
             "flaky salt. If you have orange-flower water, one drop; if you are not sure you have, none.</p>"),
            ("picture", {"picture": "album/tomatoes.jpg", "alt": "Tomatoes of many colours on a dark plate",
                         "caption": "In August the same plate takes tomatoes."}),
        ),
    ),
    Story(
        "larches", "journeys", "Walking round the lake the wrong way",
        "The signs say clockwise. The light says otherwise.",
        "tomasz", "2026-06-03", "zoo/larches-12mp.jpg",
        "<p>Everybody walks clockwise, because the car park is there and the sign has an arrow. So at nine in the morning "
        "the whole valley has the sun in its eyes and sees nothing but its own feet.</p>"
        "<p>Go the other way. The path climbs first, which is honest of it, and by the second bench you have the whole "
        "lake with the mountains standing on their heads in it.</p><p>{fullwidth:album/winter-pass.jpg}</p><p>The hut "
        "opens when Maud has finished her crossword. There is soup. There is always soup.</p>",
        (
            ("quote", "The path climbs first, which is honest of it."),
            ("pair", {"left": "album/pea-soup.jpg", "right": "album/rye-loaf.jpg",
                      "caption": "What there is at the hut. The spiral is Maud's."}),
            ("text", "<p>Allow four hours, five with soup. Good boots, no heroics, and leave the larches their needles: "
             "in October they let go of them all in one week, and you will want to have seen it.</p>"),
        ),
    ),
    Story(
        "shakshuka", "kitchen", "Shakshuka for five, one of them late",
        "A supper that forgives everything except a thin pan.",
        "joon", "2026-05-22", "album/shakshuka.jpg",
        "<p>Somebody is always late, and this is the dish for it. The sauce can stand as long as it likes. The eggs go in "
        "when the door opens, and take exactly as long as a coat, two kisses and an excuse.</p>"
        "<p>Onions first, slowly, until they have given up. Then peppers, cumin, a spoon of paprika, and tomatoes that you "
        "crush by hand because it is more fun.</p>",
        (
            ("picture", {"picture": "album/rye-loaf.jpg", "alt": "A round loaf with five cuts",
                         "caption": "You will need this much bread."}),
            ("text", "<p>Make a hollow for each egg with the back of a spoon. Lid on, six minutes, do not look.</p>"),
        ),
    ),
    Story(
        "last-light", "journeys", "Waiting for the last light on the pass",
        "An hour on a cold wall, for four minutes of colour.",
        "ines", "2026-05-09", "album/last-light.jpg",
        "<p>The bus goes down at six. If you stay for the light you walk, and it is eleven kilometres, in the dark, on "
        "a road with opinions. We stay.</p><p>{right:zoo/dusk.webp}It begins in the east, behind your back, where nobody "
        "looks: the snow turns the pink of a cat's ear. Then the woods go out one row after the other, and then, for as "
        "long as it takes to find your gloves, everything burns.</p>",
        (
            ("pair", {"left": "zoo/dusk.webp", "right": "zoo/aurora.avif", "caption": "That evening, and the night we got home."}),
            ("text", "<p>We were home at ten. The soup was still warm. I would do it again tonight.</p>"),
        ),
    ),
    Story(
        "plum-tart", "kitchen", "A plum tart in four circles",
        "One plum in the middle, then seven, then thirteen, then nineteen. Geometry you can eat.",
        "amara", "2026-04-28", "album/plum-tart.jpg",
        "<p>My grandmother laid the plums in circles and counted out loud, and if the last circle did not close she ate the "
        "difference. It is the only mathematics she held with.</p><p>Halve them, stone them, stand them close: they shrink. "
        "Sugar afterwards, never before, or the base turns to soup.</p>",
        (
            ("heading", "The base"),
            ("text", "<p>Two hundred grams of flour, one hundred of butter, fifty of sugar, one yolk, a pinch of salt. Rub, "
             "press, chill. Do not roll it: pressing is quicker and nobody will ever know.</p>"),
            ("picture", {"picture": "zoo/compass.svg", "alt": "A compass rose", "caption": "How to lay out the first eight."}),
        ),
    ),
    Story(
        "dunes", "journeys", "The dunes at four in the afternoon",
        "Sand is only a slow liquid. We spent a day watching it pour.",
        "joon", "2026-04-11", "album/dunes.jpg",
        "<p>Nobody goes at noon. At noon there are no dunes, only a white glare with people in it. Come at four, when each "
        "crest has a shadow to lean on, and sit down at once, because everything worth seeing happens at ankle height.</p>"
        "<p>{left:zoo/tidal-flats-palette.png}The map is wrong by spring. The flats move, the channels move, and the café "
        "has moved twice.</p>",
        (
            ("picture", {"picture": "zoo/poppies-display-p3.jpg", "alt": "A field of poppies below green hills",
                         "caption": "Behind the last dune, out of the wind, the poppies begin."}),
            ("quote", "Sand is only a slow liquid."),
        ),
    ),
)  # fmt: skip

WRITERS: dict[str, tuple[str, str, str]] = {
    "ines": (
        "Inês Faria",
        "Editor",
        "Grew up on the wrong bank of the Tagus and has been rowing across ever since.",
    ),
    "tomasz": ("Tomasz Wilk", "Walks", "Has never taken the marked path. Owns four maps of the same valley."),
    "amara": ("Amara Okoye", "Kitchen", "Cooks for six whoever comes. Counts plums out loud."),
    "joon": ("Joon Park", "Kitchen and coast", "Believes in iron pans, early trains and the second cup."),
}
GUESTS: dict[str, tuple[str, str]] = {
    "maud": ("Maud Lindqvist", "keeps the hut above the lake"),
    "elio": ("Elio Conti", "came for one night, stayed for the season"),
    "amara": ("Amara Okoye", "before she wrote for us"),
    "tomasz": ("Tomasz Wilk", "the winter he was snowed in"),
}
