"""Weights fetched from a hub of the tests by the real `huggingface_hub`: whole, resumed, checked; each way to fail is a line."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import fetching
from bridge.fetching import PARTS, Plan, fetch, here_bytes, make_plan, remove
from bridge.ports.hub import Hub
from models.catalogue import find
from models.fetched import RECORD, Record, read_record
from sessions.errors import Code, Refused
from tests.support.hub import COMMIT, TestHub, hub

pytest.importorskip("huggingface_hub")

SMALL = find("musicgen-small")
NEEDED = {
    "config.json", "generation_config.json", "preprocessor_config.json", "special_tokens_map.json", "tokenizer.json",
    "tokenizer_config.json", "spiece.model", "model.safetensors",
}  # fmt: skip
SHARDS = ["model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
TIME = "2026-01-31T12:00:00.000Z"


@pytest.fixture
def server() -> Iterator[TestHub]:
    with hub() as found:
        yield found
    from huggingface_hub.utils._http import close_session

    close_session()  # its connections would stay open after the hub is gone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "weights" / "musicgen-small"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library waits a second before each new attempt."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def brought(server: TestHub, folder: Path) -> Record:
    there = Hub(server.url)
    plan = make_plan(there, SMALL, folder)
    with plan.held():
        return fetch(there, plan, TIME)


def test_all_that_is_needed_comes_and_nothing_else(server: TestHub, folder: Path) -> None:
    record = brought(server, folder)
    assert {path.name for path in folder.iterdir()} == {*NEEDED, RECORD}
    for name in NEEDED:
        assert (folder / name).read_bytes() == server.files[name]
    assert read_record(folder) == record
    assert (record.licence, record.commercial, record.revision, record.repo) == (
        "CC-BY-NC-4.0", False, COMMIT, "facebook/musicgen-small",
    )  # fmt: skip
    weights = record.files["model.safetensors"]
    sha256 = hashlib.sha256(server.files["model.safetensors"]).hexdigest()
    assert (weights.sha256, weights.stated, record.sha256) == (sha256, f"sha256:{sha256}", sha256)
    config = record.files["config.json"]
    assert config.stated.startswith("git-sha1:")
    assert config.sha256 == hashlib.sha256(server.files["config.json"]).hexdigest()
    assert not record.damage(folder)
    assert not record.change(folder)


def test_nothing_is_asked_but_the_listing_and_the_files(server: TestHub, folder: Path) -> None:
    brought(server, folder)
    paths = {path for _, path, _ in server.asked}
    assert {path for path in paths if "/resolve/" not in path and "/cdn/" not in path} == {
        "/api/models/facebook/musicgen-small/revision/main"
    }
    assert {path.rpartition("/")[2] for path in paths if "/resolve/" in path} == NEEDED


@pytest.mark.parametrize("resets", [False, True])
def test_a_connection_that_is_cut_is_gone_on_with_in_the_same_run(server: TestHub, folder: Path, resets: bool) -> None:
    server.cut_after, server.cuts_left, server.resets = 1_500_000, 2, resets
    brought(server, folder)
    spans = server.gets("/cdn/model.safetensors")
    starts = [int(span.removeprefix("bytes=").rstrip("-") or 0) for span in spans]
    assert starts[0] == 0
    assert starts == sorted(starts)
    assert len(starts) >= 3
    assert (folder / "model.safetensors").read_bytes() == server.files["model.safetensors"]


def test_what_broke_off_goes_on_at_the_next_run(server: TestHub, folder: Path) -> None:
    """A hub that sends a piece, then refuses: nothing is thrown away, and nothing is fetched twice."""
    server.cut_after, server.cuts_left = 2_500_000, 1
    there = Hub(server.url)
    plan = make_plan(there, SMALL, folder)

    def shut(stage: str, name: str, done: int, total: int) -> None:
        if name == "model.safetensors" and done > 2_000_000:
            server.statuses["/model.safetensors"] = 503

    with plan.held(), pytest.raises(Refused) as no:
        fetch(there, plan, TIME, shut)
    assert "in trouble (503" in no.value.advice
    assert "goes on from there" in no.value.advice
    assert not (folder / RECORD).exists()
    have = plan.part("model.safetensors").stat().st_size
    assert have >= 2_000_000
    assert plan.missing_bytes == len(server.files["model.safetensors"]) - have
    assert here_bytes(folder) == plan.size_bytes - plan.missing_bytes
    server.statuses.clear()
    server.asked.clear()
    brought(server, folder)
    assert server.gets("/cdn/model.safetensors") == [f"bytes={have}-"]
    assert server.gets("/config.json") == []
    assert {path.name for path in folder.iterdir()} == {*NEEDED, RECORD}


def test_an_interrupt_leaves_what_has_come(server: TestHub, folder: Path) -> None:
    there = Hub(server.url)
    plan = make_plan(there, SMALL, folder)

    def stop(stage: str, name: str, done: int, total: int) -> None:
        if name == "model.safetensors" and done > 1_000_000:
            raise KeyboardInterrupt

    with plan.held(), pytest.raises(KeyboardInterrupt):
        fetch(there, plan, TIME, stop)
    have = plan.part("model.safetensors").stat().st_size
    assert 0 < have < len(server.files["model.safetensors"])
    server.asked.clear()
    brought(server, folder)
    assert server.gets("/cdn/model.safetensors") == [f"bytes={have}-"]


def test_a_hub_that_knows_no_ranges_sends_it_all_again(server: TestHub, folder: Path) -> None:
    server.ignores_ranges, server.cut_after, server.cuts_left = True, 1_500_000, 1
    brought(server, folder)
    assert (folder / "model.safetensors").read_bytes() == server.files["model.safetensors"]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_changed_bytes_are_thrown_away(server: TestHub, folder: Path, name: str) -> None:
    """As large as stated, and not what was stated: by SHA-256 for large files, by git's hash for small ones."""
    data = bytearray(server.files[name])
    data[-1] ^= 1
    server.spoilt[name] = bytes(data)
    with pytest.raises(Refused) as no:
        brought(server, folder)
    assert f"{name}: its bytes are not those that {server.url} states" in no.value.advice
    assert not (folder / name).exists()
    assert not list((folder / PARTS).glob(f"{name}*"))
    server.spoilt.clear()
    brought(server, folder)
    assert (folder / name).read_bytes() == server.files[name]


