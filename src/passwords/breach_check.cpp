#include "passwords/breach_check.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "passwords/breach_range.hpp"
#include "passwords/range_client.hpp"

namespace userd {
namespace {

constexpr std::chrono::minutes kWarnEvery{1};

class RangeBreachCheck : public BreachCheck {
  public:
    explicit RangeBreachCheck(RangeClientSettings settings) : client_(std::move(settings)) {}

    Task<bool> is_breached(Secret password) override {
        RangeKey key = range_key(password);
        password = Secret();
        const RangeAnswer answer = co_await client_.get(std::move(key.prefix));
        std::optional<bool> found;
        if (answer.error.empty()) found = find_in_range(answer.body, key.suffix.reveal());
        if (!found) {
            ++counts_.failed;
            warn(answer.error.empty() ? "the answer is no list of SUFFIX:COUNT lines"
                                      : answer.error);
            co_return false;
        }
        ++(*found ? counts_.breached : counts_.ok);
        co_return *found;
    }

    [[nodiscard]] const BreachCounts& counts() const noexcept override { return counts_; }

  private:
    /// A service that is away fails every check: a line a minute tells it.
    void warn(const std::string& reason) {
        const auto now = std::chrono::steady_clock::now();
        {
            const std::scoped_lock lock(mutex_);
            if (warned_ && now - *warned_ < kWarnEvery) return;
            warned_ = now;
        }
        log::warning("a new password could not be checked against breaches, and was let pass",
                     {{"reason", reason}, {"failures", counts_.failed.load()}});
    }

    BreachCounts counts_;
    std::mutex mutex_;
    std::optional<std::chrono::steady_clock::time_point> warned_;
    RangeClient client_;
};

}  // namespace

std::unique_ptr<BreachCheck> make_breach_check(const BreachCheckSettings& settings) {
    if (settings.url.empty()) return nullptr;
    RangeClientSettings client;
    client.url = settings.url;
    client.timeout = settings.timeout;
    return std::make_unique<RangeBreachCheck>(std::move(client));
}

}  // namespace userd
