#include "app/open_store.hpp"

#include "store/postgres/postgres_store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace userd {
namespace {

bool audits(const Settings& settings) {
    return !settings.kafka_audit_topic.empty();
}

std::unique_ptr<Store> open(const SqliteLocation& database, std::size_t readers, bool audit) {
    SqliteSettings sqlite;
    sqlite.path = database.file;
    sqlite.readers = readers;
    sqlite.audit = audit;
    return make_sqlite_store(std::move(sqlite));
}

PostgresSettings postgres_of(const Settings& settings, const PostgresLocation& database) {
    PostgresSettings postgres;
    postgres.conninfo = database.conninfo.copy();
    postgres.prepared = settings.database_prepared;
    postgres.connections = settings.database_connections;
    postgres.operation_timeout = settings.database_timeout;
    postgres.audit = audits(settings);
    return postgres;
}

}  // namespace

std::unique_ptr<Store> open_store(const Settings& settings, Loops& api, Loops& background) {
    if (const auto* sqlite = std::get_if<SqliteLocation>(&settings.database))
        return open(*sqlite, api.size() + background.size(), audits(settings));
    PostgresSettings postgres =
        postgres_of(settings, std::get<PostgresLocation>(settings.database));
    for (Loops* loops : {&api, &background})
        for (std::size_t i = 0; i < loops->size(); ++i)
            postgres.loops.push_back(&loops->at(i));
    return make_postgres_store(std::move(postgres));
}

std::unique_ptr<Store> open_store(const Settings& settings) {
    if (const auto* sqlite = std::get_if<SqliteLocation>(&settings.database))
        return open(*sqlite, SqliteSettings().readers, audits(settings));
    return make_postgres_store(
        postgres_of(settings, std::get<PostgresLocation>(settings.database)));
}

}  // namespace userd
