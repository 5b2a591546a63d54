#include "app/topic_check.hpp"

#include <boost/json.hpp>
#include <set>
#include <thread>

#include "app/admin_steps.hpp"
#include "app/kafka_settings.hpp"

namespace userd {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kWait{500};
constexpr std::chrono::seconds kPatience{10};
/// Without a record; a broker that only restarts is back by then.
constexpr std::chrono::seconds kStalled{60};
// A user who changes while both sides are read agrees when they are read once more; what does not
// after so many rounds is a difference. Pauses double: a broker makes a transaction visible some
// time after it has confirmed it.
constexpr int kRounds = 6;
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::size_t kNames = 500;

}  // namespace

TopicCheck::TopicCheck(const Settings& settings)
    : topic_(settings.kafka_topic),
      session_(settings, false),
      reader_(reading_settings_of(settings), TopicReader::From::start, kPatience) {}

void TopicCheck::run() {
    read_topic();
    compare_all();
    look_at_those_ahead();
    std::chrono::milliseconds pause = kFirstPause;
    for (int round = 0; round < kRounds && !suspects_.empty(); ++round, pause *= 2) {
        std::this_thread::sleep_for(pause);
        look_again();
    }
    progress_.clear();
}

/// Up to its end now.
void TopicCheck::read_topic() {
    const std::vector<std::int64_t> ends = reader_.ends();
    const std::int64_t all = reader_.distance(ends);
    progress_.begin("Reading the topic " + topic_);
    auto heard = std::chrono::steady_clock::now();
    while (const std::int64_t left = reader_.distance(ends)) {
        if (const std::optional<TopicRecord> record = reader_.next(kWait)) {
            take(*record);
            heard = std::chrono::steady_clock::now();
        } else if (std::chrono::steady_clock::now() - heard > kStalled) {
            const std::string trouble = reader_.trouble();
            throw std::runtime_error("kafka: " + (trouble.empty() ? "no answer" : trouble));
        }
        progress_.show(all - left, all);
    }
}

void TopicCheck::take(const TopicRecord& record) {
    ++records_;
    if (const std::optional<TopicChange> change = decode(record))
        table_.apply(*change);
    else
        ++foreign_;
}

void TopicCheck::compare_all() {
    AdminStep step;
    progress_.begin("Comparing users");
    std::set<UserId> absent;
    for (const UserId& user : table_.users())
        absent.insert(absent.end(), user);
    do {
        const json::object page = session_.step("step users", step);
        for (const json::value& row : page.at("rows").as_array()) {
            const StoredUser user = stored_user_of(row);
            ++stored_;
            absent.erase(user.user);
            judge(user.user, &user);
        }
        step.after = page.at("next").as_string().c_str();
        progress_.show(stored_);
    } while (!step.after.empty());
    for (const UserId& user : absent)
        judge(user, nullptr);
}

/// At the suspects. First in the database: what it had sent by then is on the topic.
void TopicCheck::look_again() {
    const Users before = std::exchange(suspects_, {});
    progress_.begin("Looking again at users that differ:");
    progress_.show(static_cast<std::int64_t>(before.size()));
    const std::map<UserId, StoredUser> rows = read_users(before);
    read_topic();
    for (const auto& [user, why] : before) {
        const auto row = rows.find(user);
        judge(user, row == rows.end() ? nullptr : &row->second);
    }
    look_at_those_ahead();
}

/// The topic has what was written after the database was read.
void TopicCheck::look_at_those_ahead() {
    const Users ahead = std::exchange(ahead_, {});
    const std::map<UserId, StoredUser> rows = read_users(ahead);
    for (const auto& [user, why] : ahead) {
        const auto row = rows.find(user);
        if (row == rows.end() || row->second.version < table_.find(user)->version)
            suspects_.emplace(user, why);
    }
}

void TopicCheck::judge(const UserId& user, const StoredUser* stored) {
    Comparison comparison = compare(table_.find(user), stored);
    switch (comparison.agreement) {
        case Agreement::same:
            break;
        case Agreement::waiting:
            waiting_.emplace(user, std::move(comparison.difference));
            break;
        case Agreement::ahead:
            ahead_.emplace(user, std::move(comparison.difference));
            break;
        case Agreement::differs:
            suspects_.emplace(user, std::move(comparison.difference));
            break;
    }
}

std::map<UserId, StoredUser> TopicCheck::read_users(const Users& which) {
    std::map<UserId, StoredUser> rows;
    AdminStep step;
    auto next = which.begin();
    while (next != which.end()) {
        step.ids.clear();
        for (; next != which.end() && step.ids.size() < kNames; ++next)
            step.ids.push_back(next->first.to_string());
        const json::object page = session_.step("step users", step);
        for (const json::value& row : page.at("rows").as_array()) {
            const StoredUser user = stored_user_of(row);
            rows.emplace(user.user, user);
        }
    }
    return rows;
}

}  // namespace userd
