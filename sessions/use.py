"""What a take may be used for: whose notes and whose sound it is, and what their licences keep it from.

Lives here: the two facts that a statement carries of it, `commercial` and `restrictions`, and the sentences about them that every
door shows. Notes that go on from another take take that one's restrictions along; its sound is not used again.

>>> made = {"name": "musicgen-small", "licence": "CC-BY-NC-4.0", "commercial": False}
>>> stated = use_of({"name": "transformer", "licence": "Apache-2.0", "commercial": True}, made)
>>> stated["commercial"], use_sentence(stated)
(False, 'not for commercial use: its sound is by musicgen-small, under CC-BY-NC-4.0')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["credits_of", "is_commercial", "restrictions_of", "use_of", "use_sentence"]

NOTES, SOUND = "notes", "sound"
_MAKERS = {"composer": NOTES, "renderer": SOUND}


def use_of(
    composer: Mapping[str, Any], renderer: Mapping[str, Any], parents: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What a statement says of a take's use; `parents` are the statements of the takes that its notes go on from."""
    found = [_restriction(of, maker) for of, maker in ((NOTES, composer), (SOUND, renderer)) if _keeps_from_sale(maker)]
    for parent in parents:
        found += [one for one in restrictions_of(parent) if one["of"] == NOTES and one not in found]
    return {"commercial": not found, "restrictions": found}


def restrictions_of(stated: Mapping[str, Any]) -> list[dict[str, str]]:
    """What keeps a take from commercial use: `of` (notes or sound), `by`, `licence`; older statements say it of their makers."""
    told = stated.get("restrictions")
    if isinstance(told, list | tuple):
        return [
            {name: str(one.get(name, "")) for name in ("of", "by", "licence")}
            for one in told
            if isinstance(one, Mapping)
        ]
    made_by = {of: stated.get(maker) for maker, of in _MAKERS.items()}
    return [_restriction(of, by) for of, by in made_by.items() if isinstance(by, Mapping) and _keeps_from_sale(by)]


def is_commercial(stated: Mapping[str, Any]) -> bool:
    """Whether nothing keeps a take from commercial use."""
    return stated.get("commercial", True) is True and not restrictions_of(stated)


def use_sentence(stated: Mapping[str, Any]) -> str:
    """What a take may be used for, in words."""
    if is_commercial(stated):
        return "no licence that is named keeps it from commercial use"
    why = (
        f"its {one['of']} {'are' if one['of'] == NOTES else 'is'} by {one['by']}"
        + (f", under {one['licence']}" if one["licence"] else "")
        for one in restrictions_of(stated)
    )
    return ": ".join(filter(None, ("not for commercial use", "; ".join(why))))


def credits_of(stated: Mapping[str, Any]) -> str:
    """Who made the notes and who the sound, each with its licence.

    >>> credits_of({"composer": {"name": "arranger", "version": "1", "licence": "Apache-2.0"}})
    'notes: arranger 1 (Apache-2.0)'
    """
    named = []
    for maker, of in _MAKERS.items():
        by = stated.get(maker)
        if isinstance(by, Mapping) and by.get("name"):
            licence = f" ({by['licence']})" if by.get("licence") else ""
            named.append(f"{of}: {by['name']} {by.get('version') or ''}".rstrip() + licence)
    return ", ".join(named)


def _keeps_from_sale(maker: Mapping[str, Any]) -> bool:
    return bool(maker) and maker.get("commercial", True) is not True


def _restriction(of: str, maker: Mapping[str, Any]) -> dict[str, str]:
    return {"of": of, "by": str(maker.get("name", "")), "licence": str(maker.get("licence", ""))}
