#include "events/kafka_transactional_publisher.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <map>

#include "events/fake_store.hpp"
#include "events/mock_kafka.hpp"

namespace userd {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using Outcome = Delivery::Outcome;

constexpr std::chrono::seconds kPatience{30};

class TransactionalPublisher : public testing::Test {
  protected:
    void make() {
        publisher_ = make_kafka_publisher(kafka_.settings(), context_.get_executor(),
                                          [](const BrokerError&) {});
    }
    void make_ready() {
        make();
        ASSERT_TRUE(run_until([this] { return publisher_->is_ready(); }));
    }
    /// Asks `done` whenever the publisher wakes, until it holds or for a generous time.
    bool run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + kPatience;
        while (!done()) {
            bool is_woken = false;
            boost::asio::co_spawn(context_, publisher_->wait(),
                                  [&](std::exception_ptr) { is_woken = true; });
            while (!is_woken) {
                context_.restart();
                if (context_.run_one_until(deadline) == 0) return false;
            }
        }
        return true;
    }

    static Event event(int sequence, std::size_t size = 10) {
        Event made;
        made.sequence = sequence;
        made.user = user_number(sequence);
        made.version = 1;
        made.state = UserState{std::string(size, 'n'), "a@example.com", {}, {}, false};
        return made;
    }
    void send(int first, int count) {
        for (int sequence = first; sequence < first + count; ++sequence)
            ASSERT_TRUE(publisher_->send(event(sequence)));
    }
    /// Of so many events, by sequence.
    std::map<std::int64_t, Delivery> settle(std::size_t count) {
        std::map<std::int64_t, Delivery> settled;
        EXPECT_TRUE(run_until([&] {
            for (Delivery& delivery : publisher_->poll())
                EXPECT_TRUE(settled.emplace(delivery.sequence, delivery).second) << "told twice";
            return settled.size() >= count;
        }));
        return settled;
    }
    static std::vector<Outcome> outcomes(const std::map<std::int64_t, Delivery>& settled) {
        std::vector<Outcome> outcomes;
        for (const auto& [sequence, delivery] : settled)
            outcomes.push_back(delivery.outcome);
        return outcomes;
    }
    std::string complaint() {
        std::string reason;
        EXPECT_TRUE(run_until([&] {
            try {
                (void)publisher_->poll();
            } catch (const std::runtime_error& error) {
                reason = error.what();
            }
            return !reason.empty();
        }));
        return reason;
    }

    boost::asio::io_context context_{1};
    MockKafka kafka_;
    std::unique_ptr<Publisher> publisher_;
};

TEST_F(TransactionalPublisher, AcknowledgesWhatItsTransactionsCommitted) {
    make_ready();
    send(1, 300);
    const auto first = settle(300);
    EXPECT_THAT(first, SizeIs(300));
    EXPECT_THAT(outcomes(first), Each(Outcome::acknowledged));
    send(301, 5);
    EXPECT_THAT(outcomes(settle(5)), Each(Outcome::acknowledged));
}

TEST_F(TransactionalPublisher, NothingIsAcknowledgedBeforeTheCommit) {
    make_ready();
    kafka_.answer(MockKafka::kEndTxn, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED});
    send(1, 20);
    const auto settled = settle(20);
    EXPECT_THAT(outcomes(settled), Each(Outcome::failed));
    EXPECT_THAT(settled.at(1).reason, Not(IsEmpty()));
}

TEST_F(TransactionalPublisher, FencedItIsOfNoUseAnyMore) {
    make_ready();
    kafka_.answer(MockKafka::kProduce, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
                                        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
                                        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH});
    kafka_.answer(MockKafka::kEndTxn, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED});
    send(1, 20);
    EXPECT_THAT(outcomes(settle(20)), Each(Outcome::failed));
    send(21, 5);
    EXPECT_THAT(outcomes(settle(5)), Each(Outcome::failed));
    EXPECT_NE(complaint(), "");
}

