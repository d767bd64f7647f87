"""Every test runs guarded: no blocking call in an event loop, no thread or child left behind, no skip in CI."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.guards import leaks, no_blocking

os.environ.setdefault("STARBRIDGE_NO_MIDI", "1")  # no test's server opens a port that nobody asked it for
os.environ.setdefault(
    "STARBRIDGE_NICENESS", "0"
)  # more tests run than there are cores; an engine that gives way to all waits for ever
NO_SKIP = os.environ.get("STARBRIDGE_NO_SKIP") == "1"
settings.register_profile(
    "ours",
    settings.default,
    deadline=None,  # a busy machine is not a finding
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=NO_SKIP,  # CI says of a change what it said before; elsewhere each run looks somewhere new
)
settings.load_profile("ours")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "may_block(reason): this test blocks its event loop on purpose")
    config.addinivalue_line("markers", "may_leak(reason): this test leaves a thread or child that it can't end")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: a third of the suite's time is spent in waiting for servers, browsers and bars."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def _loop_guard(request: pytest.FixtureRequest) -> Generator[None]:
    if request.node.get_closest_marker("may_block"):
        yield
        return
    with no_blocking() as found:
        yield
    if found:
        pytest.fail("; ".join(found), pytrace=False)


@pytest.fixture(autouse=True)
def _leak_guard(request: pytest.FixtureRequest) -> Generator[None]:
    if request.node.get_closest_marker("may_leak"):
        yield
        return
    with leaks() as found:
        yield
    if found:
        pytest.fail("; ".join(found), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With STARBRIDGE_NO_SKIP=1 a skipped test has failed."""
    report = yield
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and nothing may be skipped here: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself."""
    report = yield
    if NO_SKIP and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"skipped, and nothing may be skipped here: {report.longrepr}"
    return report
