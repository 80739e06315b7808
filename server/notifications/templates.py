"""Templates: the words of each type of message, built in or published by the owner.

A definition of the kind `message_template` names its `type` and has one or more variants; which of
them a member gets follows from the member, so that it stays the same.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from server.core.i18n import LOCALES, SOURCE, in_language
from server.gamification.definitions.queries import Published
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Kind, Settings
from server.notifications.catalogue import ANNOUNCEMENT, TYPES
from server.notifications.rendering import faults_in
from server.notifications.rules import pick_variant
from server.notifications.types import Field, Text

FOLDER = Path(__file__).parent / "words"
WEIGHT_MAX, VARIANTS_MAX, RAW_MAX = 1000, 5, 400


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to say it: titles and bodies by language, and how often it is chosen."""

    name: str
    weight: int
    titles: Mapping[str, str]
    bodies: Mapping[str, str]

    def text_in(self, locale: str) -> Text:
        """Return title and body in a language, else in English, else in what there is."""
        return Text(in_language(self.titles, locale), in_language(self.bodies, locale))


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one type; `is_sent` says whether it leaves the inbox at all."""

    id: str
    type: str
    is_sent: bool
    variants: tuple[Variant, ...]

    def for_member(self, member_id: str) -> Variant:
        """Return the variant of a member."""
        return pick_variant([(one.weight, one) for one in self.variants], self.id, member_id)


def read_template(definition_id: str, _key: str, settings: Settings) -> Template:
    """Return a template from its settings. Raise `DefinitionInvalid`."""
    reader = Reader(settings)
    reader.required("type")
    named = reader.text("type", "", most=40)
    if named not in TYPES or named == ANNOUNCEMENT:
        reader.blame("type", "unknown", "There is no such type; see: fairstar messages list.")
    fields = TYPES[named].fields if named in TYPES else {}
    template = Template(
        definition_id,
        named,
        reader.flag("sent", default=True),
        read_variants(reader, fields),
    )
    reader.close()
    return template


def read_variants(reader: Reader, fields: Mapping[str, Field]) -> tuple[Variant, ...]:
    """Read `variants`: at least one, each with a name of its own, titles and bodies."""
    variants = reader.each("variants", lambda one: _read_variant(one, fields), most=VARIANTS_MAX)
    if not variants or len({one.name for one in variants}) < len(variants):
        reader.blame("variants", "invalid", "Give at least one, each with a name of its own.")
    return variants


def _read_variant(reader: Reader, fields: Mapping[str, Field]) -> Variant:
    reader.required("name")
    variant = Variant(
        reader.text("name", "", most=20),
        reader.integer("weight", 1, least=1, most=WEIGHT_MAX),
        reader.localised("titles", required=True),
        reader.localised("bodies", required=True),
    )
    for name, texts in (("titles", variant.titles), ("bodies", variant.bodies)):
        for locale, text in texts.items():
            for fault in faults_in(text, fields, locale):
                reader.blame(f"{name}/{locale}", "invalid", fault)
            if len(text) > RAW_MAX:
                reader.blame(f"{name}/{locale}", "too_long", f"Use at most {RAW_MAX} characters.")
    return variant


TEMPLATES: Kind[Template] = Kind("message_template", "tpl", read_template)
_PUBLISHED = Published(TEMPLATES)


def template_of(tx: Connection, revision: str, type_name: str) -> Template:
    """Return the words of a type: the owner's first published ones, else those built in."""
    own = (one for one in _PUBLISHED.live(tx, revision) if one.type == type_name)
    return next(own, None) or built_in()[type_name]


@cache
def built_in() -> Mapping[str, Template]:
    """Return the words of every type but announcements, in every language there is."""
    words = {locale: tomllib.loads(_file(locale)) for locale in LOCALES}
    return {
        name: Template(name, name, is_sent=True, variants=(_variant(words, name),))
        for name in words[SOURCE]
    }


def _variant(words: Mapping[str, Mapping[str, Mapping[str, str]]], name: str) -> Variant:
    titles, bodies = (
        {locale: words[locale][name][part] for locale in words} for part in ("title", "body")
    )
    return Variant("default", 1, titles, bodies)


def _file(locale: str) -> str:
    return (FOLDER / f"{locale}.toml").read_text("utf-8")
