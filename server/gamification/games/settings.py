"""How a game is configured, and what is refused: chance below the floor, sham wins, farming."""

from fractions import Fraction

from server.gamification.conditions.reading import read_condition
from server.gamification.conditions.rules import compiled, needs_activity
from server.gamification.definitions.benefits import Benefit, BenefitKind, read_benefits
from server.gamification.definitions.images import read_image
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Kind, Settings
from server.gamification.games.rules import long_run, wins_at_most
from server.gamification.games.types import (
    CONSOLATION,
    FLOOR,
    Chance,
    Game,
    Look,
    Mode,
    Pacing,
    Per,
    Prize,
)
from server.gamification.programme.types import POINTS

PRIZES_MAX = 20
WEIGHT_MAX = 1_000_000
POINTS_MAX = 1_000_000
STOCK_MAX = 10_000_000
PLAYS_MAX = 100
DAYS_MAX = 3650
DENOMINATOR_MAX = 1_000_000
VALUE_MAX = 1_000_000_000
SHOWN_PLAYS = (100, 1000, 10_000)


def read_game(definition_id: str, key: str, settings: Settings) -> Game:
    """Return a game from its settings. Raise `DefinitionInvalid`."""
    reader = Reader(settings)
    reader.required("prizes", "consolation")
    condition = read_condition(reader)
    game = Game(
        id=definition_id,
        key=key,
        names=reader.localised("names", required=True),
        texts=reader.localised("texts", lines=True),
        look=reader.choice("look", Look, Look.WHEEL),
        mode=reader.choice("mode", Mode, Mode.FAIR_COIN),
        chance=_read_chance(reader),
        prizes=reader.each("prizes", _read_prize, most=PRIZES_MAX),
        consolation=_read_consolation(reader),
        price_points=reader.integer("price_points", 0, most=POINTS_MAX),
        free_per_day=reader.integer("free_per_day", 0, most=PLAYS_MAX),
        per_day_max=reader.integer("per_day_max", 0, most=PLAYS_MAX),
        plays_days=reader.integer("plays_days", 0, most=DAYS_MAX),
        starts_at=reader.instant("starts_at"),
        ends_at=reader.instant("ends_at"),
        image=read_image(reader),
        is_for=None if condition is None else compiled(condition),
    )
    if condition is not None and needs_activity(condition):
        reader.blame("condition", "activity", "A game asks about the member, not an activity.")
    _check(reader, game)
    reader.close()
    return game


def cost_notes(game: Game) -> list[str]:
    """Return what a game will cost, in English sentences for the owner."""
    chance = long_run(game)
    dearest = max(prize.value_minor for prize in game.segments)
    kept = "" if game.mode is Mode.FAIR_COIN else " (of one member, in the long run)"
    notes = [f"A play wins with {game.chance.p}/{game.chance.q}; {chance} of plays win{kept}."]
    whole = sum(prize.weight for prize in game.segments)
    value = sum((Fraction(p.weight * p.value_minor, whole) for p in game.segments), Fraction(0))
    for plays in SHOWN_PLAYS:
        wins, most = round(plays * chance), wins_at_most(chance, plays)
        costs = f"about {round(wins * value)}, at most {most * dearest} minor units"
        notes.append(f"{plays} plays: about {wins} wins, at 99.9 % at most {most}; {costs}.")
    return notes


GAMES: Kind[Game] = Kind("game", "gam", read_game, notes=cost_notes)


def _read_chance(reader: Reader) -> Chance:
    if not reader.has("chance"):
        reader.raw("chance")
        return Chance(*FLOOR)
    chance = reader.nested("chance")
    chance.required("p", "q")
    read = Chance(
        chance.integer("p", 1, least=1, most=DENOMINATOR_MAX),
        chance.integer("q", 4, least=1, most=DENOMINATOR_MAX),
    )
    chance.refuse_unknown()
    if read.p * FLOOR[1] < read.q * FLOOR[0]:
        reader.blame("chance", "below_floor", "Every play must win with at least 1/4.")
    if read.p > read.q:
        reader.blame("chance", "invalid", "A chance is at most 1.")
    return read


