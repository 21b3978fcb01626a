"""Tells text from binary, and which encoding a text has, to read it and write it back unchanged."""

import codecs
from dataclasses import dataclass

SAMPLE_BYTES = 65_536
"""How much of a file's start `encoding_of` wants to see."""

_CONTROLS = bytes(code for code in range(32) if chr(code) not in "\b\t\n\f\r\x1b")
_MOST_CONTROLS = 0.1

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive, or an Office document"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"(\xb5/\xfd", "a Zstandard file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program (ELF)"),
    (b"PAR1", "a Parquet file"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 file"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's text is written: Python's codec, the mark at its start, and its name for people."""

    codec: str
    mark: bytes
    name: str

    def decode(self, content: bytes) -> str:
        """Decode a whole file. Raises UnicodeDecodeError."""
        return content.removeprefix(self.mark).decode(self.codec)

    def encode(self, text: str) -> bytes:
        """Encode a whole file, with the mark it had. Raises UnicodeEncodeError."""
        return self.mark + text.encode(self.codec)


UTF_8 = Encoding("utf-8", b"", "UTF-8")
LATIN_1 = Encoding("latin-1", b"", "Latin-1, as it is not UTF-8")
_MARKED = (
    Encoding("utf-8", codecs.BOM_UTF8, "UTF-8 with a byte order mark"),
    Encoding("utf-16-le", codecs.BOM_UTF16_LE, "UTF-16"),
    Encoding("utf-16-be", codecs.BOM_UTF16_BE, "UTF-16"),
)


def encoding_of(sample: bytes) -> Encoding | None:
    """Tell the encoding from the first SAMPLE_BYTES of a file; None means that it is not text."""
    if binary_kind(sample):
        return None
    marked = next((each for each in _MARKED if sample.startswith(each.mark)), None)
    if marked is not None:
        return marked
    if b"\0" in sample:
        return None
    try:
        # A character that the sample's end cuts in two is no error.
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        controls = len(sample) - len(sample.translate(None, _CONTROLS))
        return None if controls > len(sample) * _MOST_CONTROLS else LATIN_1
    return UTF_8


def binary_kind(sample: bytes) -> str:
    """Name a well-known binary format by its first bytes, or return an empty text."""
    if sample[:4] == b"RIFF" and sample[8:12] == b"WEBP":
        return "a WebP image"
    return next((kind for magic, kind in _KINDS if sample.startswith(magic)), "")
