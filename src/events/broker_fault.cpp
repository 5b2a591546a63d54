#include "events/broker_fault.hpp"

#include <cstdlib>

namespace userd {

std::array<BrokerFault, kBrokerFaults> all_broker_faults() noexcept {
    std::array<BrokerFault, kBrokerFaults> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<BrokerFault>(i);
    return all;
}

std::string_view name_of(BrokerFault fault) noexcept {
    switch (fault) {
        case BrokerFault::unreachable:
            return "unreachable";
        case BrokerFault::authentication:
            return "authentication";
        case BrokerFault::certificate:
            return "certificate";
        case BrokerFault::host_name:
            return "host_name";
        case BrokerFault::tls:
            return "tls";
        case BrokerFault::authorization:
            return "authorization";
        case BrokerFault::unknown_topic:
            return "unknown_topic";
        case BrokerFault::refused:
            return "refused";
        case BrokerFault::fenced:
            return "fenced";
        case BrokerFault::other:
            return "other";
    }
    std::abort();
}

std::string_view advice_on(BrokerFault fault) noexcept {
    switch (fault) {
        case BrokerFault::unreachable:
            return "no broker answers: check KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY_PROTOCOL and "
                   "the network";
        case BrokerFault::authentication:
            return "the broker refuses the login: check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD "
                   "and KAFKA_SASL_MECHANISM against the broker's users";
        case BrokerFault::certificate:
            return "the broker's certificate is not trusted or not valid: check "
                   "KAFKA_SSL_CA_LOCATION and the certificate's dates";
        case BrokerFault::host_name:
            return "the broker's certificate is for another host: use a name that it has in "
                   "KAFKA_BOOTSTRAP_SERVERS and in the broker's advertised.listeners";
        case BrokerFault::tls:
            return "the TLS handshake failed: check KAFKA_SECURITY_PROTOCOL, and "
                   "KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION if the broker asks "
                   "for a client certificate";
        case BrokerFault::authorization:
            return "the broker does not permit it: give the user the ACLs of docs/kafka.md";
        case BrokerFault::unknown_topic:
            return "the topic does not exist: create it as docs/kafka.md shows";
        case BrokerFault::refused:
            return "the broker can never take an event: check max.message.bytes of the topic, then "
                   "see userd events list";
        case BrokerFault::fenced:
            return "another producer has taken over: no other installation may send to this topic";
        case BrokerFault::other:
            return {};
    }
    std::abort();
}

}  // namespace userd
