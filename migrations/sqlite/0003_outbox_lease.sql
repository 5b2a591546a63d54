-- The lease on the outbox that this version brings to PostgreSQL needs no table here: a SQLite database
-- has one process, which keeps it in memory. The key gets the name it has there, where ONLY is reserved.

ALTER TABLE key_ring RENAME COLUMN only TO one;

-- Events that concern security and that Kafka has not acknowledged yet; written only with KAFKA_AUDIT_TOPIC. Names no
-- row of another table, since it outlives users and sessions.
CREATE TABLE audit_outbox (
    sequence      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    type          TEXT    NOT NULL,
    time          INTEGER NOT NULL,
    user_id       BLOB    CHECK (length(user_id) = 16),
    session_id    BLOB    CHECK (length(session_id) = 16),
    reason        TEXT    NOT NULL DEFAULT '',
    network       TEXT    NOT NULL DEFAULT '',
    key_id        TEXT    NOT NULL DEFAULT '',
    parked_at     INTEGER,
    parked_reason TEXT,
    CHECK ((parked_at IS NULL) = (parked_reason IS NULL))
) STRICT;
CREATE INDEX audit_outbox_by_user ON audit_outbox (user_id, sequence);
