"""The first step of `.ci/run` on machines of several kinds: a PATH of stubs says what is there, and what apt-get would do."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HERE = "make python3 curl oscsend oscdump sclang scsynth pd jackd g++ fluidsynth chromium tsc ffmpeg ffprobe".split()

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a script for bash")


@dataclass(frozen=True)
class Machine:
    """A machine with nothing but what a test puts there."""

    bin: Path

    def put(self, name: str, script: str = "exit 0") -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(stat.S_IRWXU)

    def lose(self, *names: str) -> None:
        for name in names:
            (self.bin / name).unlink()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        bash = shutil.which("bash")
        assert bash is not None
        return subprocess.run(
            [bash, str(ROOT / ".ci" / "run"), *words],
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        """What apt-get was told, by whom."""
        log = self.bin / "log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """As root on Debian, with all that the tests talk to."""
    machine = Machine(tmp_path)
    for name in ("dirname", "env"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    for name in HERE:
        machine.put(name)
    machine.put("id", "echo 0")
    # Installs into the same PATH: what Debian calls liblo-tools brings two programs.
    touch, chmod = shutil.which("touch"), shutil.which("chmod")
    machine.put(
        "apt-get",
        f'echo "${{DEBIAN_FRONTEND}} $*" >> {tmp_path}/log\n'
        f'case "$*" in *install*liblo-tools*) cd {tmp_path}; {touch} oscsend oscdump; {chmod} +x oscsend oscdump;; esac',
    )
    return machine


def test_what_is_here_is_not_installed_again(machine: Machine) -> None:
    done = machine.run("programs")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ci: every program is here\n", "")
    assert machine.calls == []


def test_what_is_missing_is_installed_after_an_update(machine: Machine) -> None:
    machine.lose("oscsend", "oscdump")
    done = machine.run("programs")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ci: installing liblo-tools\n", "")
    update, install = machine.calls
    assert update == "noninteractive -qq -o DPkg::Lock::Timeout=120 update"
    assert install.endswith("install -y --no-install-recommends liblo-tools")


def test_a_browser_by_another_name_will_do(machine: Machine) -> None:
    machine.lose("chromium")
    machine.put("google-chrome")
    assert machine.run("programs").returncode == 0
    assert machine.calls == []


def test_what_apt_can_not_bring_is_named(machine: Machine) -> None:
    machine.lose("pd", "oscsend")
    done = machine.run("programs")
    assert done.returncode == 1
    assert "ci: missing, by their Debian names: puredata-core. Install them, or run make test" in done.stderr


def test_an_apt_that_fails_is_told(machine: Machine) -> None:
    machine.lose("oscdump")
    machine.put("apt-get", "exit 100")
    done = machine.run("programs")
    assert done.returncode == 1
    assert "ci: not every list of packages could be fetched" in done.stderr
    assert "ci: apt-get failed" in done.stderr
    assert "missing, by their Debian names: liblo-tools" in done.stderr


def test_without_apt_it_says_what_to_install(machine: Machine) -> None:
    machine.lose("apt-get", "oscsend", "curl")
    done = machine.run("programs")
    assert done.returncode == 1
    assert "ci: there is no apt-get here" in done.stderr
    assert "missing, by their Debian names: curl liblo-tools. Install them" in done.stderr


def test_without_root_it_asks_sudo_and_nobody_for_a_password(machine: Machine) -> None:
    machine.put("id", "echo 1000")
    machine.lose("oscsend")
    done = machine.run("programs")
    assert done.returncode == 1
    assert "ci: neither root nor sudo without a password" in done.stderr
    assert machine.calls == []
    machine.put("sudo", '[ "$1" = -n ] || exit 9\nshift\nif [ "$1" = true ]; then exit 0; fi\nexec "$@"')
    assert machine.run("programs").returncode == 0
    assert len(machine.calls) == 2


def test_a_step_that_is_none_is_refused(machine: Machine) -> None:
    done = machine.run("everything-else")
    assert done.returncode == 2
    assert "run .ci/run, or .ci/run programs" in done.stderr


def test_what_failed_is_named_last(machine: Machine) -> None:
    machine.put("make", "echo a long story; exit 2")
    done = machine.run("everything")
    assert done.returncode == 1
    assert "a long story\nci: failed, and described above:\n{" in done.stdout
    assert "ci: style" not in done.stdout
