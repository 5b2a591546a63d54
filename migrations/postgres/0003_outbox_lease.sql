-- The right to move events to Kafka, which one process has at a time.

-- One row. Free when it has no holder or `until` is over.
CREATE TABLE outbox_lease (
    one    integer NOT NULL PRIMARY KEY CHECK (one = 1),
    -- Raised whenever the lease changes hands.
    epoch  bigint  NOT NULL,
    holder text,
    until  bigint,
    CHECK ((holder IS NULL) = (until IS NULL))
) WITH (fillfactor = 10);
INSERT INTO outbox_lease (one, epoch) VALUES (1, 0);
