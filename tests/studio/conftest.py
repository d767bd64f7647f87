"""One browser for all tests of the page; each test has pages of its own, in contexts that share nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.studio.fake_server import Puppet, puppet
from tests.support.chromium import Browser, Page, chromium

TWO_FRAMES = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))"
"""The page draws what it knows in the next frame."""
INSIDE = "!document.querySelector('#studio').hidden && starbridge.studio.state.capabilities !== null"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def server() -> Iterator[Puppet]:
    with puppet() as found:
        yield found


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages that are closed at the test's end, and have nothing to complain about unless the test says so."""
    pages: list[Page] = []

    def open_page(url: str, **options: object) -> Page:
        pages.append(browser.open(url, **options))  # type: ignore[arg-type]
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()
    browser.events.clear()


@pytest.fixture
def join(opened: Callable[..., Page], server: Puppet) -> Callable[..., Page]:
    """A page that has joined the puppet's session in a role."""

    def come_in(role: str = "leader", name: str = "", **options: object) -> Page:
        page = opened(server.link(role), **options)
        if name:
            page.type("#own-name", name)
        page.click("#join-button")
        page.wait(INSIDE)
        page.wait("starbridge.studio.clock.known")
        page.evaluate(TWO_FRAMES)
        return page

    return come_in
