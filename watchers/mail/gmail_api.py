"""Gmail's REST API, as far as it reads: thin calls over httpx, and what its refusals mean.

Access that Google gives for an hour is kept in memory alone. Nothing is ever changed there: the
permission that is asked for does not allow it.
Sources: developers.google.com/workspace/gmail/api/reference/rest and .../guides/handle-errors,
developers.google.com/identity/protocols/oauth2/native-app.
"""

from __future__ import annotations

import contextlib
import functools
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from factotum.watcher import SourceError
from watchers.mail.gmail_keys import LOGIN, Keys
from watchers.retry_after import wait_s

if TYPE_CHECKING:
    import httpx

API_URL = "https://gmail.googleapis.com"
#: How long Google may take for an answer, and to take a connection, in seconds.
ANSWER_S, CONNECT_S = 30.0, 10.0
#: A longer answer, other than a letter, is none.
ANSWER_MOST_BYTES = 8 * 1024 * 1024
#: Access is asked for anew so long before it ends, in seconds.
EARLY_S = 60.0
#: How long Google is left alone that has had too much and does not say how long, and at most.
AGAIN_S, AGAIN_MOST_S = 60.0, 6 * 3600.0
#: More pages than these are not asked for in one look.
PAGES_MOST = 2000

_TOO_MUCH = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}
_NOT_ON = {"accessNotConfigured", "SERVICE_DISABLED"}


class Gone(Exception):
    """What was asked for is not there (any more)."""


class TooLarge(Exception):
    """The letter is larger than what is wanted."""


