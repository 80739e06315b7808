"""Drawing a medal: a small SVG without scripts, made of a shape, a colour and a sign."""

from functools import lru_cache
from xml.sax.saxutils import escape

from server.gamification.badges.types import Art, Shape

SIZE = 128
_GREY = "#9aa0a6"
_OUTLINES = {
    Shape.CIRCLE: '<circle cx="64" cy="64" r="58"/>',
    Shape.SHIELD: '<path d="M64 6 116 24V66C116 96 92 114 64 122 36 114 12 96 12 66V24Z"/>',
    Shape.STAR: (
        '<path d="M64 6 82 44 122 49 93 78 100 119 64 99 28 119 35 78 6 49 46 44Z"'
        ' stroke-linejoin="round"/>'
    ),
    Shape.HEXAGON: '<path d="M64 6 114 35V93L64 122 14 93V35Z"/>',
}


@lru_cache(maxsize=512)
def medal(art: Art, *, is_earned: bool) -> str:
    """Return the medal as SVG; one that is not earned yet is grey."""
    color = art.color if is_earned else _GREY
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img">'
        f'<g fill="{color}" stroke="#00000033" stroke-width="4">{_OUTLINES[art.shape]}</g>'
        '<text x="64" y="82" font-size="52" text-anchor="middle" fill="#fff"'
        f' font-family="sans-serif">{escape(art.icon)}</text></svg>'
    )
