#include "store/copy/tables.hpp"

namespace userd {

const std::vector<Table>& copied_tables() {
    using enum ColumnType;
    static const std::vector<Table> kTables = {
        {"users",
         {{"id", uuid},
          {"username", text},
          {"username_key", text},
          {"email", text},
          {"email_key", text},
          {"password_hash", text},
          {"hash_format", text},
          {"disabled", boolean},
          {"version", integer},
          {"created_at", integer},
          {"updated_at", integer},
          {"last_event_id", uuid},
          {"last_event_type", text},
          {"last_event_time", integer}}},
        {"sessions",
         {{"id", uuid},
          {"user_id", uuid},
          {"generation", integer},
          {"repeats", integer},
          {"refresh_key_id", text},
          {"created_at", integer},
          {"rotated_at", integer},
          {"expires_at", integer},
          {"ends_at", integer},
          {"ended_at", integer},
          {"ended_reason", text},
          {"client_address", text},
          {"client_agent", text}}},
        {"signing_keys",
         {{"id", text},
          {"algorithm", text},
          {"state", text},
          {"public_jwk", text},
          {"sealed", bytes},
          {"sealed_by", text},
          {"created_at", integer},
          {"activated_at", integer},
          {"verify_until", integer}}},
        {"key_ring", {{"one", integer}, {"version", integer}}, 1, true},
        {"services",
         {{"name", text},
          {"secret_hash", bytes},
          {"created_at", integer},
          {"revoked_at", integer}}},
        {"attempts",
         {{"key", bytes},
          {"count", integer},
          {"first_at", integer},
          {"last_at", integer},
          {"ends_at", integer}}},
        {"events",
         {{"sequence", integer},
          {"id", uuid},
          {"type", text},
          {"user_id", uuid},
          {"version", integer},
          {"time", integer},
          {"traceparent", text},
          {"username", text},
          {"email", text},
          {"created_at", integer},
          {"updated_at", integer},
          {"disabled", boolean}}},
        {"outbox",
         {{"sequence", integer},
          {"user_id", uuid},
          {"parked_at", integer},
          {"parked_reason", text}}},
    };
    return kTables;
}

std::string column_list(const Table& table, std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i)
        list += (i > 0 ? ", " : "") + std::string(table.columns[i].name);
    return list;
}

}  // namespace userd
