"""`fairstar members`: members, from the command line."""

import getpass
from datetime import datetime

import click
from sqlalchemy import Connection

from server.cli import application
from server.core import clock
from server.core.crypto import Vault
from server.core.db import reading, transaction
from server.core.errors import NotFound
from server.core.installation import installation
from server.gamification.cards.queries import find_active_card, find_card_by_number
from server.gamification.cards.rules import normal_card_number
from server.gamification.cards.service import block_card, replace_card
from server.gamification.members.queries import find_member, get_member, list_contacts
from server.gamification.members.rules import normal_identifier
from server.gamification.members.service import block_member, enrol, unblock_member
from server.gamification.members.types import (
    Enrolment,
    IdentifierKind,
    Member,
    Profile,
    Source,
)
from server.gamification.playing.joining import welcome
from server.gamification.programme.queries import current_revision, get_programme
from server.gamification.sessions.service import open_session
from server.gamification.sessions.tokens import Issuer
from server.gamification.sessions.types import Installation
from server.gamification.standings.assigning import Assignment, assign_tier, unlock_tier
from server.gamification.tiers.queries import get_ladder
from server.gamification.tiers.types import Review


@click.group()
def members() -> None:
    """Add, show, block and unblock members."""


@members.command()
@click.option("--first-name")
@click.option("--last-name")
@click.option("--phone", help="In any usual form.")
@click.option("--email")
@click.option("--birthday", type=click.DateTime(["%Y-%m-%d"]), help="YYYY-MM-DD")
def add(first_name: str, last_name: str, phone: str, email: str, birthday: object) -> None:
    """Enrol a member and print the id and the card number."""
    born_on = birthday.date() if hasattr(birthday, "date") else None
    profile = Profile(first_name, last_name, born_on)
    with application(), transaction() as tx:
        region = get_programme(tx).policies.phone_region
        given = ((IdentifierKind.PHONE, phone), (IdentifierKind.EMAIL, email))
        found = tuple(normal_identifier(kind, text, region) for kind, text in given if text)
        now = clock.now()
        member = enrol(tx, installation().vault, Enrolment(Source.API, profile, found), now)
        welcome(tx, member.id, "cli:members", now)
        card = find_active_card(tx, member.id)
        click.echo(f"{member.id}  card {card.number if card else 'none'}")


@members.command()
@click.argument("who")
def show(who: str) -> None:
    """Show a member; WHO is an id, a card number, an e-mail address or a phone number."""
    with application(), reading() as tx:
        vault = installation().vault
        member = _find(tx, vault, who)
        card = find_active_card(tx, member.id)
        _print(member, card.number if card else None)
        for contact in list_contacts(tx, vault, member.id):
            verified = "verified" if contact.verified_at else "not verified"
            click.echo(f"{contact.kind:10} {contact.value} ({verified})")


def _find(tx: Connection, vault: Vault, who: str) -> Member:
    """Return the member, whatever the status. Raises NotFound and ValidationFailed."""
    if who.startswith("mem_"):
        return get_member(tx, who)
    if len(who) == 13 and who.startswith("22"):
        card = find_card_by_number(tx, normal_card_number(who))
        found = get_member(tx, card.member_id) if card else None
    else:
        kind = IdentifierKind.EMAIL if "@" in who else IdentifierKind.PHONE
        region = get_programme(tx).policies.phone_region
        found = find_member(tx, vault, normal_identifier(kind, who, region))
    if found is None:
        raise NotFound("Nobody matches.")
    return found


def _print(member: Member, card_number: str | None) -> None:
    profile = member.profile
    name = " ".join(part for part in (profile.first_name, profile.last_name) if part)
    click.echo(f"{'id':10} {member.id}")
    click.echo(f"{'name':10} {name or '-'}")
    click.echo(f"{'status':10} {member.status}")
    click.echo(f"{'birthday':10} {profile.birthday or '-'}")
    click.echo(f"{'joined':10} {clock.rfc3339(member.created_at)} ({member.joined_source})")
    click.echo(f"{'card':10} {card_number or '-'}")


@members.command()
@click.argument("member_id")
@click.option("--reason", required=True, help="Kept in the audit trail.")
def block(member_id: str, reason: str) -> None:
    """Block a member: no sign-in, earning or spending."""
    with application(), transaction() as tx:
        member = block_member(tx, member_id, _actor(), reason, clock.now())
        click.echo(f"{member.id} is {member.status}.")


@members.command()
@click.argument("member_id")
@click.option("--reason", required=True, help="Kept in the audit trail.")
def unblock(member_id: str, reason: str) -> None:
    """Let a blocked member take part again."""
    with application(), transaction() as tx:
        member = unblock_member(tx, member_id, _actor(), reason, clock.now())
        click.echo(f"{member.id} is {member.status}.")


@members.command("tier")
@click.argument("member_id")
@click.argument("key")
@click.option("--reason", required=True, help="Kept with the tier and in the audit trail.")
@click.option("--lock", is_flag=True, help="The tier moves neither up nor down.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day, YYYY-MM-DD.")
def tier(member_id: str, key: str, reason: str, lock: bool, until: datetime | None) -> None:
    """Give a member the tier KEY by hand, by invitation or for a fee."""
    until_on = until.date() if until else None
    with application(), transaction() as tx:
        given = Assignment(key, reason, _actor(), lock, until_on)
        review = assign_tier(tx, member_id, given, clock.now())
        click.echo(_told(tx, member_id, review))


@members.command("unlock-tier")
@click.argument("member_id")
@click.option("--reason", required=True, help="Kept with the tier and in the audit trail.")
def unlock_tier_of(member_id: str, reason: str) -> None:
    """End a lock and a tier that was given: the tier follows what counts, at once."""
    with application(), transaction() as tx:
        review = unlock_tier(tx, member_id, reason, _actor(), clock.now())
        click.echo(_told(tx, member_id, review))


def _told(tx: Connection, member_id: str, review: Review) -> str:
    """Say where a member stands now, and until when at least."""
    standing = review.standing
    found = get_ladder(tx, current_revision(tx)).get(standing.tier_id)
    ends = [on for on in (standing.floor_until_on, standing.keep_until_on) if on]
    until = f" until {max(ends)}" if ends else ""
    locked = ", locked" if standing.is_locked else ""
    return f"{member_id} is {found.key if found else 'in no tier'}{until}{locked}."


@members.command("block-card")
@click.argument("member_id")
def block_card_of(member_id: str) -> None:
    """Block a member's card for ever, for instance a stolen one."""
    with application(), transaction() as tx:
        card = block_card(tx, member_id, clock.now())
        click.echo(f"Card {card.number} is blocked.")


@members.command("replace-card")
@click.argument("member_id")
@click.option("--number", help="The number of a printed card; random by default.")
def replace_card_of(member_id: str, number: str | None) -> None:
    """Give a member a new card; the old one stops working."""
    with application(), transaction() as tx:
        get_member(tx, member_id)
        card = replace_card(tx, installation().vault, member_id, clock.now(), number)
        click.echo(f"Card {card.number} is active.")


@members.command()
@click.argument("member_id")
def token(member_id: str) -> None:
    """Print an access token of a member, for development."""
    with application(), transaction() as tx:
        held = installation()
        if held.settings.production:
            raise click.ClickException("Tokens are not printed in production.")
        issuer = Issuer(held.vault, held.settings.base_url)
        terminal = Installation("command-line", "fairstar members token")
        tokens = open_session(tx, issuer, get_member(tx, member_id), terminal, clock.now())
        click.echo(tokens.access_token)


def _actor() -> str:
    return f"cli:{getpass.getuser()}"
