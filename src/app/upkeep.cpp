#include "app/upkeep.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstring>

#include "app/keys.hpp"
#include "app/sweeper.hpp"
#include "app/watch_store.hpp"
#include "base/random.hpp"

namespace userd {
namespace {

constexpr std::chrono::seconds kCountSessionsEvery{30};
// Replicas share the work, and a table of millions is not to be counted all the time.
constexpr std::chrono::seconds kCountSharedSessionsEvery{300};
constexpr std::chrono::seconds kSweepSharedCountersEvery{15};

/// An id of some time in the last 30 days, the longest that a session lives.
SessionId some_session() {
    std::array<std::uint8_t, 4> bytes{};
    fill_random(bytes);
    std::uint32_t random = 0;
    std::memcpy(&random, bytes.data(), bytes.size());
    constexpr std::uint32_t kSeconds = 30 * 24 * 3600;
    return SessionId::make(system_now() - std::chrono::seconds(random % kSeconds));
}

}  // namespace

void start_upkeep(boost::asio::io_context& loop, UpkeepParts parts,
                  const std::atomic<bool>& stopping) {
    const auto start = [&loop](Task<void> task) {
        boost::asio::co_spawn(loop, std::move(task), boost::asio::detached);
    };
    start(watch_store({parts.store, parts.accounts, parts.figures,
                       parts.is_shared ? kCountSharedSessionsEvery : kCountSessionsEvery},
                      stopping));
    SweepSettings sweep;
    if (parts.is_shared) sweep = {some_session(), kSweepSharedCountersEvery};
    start(sweep_store(parts.store, sweep, stopping));
    start(sweep_events(parts.store, parts.keep_events, stopping));
    start(keep_ring(parts.keeper, stopping));
}

}  // namespace userd
