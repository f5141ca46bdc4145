"""The few things we ask of a file system, each said once with what it promises.

Rename without overwriting, exchange two names, write durably, read only a regular file.
No folders of ours, no names of ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

RENAME_NOREPLACE = 1
RENAME_EXCHANGE = 2
AT_FDCWD = -100

#: What a file system answers that does not know the flag (FUSE, NFS, some network shares).
NO_SUCH_FLAG = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
#: What it answers when it has no hard links (exFAT, many FUSE mounts).
NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}

#: What a disk answers that is full, broken or mounted read-only: it concerns everything on it.
FAILING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS}

#: How many files are waited for at once.
FSYNCS_AT_ONCE = 8

#: sync_file_range(2): begin to write out, and wait for nothing.
BEGIN_WRITING = 2

_libc = ctypes.CDLL(None, use_errno=True)
_renameat2 = getattr(_libc, "renameat2", None)
_sync_file_range = getattr(_libc, "sync_file_range", None)
if _sync_file_range is not None:
    _sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)


class NotRegular(OSError):
    """The path is a symlink, FIFO, device, folder or hard-linked file: never read it."""


def failing(refused: OSError) -> bool:
    """Whether it is the disk that fails, not one file that cannot be worked on."""
    return refused.errno in FAILING


def said(refused: OSError) -> str:
    """What is wrong with one file, for its owner."""
    return (
        f"cannot be moved or written ({refused.strerror or refused}). Check its owner, its "
        f"permissions and the length of its name"
    )


def shown(name: str) -> str:
    """A name as text: bytes that are none become question marks, and then it differs."""
    return name.encode(errors="replace").decode()


def beginning(name: str, most_bytes: int) -> str:
    """As much of a name as fits into so many bytes on disk."""
    return os.fsencode(name)[:most_bytes].decode(errors="ignore")


def end(name: str, most_bytes: int) -> str:
    """The last part of a name that fits into so many bytes on disk."""
    return os.fsencode(name)[-most_bytes:].decode(errors="ignore")


def _rename2(a: Path, b: Path, flag: int) -> None:
    if _renameat2 is None:
        raise OSError(errno.ENOSYS, "no renameat2 here")
    if _renameat2(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), flag) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(a), None, str(b))


def rename_new(source: Path, target: Path) -> None:
    """Moves `source` to `target`, never over something. Atomic where the disk can do it.

    Without RENAME_NOREPLACE: link and unlink (both names exist for a moment; a scan that
    finds two links to one file mends it). Without hard links too: the target is reserved
    by an empty file first. Raises FileExistsError, FileNotFoundError, OSError.
    """
    try:
        return _rename2(source, target, RENAME_NOREPLACE)
    except OSError as refused:
        if refused.errno not in NO_SUCH_FLAG:
            raise
    link_new(source, target)


def link_new(source: Path, target: Path) -> None:
    """The fallback of `rename_new`, callable by itself so that it can be tried anywhere."""
    try:
        os.link(source, target, follow_symlinks=False)  # unlike rename, never overwrites
    except OSError as refused:
        if refused.errno not in NO_HARD_LINKS:
            raise
        return reserve_new(source, target)
    os.unlink(source)


def reserve_new(source: Path, target: Path) -> None:
    """The fallback without hard links: an empty file holds the name while we rename over it."""
    os.lstat(source)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    try:
        os.rename(source, target)
    except OSError:
        os.unlink(target)
        raise


def exchange(a: Path, b: Path) -> bool:
    """Swaps two names in one step; False where the file system cannot."""
    try:
        _rename2(a, b, RENAME_EXCHANGE)
    except OSError as refused:
        if refused.errno in NO_SUCH_FLAG:
            return False
        raise
    return True


def fsync_folder(folder: Path) -> None:
    """Makes a rename or a creation in `folder` survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as refused:
        if refused.errno not in {errno.EINVAL, errno.EOPNOTSUPP}:  # some network shares
            raise
    finally:
        os.close(fd)


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Writes a file that must not exist yet and fsyncs it; whole, or nothing stays."""
    write_new_from(path, (data,), mode=mode)


def write_new_from(path: Path, parts: Iterable[bytes], *, mode: int = 0o644) -> None:
    """The same for what does not fit into memory."""
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, mode)
    try:
        with open(fd, "wb") as out:
            for part in parts:
                out.write(part)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        path.unlink(missing_ok=True)  # half a file, on a full disk say, is taken for a whole one
        raise


def _fsync_all(fds: Sequence[int]) -> None:
    """Several at once: a disk with a journal writes it once for all that wait."""
    if len(fds) < FSYNCS_AT_ONCE:
        for fd in fds:
            os.fsync(fd)
        return
    from concurrent.futures import ThreadPoolExecutor  # only where there is much to write

    with ThreadPoolExecutor(FSYNCS_AT_ONCE) as waiting:
        list(waiting.map(os.fsync, fds))


def write_all_new(files: Sequence[tuple[Path, bytes]], *, mode: int = 0o644) -> None:
    """The same for many at once: they share the waits for the disk, so it takes a third of the
    time. Not for more than a few hundred: all of them are open at once."""
    fds: list[int] = []
    made: list[Path] = []
    try:
        for path, _ in files:
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            fds.append(os.open(path, flags, mode))
            made.append(path)
        for fd, (_, data) in zip(fds, files, strict=True):  # all are there: making one may wait
            with open(fd, "wb", closefd=False) as out:
                out.write(data)
        if _sync_file_range is not None:  # a hint: the fsync below is what counts
            for fd in fds:
                _sync_file_range(fd, 0, 0, BEGIN_WRITING)
        _fsync_all(fds)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    finally:
        for fd in fds:
            os.close(fd)


def keep_mode(of: Path, on: Path) -> None:
    """Gives our file `on` the permissions of the file at `of`, where the disk has such."""
    about = os.lstat(of)
    if stat.S_ISREG(about.st_mode):
        with contextlib.suppress(PermissionError):  # FAT, network shares
            os.chmod(on, stat.S_IMODE(about.st_mode) & 0o777)


def replace(path: Path, data: bytes, scratch: Path, *, durable: bool = True) -> None:
    """Puts `data` at `path` whole, by way of `scratch` on the same disk; ours alone."""
    with open(scratch, "wb", opener=lambda p, f: os.open(p, f | os.O_NOFOLLOW, 0o644)) as out:
        out.write(data)
        out.flush()
        if durable:
            os.fsync(out.fileno())
    os.replace(scratch, path)


def is_written(path: Path) -> bool | None:
    """Whether a process has the file open for writing; None where that cannot be told.

    Asked by a read lease (fcntl(2), F_SETLEASE), which the kernel grants on a file of ours
    without a writer alone, and which is given back at once. Raises FileNotFoundError.
    """
    lease = getattr(fcntl, "F_SETLEASE", None)
    if lease is None:
        return None
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.fcntl(fd, lease, fcntl.F_RDLCK)
        fcntl.fcntl(fd, lease, fcntl.F_UNLCK)
    except OSError as refused:
        return True if refused.errno == errno.EAGAIN else None
    finally:
        os.close(fd)
    return False


def read_regular(path: Path, most_bytes: int, inode: int = 0) -> bytes:
    """The bytes of a regular file, at most `most_bytes` + 1 of them (so that a caller sees
    that there are more). Never follows a link, never blocks on a FIFO. With an `inode` it must be
    that file: a folder on its way may have become a link since it was looked at.

    Raises NotRegular, FileNotFoundError, OSError.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as refused:
        if refused.errno in {errno.ELOOP, errno.ENXIO}:
            raise NotRegular(refused.errno, "is a link or a special file", str(path)) from None
        raise
    about = os.fstat(fd)
    if not stat.S_ISREG(about.st_mode) or (inode and about.st_ino != inode):
        os.close(fd)
        raise NotRegular(errno.EINVAL, "is not the regular file that is meant", str(path))
    with open(fd, "rb") as file:
        return file.read(most_bytes + 1)
