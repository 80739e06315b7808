"""Settings from the environment: read once, frozen, refused with one clear sentence.

Every variable starts with `FAIRSTAR_`; any of them may be given as `FAIRSTAR_..._FILE`, the path
of a file that holds the value (for secrets). An unknown or wrong one stops the start.

The command line reads the file `.env` of the current folder as well.
"""

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "FAIRSTAR_"
ENV_FILE = f"{PREFIX}ENV_FILE"
"""Names another file than `.env`; empty: none is read. It is no setting of an installation."""
MODES = ("development", "test", "production")
DEVELOPMENT_SECRET = "fairstar-development-secret-never-in-production"  # noqa: S105 - refused below
SECRET_LENGTH_MIN = 32
THREADS_MAX_BY_DEFAULT = 8
DRAND_MIRRORS = ("https://api.drand.sh", "https://drand.cloudflare.com", "https://api2.drand.sh")
_LINE = re.compile(
    r"""(?:export\s+)?(?P<name>[A-Za-z_]\w*)=
        (?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>[^'"\s][^\s]*(?:[ \t]+[^\s#]\S*)*)?)
        (?:\s+\#.*|\s*)""",
    re.VERBOSE,
)


class ConfigurationError(Exception):
    """The environment cannot be used; the message is one sentence naming the variable."""


def default_threads() -> int:
    """Return 8, or on a small machine as many as keep its cores busy: two each and one more."""
    return min(THREADS_MAX_BY_DEFAULT, 2 * (os.cpu_count() or 1) + 1)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one installation; every field is the variable FAIRSTAR_<FIELD>."""

    database_url: str
    mode: str = "development"
    redis_url: str | None = None
    secret_key: str = DEVELOPMENT_SECRET
    secret_key_previous: str | None = None
    base_url: str = "http://127.0.0.1:8000"
    bind: str = "127.0.0.1:8000"
    workers: int = 1
    threads: int = field(default_factory=default_threads)
    mail_url: str | None = None
    mail_from: str = "Fairstar <loyalty@localhost>"
    trusted_proxies: int = 0
    log_level: str = "info"
    log_format: str = "console"
    rate_limit_member: str = "120/minute"
    rate_limit_partner: str = "600/minute"
    rate_limit_public: str = "60/minute"
    rate_limit_recipients: str = "20/hour"
    allowed_origins: tuple[str, ...] = ()
    drand_mirrors: tuple[str, ...] = DRAND_MIRRORS
    metrics_token: str | None = None
    idempotency_days_member: int = 7
    idempotency_days_partner: int = 35
    job_days: int = 30
    outbox_days: int = 90

    @property
    def production(self) -> bool:
        """Whether real members use this installation."""
        return self.mode == "production"

    @property
    def bind_host(self) -> str:
        """The address to listen on."""
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def bind_port(self) -> int:
        """The port to listen on."""
        return int(self.bind.rpartition(":")[2])

    @staticmethod
    def from_environment(environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from `environment` (the process's own by default).

        Raises ConfigurationError.
        """
        given = _given(os.environ if environment is None else environment)
        values = {name: _parsed(name, text) for name, text in given.items()}
        values.setdefault("database_url", _database_url("sqlite:///var/fairstar.db"))
        if "bind" in values:
            here = re.sub(r"^0\.0\.0\.0:", "127.0.0.1:", values["bind"])
            values.setdefault("base_url", f"http://{here}")
        settings = Settings(**values)
        _refuse_unsafe(settings, given)
        return settings


