#include "events/kafka_faults.hpp"

#include <openssl/x509_vfy.h>

#include <cstdio>

namespace userd::kafka {

BrokerFault fault_of(rd_kafka_resp_err_t error) {
    switch (static_cast<int>(error)) {
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__RESOLVE:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
            return BrokerFault::unreachable;
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
        case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
            return BrokerFault::authentication;
        case RD_KAFKA_RESP_ERR__SSL:
            return BrokerFault::tls;
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            return BrokerFault::authorization;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            return BrokerFault::unknown_topic;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_INVALID_MSG:
        case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
            return BrokerFault::refused;
        case RD_KAFKA_RESP_ERR__FENCED:
        case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
        case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
            return BrokerFault::fenced;
        default:
            return BrokerFault::other;
    }
}

std::string explain_topic(BrokerFault fault, std::string text,
                          const std::string& creation_failure) {
    if (fault != BrokerFault::unknown_topic || creation_failure.empty()) return text;
    return text + "; " + creation_failure;
}

void CertificateWatch::install(rd_kafka_conf_t* config) {
    rd_kafka_conf_set_opaque(config, this);
    rd_kafka_conf_set_ssl_cert_verify_cb(
        config, [](rd_kafka_t*, const char*, std::int32_t, int* x509_error, int, const char*,
                   std::size_t, char* reason, std::size_t size, void* opaque) {
            return static_cast<CertificateWatch*>(opaque)->judge(*x509_error, reason, size);
        });
}

int CertificateWatch::judge(int x509_error, char* reason, std::size_t reason_size) {
    if (x509_error == X509_V_OK) return 1;
    refusal_ = x509_error;
    std::snprintf(reason, reason_size, "%s", X509_verify_cert_error_string(x509_error));
    return 0;
}

BrokerFault CertificateWatch::fault_of(rd_kafka_resp_err_t error) {
    const BrokerFault fault = kafka::fault_of(error);
    if (fault != BrokerFault::tls) return fault;
    switch (refusal_.exchange(X509_V_OK)) {
        case X509_V_OK:
            return fault;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return BrokerFault::host_name;
        default:
            return BrokerFault::certificate;
    }
}

}  // namespace userd::kafka
