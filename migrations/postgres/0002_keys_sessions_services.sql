-- Key ring, clients of sessions, services that may ask about tokens, and counters of attempts.

CREATE TABLE signing_keys (
    id           text   COLLATE "C" NOT NULL PRIMARY KEY,
    algorithm    text   NOT NULL,
    state        text   NOT NULL CHECK (state IN ('next', 'active', 'retired')),
    public_jwk   text   NOT NULL,
    sealed       bytea  NOT NULL,
    sealed_by    text   NOT NULL,
    created_at   bigint NOT NULL,
    activated_at bigint,
    verify_until bigint,
    CHECK ((state = 'retired') = (verify_until IS NOT NULL))
);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (algorithm) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (algorithm) WHERE state = 'next';

-- One row; raised with each change of signing_keys. `change` names the one that made this version.
CREATE TABLE key_ring (
    one     integer NOT NULL PRIMARY KEY CHECK (one = 1),
    version bigint  NOT NULL,
    change  uuid
);
INSERT INTO key_ring (one, version) VALUES (1, 0);

ALTER TABLE sessions ADD COLUMN client_address text NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN client_agent text NOT NULL DEFAULT '';

CREATE TABLE services (
    name        text   COLLATE "C" NOT NULL PRIMARY KEY,
    secret_hash bytea  NOT NULL CHECK (length(secret_hash) = 32),
    created_at  bigint NOT NULL,
    revoked_at  bigint
);

-- No index on last_at: counting would write it each time.
CREATE TABLE attempts (
    key      bytea  NOT NULL PRIMARY KEY CHECK (length(key) = 16),
    count    bigint NOT NULL CHECK (count >= 1),
    first_at bigint NOT NULL,
    last_at  bigint NOT NULL,
    -- When the window is over.
    ends_at  bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX attempts_by_end ON attempts (ends_at);
