#include "app/schema_start.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "async/resume.hpp"
#include "base/log.hpp"
#include "events/codec.hpp"
#include "events/wire_format.hpp"

namespace userd {
namespace {

using Outcome = SchemaRegistration::Outcome;

constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{10'000};

}  // namespace

SchemaStart::SchemaStart(const Settings& settings, const boost::asio::any_io_executor& executor)
    : settings_(settings), stopped_(std::make_shared<Notification>(executor)) {}

SchemaStart::~SchemaStart() {
    stop();
    if (asking_.joinable()) asking_.join();
}

void SchemaStart::stop() {
    stop_.request_stop();
    stopped_->notify();
}

Task<void> SchemaStart::ask_first() {
    const SchemaRegistration made = co_await ask();
    if (made.outcome == Outcome::refused) throw std::runtime_error(describe(made));
}

Task<bool> SchemaStart::run() {
    std::chrono::milliseconds pause = kFirstPause;
    while (!is_registered() && !stop_.stop_requested()) {
        co_await Notification::wait(stopped_, std::chrono::steady_clock::now() + pause);
        pause = std::min(2 * pause, kLongestPause);
        if (!stop_.stop_requested()) (void)co_await ask();
    }
    co_return is_registered();
}

Task<SchemaRegistration> SchemaStart::ask() {
    auto start = [this](Resume<SchemaRegistration> resume) {
        asking_ = std::thread([this, resume = std::move(resume)] {
            SchemaRegistration made;
            try {
                made = register_user_schema(settings_.schema_registry, settings_.kafka_topic,
                                            stop_.get_token());
            } catch (const std::exception& error) {
                made.reason = error.what();
            }
            resume(std::move(made));
        });
    };
    SchemaRegistration made = co_await wait_for<SchemaRegistration>(start);
    asking_.join();
    if (made.outcome == Outcome::registered) {
        id_ = made.id;
        trouble_.clear();
        log::info("the schema of the events is registered",
                  {{"subject", subject_of(settings_.kafka_topic)}, {"id", made.id}});
    } else if (!stop_.stop_requested()) {
        trouble_.note(describe(made));
    }
    co_return made;
}

std::string SchemaStart::describe(const SchemaRegistration& failed) const {
    const std::string where = settings_.schema_registry.url;
    const std::string subject = subject_of(settings_.kafka_topic);
    if (failed.outcome != Outcome::refused)
        return where + ": no id for subject " + subject + ": " + failed.reason + "; events wait";
    return "the schema registry at " + where + " refuses the schema of subject " + subject + ": " +
           failed.reason +
           "; set KAFKA_USER_TOPIC to another topic, or change the subject's versions or "
           "compatibility so that it takes userd's proto/userd/v1/user.proto";
}

std::string SchemaStart::value_prefix() const {
    return confluent_prefix(id_, user_message_index());
}

}  // namespace userd
