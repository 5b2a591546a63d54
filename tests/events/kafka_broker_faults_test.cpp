#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <random>
#include <set>

#include "events/mock_kafka.hpp"
#include "events/relay.hpp"
#include "events/topic_reader.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/store_contract.hpp"
#include "support/run_task.hpp"
#include "support/temporary_folder.hpp"

namespace userd {
namespace {

using std::chrono::milliseconds;
using testing::IsEmpty;
using testing::Not;

constexpr int kRounds = 30;
constexpr int kBreaks = 1;  // of the kinds of faults
constexpr std::chrono::seconds kPatience{60};

/// Says that everything is acknowledged as soon as it is queued, so that the relay deletes before
/// the acknowledgement.
class EarlyPublisher final : public Publisher {
  public:
    explicit EarlyPublisher(std::unique_ptr<Publisher> inner) : inner_(std::move(inner)) {}
    [[nodiscard]] bool is_ready() const override { return inner_->is_ready(); }
    bool send(const Event& event) override {
        if (!inner_->send(event)) return false;
        early_.push_back({event.sequence, Delivery::Outcome::acknowledged, {}});
        wake();
        return true;
    }
    std::vector<Delivery> poll() override {
        for (const Delivery& delivery : inner_->poll())
            if (delivery.outcome == Delivery::Outcome::failed)
                throw std::runtime_error(delivery.reason);
        return std::exchange(early_, {});
    }
    Task<void> wait() override { return inner_->wait(); }
    void wake() override { inner_->wake(); }

  private:
    std::unique_ptr<Publisher> inner_;
    std::vector<Delivery> early_;
};

/// A SQLite store whose users change, the relay, and a broker of librdkafka's with faults.
class KafkaBrokerFaults : public testing::Test {
  protected:
    KafkaBrokerFaults() {
        SqliteSettings settings;
        settings.path = folder_.path() / "userd.db";
        store_ = make_sqlite_store(settings);
        relay_settings_.retry_first = milliseconds(1);
        relay_settings_.retry_most = milliseconds(20);
        relay_settings_.look_every = milliseconds(20);
        relay_settings_.window = 200;
        relay_settings_.batch = 50;
        testing::internal::CaptureStderr();  // faults are logged by the thousand
    }
    ~KafkaBrokerFaults() override {
        const std::string log = testing::internal::GetCapturedStderr();
        if (HasFailure()) std::fputs(log.c_str(), stderr);
    }

    /// The relay under faults until all is drained; then findings_ has what is wrong.
    void run(bool transactional, bool early = false) {
        const std::uint64_t seed = std::random_device{}();
        SCOPED_TRACE("seed " + std::to_string(seed));
        random_.seed(seed);
        Relay relay(
            *store_, [&] { return make_publisher(transactional, early); }, relay_settings_);
        store_->on_event([&] { relay.nudge(); });
        int running = 4;
        const auto ended = [&](std::exception_ptr error) {
            --running;
            if (error) std::rethrow_exception(error);
        };
        boost::asio::co_spawn(context_, relay.run(), ended);
        for (int actor = 0; actor < 3; ++actor)
            boost::asio::co_spawn(context_, change(*this, actor), ended);
        for (int round = 0; round < kRounds; ++round)
            strike(early ? kBreaks : static_cast<int>(random_() % (transactional ? 7 : 6)));
        kafka_.heal();
        stopping_ = true;
        EXPECT_TRUE(pump_until([&] {
            return running == 1 && run_task(store_->outbox_stats()).waiting == 0;
        })) << "drained";
        relay.stop();
        EXPECT_TRUE(pump_until([&] { return running == 0; }));
        store_->on_event({});
        check(read_topic(kafka_.settings(), 3));
        RecordProperty("seed", std::to_string(seed));
        RecordProperty("committed", static_cast<int>(committed_.size()));
        RecordProperty("duplicates", duplicates_);
        RecordProperty("producer_restarts", static_cast<int>(relay.stats().producer_restarts));
    }

    std::set<std::pair<std::string, std::int64_t>> committed_;
    std::vector<std::string> findings_;
    int duplicates_ = 0;
    std::map<std::string, int> faults_;

  private:
    std::unique_ptr<Publisher> make_publisher(bool transactional, bool early) {
        KafkaSettings settings = kafka_.settings();
        settings.transactional = transactional;
        settings.properties["retry.backoff.ms"] = "20";
        auto publisher =
            make_kafka_publisher(settings, context_.get_executor(), [](const BrokerError&) {});
        if (early) return std::make_unique<EarlyPublisher>(std::move(publisher));
        return publisher;
    }

