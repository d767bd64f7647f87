"""The table of addresses for people, `osc_schemas/ADDRESSES.md`: made from the schemas and from the table of permissions.

It stands here because it needs both rooms: `osc_schemas` says what may be said and may not know of roles, `sessions.roles`
says who may say it. Run it after either has changed; a test holds the page to it.

    python -m bridge.addresses            # writes the page
    python -m bridge.addresses --check    # exit status 1 where it is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import osc_schemas
from osc_schemas import Answer, Argument, Ask, Chapter, Receiver
from sessions.music import Part
from sessions.roles import ROLES, WITH_PARTS, Permit, Role

__all__ = ["PAGE", "main", "page"]

PAGE = Path(osc_schemas.__file__).parent / "ADDRESSES.md"

_HEAD = """# Addresses

Made by `python -m bridge.addresses` from the files beside it and from `sessions/roles.py`; change those, not this page.

Types are OSC's: `s` text, `i` a whole number of 32 bits, `f` a number of 32 bits. A whole `f` is taken where an `i` is asked,
and an `i` where an `f` is. What stands in brackets may be left out. `vectors/` has the bytes of every message here.

Who may say it: a dot means yes, names are the parts it is allowed for, `waits` means that a leader has to say yes first, and
nothing means no. A leader can define more roles by `/session/define`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for chapter in osc_schemas.book().chapters for line in _chapter(chapter))])


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield f"## {chapter.title}"
    yield ""
    yield from _table(["you send", "arguments", *ROLES, "what it does"], map(_ask, chapter.asks))
    yield from _table(["you get", "arguments", "who gets it", "what it says"], map(_answer, chapter.answers))
    if chapter.keys:
        yield "Keys of `/section/request`, each followed by its value:"
        yield ""
        yield from _table(["key", "type", "default", "values", "what it is"], map(_key, chapter.keys))


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield _row(head)
    yield "|" + "---|" * len(head)
    yield from map(_row, rows)
    yield ""


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _ask(ask: Ask) -> list[str]:
    pairs = ", then pairs of `s` key and a value" if ask.pairs else ""
    may = [_may(role, ask) for role in ROLES.values()]
    return [f"`{ask.address}`", _arguments(ask.args) + pairs, *may, ask.doc]


def _may(role: Role, ask: Ask) -> str:
    permit = role.permits(ask.type)
    if permit is Permit.NO:
        return ""
    if permit is Permit.ASK:
        return "waits"
    parts = role.parts_for(ask.type)
    return ", ".join(parts) if ask.type in WITH_PARTS and len(parts) < len(Part) else "•"


def _answer(answer: Answer) -> list[str]:
    receiver = "everyone" if answer.to is Receiver.EVERYONE else "you"
    return [f"`{answer.address}`", _arguments(answer.args), receiver, answer.doc + " In a bundle." * answer.bundle]


def _arguments(args: tuple[Argument, ...]) -> str:
    words = [f"`{arg.type}` {arg.name}{_values(arg, in_brackets=True)}" for arg in args]
    return ", ".join(f"[{word}]" if arg.optional else word for word, arg in zip(words, args, strict=True))


def _values(arg: Argument, *, in_brackets: bool = False) -> str:
    if arg.choices:
        text = ", ".join(map(str, arg.choices))
    elif arg.low is not None and arg.high is not None:
        text = f"{arg.low:g} to {arg.high:.10g}"
    else:
        return ""
    return f" ({text})" if in_brackets and len(text) < 60 else "" if in_brackets else text


def _key(key: Argument) -> list[str]:
    default = "" if key.default in (None, "") else f"`{key.default}`"
    return [f"`{key.name}`", f"`{key.type}`", default, _values(key), key.doc]


def main(arguments: list[str]) -> int:
    """Write the page, or check it; the exit status."""
    wanted = page()
    if "--check" in arguments:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