TEST_F(TransactionalPublisher, ARefusalRollsTheOthersBackAndItGoesOn) {
    make_ready();
    kafka_.answer(MockKafka::kProduce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    send(1, 60);
    const auto settled = settle(60);
    EXPECT_THAT(outcomes(settled), Contains(Outcome::refused));
    // What came after the first transaction may be the second.
    EXPECT_THAT(outcomes(settled),
                Each(AnyOf(Outcome::refused, Outcome::rolled_back, Outcome::acknowledged)));
    for (const auto& [sequence, delivery] : settled)
        if (delivery.outcome == Outcome::refused) {
            EXPECT_THAT(delivery.reason, HasSubstr("too large"));
        }
    // Some may be rolled back again before librdkafka has renumbered.
    int first = 100;
    std::map<std::int64_t, Delivery> others;
    for (int tries = 0; tries < 3 && others.empty(); ++tries, first += 60) {
        send(first, 60);
        others = settle(60);
        ASSERT_THAT(outcomes(others), Each(AnyOf(Outcome::rolled_back, Outcome::acknowledged)));
        if (outcomes(others).back() == Outcome::rolled_back) others.clear();
    }
    EXPECT_THAT(others, Not(IsEmpty()));
}

TEST_F(TransactionalPublisher, WhatLibrdkafkaItselfRefusesCostsItsNeighboursNothing) {
    make_ready();
    send(1, 10);
    ASSERT_TRUE(publisher_->send(event(11, 3'000'000)));
    send(12, 10);
    auto settled = settle(21);
    EXPECT_EQ(settled.at(11).outcome, Outcome::refused);
    settled.erase(11);
    EXPECT_THAT(outcomes(settled), Each(Outcome::acknowledged));
}

TEST_F(TransactionalPublisher, ACoordinatorThatIsNotReadyIsTriedAgain) {
    make_ready();
    kafka_.answer(MockKafka::kEndTxn, {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                                       RD_KAFKA_RESP_ERR_NOT_COORDINATOR});
    send(1, 20);
    EXPECT_THAT(outcomes(settle(20)), Each(Outcome::acknowledged));
}

TEST_F(TransactionalPublisher, IsReadyWhenTheBrokerIs) {
    kafka_.set_down(true);
    make();
    send(1, 5);
    EXPECT_FALSE(publisher_->is_ready());
    EXPECT_THAT(publisher_->poll(), IsEmpty());
    kafka_.set_down(false);
    EXPECT_THAT(outcomes(settle(5)), Each(Outcome::acknowledged));
    EXPECT_TRUE(publisher_->is_ready());
}

TEST(KafkaProducer, WhatShowsOnlyWhenItIsMadeIsFoundWithoutABroker) {
    const auto refusal = [](bool transactional, std::map<std::string, std::string> properties) {
        KafkaSettings settings;
        settings.brokers = "nowhere.invalid:1";
        settings.transactional = transactional;
        settings.properties = std::move(properties);
        EXPECT_EQ(check_kafka_settings(settings), "") << "each value is good by itself";
        return try_kafka_settings(settings);
    };
    EXPECT_EQ(refusal(true, {}), "");
    EXPECT_EQ(refusal(false, {{"socket.timeout.ms", "120000"}}), "");
    EXPECT_EQ(refusal(true, {{"socket.timeout.ms", "60000"}}), "");
    EXPECT_THAT(refusal(true, {{"socket.timeout.ms", "120000"}}),
                StartsWith("KAFKA_SOCKET_TIMEOUT_MS: "));
    EXPECT_THAT(refusal(false, {{"security.protocol", "ssl"}, {"ssl.ca.location", "/no/file"}}),
                StartsWith("KAFKA_SSL_CA_LOCATION: "));
    const std::string secret = refusal(false, {{"security.protocol", "sasl_ssl"},
                                               {"sasl.mechanism", "SCRAM-SHA-1024"},
                                               {"sasl.username", "ada"},
                                               {"sasl.password", "open sesame"}});
    EXPECT_THAT(secret, StartsWith("KAFKA_SASL_MECHANISM: "));
    EXPECT_THAT(secret, Not(HasSubstr("sesame")));
}

TEST_F(TransactionalPublisher, TellsWhyItMayNotSend) {
    kafka_.answer(MockKafka::kInitProducerId,
                  {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED});
    make();
    EXPECT_THAT(complaint(), HasSubstr("authorization"));
    EXPECT_FALSE(publisher_->is_ready());
}

TEST_F(TransactionalPublisher, WhatWaitsIsBounded) {
    kafka_.set_down(true);
    make();
    int taken = 0;
    while (taken < 1'000'000 && publisher_->send(event(taken + 1)))
        ++taken;
    EXPECT_GT(taken, 10'000) << "the relay's window";
    EXPECT_LT(taken, 1'000'000);
}

TEST_F(TransactionalPublisher, GoesAwayWithoutWaitingForABroker) {
    make_ready();
    kafka_.set_down(true);
    send(1, 1000);
    auto gone = std::async(std::launch::async, [this] { publisher_.reset(); });
    // Far less than a transaction may take.
    EXPECT_EQ(gone.wait_for(std::chrono::seconds(15)), std::future_status::ready);
}

TEST_F(TransactionalPublisher, GoesAwayWhileItWaitsForItsFirstBroker) {
    kafka_.set_down(true);
    make();
    auto gone = std::async(std::launch::async, [this] { publisher_.reset(); });
    EXPECT_EQ(gone.wait_for(std::chrono::seconds(15)), std::future_status::ready);
}

}  // namespace
}  // namespace userd