    static Task<void> change(KafkaBrokerFaults& self, int actor) {
        boost::asio::steady_timer timer(self.context_);
        for (int number = actor; !self.stopping_; number += 3) {
            const std::string name = "user" + std::to_string(number);
            NewUser wanted = make_new_user(name, name + "@example.org");
            std::string no_trace;
            const Result<User> user =
                co_await self.store_->add_user(std::move(wanted), std::move(no_trace));
            self.commit(user->id, 1);
            for (int version = 2; version < 5; ++version) {
                co_await self.store_->set_disabled(user->id, version % 2 == 0);
                self.commit(user->id, version);
            }
            if (number % 2 == 0) {
                co_await self.store_->delete_user(user->id);
                self.commit(user->id, 5);
            }
            timer.expires_after(milliseconds(5));
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
    }
    void commit(UserId user, std::int64_t version) {
        committed_.insert({user.to_string(), version});
    }

    void strike(int kind) {
        using Errors = std::vector<rd_kafka_resp_err_t>;
        const auto pick = [&](const Errors& errors) { return errors[random_() % errors.size()]; };
        const milliseconds moment(20 + random_() % 60);
        switch (kind) {
            case 0:
                ++faults_["refuses for now"];
                kafka_.answer(
                    MockKafka::kProduce,
                    Errors(1 + random_() % 4, pick({RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                                    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                                                    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                                    RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR})));
                break;
            case kBreaks:
                ++faults_["breaks the producer"];
                kafka_.answer(MockKafka::kProduce,
                              Errors(3, pick({RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
                                              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                                              RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED})));
                break;
            case 2:
                ++faults_["slow"];
                kafka_.set_delay(milliseconds(50 + random_() % 150));
                break;
            case 3:
                ++faults_["cut off before it answers"];
                kafka_.answer(MockKafka::kProduce, {RD_KAFKA_RESP_ERR__TRANSPORT});
                break;
            case 4:
                ++faults_["acknowledges and is cut off"];
                kafka_.answer_late(MockKafka::kProduce, milliseconds(500));
                pump(moment);
                kafka_.set_down(true);
                break;
            case 5:
                ++faults_["down"];
                kafka_.set_down(true);
                break;
            default:
                ++faults_["a commit is refused for now"];
                kafka_.answer(
                    MockKafka::kEndTxn,
                    {pick({RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                           RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR__TRANSPORT})});
        }
        pump(moment);
        kafka_.set_delay({});
        kafka_.set_down(false);
        pump(moment);
    }

    void pump(milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        context_.restart();
        while (context_.run_one_until(end) != 0) {
        }
    }
    bool pump_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + kPatience;
        while (!done()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            pump(milliseconds(5));
        }
        return true;
    }

    /// Nothing is lost or phantom; per user first occurrences run 1, 2, 3, …; a repetition has the
    /// same id.
    void check(const std::vector<TopicRecord>& records) {
        std::map<std::string, std::map<std::int64_t, std::string>> seen;
        for (const TopicRecord& record : records) {
            auto& versions = seen[record.user];
            const std::string what = record.user + " " + std::to_string(record.version);
            if (committed_.count({record.user, record.version}) == 0)
                findings_.push_back("phantom " + what);
            if (const auto found = versions.find(record.version); found != versions.end()) {
                ++duplicates_;
                if (found->second != record.id) findings_.push_back("another id " + what);
                continue;
            }
            if (record.version != static_cast<std::int64_t>(versions.size()) + 1)
                findings_.push_back("out of order " + what);
            versions[record.version] = record.id;
        }
        for (const auto& [user, version] : committed_)
            if (seen[user].count(version) == 0)
                findings_.push_back("lost " + user + " " + std::to_string(version));
    }

    TemporaryFolder folder_;
    boost::asio::io_context context_{1};
    MockKafka kafka_;
    std::unique_ptr<Store> store_;
    RelaySettings relay_settings_;
    std::mt19937_64 random_;
    bool stopping_ = false;
};

TEST_F(KafkaBrokerFaults, NothingIsLostOrOutOfOrderWithAnIdempotentProducer) {
    run(false);
    EXPECT_THAT(findings_, IsEmpty());
    EXPECT_GT(committed_.size(), 100U);
    EXPECT_GT(faults_.size(), 3U);
}

TEST_F(KafkaBrokerFaults, NothingIsLostOrOutOfOrderWithATransactionalProducer) {
    run(true);
    EXPECT_THAT(findings_, IsEmpty());
    EXPECT_GT(committed_.size(), 100U);
    EXPECT_GT(faults_.size(), 3U);
}

TEST_F(KafkaBrokerFaults, ARelayThatDeletesBeforeTheAcknowledgementIsCaught) {
    run(false, true);
    EXPECT_THAT(findings_, Not(IsEmpty()));
}

}  // namespace
}  // namespace userd
