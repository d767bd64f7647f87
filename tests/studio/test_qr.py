"""QR codes made by the page are those of another implementation, dot by dot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import qrcode
from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
from qrcode.util import MODE_8BIT_BYTE, QRData

from tests.studio.fake_server import puppet
from tests.support.chromium import Browser, JavaScriptError

pytestmark = pytest.mark.browser

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def run(browser: Browser) -> Iterator[Run]:
    """Calls the module's function with JSON values."""
    with puppet() as server:
        page = browser.open(server.url)
        yield lambda function, *values: page.evaluate(
            f"import('/qr/code.js').then((m) => ({function})(m, ...{json.dumps(values)}))"
        )
        page.close()


def theirs(text: str, mask: int) -> list[list[bool]]:
    """The same code by the other one: the smallest version, the better of the two levels that we use."""
    codes = []
    for level in (ERROR_CORRECT_M, ERROR_CORRECT_L):
        code = qrcode.QRCode(error_correction=level, mask_pattern=mask, border=0)
        code.add_data(QRData(text.encode(), mode=MODE_8BIT_BYTE), optimize=0)
        code.make(fit=True)
        codes.append(code)
    best = min(codes, key=lambda one: one.version)
    return [[bool(dot) for dot in row] for row in best.get_matrix()]


@pytest.mark.parametrize(
    "length", [1, 14, 17, 30, 62, 106, 107, 122, 154, 180, 230, 251, 271, 290, 367, 500, 700, 1000, 1200]
)
def test_code_is_that_of_another_implementation(run: Run, length: int) -> None:
    text = ("http://127.0.0.1:8765/#token=" + "eyJleHBpcmVzIjoxNzk2NTA0MjYy-_" * 50)[:length]
    mask = length % 8
    assert run("(m, text, mask) => m.qrCode(text, { mask })", text, mask) == theirs(text, mask)


@pytest.mark.parametrize("mask", range(8))
def test_every_mask_and_letters_beyond_ascii(run: Run, mask: int) -> None:
    text = "jåm · 夜 🎹"
    assert run("(m, text, mask) => m.qrCode(text, { mask })", text, mask) == theirs(text, mask)


def test_the_mask_is_one_that_another_implementation_finds_good(run: Run) -> None:
    text = "https://example.org/#token=eyJleHBpcmVzIjoxNzk2NTA0MjYy"
    ours = run("(m, text) => m.qrCode(text)", text)
    assert ours in [theirs(text, mask) for mask in range(8)]


def test_what_does_not_fit_is_an_error(run: Run) -> None:
    with pytest.raises(JavaScriptError, match="RangeError"):
        run("(m) => m.qrCode('x'.repeat(3000))")