def with_env_file(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` and what the file `.env` of the current folder adds to it.

    What the environment says wins, also where one of the two names the `_FILE` of a variable.
    Other variables than Fairstar's are left alone. Raises ConfigurationError.
    """
    named = environment.get(ENV_FILE)
    path = Path(".env" if named is None else named)
    if named == "" or (named is None and not path.exists()):
        return dict(environment)
    added = read_env_file(path)
    given = {name.removesuffix("_FILE") for name in environment}
    return dict(environment) | {
        name: value for name, value in added.items() if name.removesuffix("_FILE") not in given
    }


def read_env_file(path: Path) -> dict[str, str]:
    """Return Fairstar's variables of a file of KEY=VALUE lines, quoted or not, with comments.

    Nothing inside a value is replaced. Raises ConfigurationError.
    """
    found = {}
    for number, line in enumerate(_read_file(ENV_FILE, str(path)).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise ConfigurationError(f"Line {number} of {path} is not KEY=VALUE.")
        if match["name"].startswith(PREFIX):
            found[match["name"]] = match["single"] or match["double"] or match["plain"] or ""
    return found


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the values by field name, reading `_FILE` variables; empty values count as unset."""
    known = {field.name for field in fields(Settings)}
    found: dict[str, str] = {}
    own = sorted(name for name in environment if name.startswith(PREFIX) and name != ENV_FILE)
    for variable in own:
        name = variable.removeprefix(PREFIX).lower()
        from_file = name not in known and name.removesuffix("_file") in known
        name = name.removesuffix("_file") if from_file else name
        if name not in known:
            raise ConfigurationError(_unknown(variable, known))
        value = _read_file(variable, environment[variable]) if from_file else environment[variable]
        if not value.strip():
            continue
        if name in found:
            raise ConfigurationError(f"{PREFIX}{name.upper()} is given twice: set it or its _FILE.")
        found[name] = value.strip()
    return found


def _unknown(variable: str, known: set[str]) -> str:
    names = [PREFIX + name.upper() for name in known]
    near = difflib.get_close_matches(variable, names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{variable} is not a setting of Fairstar.{hint}"


def _read_file(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{variable} names a file that cannot be read: {path}.") from error


def _parsed(name: str, text: str) -> Any:
    """Turn the text of a variable into its value. Raises ConfigurationError."""
    parse = _PARSERS.get(name, str)
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigurationError(f"{PREFIX}{name.upper()} {error}") from error


def _database_url(text: str) -> str:
    if text.startswith("sqlite:///"):
        path = text.removeprefix("sqlite:///")
        if path in {"", ":memory:"}:
            raise ValueError("must name a file: several threads share the database.")
        return f"sqlite:///{Path(path).absolute()}"
    url = re.sub(r"^(postgres|postgresql|postgresql\+psycopg)://", "postgresql+psycopg://", text)
    if not url.startswith("postgresql+psycopg://"):
        raise ValueError("must start with sqlite:/// or postgresql://.")
    return url


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}; it is {text!r}.")
        return text.lower()

    return parse


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}; it is {text!r}.")
        return int(text)

    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not (parts.hostname or parts.scheme == "unix"):
            raise ValueError(f"must be a URL that starts with {' or '.join(schemes)}://.")
        return text.rstrip("/")

    return parse


def _bind(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"must be an address and a port such as 127.0.0.1:8000; it is {text!r}.")
    return text


def _rate(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,6}/(second|minute|hour)", text):
        raise ValueError(f"must look like 120/minute (second, minute or hour); it is {text!r}.")
    return text


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://[^/\s*]+", origin):
            raise ValueError(f"must list origins such as https://app.example; {origin!r} is none.")
    return origins


def _mirrors(text: str) -> tuple[str, ...]:
    mirrors = tuple(dict.fromkeys(part.strip().rstrip("/") for part in text.split(",")))
    for mirror in mirrors:
        if not re.fullmatch(r"https?://[^\s?#]+", mirror):
            raise ValueError(
                f"must list addresses such as https://api.example; {mirror!r} is none."
            )
    if len(mirrors) < 2:
        raise ValueError("must list at least two mirrors, which have to agree.")
    return mirrors


_PARSERS: dict[str, Callable[[str], Any]] = {
    "database_url": _database_url,
    "mode": _one_of(*MODES),
    "redis_url": _url("redis", "rediss", "unix"),
    "base_url": _url("http", "https"),
    "bind": _bind,
    "workers": _whole(1, 64),
    "threads": _whole(1, 256),
    "mail_url": _url("smtp", "smtps"),
    "trusted_proxies": _whole(0, 9),
    "log_level": _one_of("debug", "info", "warning", "error"),
    "log_format": _one_of("console", "json"),
    "rate_limit_member": _rate,
    "rate_limit_partner": _rate,
    "rate_limit_public": _rate,
    "rate_limit_recipients": _rate,
    "allowed_origins": _origins,
    "drand_mirrors": _mirrors,
    "idempotency_days_member": _whole(1, 365),
    "idempotency_days_partner": _whole(1, 365),
    "job_days": _whole(2, 3650),
    # `fairstar check` looks at the last 60 days.
    "outbox_days": _whole(61, 3650),
}


def _refuse_unsafe(settings: Settings, given: Mapping[str, str]) -> None:
    """Production needs secrets of its own. Raises ConfigurationError."""
    if "secret_key" in given and len(settings.secret_key) < SECRET_LENGTH_MIN:
        raise ConfigurationError(
            f"{PREFIX}SECRET_KEY must have at least {SECRET_LENGTH_MIN} characters."
        )
    if not settings.production:
        return
    if settings.secret_key == DEVELOPMENT_SECRET or len(set(settings.secret_key)) < 10:
        raise ConfigurationError(
            f"{PREFIX}SECRET_KEY must be set to a random secret of your own in production,"
            " for example the output of: openssl rand -base64 48."
        )
    if "base_url" not in given:
        raise ConfigurationError(
            f"{PREFIX}BASE_URL must be set in production, for example to https://loyalty.example."
        )