class Api:
    """One account. Of one thread. Every method raises SourceError."""

    def __init__(
        self, keys: Callable[[], Keys], base: str = API_URL, now: Callable[[], float] = time.time
    ) -> None:
        """`keys` reads the owner's file anew: after a new login it is another."""
        self._keys, self._base, self._now = keys, base, now
        self._client: httpx.Client | None = None
        self._access, self._till = "", 0.0
        self.ends = 0.0  # when the login ends, in epoch seconds; 0 for never or unknown

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    # -- what is asked

    def profile(self) -> Mapping[str, Any]:
        """The account's address and where its history stands now."""
        return self._get("/gmail/v1/users/me/profile", {})

    def history(
        self, since: str, label: str, kinds: tuple[str, ...]
    ) -> Iterator[Mapping[str, Any]]:
        """The pages of what happened since. Raises Gone when that is too long ago."""
        asked: dict[str, Any] = {"startHistoryId": since, "historyTypes": list(kinds)}
        if label:
            asked["labelId"] = label
        yield from self._pages("/gmail/v1/users/me/history", {**asked, "maxResults": 500})

    def messages(self, query: str, label: str) -> Iterator[Mapping[str, Any]]:
        """The pages of letters that fit, the newest first."""
        asked: dict[str, Any] = {"q": query, "maxResults": 500}
        if label:
            asked["labelIds"] = label
        yield from self._pages("/gmail/v1/users/me/messages", asked)

    def message(self, id: str, most_bytes: int) -> Mapping[str, Any]:
        """One letter, whole (`raw`). Raises Gone, TooLarge."""
        path = f"/gmail/v1/users/me/messages/{id}"
        return self._get(path, {"format": "raw"}, most_bytes * 4 // 3 + 64 * 1024)

    def head(self, id: str) -> Mapping[str, Any]:
        """One letter's headers and how it begins. Raises Gone."""
        return self._get(f"/gmail/v1/users/me/messages/{id}", {"format": "metadata"})

    def _pages(self, path: str, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        token = ""
        for _ in range(PAGES_MOST):
            page = self._get(path, {**asked, "pageToken": token} if token else asked)
            yield page
            after = page.get("nextPageToken")
            if not isinstance(after, str) or not after or after == token:
                return
            token = after

    # -- how it is asked

    def _get(
        self, path: str, asked: Mapping[str, Any], most_bytes: int = ANSWER_MOST_BYTES
    ) -> Mapping[str, Any]:
        for again in (True, False):
            status, headers, data = self._send(
                "GET", self._base + path, most_bytes, params=asked, bearer=self._bearer()
            )
            if status == 401 and again:
                self._access = ""  # taken back, or our clock is wrong
                continue
            break
        if status == 200:
            return _json(data)
        if status == 404:
            raise Gone
        raise _refusal(status, headers, data, self._now())

    def _bearer(self) -> str:
        if not self._access or self._now() >= self._till - EARLY_S:
            self._renew()
        return self._access

    def _renew(self) -> None:
        """Asks for new access, with what the owner once gave."""
        keys = self._keys()
        form = {
            "grant_type": "refresh_token",
            "client_id": keys.client.id,
            "client_secret": keys.client.secret,
            "refresh_token": keys.refresh_token,
        }
        status, headers, data = self._send(
            "POST", keys.client.token_url, ANSWER_MOST_BYTES, form=form
        )
        if status != 200:
            raise refused_login(status, headers, data, self._now())
        given = _json(data)
        access = given.get("access_token")
        if not isinstance(access, str) or not access:
            raise SourceError("Google gave no access although it said yes; it is asked again")
        self._access = access
        self._till = self._now() + _number(given.get("expires_in"), 3600.0)
        left_s = _number(given.get("refresh_token_expires_in"), 0.0)
        self.ends = self._now() + left_s if left_s else keys.ends

    def _send(
        self,
        method: str,
        url: str,
        most_bytes: int,
        *,
        params: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        bearer: str = "",
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request; status, headers with small names, and the whole answer. No redirect is
        followed: it would take the key elsewhere."""
        import httpx

        if self._client is None:
            timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
            self._client = httpx.Client(timeout=timeout, follow_redirects=False, verify=_tls())
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        parts, size = [], 0
        try:
            with self._client.stream(
                method, url, params=params, data=form, headers=headers
            ) as answer:
                for part in answer.iter_bytes():
                    size += len(part)
                    if size > most_bytes:
                        raise TooLarge
                    parts.append(part)
                told = {name.lower(): value for name, value in answer.headers.items()}
                return answer.status_code, told, b"".join(parts)
        except httpx.HTTPError as broken:
            self.close()
            raise SourceError(
                f"Gmail cannot be reached ({type(broken).__name__}). Is this machine online?"
            ) from None


@functools.cache
def _tls() -> ssl.SSLContext:
    """Made once: it reads all the authorities that the machine trusts."""
    return ssl.create_default_context()


def _json(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SourceError("Gmail answered something that is no answer of its API; is a proxy or a "
                          "login page of the network in between?")  # fmt: skip
    return found


def _number(value: Any, otherwise: float) -> float:
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, float(value))
    return otherwise


def _said(data: bytes) -> tuple[str, str]:
    """(the reason, the message) of a refusal, as Google puts them; empty where it does not."""
    try:
        error = json.loads(data)["error"]
        details = [*error.get("errors", ()), *error.get("details", ())]
        reasons = [str(one["reason"]) for one in details if one.get("reason")]
        return (reasons or [str(error.get("status") or "")])[0], str(error.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""


def _again_s(headers: Mapping[str, str], now: float) -> float:
    """How long Google is left alone, in seconds."""
    return wait_s(headers, now, AGAIN_MOST_S) or AGAIN_S


def _refusal(status: int, headers: Mapping[str, str], data: bytes, now: float) -> SourceError:
    reason, said = _said(data)
    told = f" ({' '.join(said.split())[:200]})" if said else ""
    if status == 429 or reason in _TOO_MUCH or reason == "RESOURCE_EXHAUSTED":
        return SourceError(
            f"Gmail has been asked too often{told}; it is left alone for a while",
            again_s=_again_s(headers, now),
        )
    if status >= 500:
        return SourceError(f"Gmail has a fault of its own (status {status})", again_s=AGAIN_S / 4)
    if status == 401:
        return SourceError(f"Gmail does not accept the login any more. {LOGIN}", login=True)
    if reason in _NOT_ON:
        return SourceError(
            f"the Gmail API is not switched on for the program of GMAIL_CREDENTIALS{told}. Switch "
            f"it on at console.cloud.google.com, APIs & Services, Library, Gmail API",
            login=True,
        )
    if status == 403:
        return SourceError(
            f"Gmail refuses to be read{told}: the permission may lack gmail.readonly. {LOGIN}",
            login=True,
        )
    return SourceError(f"Gmail refuses what it is asked (status {status}){told}")


def refused_login(status: int, headers: Mapping[str, str], data: bytes, now: float) -> SourceError:
    """What it means that no access was given."""
    try:
        reason = str(json.loads(data)["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        reason = ""
    if reason == "invalid_grant":
        return SourceError(
            "the login to Gmail has ended or was taken back; while Google lists the program as "
            f"“Testing”, it ends after 7 days. {LOGIN}",
            login=True,
        )
    if reason in ("invalid_client", "unauthorized_client"):
        return SourceError(
            "Google does not know the program of GMAIL_CREDENTIALS (any more). Download its file "
            "anew at console.cloud.google.com, APIs & Services, Credentials",
            login=True,
        )
    if status == 429 or status >= 500:
        again_s = _again_s(headers, now)
        return SourceError(f"Google gives no access now (status {status})", again_s=again_s)
    return SourceError(
        f"Google gives no access (status {status}, {reason or 'no reason'}). {LOGIN}"
    )
