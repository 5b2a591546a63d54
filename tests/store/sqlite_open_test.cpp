#include <unistd.h>

#include <fstream>

#include "store/sqlite_fixture.hpp"

namespace userd {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(Sqlite, SecondOwnerIsRefusedByName) {
    EXPECT_FALSE(is_sqlite_owned(path()));
    {
        const auto store = open();
        EXPECT_TRUE(is_sqlite_owned(path()));
        EXPECT_THAT(refusal(path()), AllOf(HasSubstr(path().string()), HasSubstr("another userd"),
                                           Not(HasSubstr("\n"))));
        EXPECT_THROW(migrate_sqlite(path()), std::runtime_error);
    }
    EXPECT_FALSE(is_sqlite_owned(path()));
    EXPECT_EQ(refusal(path()), "");
}

TEST_F(Sqlite, LinkToTheFileIsTheSameFile) {
    const auto store = open();
    const auto link = folder_.path() / "link.db";
    std::filesystem::create_symlink(path(), link);
    EXPECT_TRUE(is_sqlite_owned(link));
    EXPECT_THAT(refusal(link), HasSubstr("another userd"));
}

TEST_F(Sqlite, LookingForAnOwnerNeverKeepsOneOut) {
    std::atomic<bool> stop = false;
    { const auto store = open(); }
    std::thread looker([&] {
        while (!stop)
            (void)is_sqlite_owned(path());
    });
    std::string refused;
    for (int i = 0; i < 5 && refused.empty(); ++i)
        refused = refusal(path());
    stop = true;
    looker.join();
    EXPECT_EQ(refused, "");
}

TEST_F(Sqlite, NewerSchemaIsRefusedWithBothVersions) {
    { const auto store = open(); }
    RawDatabase(path()).run("PRAGMA user_version = 99");
    EXPECT_THAT(refusal(path()), AllOf(HasSubstr("99"), HasSubstr("up to 3"), HasSubstr("newer")));
    EXPECT_THROW(migrate_sqlite(path()), std::runtime_error);
}

TEST_F(Sqlite, DatabaseOfAnotherProgramIsRefusedAndLeftAlone) {
    RawDatabase(path()).run("CREATE TABLE songs (title TEXT)");
    EXPECT_THAT(refusal(path()), HasSubstr("another program"));
    EXPECT_EQ(RawDatabase(path()).value("SELECT group_concat(name) FROM sqlite_schema"), "songs");
    EXPECT_EQ(RawDatabase(path()).value("PRAGMA journal_mode"), "delete");
}

TEST_F(Sqlite, FileThatIsNoDatabaseIsRefusedAndLeftAlone) {
    const std::string text(8192, 'x');
    std::ofstream(path()) << text;
    EXPECT_THAT(refusal(path()),
                AllOf(HasSubstr(path().string()), HasSubstr("no SQLite database")));
    std::ifstream file(path());
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

TEST_F(Sqlite, FolderIsRefusedAsAFolder) {
    EXPECT_THAT(refusal(folder_.path()), HasSubstr("is a folder"));
    EXPECT_FALSE(std::filesystem::exists(folder_.path().string() + ".lock"));
}

TEST_F(Sqlite, MissingFolderIsNamed) {
    const auto missing = folder_.path() / "missing" / "userd.db";
    EXPECT_THAT(refusal(missing), AllOf(HasSubstr(missing.string()), HasSubstr("No such file")));
}

TEST_F(Sqlite, FolderWithoutWriteRightIsNamed) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    std::filesystem::permissions(
        folder_.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    EXPECT_THAT(refusal(path()), AllOf(HasSubstr(path().string()), HasSubstr("Permission denied")));
    std::filesystem::permissions(folder_.path(), std::filesystem::perms::owner_all);
}

TEST_F(Sqlite, MigrationTellsWhatItDidAndThenDoesNothing) {
    const MigrationResult first = migrate_sqlite(path());
    EXPECT_EQ(first.from, 0);
    EXPECT_EQ(first.to, 3);
    const MigrationResult second = migrate_sqlite(path());
    EXPECT_EQ(second.from, 3);
    EXPECT_EQ(second.to, 3);
    EXPECT_EQ(RawDatabase(path()).value("PRAGMA user_version"), "3");
}

}  // namespace
}  // namespace userd