@pytest.mark.parametrize("more", [b"and more", b""])
def test_a_file_of_another_length_is_refused(server: TestHub, folder: Path, more: bytes) -> None:
    data = server.files["model.safetensors"]
    server.spoilt["model.safetensors"] = data + more if more else data[:-5]
    with pytest.raises(Refused) as no:
        brought(server, folder)
    assert "model.safetensors" in no.value.advice
    assert not (folder / "model.safetensors").exists()
    server.spoilt.clear()
    brought(server, folder)
    assert (folder / "model.safetensors").read_bytes() == data


def test_a_half_of_another_version_is_not_gone_on_with(server: TestHub, folder: Path) -> None:
    server.cut_after, server.cuts_left = 2_500_000, 1
    there = Hub(server.url)
    plan = make_plan(there, SMALL, folder)
    part = plan.part("model.safetensors")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"\0" * 1_000_000)  # of this name, and not of these bytes
    with pytest.raises(Refused, match="thrown away"):
        brought(server, folder)
    server.files["model.safetensors"] = server.files["model.safetensors"][::-1]
    server.commit = "f" * 40
    (folder / PARTS / "revision").unlink()
    assert make_plan(there, SMALL, folder).part("model.safetensors") != part
    assert brought(server, folder).revision == "f" * 40


def test_an_interrupted_fetch_stays_with_its_commit(server: TestHub, folder: Path) -> None:
    there = Hub(server.url)
    with make_plan(there, SMALL, folder).held():
        pass
    server.asked.clear()
    make_plan(there, SMALL, folder)
    assert server.asked[0][1].endswith(f"/revision/{COMMIT}")


@pytest.mark.parametrize(
    ("end", "status", "advice"),
    [
        ("/revision/main", 404, "has no facebook/musicgen-small (404)"),
        ("/revision/main", 401, "to nobody who is not logged in, or does not have it (401)"),
        ("/revision/main", 403, "(403)"),
        ("/revision/main", 500, "is in trouble (500"),
        ("/revision/main", 429, "asked too often"),
        ("/resolve/" + COMMIT + "/config.json", 404, "has no facebook/musicgen-small/config.json (404)"),
        ("/cdn/model.safetensors", 403, "(403)"),
        ("/cdn/model.safetensors", 416, "in trouble (416"),
    ],
)
def test_refusals_of_the_hub_are_sentences(server: TestHub, folder: Path, end: str, status: int, advice: str) -> None:
    server.statuses[end] = status
    with pytest.raises(Refused) as no:
        brought(server, folder)
    assert advice in no.value.advice
    assert "\n" not in no.value.advice
    assert not (folder / RECORD).exists()


def test_a_revision_that_is_not_there(server: TestHub, folder: Path) -> None:
    with pytest.raises(Refused, match="no revision 'v9'"):
        make_plan(Hub(server.url), SMALL, folder, "v9")


