"""One source, again and again, with longer waits while it fails; or just once."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from factotum import log
from factotum.ears import found
from factotum.ears.dry import DryPost, Tried
from factotum.ears.post import Post, Room
from factotum.watcher import Source, SourceError, Stopped

logger = log.get("factotum.ears")

#: How long to wait after the first failure, and at most, in seconds; each further failure
#: doubles it. The real wait is up to a half shorter, by chance: many do not come back at once.
BACK_OFF_S, BACK_OFF_MOST_S = 5.0, 1800.0
#: How long to wait at least when a login was refused, in seconds: servers lock out who insists.
LOGIN_S = 300.0
#: After how many failures in a row it is told: a server may restart.
TOLD_AFTER = 3
#: The shortest and the longest rest between two looks, in seconds, whatever a source says.
REST_LEAST_S, REST_MOST_S = 0.02, 24 * 3600.0


def run(source: Source, post: Post, first_s: float = BACK_OFF_S) -> None:
    """Looks and rests till the post says Stopped; `first_s` is the wait after a failure."""
    failures = 0
    try:
        while True:
            try:
                pause_s = _look(source, post)
                failures = 0
                source.rest(post, pause_s)
            except Stopped:
                raise
            except (Exception, SystemExit) as broken:  # noqa: BLE001 (none ends another one)
                failures += 1
                _wait(post, _failed(source, post, broken, failures, first_s))
    except Stopped:
        pass
    finally:
        _close(source)


def _look(source: Source, post: Post) -> float:
    """One look, and what was collected and is due; after how many seconds to look again."""
    pause_s = source.look(post)
    post.answered()
    post.trouble("")
    due = post.deliver()
    nearest = source.every_s if pause_s is None else pause_s
    if due is not None:
        nearest = min(nearest, due - post.now())
    return max(REST_LEAST_S, min(nearest, REST_MOST_S))


def _wait(post: Post, seconds: float) -> None:
    """Waits so long, and tells what was collected when that is due: it needs nobody outside."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        due = post.deliver()
        post.rest(left if due is None else min(left, max(REST_LEAST_S, due - post.now())))


def _failed(
    source: Source, post: Post, broken: BaseException, failures: int, first_s: float
) -> float:
    """Says so, once it is worth it; after how many seconds to try again."""
    ours = isinstance(broken, SourceError)
    logger.log(
        20 if ours else 40,
        "source failed",
        extra={"source": source.name, "error": type(broken).__name__},
        exc_info=None if ours else broken,
    )
    login = isinstance(broken, SourceError) and broken.login
    if failures >= TOLD_AFTER or login:
        post.trouble(found.said(broken), login=login)
    _close(source)
    again_s = broken.again_s if isinstance(broken, SourceError) else 0.0
    return max(again_s, back_off_s(failures, first_s), LOGIN_S if login else 0.0)


def back_off_s(failures: int, first_s: float = BACK_OFF_S) -> float:
    """How long to wait after so many failures in a row."""
    longest = min(BACK_OFF_MOST_S, first_s * 2.0 ** min(failures - 1, 20))
    share: float = random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
    return longest * share


def _close(source: Source) -> None:
    try:
        source.close()
    except Exception as broken:  # what is broken already may say so once more
        logger.debug("source not closed", exc_info=broken)


def once(room: Room, names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Looks once with each source of these watchers, one after the other; the names of all of
    them, and what went wrong, by the name of the source or the watcher."""
    sources, wrong = found.sources_of(names, room.premises)
    for source in sources:
        post = Post(source, room, once=True)
        try:
            _look(source, post)
        except Exception as broken:  # noqa: BLE001 (the others have their turn)
            wrong[source.name] = found.said(broken)
            post.trouble(wrong[source.name])
        finally:
            post.show(at_once=True)
            _close(source)
            post.close()
    return [source.name for source in sources], wrong


def tried(room: Room, names: Sequence[str]) -> tuple[list[Tried], dict[str, str]]:
    """What each source of these watchers would hand in now, and what is set up wrongly. Changes
    nothing."""
    sources, wrong = found.sources_of(names, room.premises)
    results = []
    for source in sources:
        post = DryPost(source, room)
        try:
            source.look(post)
        except Exception as broken:  # noqa: BLE001 (the others have their turn)
            post.tried.wrong = found.said(broken)
        finally:
            _close(source)
        results.append(post.tried)
    return results, wrong
