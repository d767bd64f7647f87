"""Invites: a token is right as a whole or it is nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.canonical import canonical_bytes, to_base64
from sessions.errors import Code, Refused
from sessions.invites import LONGEST_S, MAX_TOKEN, Invite, check_name, make_invite, peek, read_span, read_token
from sessions.keys import SigningKey, log_key

KEY = log_key("jam", bytes(32))
ID = "0123456789abcdef"
EXPIRES_S = 2_000_000_000
NOW_US = 1_900_000_000_000_000
TOKEN = make_invite(KEY, "jam", "rhythm", "ana", EXPIRES_S, ID)
FIELDS: dict[str, Any] = {"v": 1, "session": "jam", "role": "rhythm", "name": "ana", "expires": EXPIRES_S, "id": ID}


def signed(payload: bytes, key: SigningKey = KEY, context: bytes = b"starbridge-invite-v1\n") -> str:
    return to_base64(payload, url=True) + "." + to_base64(key.sign(context + payload), url=True)


def code_of(token: str, now_us: int = NOW_US) -> Code:
    with pytest.raises(Refused) as found:
        read_token(token, KEY.verifier, now_us)
    assert found.value.advice.startswith("token:")
    return found.value.code


def test_a_token_says_what_it_was_made_of() -> None:
    assert read_token(TOKEN, KEY.verifier, NOW_US) == Invite("jam", "rhythm", "ana", EXPIRES_S, ID)
    assert signed(canonical_bytes(FIELDS)) == TOKEN


def test_a_name_is_optional() -> None:
    token = make_invite(KEY, "jam", "guest", "", EXPIRES_S, ID)
    assert read_token(token, KEY.verifier, NOW_US).name == ""


def test_an_invite_runs_out_at_its_second() -> None:
    assert read_token(TOKEN, KEY.verifier, EXPIRES_S * 1_000_000 - 1).role == "rhythm"
    assert code_of(TOKEN, EXPIRES_S * 1_000_000) is Code.EXPIRED


def test_an_expired_forgery_is_a_forgery() -> None:
    assert (
        code_of(signed(canonical_bytes(FIELDS), log_key("jam", bytes([1] * 32))), EXPIRES_S * 2_000_000)
        is Code.BAD_TOKEN
    )


def test_peek_names_the_session_and_believes_nothing() -> None:
    assert peek(TOKEN).session == "jam"
    assert peek(signed(canonical_bytes(FIELDS), log_key("jam", bytes([1] * 32)))).session == "jam"
    with pytest.raises(Refused):
        peek("nonsense")


def test_every_changed_character_is_found() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= "
    for at, was in enumerate(TOKEN):
        for other in {alphabet[(alphabet.index(was) + step) % len(alphabet)] for step in (1, 2, 5, 16, 32)}:
            assert code_of(TOKEN[:at] + other + TOKEN[at + 1 :]) is Code.BAD_TOKEN


def test_every_cut_and_every_addition_is_found() -> None:
    for at in range(len(TOKEN)):
        assert code_of(TOKEN[:at]) is Code.BAD_TOKEN
    for more in ("=", "A", "\n", " ", ".", "\0", "é"):
        assert code_of(TOKEN + more) is Code.BAD_TOKEN
        assert code_of(more + TOKEN) is Code.BAD_TOKEN


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": 1.5},
        {"v": "1"},
        {"session": ""},
        {"session": ".."},
        {"session": "a/b"},
        {"session": "x" * 33},
        {"role": ""},
        {"role": "lead er"},
        {"name": ""},
        {"name": None},
        {"name": 3},
        {"name": "<b>"},
        {"expires": 0},
        {"expires": -5},
        {"expires": True},
        {"expires": 1.5},
        {"expires": "2000000000"},
        {"expires": 2**53},
        {"id": "0123456789ABCDEF"},
        {"id": "0123"},
        {"id": 7},
        {"admin": True},
    ],
)
def test_fields_are_strict_even_where_the_signature_is_right(change: dict[str, Any]) -> None:
    fields = {**FIELDS, **change}
    assert (
        code_of(signed(canonical_bytes({k: float(v) if v == 2**53 else v for k, v in fields.items()})))
        is Code.BAD_TOKEN
    )


@pytest.mark.parametrize("missing", ["v", "session", "role", "expires", "id"])
def test_no_field_may_be_missing(missing: str) -> None:
    assert code_of(signed(canonical_bytes({k: v for k, v in FIELDS.items() if k != missing}))) is Code.BAD_TOKEN


def test_another_form_of_the_same_fields_is_not_the_same_token() -> None:
    canonical = canonical_bytes(FIELDS)
    for payload in (canonical.replace(b",", b", "), canonical.replace(b'"v":1', b'"v":1.0'), canonical + b"\n"):
        assert code_of(signed(payload)) is Code.BAD_TOKEN
    assert code_of(signed(b"[]")) is Code.BAD_TOKEN
    assert code_of(signed(b"\xff")) is Code.BAD_TOKEN


def test_a_signature_for_something_else_does_not_do() -> None:
    assert code_of(signed(canonical_bytes(FIELDS), context=b"starbridge-command-v1\n")) is Code.BAD_TOKEN
    assert code_of(signed(canonical_bytes(FIELDS), context=b"")) is Code.BAD_TOKEN


def test_size_is_limited() -> None:
    assert code_of("A" * (MAX_TOKEN + 1)) is Code.BAD_TOKEN
    assert code_of(signed(canonical_bytes({**FIELDS, "name": "x" * 900}))) is Code.BAD_TOKEN


@given(st.text(max_size=60))
def test_arbitrary_texts_are_bad_tokens(token: str) -> None:
    assert code_of(token) is Code.BAD_TOKEN


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a b", "a/b", "é", "x" * 33, "a\n", "a\0"])
def test_names_are_strict(name: str) -> None:
    with pytest.raises(Refused) as found:
        check_name(name, "session")
    assert found.value.code is Code.BAD_VALUE
    assert found.value.advice.startswith("session:")


@pytest.mark.parametrize("name", ["a", "A-b_c.9", "x" * 32, "9"])
def test_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("expires_s", [0, -1, 253_402_300_800])
def test_an_invite_is_made_for_some_time_before_the_year_10000(expires_s: int) -> None:
    with pytest.raises(Refused, match="expires"):
        make_invite(KEY, "jam", "guest", "", expires_s, ID)


def test_an_id_is_of_our_own_making() -> None:
    with pytest.raises(ValueError, match="16 hex"):
        make_invite(KEY, "jam", "guest", "", EXPIRES_S, "short")


@pytest.mark.parametrize(
    ("text", "span_s"),
    [("45s", 45), ("90m", 5400), ("12h", 43_200), ("7d", 604_800), ("2W", 1_209_600), (" 1 h ", 3600)],
)
def test_spans(text: str, span_s: int) -> None:
    assert read_span(text) == span_s


@pytest.mark.parametrize(
    "text", ["", "12", "h", "-1h", "0h", "1.5h", "1h30m", f"{LONGEST_S + 1}s", "9" * 40 + "w", "٣h"]
)
def test_no_spans(text: str) -> None:
    with pytest.raises(Refused, match="expires: .* write 90m, 12h or 7d"):
        read_span(text)
