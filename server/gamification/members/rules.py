"""Pure rules of members: normal forms of identifiers, hints, names, who is served."""

import unicodedata
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from server.core.errors import NotFound, Refusal, ValidationFailed
from server.core.texts import one_line
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.members.types import Identifier, IdentifierKind, Status

PHONE_LENGTH_MAX = 40
EMAIL_LENGTH_MAX = 254
EXTERNAL_ID_LENGTH_MAX = 100
BIRTHDAY_YEAR_MIN = 1900
MASK = "•••"


def normal_phone(text: str, region: str) -> str:
    """Return `text` as E.164 (`+37255512345`); numbers without `+` belong to `region`.

    Any usual way of writing is accepted. The length is checked, the assigned ranges are not:
    they change faster than installations. Raises ValidationFailed.
    """
    try:
        number = phonenumbers.parse(text[:PHONE_LENGTH_MAX], region)
    except phonenumbers.NumberParseException as error:
        raise ValidationFailed.at("/phone", "invalid_phone", "Not a phone number.") from error
    if not phonenumbers.is_possible_number(number):
        raise ValidationFailed.at("/phone", "invalid_phone", "Too short or too long for a phone.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_email(text: str) -> str:
    """Return an e-mail address in its normal form. Raises ValidationFailed."""
    try:
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValidationFailed.at("/email", "invalid_email", str(error)) from error
    return found.normalized


def normal_external_id(text: str) -> str:
    """Return another system's id without surrounding blanks. Raises ValidationFailed."""
    value = text.strip()
    if not 1 <= len(value) <= EXTERNAL_ID_LENGTH_MAX or not value.isprintable():
        raise ValidationFailed.at(
            "/external_id", "invalid_external_id", "Use 1 to 100 printable characters."
        )
    return value


def normal_identifier(kind: IdentifierKind, text: str, region: str, issuer: str = "") -> Identifier:
    """Return the identifier that `text` means. Raises ValidationFailed."""
    if kind is IdentifierKind.PHONE:
        return Identifier(kind, normal_phone(text, region))
    if kind is IdentifierKind.EMAIL:
        return Identifier(kind, normal_email(text))
    return Identifier(kind, normal_external_id(text), issuer)


def index_text(identifier: Identifier) -> str:
    """Return the text whose keyed hash finds the identifier; e-mail ignores case."""
    if identifier.kind is IdentifierKind.EMAIL:
        return identifier.value.casefold()
    return identifier.value


def hint(identifier: Identifier) -> str:
    """Return the part of an identifier that a cashier may see: `•••2345`, `a•••@example.com`."""
    if identifier.kind is IdentifierKind.EMAIL:
        local, _, domain = identifier.value.rpartition("@")
        return f"{local[:1]}{MASK}@{domain}"[:120]
    return MASK + identifier.value[-4:] if len(identifier.value) > 6 else MASK


def display_name(first_name: str | None, last_name: str | None) -> str | None:
    """Return the name a cashier sees: `Ana K.`, `Ana`, or None when there is none."""
    initial = f"{last_name[0].upper()}." if last_name else None
    return " ".join(part for part in (first_name, initial) if part) or None


def clean_name(text: str | None) -> str | None:
    """Return a name in one line without stray blanks, composed (NFC); None when nothing is left."""
    if text is None:
        return None
    return one_line(unicodedata.normalize("NFC", text)) or None


def check_birthday(birthday: date, today: date) -> None:
    """Raise ValidationFailed for a birthday that nobody alive has."""
    if birthday.year < BIRTHDAY_YEAR_MIN or birthday > today:
        raise ValidationFailed.at("/birthday", "invalid_birthday", "Not a possible birthday.")


def birthday_hint(birthday: date | None, today: date) -> str | None:
    """Return `today` or `this_week` (the next six days) when the birthday is near, else None.

    People born on 29 February celebrate on 1 March in common years.
    """
    if birthday is None:
        return None
    next_ones = (_anniversary(birthday, today.year + extra) for extra in (0, 1))
    ahead = min((day - today).days for day in next_ones if day >= today)
    if ahead == 0:
        return "today"
    return "this_week" if ahead < 7 else None


def _anniversary(birthday: date, year: int) -> date:
    try:
        return birthday.replace(year=year)
    except ValueError:
        return birthday.replace(year=year, day=28) + timedelta(days=1)


def why_not_served(status: str, merged_into_id: str | None = None) -> Refusal | None:
    """Return why a member cannot sign in, earn or spend, or None for an active member."""
    if status == Status.ACTIVE:
        return None
    if status == Status.MERGED:
        return MemberMerged(new_member_id=merged_into_id)
    if status == Status.ERASED:
        return NotFound("There is no such member.")
    return MemberBlocked()


def check_zone(name: str) -> None:
    """Raise ValidationFailed unless `name` is an IANA time zone such as Europe/Tallinn."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationFailed.at("/time_zone", "invalid_time_zone", "Unknown zone.") from error
