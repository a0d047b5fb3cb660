"""Files from outside, plain or in zips: read within bounds, whatever they say of themselves."""

import io
import zipfile
from pathlib import Path
from typing import IO

from facetrial.core.errors import FacetrialError

MOST_BYTES = 2**29  # of a file, unpacked: Kaggle's largest has 230 million
_MOST_LISTED = 2**20  # of a zip's list of what it holds, which takes more memory than that
_PIECE = 2**20
_READ = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# Of bzip2 and LZMA zipfile unpacks a piece whole, of which four thousand bytes may be gigabytes.
_NOT_READ = {9: "Deflate64", 12: "bzip2", 14: "LZMA"}


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file.

    Args:
        path: of a file, not of a folder, a pipe or a device.
        most: bytes that it may have.

    Raises:
        FacetrialError: it is none, cannot be read, or is larger.
    """
    if not path.is_file():
        raise FacetrialError(f"{path} is not a file.")
    try:
        with path.open("rb") as opened:
            return _all_of(opened, str(path), most)
    except OSError as error:
        raise FacetrialError(f"{path} cannot be read: {error.strerror or error}.") from error


def read_from_zip(path: Path, file: str) -> bytes | None:
    """The bytes of a file in a zip, or in a zip of the file's name within it; None where it holds neither.

    Args:
        path: of the zip.
        file: such as "training.csv", in whatever folder it lies; what a Mac adds (`__MACOSX`) does not count.

    Raises:
        FacetrialError: it cannot be read as a zip, is encrypted, damaged, holds the file twice, or one above
            `MOST_BYTES`.
    """
    try:
        with path.open("rb") as opened:
            return _member(opened, file, str(path), outermost=True)
    except FacetrialError:
        raise
    except (
        Exception
    ) as error:  # zipfile and what unpacks raise errors of many kinds for files that are damaged
        said = str(error) or type(error).__name__
        raise FacetrialError(f"{path} cannot be read as a zip file: {said}. Download it again.") from error


def _member(opened: IO[bytes], file: str, place: str, outermost: bool) -> bytes | None:
    _check_list(opened, place)
    with zipfile.ZipFile(opened) as archive:
        for wanted in (file, f"{Path(file).stem}.zip") if outermost else (file,):
            found = [member for member in archive.infolist() if _name(member) == wanted]
            if len(found) > 1:
                places = ", ".join(member.filename for member in found[:3])
                raise FacetrialError(
                    f"{place} holds {wanted} {len(found)} times ({places}). Keep one of them."
                )
            if found:
                content = _unpacked(archive, found[0], f"{wanted} in {place}")
                if wanted == file:
                    return content
                return _member(io.BytesIO(content), file, f"{wanted} in {place}", outermost=False)
    return None


def _name(member: zipfile.ZipInfo) -> str:
    """The last part of a member's path; "" of what a system or a viewer put there."""
    *folders, name = member.filename.replace("\\", "/").split("/")
    hidden = (part.startswith((".", "__")) and part.strip(".") for part in folders)
    return "" if any(hidden) else name


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: str) -> bytes:
    if member.flag_bits & 0x1:
        raise FacetrialError(f"{place} is encrypted. Unpack it, and put what it holds in its place.")
    if member.compress_type not in _READ:
        kind = _NOT_READ.get(member.compress_type, f"method {member.compress_type}")
        raise FacetrialError(
            f"{place} is packed by {kind}, which is not read here. Unpack it, and put what it holds in its place."
        )
    if member.file_size > MOST_BYTES:
        raise _too_large(place, MOST_BYTES)
    with archive.open(member) as opened:
        return _all_of(opened, place, MOST_BYTES)


def _all_of(opened: IO[bytes], place: str, most: int) -> bytes:
    content = io.BytesIO()
    while piece := opened.read(_PIECE):
        content.write(piece)
        if content.tell() > most:
            raise _too_large(place, most)
    return content.getvalue()


def _too_large(place: str, most: int) -> FacetrialError:
    return FacetrialError(f"{place} holds more than {most:,} bytes, the most that are read.")


def _check_list(opened: IO[bytes], place: str) -> None:
    """Raises FacetrialError where the list of what a zip holds is longer than any that is needed here."""
    opened.seek(max(0, opened.seek(0, io.SEEK_END) - 2**17))
    end = opened.read()
    for mark, start, stop in ((b"PK\5\6", 12, 16), (b"PK\6\6", 40, 48)):  # of zips, and of those above 4 GB
        if (at := end.rfind(mark)) >= 0:
            size = int.from_bytes(end[at + start : at + stop], "little")
            if _MOST_LISTED < size != 0xFFFFFFFF:
                raise FacetrialError(f"{place} lists too many files: its list alone takes {size:,} bytes.")
