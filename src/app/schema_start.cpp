#include "app/schema_start.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "async/resume.hpp"
#include "base/log.hpp"
#include "events/wire_format.hpp"

namespace userd {
namespace {

using Outcome = SchemaRegistration::Outcome;

constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{10'000};

}  // namespace

SchemaStart::SchemaStart(const SchemaRegistrySettings& registry, TopicSchema schema,
                         std::string topic_setting, const boost::asio::any_io_executor& executor)
    : registry_(registry),
      schema_(std::move(schema)),
      topic_setting_(std::move(topic_setting)),
      stopped_(std::make_shared<Notification>(executor)) {}

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
                made = register_schema(registry_, schema_, stop_.get_token());
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
                  {{"subject", schema_.subject()}, {"id", made.id}});
    } else if (!stop_.stop_requested()) {
        trouble_.note(describe(made));
    }
    co_return made;
}

std::string SchemaStart::describe(const SchemaRegistration& failed) const {
    const std::string subject = schema_.subject();
    if (failed.outcome != Outcome::refused)
        return registry_.url + ": no id for subject " + subject + ": " + failed.reason +
               "; events wait";
    return "the schema registry at " + registry_.url + " refuses the schema of subject " + subject +
           ": " + failed.reason + "; set " + topic_setting_ +
           " to another topic, or change the subject's versions or compatibility so that it takes "
           "userd's " +
           schema_.file;
}

std::string SchemaStart::value_prefix() const {
    return confluent_prefix(id_, schema_.message_index);
}

}  // namespace userd
