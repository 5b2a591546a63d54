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
