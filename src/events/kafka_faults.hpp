#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <string>

#include "events/broker_fault.hpp"

namespace userd::kafka {

[[nodiscard]] BrokerFault fault_of(rd_kafka_resp_err_t error);
/// "All brokers are down": each of them has been told of before, with its reason.
[[nodiscard]] inline bool is_summary(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}
/// The text; of an unknown topic also why it was not created.
[[nodiscard]] std::string explain_topic(BrokerFault fault, std::string text,
                                        const std::string& creation_failure);

/// Remembers why OpenSSL refused a broker's certificate: librdkafka 2.0.2 gives one and the same
/// words for each reason. It changes no verdict. Outlives the producers that are made with it.
class CertificateWatch {
  public:
    /// Takes the configuration's opaque.
    void install(rd_kafka_conf_t* config);
    /// For a callback of librdkafka's ssl_cert_verify_cb, on any thread: OpenSSL's own verdict.
    int judge(int x509_error, char* reason, std::size_t reason_size);
    /// As kafka::fault_of(), which does not know why a handshake failed.
    [[nodiscard]] BrokerFault fault_of(rd_kafka_resp_err_t error);

  private:
    std::atomic<int> refusal_{0};  ///< X509_V_ERR_…, until it was told
};

}  // namespace userd::kafka
