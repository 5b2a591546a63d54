#include "events/relay_status.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "base/log.hpp"

namespace userd {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

/// What `act` tells the log.
template <class Act>
std::vector<std::string> lines_of(const Act& act) {
    testing::internal::CaptureStderr();
    log::configure(log::Level::info, log::Format::text);
    act();
    log::shutdown();
    std::istringstream text(testing::internal::GetCapturedStderr());
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    return lines;
}

std::uint64_t errors(const RelayStatus& status, BrokerFault fault) {
    return status.stats().broker_errors[static_cast<std::size_t>(fault)];
}

TEST(RelayStatus, AFaultThatGoesOnIsOneLineAndEachErrorCounts) {
    RelayStatus status;
    const auto lines = lines_of([&] {
        for (int i = 0; i < 500; ++i) {
            status.broker_error({BrokerFault::authentication, "no " + std::to_string(i)});
            status.broker_error({BrokerFault::host_name, "not this one"});
        }
    });
    ASSERT_THAT(lines, SizeIs(2));
    EXPECT_THAT(lines[0], HasSubstr("KAFKA_SASL_PASSWORD"));
    EXPECT_THAT(lines[0], HasSubstr("no 0"));
    EXPECT_THAT(lines[1], HasSubstr("advertised.listeners"));
    EXPECT_EQ(errors(status, BrokerFault::authentication), 500U);
    EXPECT_EQ(errors(status, BrokerFault::host_name), 500U);
    EXPECT_EQ(errors(status, BrokerFault::certificate), 0U);
}

TEST(RelayStatus, ABrokerThatFailsBesideOthersThatServeDoesNotFloodTheLog) {
    RelayStatus status;
    const auto lines = lines_of([&] {
        for (int i = 0; i < 500; ++i) {
            status.broker_error({BrokerFault::certificate, "of one"});
            status.acknowledged();
        }
    });
    EXPECT_THAT(lines, SizeIs(2)) << "the trouble, and once that it is over";
    EXPECT_THAT(status.stats().last_error, IsEmpty());
}

TEST(RelayStatus, AConnectionThatEndsIsNoTroubleUnlessAnAnswerIsMissed) {
    RelayStatus status;
    const auto lines = lines_of([&] {
        status.broker_error({BrokerFault::unreachable, "Disconnected"});
        EXPECT_THAT(status.stats().last_error, IsEmpty());
        status.broker_silent();
    });
    EXPECT_THAT(lines, SizeIs(1));
    EXPECT_THAT(status.stats().last_error, StartsWith("unreachable: "));
    EXPECT_THAT(status.stats().last_error, HasSubstr("Disconnected"));
}

TEST(RelayStatus, SilenceDoesNotHideWhatTheBrokerSaid) {
    RelayStatus status;
    status.broker_error({BrokerFault::authorization, "not you"});
    status.broker_silent();
    EXPECT_THAT(status.stats().last_error, StartsWith("authorization: "));
    status.broker_error({BrokerFault::unreachable, "Connection refused"});
    EXPECT_THAT(status.stats().last_error, StartsWith("unreachable: ")) << "it is down since";
}

TEST(RelayStatus, EveryFaultHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (const BrokerFault fault : all_broker_faults()) {
        names.insert(name_of(fault));
        EXPECT_EQ(advice_on(fault).empty(), fault == BrokerFault::other);
    }
    EXPECT_THAT(names, SizeIs(kBrokerFaults));
}

}  // namespace
}  // namespace userd
