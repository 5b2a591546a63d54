#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "async/loops.hpp"
#include "base/errc.hpp"
#include "store/health.hpp"
#include "store/sqlite/connection.hpp"

namespace userd::sqlite {

/// One read-only connection per event loop. Thread-safe.
class Readers {
  public:
    Readers(const std::filesystem::path& path, std::size_t count);

    /// Gives read(connection), with this loop's connection; what it throws passes through.
    template <class Read>
    std::invoke_result_t<Read, Connection&> run(const Read& read) {
        Reader& reader = *readers_[current_loop() % readers_.size()];
        // Threads without a loop count as loop 0. A loop alone with its connection never waits
        // here.
        const std::lock_guard lock(reader.mutex);
        try {
            auto result = read(reader.db);
            health_.worked();
            return result;
        } catch (const StoreUnavailable& error) {
            health_.failed(error.what());
            throw;
        }
    }

  private:
    struct Reader {
        explicit Reader(const std::filesystem::path& path) : db(path, Connection::Mode::reader) {}
        std::mutex mutex;
        Connection db;
    };
    std::vector<std::unique_ptr<Reader>> readers_;
    Health health_{"reading"};
};

}  // namespace userd::sqlite
