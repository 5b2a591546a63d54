#include "accounts/attempt_limits.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "tokens/secret_key.hpp"

namespace userd {
namespace {

using std::chrono::seconds;

constexpr std::size_t kKeySize = 16;
constexpr SlowDown kAccount{};
constexpr SlowDown kAddress{.free = 100};
/// Of a client that has succeeded before: so many wrong passwords are looked at in a window,
/// whatever the others do. The window does not move, so nobody can hold the owner off for longer.
constexpr std::int64_t kKnownClientTries = 100;
constexpr seconds kRemembered = std::chrono::days{90};
/// Tries at a name that has failures, and free ones left, are counted before the password is looked
/// at, so that a burst spread over replicas gets no more than its free ones. Those that the last of
/// them refuses are counted too, so they are forgotten soon.
constexpr seconds kTryWindow{60};
constexpr std::int64_t kRegistrations = 60;
constexpr seconds kRegistrationWindow{3600};

seconds rounded_up(Timestamp::duration time) {
    return std::max(seconds{1}, std::chrono::ceil<seconds>(time));
}

seconds until_end(const Attempts& attempts, seconds window, Timestamp now) {
    return rounded_up(attempts.first_at + window - now);
}

}  // namespace

seconds wait_after(const Attempts& failures, const SlowDown& rule, Timestamp now) noexcept {
    if (failures.count < rule.free) return seconds{0};
    constexpr std::int64_t kMostDoublings = 30;
    const std::int64_t doublings = std::min(failures.count - rule.free, kMostDoublings);
    const seconds delay =
        std::min(rule.longest_delay, rule.first_delay * (std::int64_t{1} << doublings));
    const Timestamp next = failures.last_at + delay;
    return next <= now ? seconds{0} : rounded_up(next - now);
}

std::optional<std::string> address_group(std::string_view address) {
    boost::system::error_code error;
    const auto parsed = boost::asio::ip::make_address(std::string(address), error);
    if (error) return std::nullopt;
    if (parsed.is_v4()) return parsed.to_string();
    const auto v6 = parsed.to_v6();
    if (v6.is_v4_mapped())
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_string();
    auto bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return boost::asio::ip::make_address_v6(bytes).to_string() + "/64";
}

AttemptLimits::AttemptLimits(Store& store, Secret key, LimitSettings settings, Clock clock)
    : store_(store),
      key_(std::move(key)),
      settings_(settings),
      clock_(std::move(clock)),
      under_way_(std::make_shared<UnderWay>()) {}

AttemptLimits::Login::Login(Login&& other) noexcept
    : retry_after(other.retry_after),
      under_way_(std::exchange(other.under_way_, nullptr)),
      account_(std::move(other.account_)),
      tries_(std::move(other.tries_)),
      address_(std::move(other.address_)),
      client_(std::move(other.client_)),
      failures_(std::move(other.failures_)),
      account_failures_(other.account_failures_),
      client_failures_(other.client_failures_),
      successes_(other.successes_) {}

AttemptLimits::Login::~Login() {
    if (!under_way_) return;
    const std::lock_guard lock(under_way_->mutex);
    for (const AttemptKey* key : {&account_, &address_}) {
        const auto entry = under_way_->logins.find(*key);
        if (entry != under_way_->logins.end() && --entry->second == 0)
            under_way_->logins.erase(entry);
    }
}

AttemptKey AttemptLimits::key_of(std::string_view kind, std::string_view what) const {
    std::string input(kind);
    input.push_back('\0');
    input.append(what);
    return hmac_sha256(key_.reveal(), input).substr(0, kKeySize);
}

Task<AttemptLimits::Login> AttemptLimits::begin_login(std::string name, std::optional<UserId> user,
                                                      std::string address) {
    Login login;
    if (!settings_.logins) co_return login;
    login.account_ = key_of("failures of name", name);
    login.tries_ = key_of("tries of name", name);
    std::vector<AttemptKey> keys{login.account_};
    if (const auto group = address_group(address)) {
        login.address_ = key_of("failures of address", *group);
        // Somebody who is not there is looked up too, so that both cost the same.
        const std::string client = user.value_or(UserId()).to_string() + *group;
        login.client_ = key_of("successes of client", client);
        login.failures_ = key_of("failures of client", client);
        keys.insert(keys.end(), {login.address_, login.client_, login.failures_});
    }
    const std::vector<Attempts> counters = co_await store_.read_attempts(std::move(keys));
    login.account_failures_ = counters.at(0);
    Attempts address_failures;
    if (!login.address_.empty()) {
        address_failures = counters.at(1);
        login.successes_ = counters.at(2);
        login.client_failures_ = counters.at(3);
    }
    judge(login, address_failures);
    const std::int64_t failed = login.account_failures_.count;
    if (login.under_way_ && failed > 0 && failed < kAccount.free) co_await take_place(login);
    if (!user) login.client_.clear();
    co_return login;
}

void AttemptLimits::judge(Login& login, const Attempts& address_failures) {
    const Timestamp now = clock_();
    if (login.successes_.count > 0) {
        if (login.client_failures_.count >= kKnownClientTries)
            login.retry_after = until_end(login.client_failures_, kAccount.window, now);
        return;
    }
    login.retry_after = std::max(wait_after(login.account_failures_, kAccount, now),
                                 wait_after(address_failures, kAddress, now));
    if (login.retry_after == seconds{0} && !enter(login, address_failures))
        login.retry_after = kAccount.first_delay;
}

bool AttemptLimits::enter(Login& login, const Attempts& address_failures) {
    const std::lock_guard lock(under_way_->mutex);
    std::map<AttemptKey, std::int64_t>& logins = under_way_->logins;
    const auto under_way = [&logins](const AttemptKey& key) {
        const auto entry = logins.find(key);
        return entry == logins.end() ? std::int64_t{0} : entry->second;
    };
    const std::int64_t failed = login.account_failures_.count;
    const std::int64_t others = under_way(login.account_);
    // An account without failures may be logged in to by many devices at once.
    if (failed > 0 && others > 0 && failed + others >= kAccount.free) return false;
    // An address' wait was for one attempt, not for one at each of many accounts.
    if (address_failures.count >= kAddress.free && under_way(login.address_) > 0) return false;
    ++logins[login.account_];
    if (!login.address_.empty()) ++logins[login.address_];
    login.under_way_ = under_way_;
    return true;
}

Task<void> AttemptLimits::take_place(Login& login) {
    std::vector<CountAttempt> counted{{login.tries_, kTryWindow}};
    const std::vector<Attempts> counters = co_await store_.count_attempts(std::move(counted));
    // The first failure was none of them.
    if (counters.at(0).count >= kAccount.free)
        login.retry_after = until_end(counters.at(0), kTryWindow, clock_());
}

Task<seconds> AttemptLimits::login_failed(const Login& login) {
    if (login.account_.empty()) co_return seconds{0};
    const bool is_known = login.successes_.count > 0;
    std::vector<CountAttempt> counted{
        {is_known ? login.failures_ : login.account_, kAccount.window}};
    if (!login.address_.empty()) counted.push_back({login.address_, kAddress.window});
    co_await store_.count_attempts(std::move(counted));
    if (!is_known) co_return seconds{0};
    const Timestamp now = clock_();
    co_return std::max(wait_after(login.account_failures_, kAccount, now),
                       wait_after(login.client_failures_, kAccount, now));
}

Task<void> AttemptLimits::login_succeeded(const Login& login) {
    std::vector<AttemptKey> cleared;
    // The failures of others stay counted when a known client gets in beside them.
    const bool is_known = login.successes_.count > 0;
    if (!is_known && login.account_failures_.count > 0)
        cleared.insert(cleared.end(), {login.account_, login.tries_});
    if (login.client_failures_.count > 0) cleared.push_back(login.failures_);
    const bool is_old = is_known && login.successes_.first_at + kRemembered / 2 < clock_();
    if (is_old) cleared.push_back(login.client_);
    if (!cleared.empty()) co_await store_.clear_attempts(std::move(cleared));
    if (login.client_.empty() || (is_known && !is_old)) co_return;
    std::vector<CountAttempt> remembered{{login.client_, kRemembered}};
    co_await store_.count_attempts(std::move(remembered));
}

Task<seconds> AttemptLimits::count_registration(std::string address) {
    const auto group = address_group(address);
    if (!settings_.registrations || !group) co_return seconds{0};
    std::vector<CountAttempt> counted{{key_of("registrations", *group), kRegistrationWindow}};
    const std::vector<Attempts> counters = co_await store_.count_attempts(std::move(counted));
    if (counters.at(0).count <= kRegistrations) co_return seconds{0};
    co_return until_end(counters.at(0), kRegistrationWindow, clock_());
}

}  // namespace userd
