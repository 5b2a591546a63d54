#include "app/database_location.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/setting_parsers.hpp"

namespace userd {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string refusal(const std::string& url) {
    try {
        (void)parse::database("NAME", url);
    } catch (const SettingError& error) {
        EXPECT_THAT(error.what(), StartsWith("NAME: "));
        EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
        return error.what();
    }
    return {};
}

std::string file_of(const std::string& url) {
    return std::get<SqliteLocation>(parse::database("NAME", url)).file;
}

std::string conninfo_of(const std::string& url) {
    return std::string(std::get<PostgresLocation>(parse::database("NAME", url)).conninfo.reveal());
}

std::string shown(const std::string& url) {
    return describe(parse::database("NAME", url));
}

TEST(DatabaseLocation, SqliteFilesAreNamedAsSqlAlchemyDoes) {
    EXPECT_EQ(file_of("sqlite:///userd.db"), "userd.db");
    EXPECT_EQ(file_of("sqlite:///data/userd.db"), "data/userd.db");
    EXPECT_EQ(file_of("sqlite:////var/lib/userd.db"), "/var/lib/userd.db");
    EXPECT_EQ(shown("sqlite:////var/lib/userd.db"), "sqlite:////var/lib/userd.db");
    for (const std::string& url :
         {std::string(""), std::string("userd.db"), std::string("sqlite://"),
          std::string("sqlite:///"), std::string("sqlite:/userd.db"),
          std::string("SQLITE:///userd.db"), std::string("sqlite:///:memory:"),
          std::string("sqlite:///userd.db?mode=ro"), std::string("sqlite:///a\0b", 13)})
        EXPECT_NE(refusal(url), "") << url;
}

TEST(DatabaseLocation, EverySpellingOfPostgresIsLibpqsUri) {
    for (const char* const scheme :
         {"postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg_async",
          "postgresql+psycopg2", "postgresql+psycopg2cffi", "postgresql+asyncpg",
          "postgresql+pg8000"})
        EXPECT_EQ(conninfo_of(std::string(scheme) + "://ada:pw@a:1,b:2/users?sslmode=require"),
                  "postgresql://ada:pw@a:1,b:2/users?sslmode=require")
            << scheme;
}

TEST(DatabaseLocation, OtherSchemesAndDriversAreRefused) {
    for (const char* const scheme : {"mysql", "postgresql+", "postgresql+mysql", "postgres+psycopg",
                                     "Postgresql", " postgresql", "postgresqlx"})
        EXPECT_NE(refusal(std::string(scheme) + "://ada@a/users"), "") << scheme;
}

TEST(DatabaseLocation, AsyncpgsWordForTlsIsLibpqs) {
    EXPECT_EQ(conninfo_of("postgresql+asyncpg://a/users?ssl=verify-full"),
              "postgresql://a/users?sslmode=verify-full");
    EXPECT_EQ(conninfo_of("postgresql+asyncpg://a/users?application_name=x&ssl=require"),
              "postgresql://a/users?application_name=x&sslmode=require");
    EXPECT_NE(refusal("postgresql+psycopg://a/users?ssl=require"), "");
}

TEST(DatabaseLocation, ItIsShownWithoutPasswords) {
    EXPECT_EQ(shown("postgresql://ada:pr%40vate@a,b:5433/users?sslmode=require&sslpassword=secret"),
              "postgresql://ada:***@a,b:5433/users?sslmode=require");
    EXPECT_EQ(shown("postgres://a/users?user=ada&password=private&connect_timeout=3"),
              "postgresql://ada:***@a/users?connect_timeout=3");
    EXPECT_EQ(shown("postgresql://ada@[::1]:5433/users"), "postgresql://ada@[::1]:5433/users");
    EXPECT_EQ(shown("postgresql:///users?host=/run/postgresql"),
              "postgresql://%2Frun%2Fpostgresql/users");
    EXPECT_EQ(shown("postgresql://"), "postgresql:///");
}

TEST(DatabaseLocation, WhatIsShownIsUnderstoodAgain) {
    for (const char* const url :
         {"postgresql://ada@a:1,b:2/us%20ers?target_session_attrs=any&options=-c%20jit%3Doff",
          "postgresql:///users?host=/run/postgresql&port=5433", "postgresql://[::1],b:5433/users"})
        EXPECT_EQ(shown(shown(url)), shown(url)) << url;
}

TEST(DatabaseLocation, NoRefusalRepeatsThePassword) {
    for (const char* const rest :
         {"ada:private@a:1:2/users", "ada:private@a:0/users", "ada:pri%private@a/users",
          "ada:private@a/users?sslmode=private", "ada:private@a/users?unknown=private",
          "ada:private@a/users?target_session_attrs=private", "ada:private@[a/users",
          "ada:private@/users?host=a:1&host=b:2", "ada:private@a,b,c:1/users?port=1,2",
          "ada:private@a/users?sslpassword", "ada:private@a/users?channel_binding=private",
          "ada:private@a/users?gssencmode=private"}) {
        const std::string error = refusal(std::string("postgresql://") + rest);
        EXPECT_NE(error, "") << rest;
        EXPECT_THAT(error, Not(HasSubstr("private"))) << rest;
        EXPECT_THAT(error, Not(HasSubstr("vate@"))) << rest;
    }
    EXPECT_THAT(refusal("mysql://root:private@host/users"), Not(HasSubstr("private")));
    EXPECT_THAT(refusal("postgresql+x://root:private@host/users"), Not(HasSubstr("private")));
}

}  // namespace
}  // namespace userd
