"""Pictures of what is configured."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.gamification.definitions.reading import Reader

PIXELS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Image:
    """A picture and what it shows, in words by language."""

    url: str
    width: int
    height: int
    alt: Mapping[str, str]


def read_image(reader: Reader) -> Image | None:
    """Read `image`, such as `{"url": ..., "width": 640, "height": 480, "alt": {"en": ...}}`.

    The address is one of this server or begins with https://, so that no script hides in it.
    """
    image = reader.nested("image")
    if not reader.has("image"):
        return None
    image.required("url", "width", "height")
    size = {name: image.integer(name, 1, least=1, most=PIXELS_MAX) for name in ("width", "height")}
    read = Image(url=image.text("url", most=500), alt=image.localised("alt", required=True), **size)
    if read.url and not read.url.startswith(("https://", "/")):
        image.blame("url", "invalid", "Must begin with https:// or /.")
    image.refuse_unknown()
    return read
