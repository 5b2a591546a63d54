#pragma once

/// The first part of a WITH clause: the row `clock` whose column `now` is the time of the
/// statement, in milliseconds. $1 is Database::now(): NULL in production, for the database's own
/// clock, which all replicas share. Read once, so that one statement has one time.
#define USERD_POSTGRES_CLOCK                                   \
    "WITH clock AS MATERIALIZED (SELECT coalesce($1::bigint, " \
    "(extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS now)"
