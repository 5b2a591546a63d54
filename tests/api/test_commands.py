"""Settings and commands, with a running server and without."""
import hashlib
import base64
import secrets

import pytest

from support.userd import PASSWORD


@pytest.mark.parametrize("running", [True, False])
def test_users_are_administered(make_userd, running):
    server = make_userd()
    if running:
        server.start()
    added = server.run("users", "add", "ada", "ada@example.com", stdin=PASSWORD + "\n")
    assert (added.returncode, added.stderr) == (0, "")
    assert "ada@example.com" in server.run("users", "show", "ADA").stdout
    assert "version 2" in server.run("users", "set-email", "ada", "new@example.com").stdout
    assert "disabled" in server.run("users", "disable", "ada").stdout
    assert "enabled" in server.run("users", "enable", "new@example.com").stdout
    assert server.run("users", "list").stdout.count("\n") == 1
    assert server.run("users", "delete", "ada").returncode == 0
    gone = server.run("users", "show", "ada")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr == "userd: no user has the name, e-mail or id 'ada'\n"
    events = server.run("events", "list").stdout.splitlines()
    assert [line.split()[1] for line in events] == ["user.registered"] + ["user.updated"] * 3 + ["user.deleted"]
    assert "waiting: 5" in server.run("events", "status").stdout


def test_bad_users_are_refused_in_one_line(userd):
    for arguments, password in (
            (("a", "a@example.com"), PASSWORD), (("ada", "plain"), PASSWORD), (("ada", "a@example.com"), "short"),
            (("ada", "a@example.com", "--password-hash", "$2b$31$" + "a" * 53), "")):
        answer = userd.run("users", "add", *arguments, stdin=password + "\n")
        assert answer.returncode == 1
        assert answer.stderr.count("\n") == 1


def test_an_imported_hash_logs_in_and_is_replaced(userd):
    salt = "saltsaltsalt"
    digest = base64.b64encode(hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), 1000)).decode()
    stored = f"pbkdf2_sha256$1000${salt}${digest}"
    assert userd.run("users", "add", "old", "old@example.com", "--password-hash", stored).returncode == 0
    assert userd.login("old", "wrong").status_code == 401
    assert userd.login("old").status_code == 200
    ((hashed,),) = userd.sql("SELECT password_hash FROM users")
    assert "argon2id" in hashed
    assert userd.login("old").status_code == 200


@pytest.mark.sqlite
def test_a_second_server_on_the_database_is_refused(userd):
    second = userd.run("serve", LISTEN="127.0.0.1:0", MANAGEMENT_LISTEN="127.0.0.1:0")
    assert second.returncode == 1
    assert "owned by another userd" in second.stderr


@pytest.mark.parametrize("name, value", [
    ("LISTEN", "nowhere"), ("LISTEN", "127.0.0.1:99999"), ("DATABASE_URL", "mysql://x"), ("EXPIRY_TIME", "0"),
    ("EXPIRY_TIME", "five"), ("REFRESH_EXPIRY_DAYS", "31"), ("JWT_ALGORITHM", "none"), ("JWT_ALGORITHM", "HS512"),
    ("ARGON2_MEMORY_KIB", "8192"), ("ARGON2_ITERATIONS", "1"), ("HASH_THREADS", "-1"), ("HASH_QUEUE", "0"),
    ("MAX_CONNECTIONS", "none"), ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"), ("KAFKA_USER_TOPIC", "a b"),
    ("KAFKA_ACKS", "1"), ("KAFKA_ENABLE_IDEMPOTENCE", "false"), ("KAFKA_NO_SUCH_THING", "1"),
    ("MASTER_KEY", "short"), ("MASTER_KEY", "changeme" * 8), ("SECRET_KEY", "a" * 64), ("LOGIN_LIMITS", "maybe"),
    ("CORS_ALLOWED_ORIGINS", "*"), ("MASTER_KEY_FILE", "/no/such/file"), ("MASTER_KEY_PREVIOUS", "short"),
    ("SECRET_KEY_PREVIOUS", "a" * 64), ("MASTER_KEY_PREVIOUS_FILE", "/no/such/file"), ("KEY_ROTATION_DAYS", "-1"),
    ("DATABASE_URL", "postgresql://ada:private@db:0/users"), ("DATABASE_URL_FILE", "/no/such/file"),
    ("DATABASE_PREPARED", "perhaps"), ("DATABASE_CONNECTIONS", "0"), ("DATABASE_TIMEOUT_SECONDS", "0.5"),
    ("KEY_ROTATION_DAYS", "often"), ("EVENT_RETENTION_DAYS", "-1"), ("KEY_PUBLISH_SECONDS", "0"), ("KEY_PUBLISH_SECONDS", "43201"),
])
def test_every_bad_setting_is_one_line_that_names_it(make_userd, name, value):
    answer = make_userd().run("serve", **{name: value})
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert name.removesuffix("_ITERATIONS").removesuffix("_MEMORY_KIB") in answer.stderr
    if name.removesuffix("_PREVIOUS") in ("MASTER_KEY", "SECRET_KEY"):
        assert value not in answer.stderr


