from __future__ import annotations

import pytest

from sessions.errors import Refused
from sessions.music import ALIASES, MODES, STYLE_TABLE, STYLES, read_style
from sessions.music.beats import HIGHEST_BPM, LOWEST_BPM
from sessions.music.styles import plain_words


def test_the_table_is_sound() -> None:
    assert len(STYLES) == len(set(STYLES)) >= 16
    for name, style in STYLE_TABLE.items():
        assert style.name == name
        assert LOWEST_BPM <= style.bpm <= HIGHEST_BPM
        assert style.mode in MODES
        assert 0 <= style.swing <= 1
        assert style.character.endswith(".")
        assert read_style(name) is style


def test_no_alias_is_claimed_twice() -> None:
    claimed = [plain_words(word) for style in STYLE_TABLE.values() for word in (style.name, *style.aliases)]
    assert len(claimed) == len(set(claimed)) == len(ALIASES)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("drum and bass", "dnb"), ("Drum & Bass", "dnb"), ("DnB", "dnb"), ("drum'n'bass", "dnb"),
        ("hiphop", "hip-hop"), ("Hip Hop", "hip-hop"),
        ("lofi", "lo-fi"), ("LO_FI", "lo-fi"), ("four on the floor", "house"), ("R&B", "hip-hop"),
        ("  jazz ", "jazz"), ("bossa-nova", "latin"),
    ],
)  # fmt: skip
def test_styles_as_people_write_them(text: str, name: str) -> None:
    assert read_style(text).name == name


@pytest.mark.parametrize(
    ("text", "advice"),
    [("dark dubstep", "mean dubstep"), ("tecno", "mean techno"), ("zydeco", "Ask for one of house"), ("", "Ask")],
)
def test_no_style(text: str, advice: str) -> None:
    with pytest.raises(Refused, match=f"^bad-value: style: .*{advice}"):
        read_style(text)