def test_nobody_answers(folder: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: refused for certain
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(Refused) as no:
            make_plan(Hub(url), SMALL, folder)
    assert f"{url} can't be reached" in no.value.advice
    assert "are you online?" in no.value.advice


@pytest.mark.parametrize("endpoint", ["nonsense", "http://", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_an_endpoint_that_is_none(folder: Path, endpoint: str) -> None:
    with pytest.raises(Refused):
        make_plan(Hub(endpoint), SMALL, folder)


def test_offline_by_wish(server: TestHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(Refused, match="HF_HUB_OFFLINE"):
        make_plan(Hub(server.url), SMALL, folder)
    assert server.asked == []


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"id": 1}', b'{"id": "x", "siblings": [1]}'])
def test_something_else_than_a_hub(server: TestHub, folder: Path, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr(json, "dumps", lambda *a, **k: body.decode())
    with pytest.raises(Refused) as no:
        make_plan(Hub(server.url), SMALL, folder)
    assert "no hub" in no.value.advice or "states neither" in no.value.advice


@pytest.mark.parametrize("licence", ["mit", ""])
def test_another_licence_than_the_one_that_was_shown(server: TestHub, folder: Path, licence: str) -> None:
    server.licence = licence
    with pytest.raises(Refused, match="nothing was fetched"):
        make_plan(Hub(server.url), SMALL, folder)


def test_a_repository_without_what_is_needed(server: TestHub, folder: Path) -> None:
    del server.files["tokenizer.json"], server.files["model.safetensors"], server.files["pytorch_model.bin"]
    with pytest.raises(Refused, match=r"there is no tokenizer\.json, model\.safetensors"):
        make_plan(Hub(server.url), SMALL, folder)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        (["model.safetensors", "pytorch_model.bin"], ["model.safetensors"]),
        (["pytorch_model.bin"], ["pytorch_model.bin"]),
        (
            [
                *SHARDS,
                "model.safetensors.index.fp32.json",
                "model-00001-of-00002.fp32.safetensors",
                "pytorch_model.bin",
            ],
            SHARDS,
        ),
        (
            ["pytorch_model.bin.index.json", "pytorch_model-00001-of-00001.bin", "model.safetensors.index.json"],
            ["pytorch_model.bin.index.json", "pytorch_model-00001-of-00001.bin"],
        ),
    ],
)
def test_the_weights_are_chosen_whole_and_once(there: list[str], chosen: list[str]) -> None:
    form = SMALL.form
    assert [name for name in form.choose([*form.needed, *there]) if name not in form.needed] == chosen


# -- the disk ---------------------------------------------------------------------------------------------------------


def test_a_disk_without_room_is_said_before_anything_comes(
    server: TestHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(Hub(server.url), SMALL, folder)
    free = type("Usage", (), {"free": plan.size_bytes})()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: free)
    with pytest.raises(Refused) as no:
        plan.check_room()
    assert no.value.code is Code.TOO_LARGE
    assert "make room, or name another disk with --to DIR" in no.value.advice
    assert not folder.exists()


def test_a_disk_that_fills_up_keeps_what_it_has(server: TestHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fetching._Part.write
    room = 2_000_000

    def write(self: fetching._Part, data: bytes) -> int:
        if self.tell() + len(data) > room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(fetching._Part, "write", write)
    with pytest.raises(Refused) as no:
        brought(server, folder)
    assert "the disk is full" in no.value.advice
    assert "goes on from where it stopped" in no.value.advice
    monkeypatch.setattr(fetching._Part, "write", real)
    server.asked.clear()
    brought(server, folder)
    assert server.gets("/cdn/model.safetensors") == ["bytes=1835008-"]


def test_two_at_once(server: TestHub, folder: Path) -> None:
    plan = make_plan(Hub(server.url), SMALL, folder)
    with plan.held(), pytest.raises(Refused, match="already"), plan.held():
        pass
    with plan.held(), pytest.raises(Refused, match="already"):
        remove(folder)
    assert remove(folder) == 0
    assert not folder.exists()


def test_files_that_somebody_laid_there_are_checked_and_taken(server: TestHub, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(server.files["model.safetensors"])
    (folder / "spiece.model").write_bytes(b"\0" * len(server.files["spiece.model"]))
    brought(server, folder)
    assert server.gets("/cdn/model.safetensors") == []
    assert (folder / "spiece.model").read_bytes() == server.files["spiece.model"]


def test_what_is_removed_is_what_was_fetched(server: TestHub, folder: Path) -> None:
    brought(server, folder)
    (folder / "notes.txt").write_text("mine")
    assert remove(folder) == sum(len(server.files[name]) for name in NEEDED)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert remove(folder) == 0


def test_a_plan_knows_its_size(server: TestHub, folder: Path) -> None:
    plan: Plan = make_plan(Hub(server.url), SMALL, folder)
    assert plan.size_bytes == plan.missing_bytes == sum(len(server.files[name]) for name in NEEDED)
