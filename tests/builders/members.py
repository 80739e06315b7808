"""The cast: Ana, a member of old; Ben, who joined today; Dan, the till. All made by services."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from server.config import DEVELOPMENT_SECRET
from server.core.crypto import vault_for
from server.core.db import transaction
from server.gamification.cards.queries import find_active_card
from server.gamification.cards.rules import QR_PREFIX, one_time_code, step_of, term_of, term_secret
from server.gamification.cards.service import master_secret
from server.gamification.members.rules import normal_identifier
from server.gamification.members.service import enrol
from server.gamification.members.types import (
    Enrolment,
    Identifier,
    IdentifierKind,
    Member,
    Profile,
    Source,
)
from server.gamification.partners.keys import add_partner_key
from server.gamification.partners.service import (
    add_device,
    add_location,
    add_partner,
    offer_pairing,
    pair_device,
)
from server.gamification.partners.types import KeyMode, Scope
from server.gamification.partners.types import Profile as DeviceProfile
from server.gamification.presets.service import apply_preset
from server.gamification.sessions.service import open_session
from server.gamification.sessions.tokens import Issuer
from server.gamification.sessions.types import Installation, Tokens

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
VAULT = vault_for(DEVELOPMENT_SECRET)
ISSUER = Issuer(VAULT, "http://127.0.0.1:8000")
PHONE = Installation("ana-phone-1", "Fairstar/1.0 (Phone)")
ANA_PHONE, ANA_EMAIL = "+3725551234", "ana@example.com"
SHOP_SECRET_LENGTH = 40


def number_of(tx: Connection, member: Member) -> str:
    """The number of the member's active card."""
    card = find_active_card(tx, member.id)
    assert card is not None
    return card.number


def identifier(kind: IdentifierKind, text: str, issuer: str = "") -> Identifier:
    """An identifier in its normal form; numbers without `+` are Estonian."""
    return normal_identifier(kind, text, "EE", issuer)


def enrol_ana(tx: Connection, now: datetime = NOW) -> Member:
    """Ana Kask, with a phone, an e-mail address and a birthday."""
    contacts = (
        identifier(IdentifierKind.PHONE, ANA_PHONE),
        identifier(IdentifierKind.EMAIL, ANA_EMAIL),
    )
    profile = Profile("Ana", "Kask", date(1990, 11, 25))
    return enrol(tx, VAULT, Enrolment(Source.TILL, profile, contacts), now)


def enrol_ben(tx: Connection, now: datetime = NOW) -> Member:
    """Ben, of whom only a phone number is known."""
    contacts = (identifier(IdentifierKind.PHONE, "+3725559999"),)
    return enrol(tx, VAULT, Enrolment(Source.APP, Profile("Ben"), contacts), now)


def sign_in(
    tx: Connection, member: Member, installation: Installation = PHONE, now: datetime = NOW
) -> Tokens:
    """Sign a member in on an installation."""
    return open_session(tx, ISSUER, member, installation, now)


def qr_of(tx: Connection, member: Member, now: datetime) -> str:
    """The rotating code that the member's phone shows at `now`."""
    card = find_active_card(tx, member.id)
    assert card is not None
    secret = term_secret(master_secret(VAULT, card), term_of(now))
    return f"{QR_PREFIX}.{card.id}.{one_time_code(secret, step_of(now))}"


def pair_dan(
    tx: Connection, now: datetime = NOW, profile: DeviceProfile = DeviceProfile.TILL_FULL
) -> tuple[str, str]:
    """Dan, a paired till at Main Street: the device's id and its key."""
    location = add_location(tx, "Main Street", now)
    device = add_device(tx, "Dan", location.id, profile, now)
    pairing = offer_pairing(tx, device.id, now)
    _, key = pair_device(tx, pairing.token, now, KeyMode.TEST)
    return device.id, key.secret


def add_shop(
    tx: Connection, *scopes: str, now: datetime = NOW, name: str = "Web shop"
) -> tuple[str, str, str]:
    """A web shop: partner id, API key (all scopes by default), assertion secret."""
    partner_id, secret = add_partner(tx, VAULT, name, now)
    key = add_partner_key(tx, partner_id, "backend", scopes or tuple(Scope), now, KeyMode.TEST)
    assert secret is not None
    return partner_id, key.secret, secret


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, with what they need to call the API."""

    ana: Member
    ben: Member
    ana_tokens: Tokens
    ben_tokens: Tokens
    dan_id: str
    dan_key: str
    shop_id: str
    shop_key: str
    shop_secret: str

    @property
    def as_ana(self) -> dict[str, str]:
        """The headers of Ana's app."""
        return bearer(self.ana_tokens.access_token)

    @property
    def as_dan(self) -> dict[str, str]:
        """The headers of Dan, the till."""
        return bearer(self.dan_key)

    @property
    def as_shop(self) -> dict[str, str]:
        """The headers of the web shop's backend."""
        return bearer(self.shop_key)


def bearer(token: str) -> dict[str, str]:
    """The headers of whoever holds `token`."""
    return {"Authorization": f"Bearer {token}"}


def gather_cast(now: datetime = NOW) -> Cast:
    """Set up a programme with the whole cast; needs an application context."""
    with transaction() as tx:
        apply_preset(tx, "four_metals", now)
        ana, ben = enrol_ana(tx, now), enrol_ben(tx, now)
        tokens = [
            sign_in(tx, one, Installation(f"{one.id[-8:]}-phone", "Phone"), now)
            for one in (ana, ben)
        ]
        return Cast(ana, ben, tokens[0], tokens[1], *pair_dan(tx, now), *add_shop(tx, now=now))
