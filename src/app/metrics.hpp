#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accounts/accounts.hpp"
#include "app/topic_relay.hpp"
#include "http/server.hpp"
#include "passwords/breach_check.hpp"
#include "passwords/hash_pool.hpp"
#include "store/store.hpp"

namespace userd {

/// Hash times and waits as histograms, fed by HashPool's observer. Thread-safe, lock-free.
struct HashHistograms {
    static constexpr std::array<double, 10> kBounds = {0.005, 0.01, 0.025, 0.05, 0.1,
                                                       0.25,  0.5,  1,     2.5,  5};
    struct Histogram {
        std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets{};
        std::atomic<std::uint64_t> nanoseconds{0};
        void observe(std::chrono::steady_clock::duration time);
    };
    Histogram wait;
    Histogram hash;
};

/// What the store counts by query, refreshed now and then by the app so that a scrape costs no
/// query.
struct StoreFigures {
    std::atomic<std::int64_t> outbox_waiting{0};
    std::atomic<std::int64_t> outbox_parked{0};
    std::atomic<std::int64_t> outbox_oldest_unix{0};  ///< seconds; 0 when nothing waits
    std::atomic<std::int64_t> sessions{0};
    std::atomic<bool> available{true};
};

/// As StoreFigures, of the audit log.
struct AuditFigures {
    std::atomic<std::int64_t> waiting{0};
    std::atomic<std::int64_t> parked{0};
};

struct MetricParts {
    std::vector<std::pair<std::string, const http::Server*>> servers;  ///< with their names
    const http::TlsSource* tls;  ///< null when the API serves plain HTTP
    const HashPool& pool;
    const HashHistograms& hashes;
    const Accounts& accounts;
    const TopicRelay* relay;      ///< null when no broker is set
    const BreachCheck* breaches;  ///< null when passwords are not checked
    const StoreFigures& store;
    const AuditQueue* audit;        ///< null when no audit events are written
    const TopicRelay* audit_relay;  ///< null without them, and when no broker is set
    const AuditFigures& audited;
};

/// The page of GET /metrics in Prometheus' text format.
[[nodiscard]] std::string render_metrics(const MetricParts& parts);

}  // namespace userd
