"""`starbridge verify`: a take's files and certificate, good, changed, renamed, moved and foreign."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.verify import is_inside
from sessions.keys import log_key
from tests.bridge.cli.conftest import Command


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `starbridge ask` writes."""
    folder = tmp_path_factory.mktemp("made") / "groove"
    words = ["ask", "house", "--bars", "1", "--parts", "drums,bass", "--seed", "7", "--out", str(folder)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def take(made: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(made, tmp_path / "take"))


FILES = ["section.mid", "mix.wav", "stems/drums.wav", "stems/bass.wav"]


@pytest.mark.parametrize("name", ["certificate.json", *FILES])
def test_what_was_made_is_unchanged(starbridge: Command, made: Path, name: str) -> None:
    done = starbridge("verify", made / name)
    assert done.exit_code == 0, done.output
    assert "take-1" in done.stdout
    assert "house" in done.stdout
    assert "licence" in done.stdout
    for file in FILES if name == "certificate.json" else [name]:
        assert file in done.stdout.rpartition("Unchanged: ")[2]


def test_a_certificate_says_which_of_its_files_are_missing(starbridge: Command, take: Path) -> None:
    assert "Not here" not in starbridge("verify", take / "certificate.json").stdout
    (take / "mix.wav").unlink()
    (take / "stems" / "bass.wav").unlink()
    done = starbridge("verify", take / "certificate.json")
    assert done.exit_code == 0, done.output
    assert "Unchanged: section.mid, stems/drums.wav\n" in done.stdout
    assert "Not here, not checked: mix.wav, stems/bass.wav; put them beside the certificate" in done.stdout
    alone = shutil.copy(take / "certificate.json", take.parent / "alone.json")
    done = starbridge("verify", alone)
    assert done.exit_code == 0, done.output
    assert "Unchanged: the certificate itself\n" in done.stdout
    assert "Not here, not checked: mix.wav, section.mid, stems/bass.wav, stems/drums.wav;" in done.stdout
    assert "Not here" not in starbridge("verify", take / "section.mid").stdout  # of one file, that one was asked


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_found_from_the_file_and_from_the_certificate(
    starbridge: Command, take: Path, name: str
) -> None:
    data = bytearray((take / name).read_bytes())
    data[-1] ^= 1
    (take / name).write_bytes(data)
    for file in (take / name, take / "certificate.json"):
        done = starbridge("verify", file)
        assert done.exit_code == 1
        assert name in done.stderr
        assert "changed" in done.stderr
        assert "Unchanged" not in done.stdout


def test_a_renamed_file_is_still_known(starbridge: Command, take: Path) -> None:
    renamed = (take / "mix.wav").rename(take / "my favourite.wav")
    done = starbridge("verify", renamed)
    assert done.exit_code == 0
    assert "mix.wav" in done.stdout


@pytest.mark.parametrize("field", ["statement", "entry", "index", "proof", "checkpoint", "log_key"])
def test_a_spoilt_certificate_does_not_hold(starbridge: Command, take: Path, field: str) -> None:
    path = take / "certificate.json"
    certificate = json.loads(path.read_text())
    spoilt: dict[str, object] = {
        "statement": certificate["statement"] | {"seed": 8},
        "entry": certificate["entry"] | {"member": "somebody"},
        "index": 1,
        "proof": ["AAAA"],
        "checkpoint": certificate["checkpoint"].replace("\n1\n", "\n2\n"),
        "log_key": str(log_key("ask", seed=bytes(32)).verifier),
    }
    path.write_text(json.dumps(certificate | {field: spoilt[field]}))
    for file in (path, take / "mix.wav"):
        done = starbridge("verify", file)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1


def test_the_expected_key_must_have_signed_it(starbridge: Command, made: Path) -> None:
    own = json.loads((made / "certificate.json").read_text())["log_key"]
    done = starbridge("verify", made / "mix.wav", "--key", own)
    assert done.exit_code == 0
    assert "--key" not in done.stdout
    assert starbridge("verify", made / "mix.wav", "--key", log_key("ask", seed=bytes(32)).verifier).exit_code == 1


def test_files_that_nobody_certified(starbridge: Command, tmp_path: Path, take: Path) -> None:
    lonely = tmp_path / "far" / "away" / "a.wav"
    lonely.parent.mkdir(parents=True)
    lonely.write_bytes(b"RIFF")
    assert "no certificate" in starbridge("verify", lonely).stderr
    assert "no such file" in starbridge("verify", tmp_path / "nothing.wav").stderr
    assert "no such file" in starbridge("verify", tmp_path).stderr
    foreign = take / "foreign.wav"
    foreign.write_bytes(b"RIFF")
    done = starbridge("verify", foreign)
    assert done.exit_code == 1
    assert "another take" in done.stderr


@pytest.mark.parametrize("text", ["{}", "{", "{not json", '{"statement": 1}', "\ufeff{}", "{" * 5000])
def test_a_certificate_that_is_none(starbridge: Command, tmp_path: Path, text: str) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(text)
    done = starbridge("verify", path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["mix.wav", "certificate.json"])
def test_a_refusal_that_was_saved_as_a_file_is_told(starbridge: Command, tmp_path: Path, name: str) -> None:
    """What `curl -o` leaves where the take was not there yet."""
    (tmp_path / name).write_text('{"code":"bad-value","advice":"take: there is no take-9 in this session"}')
    done = starbridge("verify", tmp_path / name)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{name}: a server's refusal was saved here instead of a file: take: there is no take-9" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_certificate_reaches_no_file_outside_its_folder() -> None:
    assert is_inside("stems/bass.wav")
    assert not any(map(is_inside, ["../key", "/etc/passwd", "stems/../../key"]))