def _read_prize(reader: Reader) -> Prize:
    reader.required("key", "weight", "benefits")
    return Prize(
        key=reader.text("key", "prize", most=40),
        names=reader.localised("names", required=True),
        weight=reader.integer("weight", 1, least=1, most=WEIGHT_MAX),
        benefits=read_benefits(reader),
        value_minor=reader.integer("value_minor", 0, most=VALUE_MAX),
        stock=reader.optional_integer("stock", least=1, most=STOCK_MAX),
        pacing=_read_pacing(reader),
        image=read_image(reader),
    )


def _read_pacing(reader: Reader) -> Pacing | None:
    if not reader.has("pacing"):
        reader.raw("pacing")
        return None
    pacing = reader.nested("pacing")
    pacing.required("count", "per")
    read = Pacing(
        pacing.integer("count", 1, least=1, most=STOCK_MAX), pacing.choice("per", Per, Per.DAY)
    )
    pacing.refuse_unknown()
    return read


def _read_consolation(reader: Reader) -> Prize:
    given = reader.nested("consolation")
    given.required("points")
    points = given.integer("points", 1, least=1, most=POINTS_MAX)
    read = Prize(
        key=CONSOLATION,
        names=given.localised("names"),
        weight=given.integer("weight", 0, most=WEIGHT_MAX),
        benefits=(Benefit(BenefitKind.POINTS, points, POINTS),),
        value_minor=given.integer("value_minor", 0, most=VALUE_MAX),
    )
    given.refuse_unknown()
    return read


def _check(reader: Reader, game: Game) -> None:
    keys = [prize.key for prize in game.segments]
    if len({*keys}) < len(keys):
        reader.blame("prizes", "double", f"Keys differ, and none is {CONSOLATION}.")
    if not sum(prize.weight for prize in game.segments):
        reader.blame("consolation/weight", "required", "Something must be there to win.")
    if game.starts_at and game.ends_at and game.starts_at >= game.ends_at:
        reader.blame("ends_at", "order", "It must end after it starts.")
    if game.per_day_max and game.free_per_day > game.per_day_max:
        reader.blame("free_per_day", "too_many", "Must not be more than one may play in a day.")
    for at, prize in enumerate(game.prizes):
        _check_prize(reader, game, at, prize)
    _check_price(reader, game)


def _check_prize(reader: Reader, game: Game, at: int, prize: Prize) -> None:
    if not prize.benefits:
        reader.blame(f"prizes/{at}/benefits", "sham", "A win gives something.")
    own = BenefitKind.PLAYS, game.key
    if any((benefit.kind, benefit.key) == own for benefit in prize.benefits):
        reader.blame(f"prizes/{at}/benefits", "sham", "Another play of the game is no win.")
    if prize.pacing is not None and prize.stock is None:
        reader.blame(f"prizes/{at}/pacing", "stock", "Say how many there are in all.")


def _check_price(reader: Reader, game: Game) -> None:
    """Refuse wins below the price, and games that points can be farmed with."""
    if not game.price_points:
        return
    if points_of(game.consolation) < game.price_points:
        detail = "A win must not be less than the price of the play."
        reader.blame("consolation/points", "sham", detail)
    for at, prize in enumerate(game.prizes):
        if prize.benefits and points_only(prize) and points_of(prize) < game.price_points:
            reader.blame(f"prizes/{at}/benefits", "sham", "A win is worth its price at least.")
    if expected_points(game) >= game.price_points:
        detail = "On average a play gives back as many points as it costs: lower the prizes."
        reader.blame("price_points", "farming", detail)


def points_of(prize: Prize) -> int:
    """Return the points in a prize."""
    return sum(one.amount for one in prize.benefits if one.kind is BenefitKind.POINTS)


def points_only(prize: Prize) -> bool:
    """Tell whether a prize is nothing but points."""
    return all(one.kind is BenefitKind.POINTS for one in prize.benefits)


def expected_points(game: Game) -> Fraction:
    """Return the points that a play gives on average; a prize that runs out gives the consolation
    instead, so the larger of the two counts.
    """
    whole = sum(prize.weight for prize in game.segments) or 1
    instead = points_of(game.consolation)
    given = sum(
        prize.weight * max(points_of(prize), instead if prize.stock is not None else 0)
        for prize in game.segments
    )
    return long_run(game) * Fraction(given, whole)
