#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "store/sqlite/sqlite_store.hpp"
#include "store/store_contract.hpp"
#include "support/run_together.hpp"

namespace userd {

/// Another program's connection to the same file.
class RawDatabase {
  public:
    explicit RawDatabase(const std::filesystem::path& path) {
        if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) throw std::runtime_error("cannot open");
    }
    ~RawDatabase() { sqlite3_close(db_); }
    RawDatabase(const RawDatabase&) = delete;
    RawDatabase& operator=(const RawDatabase&) = delete;

    void run(const std::string& sql) {
        if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(db_));
    }
    /// The first column of the first row as text.
    std::string value(const std::string& sql) {
        std::string value;
        const auto take = [](void* out, int, char** columns, char**) {
            *static_cast<std::string*>(out) = columns[0] != nullptr ? columns[0] : "(null)";
            return 0;
        };
        if (sqlite3_exec(db_, sql.c_str(), take, &value, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(db_));
        return value;
    }

  private:
    sqlite3* db_ = nullptr;
};

class Sqlite : public testing::Test {
  protected:
    [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "userd.db"; }

    static std::unique_ptr<Store> open(const std::filesystem::path& path,
                                       std::size_t queue = 4096) {
        SqliteSettings settings;
        settings.path = path;
        settings.readers = 4;
        settings.queue = queue;
        return make_sqlite_store(std::move(settings));
    }
    [[nodiscard]] std::unique_ptr<Store> open(std::size_t queue = 4096) const {
        return open(path(), queue);
    }

    /// What opening complains about, or nothing.
    static std::string refusal(const std::filesystem::path& path) {
        try {
            open(path);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return {};
    }

    static NewUser numbered(int number) {
        const std::string name = "user" + std::to_string(number);
        return make_new_user(name, name + "@example.org");
    }
    static Result<User> add(Store& store, int number) {
        return run_task(store.add_user(numbered(number), ""));
    }
    static Together<Result<User>> add_together(Store& store, int first, int count) {
        std::vector<std::function<Task<Result<User>>()>> starts;
        for (int i = first; i < first + count; ++i)
            starts.emplace_back([&store, i] { return store.add_user(numbered(i), ""); });
        return run_together(starts);
    }
    static std::size_t count_users(Store& store) {
        Page page;
        page.limit = 1'000'000;
        return run_task(store.list_users(page)).size();
    }

    TemporaryFolder folder_;
};

}  // namespace userd
