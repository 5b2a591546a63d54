-- Accounts, sessions and the events of users. Ids are 16 bytes, times milliseconds since the Unix epoch.
-- The *_key columns hold the compared form; SQLite compares them byte by byte (BINARY).

CREATE TABLE users (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username        TEXT    NOT NULL,
    username_key    TEXT    NOT NULL COLLATE BINARY CHECK (instr(username_key, '@') = 0),
    email           TEXT    NOT NULL,
    email_key       TEXT    NOT NULL COLLATE BINARY CHECK (instr(email_key, '@') > 0),
    password_hash   TEXT    NOT NULL,
    hash_format     TEXT    NOT NULL,
    disabled        INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    version         INTEGER NOT NULL CHECK (version >= 1),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL CHECK (updated_at >= created_at),
    -- The newest event, which can be rebuilt from the row once the sweep has taken it.
    last_event_id   BLOB    NOT NULL CHECK (length(last_event_id) = 16),
    last_event_type TEXT    NOT NULL,
    last_event_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- No username has an '@' and every e-mail has one, so the two never collide with each other.
CREATE UNIQUE INDEX users_by_username_key ON users (username_key);
CREATE UNIQUE INDEX users_by_email_key ON users (email_key);

-- How many users have a hash of each format, kept in the transaction that changes a hash.
CREATE TABLE hash_formats (
    format TEXT    NOT NULL PRIMARY KEY,
    users  INTEGER NOT NULL CHECK (users >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id        BLOB    NOT NULL REFERENCES users (id),
    generation     INTEGER NOT NULL CHECK (generation >= 1),
    -- How often the current generation was given out again to a client that lost the answer.
    repeats        INTEGER NOT NULL DEFAULT 0,
    refresh_key_id TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    rotated_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    ended_at       INTEGER,
    ended_reason   TEXT,
    CHECK (expires_at <= ends_at),
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);

-- Every committed change of a user, kept for replay. The state's columns are NULL for a deletion and
-- once erased. There is one writer, so the sequence is the order of commits; it is never used twice.
CREATE TABLE events (
    sequence    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    type        TEXT    NOT NULL CHECK (type IN ('user_registered', 'user_updated', 'user_deleted')),
    user_id     BLOB    NOT NULL CHECK (length(user_id) = 16),
    version     INTEGER NOT NULL CHECK (version >= 1),
    time        INTEGER NOT NULL,
    traceparent TEXT    NOT NULL,
    username    TEXT,
    email       TEXT,
    created_at  INTEGER,
    updated_at  INTEGER,
    disabled    INTEGER
) STRICT;
CREATE UNIQUE INDEX events_by_user ON events (user_id, version);

-- The events that Kafka has not acknowledged yet.
CREATE TABLE outbox (
    sequence      INTEGER NOT NULL PRIMARY KEY REFERENCES events (sequence),
    user_id       BLOB    NOT NULL CHECK (length(user_id) = 16),
    parked_at     INTEGER,
    parked_reason TEXT,
    CHECK ((parked_at IS NULL) = (parked_reason IS NULL))
) STRICT;
CREATE INDEX outbox_parked ON outbox (user_id, sequence) WHERE parked_at IS NOT NULL;
