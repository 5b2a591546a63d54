#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace userd {

/// What keeps a broker from taking events, as metrics, the log and the health page name it.
enum class BrokerFault {
    unreachable,
    authentication,  ///< login name, password or mechanism
    certificate,     ///< the broker's is not trusted, or not valid now
    host_name,       ///< the broker's certificate is another host's
    tls,             ///< any other failure of a TLS handshake
    authorization,   ///< of the topic, the transactional id or the cluster
    unknown_topic,
    refused,  ///< an event, for ever: too large, or invalid
    fenced,   ///< another producer has taken over
    other,
};
inline constexpr std::size_t kBrokerFaults = static_cast<std::size_t>(BrokerFault::other) + 1;

[[nodiscard]] std::array<BrokerFault, kBrokerFaults> all_broker_faults() noexcept;
/// "authentication".
[[nodiscard]] std::string_view name_of(BrokerFault fault) noexcept;
/// What is wrong and what to do about it, for operators; empty when only the broker's words tell.
[[nodiscard]] std::string_view advice_on(BrokerFault fault) noexcept;

struct BrokerError {
    BrokerFault fault = BrokerFault::other;
    std::string text;  ///< in the words of librdkafka or the broker; never a password
};

}  // namespace userd
