"""Settings come from the environment; a wrong one stops the start with a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from server.config import ConfigurationError, Settings, read_env_file, with_env_file

ROOT = Path(__file__).parents[2]
LONG = "0123456789abcdefghijklmnopqrstuvwxyz"
PRODUCTION = {"MODE": "production", "SECRET_KEY": LONG, "BASE_URL": "https://loyalty.example"}


def settings(**variables: str) -> Settings:
    return Settings.from_environment({f"FAIRSTAR_{name}": text for name, text in variables.items()})


def test_without_any_variable_it_runs_on_a_local_file():
    found = settings()
    assert found.database_url == f"sqlite:///{Path('var/fairstar.db').absolute()}"
    assert (found.mode, found.redis_url, found.bind_host, found.bind_port) == (
        "development", None, "127.0.0.1", 8000
    )  # fmt: skip


@pytest.mark.parametrize(
    "url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"]
)
def test_every_spelling_of_postgresql_is_understood(url):
    assert settings(DATABASE_URL=url).database_url == "postgresql+psycopg://u@h/d"


def test_other_variables_of_the_environment_do_not_matter():
    assert Settings.from_environment({"PATH": "/bin"}).workers == 1


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("DATABASE_URL", "mysql://h/d", "must start with sqlite:/// or postgresql://"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("REDIS_URL", "http://h", "redis"),
        ("MODE", "prod", "development, test, production"),
        ("BASE_URL", "loyalty.example", "http"),
        ("BIND", "8000", "127.0.0.1:8000"),
        ("BIND", "h:99999", "port"),
        ("WORKERS", "0", "whole number from 1 to 64"),
        ("WORKERS", "two", "whole number"),
        ("THREADS", "-1", "whole number"),
        ("MAIL_URL", "mail.example", "smtp"),
        ("TRUSTED_PROXIES", "yes", "whole number"),
        ("LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("LOG_FORMAT", "xml", "console, json"),
        ("RATE_LIMIT_MEMBER", "120", "120/minute"),
        ("RATE_LIMIT_PARTNER", "0/minute", "120/minute"),
        ("ALLOWED_ORIGINS", "https://a.example, *", "'*'"),
        ("IDEMPOTENCY_DAYS_PARTNER", "0", "whole number"),
        ("SECRET_KEY", "short", "at least 32 characters"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(variable, text, words):
    with pytest.raises(ConfigurationError) as caught:
        settings(**{variable: text})
    sentence = str(caught.value)
    assert sentence.startswith(f"FAIRSTAR_{variable} ")
    assert words in sentence
    assert "\n" not in sentence


def test_an_unknown_variable_is_an_error_with_a_guess():
    with pytest.raises(ConfigurationError, match="Did you mean FAIRSTAR_DATABASE_URL"):
        settings(DATABSE_URL="sqlite:///x.db")


def test_a_value_may_come_from_a_file(tmp_path):
    (tmp_path / "secret").write_text(LONG + "\n", encoding="utf-8")
    assert settings(SECRET_KEY_FILE=str(tmp_path / "secret")).secret_key == LONG
    with pytest.raises(ConfigurationError, match="given twice"):
        settings(SECRET_KEY_FILE=str(tmp_path / "secret"), SECRET_KEY=LONG)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        settings(SECRET_KEY_FILE=str(tmp_path / "nothing"))


def test_the_address_of_a_development_server_is_where_it_listens():
    assert settings(BIND="0.0.0.0:8080").base_url == "http://127.0.0.1:8080"
    given = settings(BIND="0.0.0.0:80", BASE_URL="https://x.example/")
    assert given.base_url == "https://x.example"


def test_an_empty_variable_counts_as_unset():
    assert settings(REDIS_URL="", WORKERS=" ").redis_url is None


@pytest.mark.parametrize("missing", ["SECRET_KEY", "BASE_URL"])
def test_production_needs_settings_of_its_own(missing):
    assert settings(**PRODUCTION).production
    with pytest.raises(ConfigurationError, match=missing):
        settings(**{name: text for name, text in PRODUCTION.items() if name != missing})


def test_production_refuses_a_secret_that_is_none():
    with pytest.raises(ConfigurationError, match="random secret"):
        settings(**PRODUCTION | {"SECRET_KEY": "x" * 64})


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("FAIRSTAR_A=plain", "plain"),
        ("  export FAIRSTAR_A=plain  ", "plain"),
        ("FAIRSTAR_A='# single' # comment", "# single"),
        ('FAIRSTAR_A="Fairstar <loyalty@localhost>"', "Fairstar <loyalty@localhost>"),
        ("FAIRSTAR_A=two words # comment", "two words"),
        ("FAIRSTAR_A=a#b=$c", "a#b=$c"),
        ("FAIRSTAR_A=", ""),
        ("FAIRSTAR_A=''", ""),
        ("FAIRSTAR_A= # comment", ""),
    ],
)
def test_a_line_of_an_env_file_is_read(tmp_path, line, value):
    file = tmp_path / "settings"
    file.write_text(f"# first\n\n{line}\nOTHER=1\n", encoding="utf-8")
    assert read_env_file(file) == {"FAIRSTAR_A": value}


@pytest.mark.parametrize(
    "line", ["FAIRSTAR_A", "FAIRSTAR_A = x", "FAIRSTAR_A='x", 'FAIRSTAR_A="x" y', "A B=c", "=x"]
)
def test_a_wrong_line_of_an_env_file_is_named_by_its_number_only(tmp_path, line):
    file = tmp_path / "settings"
    file.write_text(f"# first\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_env_file(file)
    assert str(caught.value) == f"Line 2 of {file} is not KEY=VALUE."


def test_the_environment_wins_over_the_env_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert with_env_file({"A": "1"}) == {"A": "1"}
    lines = ["FAIRSTAR_WORKERS=2", "FAIRSTAR_THREADS=2", f"FAIRSTAR_SECRET_KEY={LONG}", "PATH=/x"]
    Path(".env").write_text("\n".join(lines), encoding="utf-8")
    given = {"PATH": "/bin", "FAIRSTAR_WORKERS": "3", "FAIRSTAR_SECRET_KEY_FILE": "/run/secret"}
    assert with_env_file(given) == given | {"FAIRSTAR_THREADS": "2"}
    assert with_env_file({"FAIRSTAR_ENV_FILE": ""}) == {"FAIRSTAR_ENV_FILE": ""}
    Path("other").write_text("FAIRSTAR_WORKERS=4", encoding="utf-8")
    assert Settings.from_environment(with_env_file({"FAIRSTAR_ENV_FILE": "other"})).workers == 4
    with pytest.raises(ConfigurationError, match="cannot be read: none"):
        with_env_file({"FAIRSTAR_ENV_FILE": "none"})


def test_a_bare_command_reads_the_env_file_of_its_folder(tmp_path):
    (tmp_path / ".env").write_text("FAIRSTAR_WORKERS=many\n", encoding="utf-8")
    command = [sys.executable, "-m", "server", "serve"]
    environment = {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("fairstar: FAIRSTAR_WORKERS must be a whole number")


def test_the_threads_of_a_server_suit_its_cores(monkeypatch):
    for cores, threads in ((None, 3), (1, 3), (2, 5), (4, 8), (64, 8)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert settings().threads == threads


def test_the_command_line_says_the_sentence_and_exits_with_2():
    environment = {"FAIRSTAR_WORKERS": "many", "FAIRSTAR_ENV_FILE": ""}
    command = [sys.executable, "-m", "server", "serve"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.strip().count("\n") == 0
    assert ended.stderr.startswith("fairstar: FAIRSTAR_WORKERS must be a whole number")


def test_two_mirrors_of_drand_are_needed():
    found = settings(DRAND_MIRRORS="https://one.example/, http://two.example/drand")
    assert found.drand_mirrors == ("https://one.example", "http://two.example/drand")
    assert len(settings().drand_mirrors) == 3


@pytest.mark.parametrize(
    "text", ["https://one.example", "https://one.example,https://one.example/", "ftp://a,https://b"]
)
def test_mirrors_that_cannot_agree_are_refused(text):
    with pytest.raises(ConfigurationError, match="FAIRSTAR_DRAND_MIRRORS must list"):
        settings(DRAND_MIRRORS=text)
