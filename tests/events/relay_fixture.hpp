#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <functional>

#include "events/fake_publisher.hpp"
#include "events/fake_store.hpp"
#include "events/relay.hpp"

namespace userd {

/// A relay between a fake store and a fake broker that acknowledges everything unless told
/// otherwise.
class RelayFixture : public testing::Test {
  protected:
    RelayFixture() {
        broker.script = [this](std::vector<Event>& in_flight) {
            return broker.acknowledge_all(in_flight);
        };
        settings.retry_first = std::chrono::milliseconds(1);
        settings.retry_most = std::chrono::milliseconds(4);
        settings.look_every = std::chrono::milliseconds(2);
        settings.claim_every = std::chrono::milliseconds(2);
        // Faults are logged by the thousand; they matter when a test fails.
        testing::internal::CaptureStderr();
    }
    ~RelayFixture() override {
        const std::string log = testing::internal::GetCapturedStderr();
        if (HasFailure()) std::fputs(log.c_str(), stderr);
    }

    PublisherFactory factory() {
        return [this]() -> std::unique_ptr<Publisher> {
            if (before_making) before_making();
            return std::make_unique<FakePublisher>(broker, context.get_executor());
        };
    }

    /// Runs a relay until `done` holds, then stops it. False when it does not hold or the relay
    /// does not end within a generous time.
    [[nodiscard]] bool relay_until(const std::function<bool()>& done) {
        Relay relay(store, factory(), settings);
        bool has_ended = false;
        boost::asio::co_spawn(context, relay.run(), [&](std::exception_ptr error) {
            has_ended = true;
            has_thrown = error != nullptr;
        });
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        bool is_done = false;
        while (!is_done && !has_ended && std::chrono::steady_clock::now() < deadline) {
            context.restart();
            context.run_one_for(std::chrono::milliseconds(5));
            is_done = done();
        }
        relay.stop();
        while (!has_ended && std::chrono::steady_clock::now() < deadline) {
            context.restart();
            context.run_one_for(std::chrono::milliseconds(5));
        }
        stats = relay.stats();
        return is_done && has_ended;
    }
    [[nodiscard]] bool relay_until_nothing_waits() {
        return relay_until([this] { return store.waiting().empty(); });
    }

    /// Versions of the user in the topic, in order.
    [[nodiscard]] std::vector<std::int64_t> versions_in_topic(UserId user) const {
        std::vector<std::int64_t> versions;
        for (const Event& event : broker.topic)
            if (event.user == user) versions.push_back(event.version);
        return versions;
    }

    boost::asio::io_context context{1};
    FakeStore store;
    FakeBroker broker;
    RelaySettings settings;
    RelayStats stats;  ///< of the last relay, when it ended
    bool has_thrown = false;
    std::function<void()> before_making;  ///< may throw, as a factory does for a bad setting
};

}  // namespace userd
