#include "store/postgres/users.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/from_row.hpp"

namespace userd::postgres {

const Statement kUserById{"user_by_id", R"(
    SELECT id, username, email, created_at, updated_at, disabled, version
    FROM users WHERE id = $1::uuid)",
                          Repeat::read};

namespace {

constexpr Statement kByUsername{"user_by_username", R"(
    SELECT id, username, email, created_at, updated_at, disabled, version
    FROM users WHERE username_key = $1::text)",
                                Repeat::read};
constexpr Statement kByEmail{"user_by_email", R"(
    SELECT id, username, email, created_at, updated_at, disabled, version
    FROM users WHERE email_key = $1::text)",
                             Repeat::read};
constexpr Statement kList{"list_users", R"(
    SELECT id, username, email, created_at, updated_at, disabled, version
    FROM users WHERE username_key > $1::text ORDER BY username_key LIMIT $2::int)",
                          Repeat::read};

constexpr Statement kLoginByUsername{"login_by_username", R"(
    SELECT id, username, password_hash, disabled FROM users WHERE username_key = $1::text)",
                                     Repeat::read};
constexpr Statement kLoginByEmail{"login_by_email", R"(
    SELECT id, username, password_hash, disabled FROM users WHERE email_key = $1::text)",
                                  Repeat::read};

constexpr Statement kIsTaken{"is_taken", R"(
    SELECT EXISTS (SELECT 1 FROM users WHERE username_key = $1::text)
        OR EXISTS (SELECT 1 FROM users WHERE email_key = $2::text))",
                             Repeat::read};

// From each format to the next one in the index, however many users have it.
constexpr Statement kHashFormats{"hash_formats", R"(
    WITH RECURSIVE formats AS (
        (SELECT hash_format FROM users ORDER BY hash_format LIMIT 1)
        UNION ALL
        SELECT (SELECT u.hash_format FROM users u WHERE u.hash_format > f.hash_format
                ORDER BY u.hash_format LIMIT 1)
        FROM formats f WHERE f.hash_format IS NOT NULL)
    SELECT hash_format FROM formats WHERE hash_format IS NOT NULL ORDER BY hash_format)",
                                 Repeat::read};

}  // namespace

Task<bool> is_taken(Database& db, std::string username_key, std::string email_key) {
    Params params(username_key, email_key);
    const Rows rows = co_await db.run(kIsTaken, std::move(params));
    co_return rows[0].boolean(0);
}

Task<Result<Login>> find_login(Database& db, std::string key) {
    const Statement& statement = is_email_key(key) ? kLoginByEmail : kLoginByUsername;
    Params params(key);
    const Rows rows = co_await db.run(statement, std::move(params));
    if (rows.empty()) co_return Errc::not_found;
    const Row row = rows[0];
    co_return Login{row.id<UserId>(0), row.text(1), row.text(2), row.boolean(3)};
}

Task<Result<User>> find_user(Database& db, std::string key) {
    // Ids first: a username may look like one, and an id must never find someone else.
    if (const std::optional<UserId> id = UserId::parse(key)) {
        Params params(*id);
        const Rows rows = co_await db.run(kUserById, std::move(params));
        if (!rows.empty()) co_return user_from(rows[0]);
    }
    const Statement& statement = is_email_key(key) ? kByEmail : kByUsername;
    Params params(key);
    const Rows rows = co_await db.run(statement, std::move(params));
    if (rows.empty()) co_return Errc::not_found;
    co_return user_from(rows[0]);
}

Task<std::vector<User>> list_users(Database& db, Page page) {
    Params params(page.after, std::max(page.limit, 0));
    const Rows rows = co_await db.run(kList, std::move(params));
    co_return rows.each(user_from<Row>);
}

Task<std::vector<std::string>> hash_formats(Database& db) {
    Params none;
    const Rows rows = co_await db.run(kHashFormats, std::move(none));
    co_return rows.each([](const Row& row) { return row.text(0); });
}

}  // namespace userd::postgres
