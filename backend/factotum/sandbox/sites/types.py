"""The content type of a file by the end of its name: the same on every machine."""

from typing import Final

_TEXT: Final = "text/{}; charset=utf-8"
_TYPES: Final = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "css": _TEXT.format("css"),
    "csv": _TEXT.format("csv"),
    "gif": "image/gif",
    "glb": "model/gltf-binary",
    "gz": "application/gzip",
    "htm": _TEXT.format("html"),
    "html": _TEXT.format("html"),
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": _TEXT.format("javascript"),
    "json": "application/json",
    "map": "application/json",
    "md": _TEXT.format("markdown"),
    "mjs": _TEXT.format("javascript"),
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "otf": "font/otf",
    "pdf": "application/pdf",
    "png": "image/png",
    "rss": "application/rss+xml",
    "svg": "image/svg+xml",
    "tar": "application/x-tar",
    "ttf": "font/ttf",
    "txt": _TEXT.format("plain"),
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xml": "application/xml",
    "zip": "application/zip",
}


def content_type(path: str) -> str:
    """Return what a file is sent as."""
    return _TYPES.get(extension(path).lower(), "application/octet-stream")


def extension(path: str) -> str:
    """Return the end of a file's name after its last dot, without the dot; nothing for `.hidden`."""
    stem, dot, end = path.rpartition("/")[2].rpartition(".")
    return end if dot and stem else ""
