#include "store/postgres/failure.hpp"

#include <array>
#include <string_view>

namespace userd::postgres {
namespace {

struct Meaning {
    std::string_view prefix;  ///< of the SQLSTATE
    Failure::Kind kind;
    std::string_view advice;
    bool ends_connection = false;
};

// The first that fits counts.
constexpr std::array kMeanings = {
    Meaning{"40001", Failure::Kind::rolled_back, ""},
    Meaning{"40P01", Failure::Kind::rolled_back, ""},
    Meaning{"23505", Failure::Kind::unique, ""},
    Meaning{"25006", Failure::Kind::read_only, "; name all hosts in DATABASE_URL", true},
    // A pooler gave us another server connection, or an earlier prepare failed.
    Meaning{"26000", Failure::Kind::rolled_back,
            "; behind a pooler in transaction mode set DATABASE_PREPARED=off", true},
    Meaning{"42P05", Failure::Kind::rolled_back,
            "; behind a pooler in transaction mode set DATABASE_PREPARED=off", true},
    // A table was changed under a prepared statement.
    Meaning{"0A000", Failure::Kind::rolled_back, "", true},
    Meaning{"57014", Failure::Kind::unavailable, "; statement_timeout may be too low"},
    Meaning{"57", Failure::Kind::broken, ""},
    Meaning{"08", Failure::Kind::broken, ""},
    Meaning{"40003", Failure::Kind::broken, ""},
    Meaning{"40", Failure::Kind::rolled_back, ""},
    Meaning{"42P01", Failure::Kind::unavailable, "; run userd migrate"},
    Meaning{"42703", Failure::Kind::unavailable, "; run userd migrate"},
    Meaning{"3F000", Failure::Kind::unavailable, "; check the search_path"},
    Meaning{"42501", Failure::Kind::unavailable, "; grant the rights on userd's tables"},
    Meaning{"53", Failure::Kind::unavailable, ""},
    Meaning{"55", Failure::Kind::unavailable, ""},
    Meaning{"58", Failure::Kind::unavailable, ""},
    Meaning{"XX001", Failure::Kind::unavailable, ""},
    Meaning{"XX002", Failure::Kind::unavailable, ""},
};

}  // namespace

Failure failure_of(const PGresult* result) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    // libpq's own reports, of a connection that is lost, have no state.
    if (state == nullptr) return {Failure::Kind::broken, one_line(PQresultErrorMessage(result))};
    Failure failure{Failure::Kind::fault, one_line(primary)};
    failure.message += " (SQLSTATE " + std::string(state) + ")";
    const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const bool is_ending = severity != nullptr && (severity == std::string_view("FATAL") ||
                                                   severity == std::string_view("PANIC"));
    if (is_ending) failure.kind = Failure::Kind::broken;
    for (const Meaning& meaning : kMeanings) {
        if (is_ending) break;
        if (!std::string_view(state).starts_with(meaning.prefix)) continue;
        failure.kind = meaning.kind;
        failure.message += meaning.advice;
        failure.ends_connection = meaning.ends_connection;
        break;
    }
    return failure;
}

std::string one_line(const char* message) {
    std::string line = message != nullptr ? message : "";
    while (!line.empty() && (line.back() == '\n' || line.back() == ' '))
        line.pop_back();
    std::string joined;
    for (const char c : line) {
        const bool blank = c == '\n' || c == '\t' || c == '\r' || c == ' ';
        if (!blank)
            joined += static_cast<unsigned char>(c) < 0x20U ? '?' : c;
        else if (!joined.empty() && joined.back() != ' ')
            joined += ' ';
    }
    return joined.empty() ? "no reason given" : joined;
}

}  // namespace userd::postgres
