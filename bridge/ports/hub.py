"""The hub that publishes weights, asked through `huggingface_hub`: what a repository holds, and a file's bytes from anywhere on.

Nothing is sent but what is asked for: no token, no telemetry. Whatever goes wrong on the way is `Refused`, with what to do; an
error of the disk stays an `OSError`. `huggingface_hub` throws half a file away when a download ends early, so the files here are
the caller's, and only the bytes that are missing are asked for.

    hub = Hub()
    listing = hub.listing("facebook/musicgen-small", "main")
    hub.download(listing, "config.json", file)      # goes on at the file's end
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, BinaryIO, cast

from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

__all__ = ["PUBLIC", "Hub", "HubFile", "Listing"]

PUBLIC = "https://huggingface.co"
TIMEOUT_S = 20.0
"""Until the hub has to answer a question; a download is given up when nothing comes for ten."""
NAME = "starbridge"
"""How we introduce ourselves."""
PIECE_BYTES = 1 << 18
"""Handed on at once; the library's own ten megabytes would be lost when a connection breaks."""
ATTEMPTS = 3
"""After a break, until some byte comes again."""
PAUSE_S = 1.0
ONWARD = "what has come stays, and the same command goes on from there"


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file as the hub states it: `sha256` of large ones, of small ones the name that git gives them."""

    size: int
    sha256: str = ""
    git_sha1: str = ""

    @property
    def stated(self) -> str:
        """The hash that its bytes must have."""
        return f"sha256:{self.sha256}" if self.sha256 else f"git-sha1:{self.git_sha1}"


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit: its files, and the licence on its card in the hub's spelling."""

    repo: str
    commit: str
    licence: str
    files: Mapping[str, HubFile]


class Hub:
    """One hub; `HF_ENDPOINT` names another than the public one."""

    def __init__(self, endpoint: str | None = None) -> None:
        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or PUBLIC).rstrip("/")

    def listing(self, repo: str, revision: str) -> Listing:
        """What a repository holds at a revision, with size and hash of each file. Raises `Refused`."""
        api = self._api()
        with self._clear(repo, revision):
            try:
                info = api.model_info(repo, revision=revision, files_metadata=True, timeout=TIMEOUT_S)
            except (LookupError, TypeError, AttributeError) as error:  # JSON, but not a hub's
                raise ValueError(str(error)) from None
        files = {one.rfilename: stated for one in info.siblings or () if (stated := _stated(one)) is not None}
        if not info.sha or not files:
            raise Refused(Code.FAILED, f"{self.endpoint} states neither commit nor hashes of {repo}; try another hub")
        return Listing(repo, info.sha, _licence(info), files)

    def download(self, listing: Listing, name: str, file: BinaryIO) -> None:
        """Append what a file lacks, at whose end it stands. Raises `Refused`, and `OSError` where it can't be written."""
        from huggingface_hub import hf_hub_url
        from huggingface_hub.file_download import http_get

        self._api()
        # packed, its size would be that of the packed bytes, and nothing could be gone on with
        headers = {"User-Agent": f"{NAME}/{version(NAME)}", "Accept-Encoding": "identity"}
        url = hf_hub_url(listing.repo, name, revision=listing.commit, endpoint=self.endpoint)
        size = listing.files[name].size
        left = ATTEMPTS
        while True:
            begun = file.tell()
            try:
                with self._clear(listing.repo, listing.commit, name):
                    http_get(url, file, resume_size=begun, headers=headers, expected_size=size)
                return
            except _Broken:
                if file.tell() > size:
                    raise Refused(Code.FAILED, f"{name}: {self.endpoint} sends more bytes than it states") from None
                left = ATTEMPTS if file.tell() > begun else left - 1
                if not left:
                    broke = f"{name}: the connection to {self.endpoint} broke off"
                    raise Refused(Code.FAILED, f"{broke}; {ONWARD}") from None
                time.sleep(PAUSE_S)

    def _api(self) -> HfApi:
        """The library, quiet and incognito; raises `Refused` where it is not installed."""
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when it is imported
        try:
            from huggingface_hub import HfApi, constants
            from huggingface_hub.utils.tqdm import disable_progress_bars, tqdm
        except ImportError:
            raise Refused(
                Code.FAILED, "fetching takes the package huggingface_hub; pip install 'starbridge[musicgen]' brings it"
            ) from None
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it warns of each new attempt
        disable_progress_bars()
        tqdm.monitor_interval = 0  # nor a thread for bars that nobody sees
        constants.DOWNLOAD_CHUNK_SIZE = PIECE_BYTES
        return HfApi(self.endpoint, token=False, library_name=NAME, library_version=version(NAME))

    @contextmanager
    def _clear(self, repo: str, revision: str, name: str = "") -> Iterator[None]:
        """What goes wrong, as a sentence."""
        import httpx2  # what huggingface_hub speaks HTTP with
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RevisionNotFoundError

        what = f"{repo}/{name}" if name else repo
        try:
            yield
        except OfflineModeIsEnabled:
            raise Refused(
                Code.FAILED, "HF_HUB_OFFLINE forbids to ask the hub; unset it, or copy the weights here by hand"
            ) from None
        except RevisionNotFoundError:
            raise Refused(Code.BAD_VALUE, f"{repo} has no revision {revision[:100]!r} at {self.endpoint}") from None
        except HfHubHTTPError as error:
            raise Refused(Code.FAILED, self._answered(what, error.response.status_code)) from None
        except (httpx2.ReadError, httpx2.RemoteProtocolError) as error:
            raise _Broken from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            why = str(error).strip() or type(error).__name__
            text = f"{self.endpoint} can't be reached ({why}); are you online? Then try again"
            raise Refused(Code.FAILED, f"{text}: {ONWARD}" if name else text) from None
        except ValueError as error:
            why = str(error)[:200]
            raise Refused(Code.FAILED, f"what answers at {self.endpoint} is no hub ({why}); see HF_ENDPOINT") from None
        except OSError as error:
            if error.errno is None:  # the library's own, where an answer was too short or too long
                raise _Broken from error
            raise

    def _answered(self, what: str, status: int) -> str:
        if status in (401, 403):
            return (
                f"{self.endpoint} gives {what} to nobody who is not logged in, or does not have it ({status}); "
                f"look at {self.endpoint}/{what}, and copy the files here by hand if they are there"
            )
        if status in (404, 410):
            return f"{self.endpoint} has no {what} ({status}); has it moved? A newer StarBridge may know where to"
        if status == 429:
            return f"{self.endpoint} is asked too often from here ({status}); wait some minutes, {ONWARD}"
        return f"{self.endpoint} is in trouble ({status} for {what}); try again later, {ONWARD}"


class _Broken(Exception):
    """A connection that ended in the middle of a file."""


def _stated(one: RepoSibling) -> HubFile | None:
    """A file whose size and hash are known; None for one that could not be checked."""
    if one.size is None:
        return None
    if one.lfs is not None:
        return HubFile(one.size, sha256=cast(str, one.lfs["sha256"]))
    return HubFile(one.size, git_sha1=one.blob_id) if one.blob_id else None


def _licence(info: ModelInfo) -> str:
    """What the repository's card says, or its tags; nothing where neither does."""
    said = info.card_data.get("license") if info.card_data is not None else None
    tags = (tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:"))
    return said if isinstance(said, str) else next(tags, "")
