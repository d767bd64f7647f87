"""What a prompt says that a request can hold: style, tempo, key, metre, bars, kind and parts.

Lives here: the reading of free text by plain rules. What it finds are texts for the fields' own readers; what it does
not find is ignored, never refused. Models may make more of a prompt than this.

    >>> read_prompt("dark dubstep drop, 16 bars at 140 bpm in F#m, drums and bass")
    {'style': 'dubstep', 'bpm': '140', 'key': 'F#m', 'bars': '16', 'kind': 'drop', 'parts': 'drums,bass'}
"""

from __future__ import annotations

import re

from sessions.music.keys import MODE_WORDS
from sessions.music.kinds import Kind
from sessions.music.parts import NOTE_PARTS, Part, format_parts
from sessions.music.styles import ALIASES, STYLES, plain_words

__all__ = ["read_prompt"]

_STYLE = re.compile(rf"(?<![\w'])(?:{'|'.join(map(re.escape, sorted(ALIASES, key=len, reverse=True)))})(?![\w'])")

_CANONICAL = {plain_words(style) for style in STYLES}

_TEMPO = r"(?<![\w./])(\d{2,3}(?:\.\d{1,3})?)"
_ANY_TEMPO = _TEMPO.replace("{2,3}", "{1,4}")  # surely meant as one, so that an impossible one can be told
_BPM = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_ANY_TEMPO}[ -]?bpm\b",
        rf"\b(?:bpm|tempo)(?: of| is|:| =)? {_ANY_TEMPO}(?![\w/])",
        rf"\bat {_TEMPO}(?![\w/%]|\.\d)(?! ?(?:bars?|beats|percent|hz|khz|db)\b)",
    )
)
_METER = re.compile(r"(?<![\w/.])(\d{1,2}/(?:2|4|8|16))(?![\w/])")

_COUNTS = {
    word: str(count)
    for count, word in (
        (1, "one"),
        (2, "two"),
        (4, "four"),
        (6, "six"),
        (8, "eight"),
        (12, "twelve"),
        (16, "sixteen"),
        (32, "thirty-two"),
    )
}
_BARS = re.compile(rf"(?<![\w./-])(\d{{1,4}}|{'|'.join(_COUNTS)})[ -]?(?:bars?|measures?)\b", re.IGNORECASE)

_ACCIDENTAL = "(?:[#b♯♭]|[ -](?i:sharp|flat))?"
_MODE = "(?i:" + "|".join(sorted(MODE_WORDS, key=len, reverse=True)).replace(" ", "[ -]") + ")"
_LONE_A = r"A(?=[#b♯♭]|[ -](?:sharp|flat)|[ ]?[,.;:!?)\d]|[ ](?:at|with|and|for)\b|$)"  # "In A Dark Room" is no key
_BEFORE, _AFTER = r"(?<![\w#♯♭'’./-])", r"(?![\w#♯♭'’-])"
_KEYS = (
    re.compile(rf"{_BEFORE}([A-Ga-g]{_ACCIDENTAL}[ -]?{_MODE}){_AFTER}"),
    re.compile(rf"{_BEFORE}(?<!\b[Ii] )([A-G][#b♯♭]?m){_AFTER}(?! I\b)"),
    re.compile(rf"\b(?i:in|key of|key:?) ((?:[B-G]|{_LONE_A}){_ACCIDENTAL}){_AFTER}"),
)
_LEADS_TO_KEY = re.compile(r"\b(?:in|key of|key:?) ?$", re.IGNORECASE)
_NOUN_OF_MODE = re.compile(r" ?(?:key|mode|mood|feel|vibe|way|style|tonality|scale|tone|chord|role)s?\b", re.IGNORECASE)

_KIND_WORDS = {
    **{kind.value: kind for kind in Kind},
    "pre-chorus": Kind.PRECHORUS, "pre chorus": Kind.PRECHORUS, "build-up": Kind.PRECHORUS, "buildup": Kind.PRECHORUS,
    "hook": Kind.CHORUS, "refrain": Kind.CHORUS, "ending": Kind.OUTRO,
}  # fmt: skip
_KIND = re.compile(rf"\b(?:{'|'.join(sorted(_KIND_WORDS, key=len, reverse=True))})\b", re.IGNORECASE)

_PART_WORDS = {
    **{part.value: part for part in NOTE_PARTS},
    "percussion": Part.DRUMS, "bassline": Part.BASS, "bass line": Part.BASS, "chords": Part.HARMONY, "pads": Part.HARMONY,
}  # fmt: skip
_PART = rf"(?:{'|'.join(sorted(_PART_WORDS, key=len, reverse=True))})"
_JOIN = r"(?:,? and |,? or |, ?|/)"
_PARTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:only|just|solo) ({_PART}(?:{_JOIN}{_PART})*)\b",
        rf"\b({_PART}(?:{_JOIN}{_PART})*) (?:only|alone|solo)\b",
        rf"\b(?<!no )(?<!without )({_PART}(?:{_JOIN}{_PART})+)\b",
    )
)
_WITHOUT = re.compile(rf"\b(?:no|without) ({_PART}(?:{_JOIN}{_PART})*)\b")


def read_prompt(prompt: str) -> dict[str, str]:
    """The fields that a prompt speaks of, each as a text. A number may be out of its field's range."""
    words = plain_words(prompt)
    bars = _first((_BARS,), prompt)
    readings = {
        "style": _style(words),
        "bpm": _first(_BPM, prompt),
        "key": _key(prompt),
        "meter": _first((_METER,), prompt),
        "bars": _COUNTS.get(bars.lower(), bars) if bars else None,
        "kind": _kind(prompt),
        "parts": _parts(_STYLE.sub("-", words)),
    }
    return {name: text for name, text in readings.items() if text is not None}


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str | None:
    for pattern in patterns:
        match = pattern.search(text)
        if match:
            return match[1]
    return None


def _style(words: str) -> str | None:
    """Names side by side are one style, its last word the noun: a jazz ballad is a ballad. Full names go before nicknames."""
    runs: list[list[re.Match[str]]] = []
    for match in _STYLE.finditer(words):
        if runs and runs[-1][-1].end() + 1 == match.start() and words[match.start() - 1] == " ":
            runs[-1].append(match)
        else:
            runs.append([match])
    nouns = [run[-1][0] for run in runs]
    full = [noun for noun in nouns if noun in _CANONICAL or " " in noun]
    return ALIASES[(full or nouns)[0]] if nouns else None


def _key(prompt: str) -> str | None:
    for pattern in _KEYS:
        for match in pattern.finditer(prompt):
            # "in a minor" names a key; "in a minor key" and "a major lift" do not.
            may_be_article = match[1][:2] in {"a ", "a-"} and match[1][2:].lower() in MODE_WORDS
            leads, noun = _LEADS_TO_KEY.search(prompt, 0, match.start()), _NOUN_OF_MODE.match(prompt, match.end())
            if not may_be_article or (leads and not noun):
                return match[1]
    return None


def _kind(prompt: str) -> str | None:
    match = _KIND.search(prompt)
    return _KIND_WORDS[match[0].lower()].value if match else None


def _parts(words: str) -> str | None:
    named = _first(_PARTS, words)
    unwanted = _WITHOUT.search(words)
    parts = {_PART_WORDS[word] for word in re.findall(_PART, named)} if named else set(NOTE_PARTS)
    if unwanted:
        parts -= {_PART_WORDS[word] for word in re.findall(_PART, unwanted[1])}
    if not parts or len(parts) == len(NOTE_PARTS):
        return None
    return format_parts(part for part in NOTE_PARTS if part in parts)
