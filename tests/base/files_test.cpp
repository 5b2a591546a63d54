#include "base/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "support/temporary_folder.hpp"

namespace userd {
namespace {

TEST(Files, AKeyFileIsOpenToItsOwnerOnly) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "key";
    EXPECT_TRUE(create_private_file(path, Secret(std::string_view("secret bytes"))));
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(read_private_file(path)->reveal(), "secret bytes");
}

TEST(Files, AnOpenKeyFileIsRefused) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "key";
    std::ofstream(path) << "x";
    ::chmod(path.c_str(), 0644);
    EXPECT_THROW((void)read_private_file(path), std::runtime_error);
}

TEST(Files, ADeployedKeyMayBeReadByOthersButNotWritten) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "key";
    const auto link = folder.path() / "link";
    std::ofstream(path) << "x";
    std::filesystem::create_symlink(path, link);
    for (const mode_t mode : {0600U, 0640U, 0400U}) {
        ::chmod(path.c_str(), mode);
        EXPECT_FALSE(read_deployed_key(link)->readable_by_all) << mode;
    }
    ::chmod(path.c_str(), 0644);
    EXPECT_TRUE(read_deployed_key(link)->readable_by_all);
    EXPECT_EQ(read_deployed_key(link)->content.reveal(), "x");
    for (const mode_t mode : {0620U, 0602U, 0666U}) {
        ::chmod(path.c_str(), mode);
        EXPECT_THROW((void)read_deployed_key(link), std::runtime_error) << mode;
    }
    EXPECT_FALSE(read_deployed_key(folder.path() / "none"));
}

TEST(Files, OfManyCreatorsOneWins) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "key";
    std::atomic<int> winners = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back(
            [&, i] { winners += create_private_file(path, Secret(std::to_string(i))); });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(read_private_file(path)->size(), 1U);
}

TEST(Files, AMissingFileIsNoError) {
    EXPECT_EQ(read_file("/nonexistent/file"), std::nullopt);
}

TEST(Files, AFileOverTheLimitIsRefused) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "big") << std::string(101, 'x');
    EXPECT_THROW((void)read_file(folder.path() / "big", 100), std::runtime_error);
}

}  // namespace
}  // namespace userd