def test_the_databases_password_is_told_to_nobody(make_userd):
    server = make_userd(DATABASE_URL="postgresql://ada:private@db/users?sslmode=require&sslpassword=private",
                        MASTER_KEY=secrets.token_urlsafe(48))
    shown = server.run("check-config")
    assert "DATABASE_URL=postgresql://ada:***@db/users?sslmode=require\n" in shown.stdout
    assert "private" not in shown.stdout + shown.stderr
    del server.environment["MASTER_KEY"]
    without_key = server.run("serve")
    assert (without_key.returncode, without_key.stderr.count("\n")) == (2, 1)
    assert without_key.stderr.startswith("userd: MASTER_KEY: is required with PostgreSQL")


def test_hs256_needs_a_secret_key(make_userd):
    answer = make_userd().run("check-config", JWT_ALGORITHM="HS256")
    assert answer.returncode == 2
    assert "SECRET_KEY" in answer.stderr


def test_a_flag_beats_the_environment_which_beats_the_file(make_userd):
    server = make_userd()
    (server.folder / ".env").write_text("EXPIRY_TIME=7\nKAFKA_USER_TOPIC='from-file'\nTOKEN_ISSUER=file\n")
    shown = server.run("check-config", "--token-issuer", "flag", KAFKA_USER_TOPIC="from-environment",
                       TOKEN_ISSUER="environment").stdout
    for line in ("EXPIRY_TIME=7", "KAFKA_USER_TOPIC=from-environment", "TOKEN_ISSUER=flag"):
        assert line in shown.splitlines()


def test_an_unknown_name_in_the_file_or_a_flag_is_refused(make_userd):
    server = make_userd()
    assert server.run("serve", "--kafka-user-topik", "x").returncode == 2
    (server.folder / ".env").write_text("EXPIRY_TIM=7\n")
    answer = server.run("serve")
    assert (answer.returncode, answer.stderr) == (
        2, "userd: EXPIRY_TIM: is no setting; did you mean EXPIRY_TIME?\n")


def test_kubernetes_link_variables_are_ignored_with_a_warning(make_userd):
    answer = make_userd().run("check-config", KAFKA_PORT="tcp://10.0.0.1:9092", KAFKA_SERVICE_HOST="10.0.0.1")
    assert answer.returncode == 0
    assert answer.stderr.count("warning: KAFKA_") == 2


def test_migrate_makes_the_schema_and_then_has_nothing_to_do(make_userd):
    server = make_userd()
    assert "schema version 0 -> " in server.run("migrate").stdout
    assert "nothing to do" in server.run("migrate").stdout


def test_help_and_version(make_userd):
    server = make_userd()
    assert server.run("--version").stdout.startswith("userd 0.")
    assert "userd users add" in server.run("--help").stdout
    assert "--jwt-algorithm" in server.run("serve", "--help").stdout
