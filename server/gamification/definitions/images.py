"""Pictures of what is configured."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.gamification.definitions.reading import Reader


@dataclass(frozen=True, slots=True)
class Image:
    """A picture and what it shows."""

    url: str
    width: int
    height: int
    alt: Mapping[str, str]


def read_image(reader: Reader) -> Image | None:
    """Read `image`, such as `{"url": ..., "width": 640, "height": 480, "alt": {"en": ...}}`."""
    if not reader.has("image"):
        reader.raw("image")
        return None
    image = reader.nested("image")
    image.required("url", "width", "height")
    size = {name: image.integer(name, 1, least=1, most=10_000) for name in ("width", "height")}
    read = Image(image.text("url", "", most=500), alt=image.localised("alt"), **size)
    image.refuse_unknown()
    return read
