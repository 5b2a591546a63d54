-- The lease on the outbox that this version brings to PostgreSQL needs no table here: a SQLite database
-- has one process, which keeps it in memory. The key gets the name it has there, where ONLY is reserved.

ALTER TABLE key_ring RENAME COLUMN only TO one;
