#include "app/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "http/routes/routes.hpp"

namespace userd {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
  public:
    void counter(const char* name, const char* help, double value, Labels labels = {}) {
        ClientMetric metric;
        metric.counter.value = value;
        add(name, help, MetricType::Counter, std::move(metric), std::move(labels));
    }
    void gauge(const char* name, const char* help, double value, Labels labels = {}) {
        ClientMetric metric;
        metric.gauge.value = value;
        add(name, help, MetricType::Gauge, std::move(metric), std::move(labels));
    }
    /// `buckets` counts each bucket by itself, the last without an upper bound.
    template <class Buckets, class Bounds>
    void histogram(const char* name, const char* help, const Buckets& buckets, const Bounds& bounds,
                   double sum, Labels labels = {}) {
        ClientMetric metric;
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < buckets.size(); ++i) {
            total += buckets[i].load(std::memory_order_relaxed);
            const double bound =
                i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
            metric.histogram.bucket.push_back({total, bound});
        }
        metric.histogram.sample_count = total;
        metric.histogram.sample_sum = sum;
        add(name, help, MetricType::Histogram, std::move(metric), std::move(labels));
    }
    [[nodiscard]] std::string text() const {
        return prometheus::TextSerializer().Serialize(families_);
    }

  private:
    void add(const char* name, const char* help, MetricType type, ClientMetric metric,
             Labels labels) {
        metric.label = std::move(labels);
        if (families_.empty() || families_.back().name != name) {
            MetricFamily family;
            family.name = name;
            family.help = help;
            family.type = type;
            families_.push_back(std::move(family));
        }
        families_.back().metric.push_back(std::move(metric));
    }
    std::vector<MetricFamily> families_;
};

double value_of(const std::atomic<std::uint64_t>& counter) {
    return static_cast<double>(counter.load(std::memory_order_relaxed));
}

std::string_view name_of_route(const http::Router& router, std::size_t index) {
    return index < router.size() ? router.routes()[index].path : std::string_view("other");
}

template <class Visit>
void each_route(const MetricParts& parts, const Visit& visit) {
    for (const auto& [name, server] : parts.servers)
        for (std::size_t i = 0; i < server->counts().size(); ++i) {
            const std::string route(name_of_route(server->router(), i));
            visit(Labels{{"server", name}, {"route", route}}, *server->counts()[i]);
        }
}

void add_requests(Families& families, const MetricParts& parts) {
    each_route(parts, [&](const Labels& route, const http::RouteCounts& counts) {
        for (std::size_t status = 100; status < counts.by_status.size(); ++status) {
            if (counts.by_status[status].load(std::memory_order_relaxed) == 0) continue;
            Labels labels = route;
            labels.push_back({"status", std::to_string(status)});
            families.counter("userd_http_requests_total", "Requests by route and status.",
                             value_of(counts.by_status[status]), std::move(labels));
        }
    });
    each_route(parts, [&](const Labels& route, const http::RouteCounts& counts) {
        families.histogram("userd_http_request_seconds", "Time from a request's end to its answer.",
                           counts.latency, http::RouteCounts::kBounds,
                           value_of(counts.latency_nanoseconds) / 1e9, route);
    });
    double open = 0;
    double refused = 0;
    for (const auto& [name, server] : parts.servers) {
        open += static_cast<double>(server->connections());
        refused += static_cast<double>(server->refused());
    }
    families.gauge("userd_http_connections", "Open connections.", open);
    families.counter("userd_http_connections_refused_total", "Connections over MAX_CONNECTIONS.",
                     refused);
}

void add_tls(Families& families, const MetricParts& parts) {
    if (parts.tls == nullptr) return;
    families.gauge("userd_tls_certificate_not_after_seconds",
                   "When the certificate expires, Unix time.",
                   static_cast<double>(unix_seconds(parts.tls->current()->not_after())));
    double failed = 0;
    for (const auto& [name, server] : parts.servers)
        failed += static_cast<double>(server->failed_handshakes());
    families.counter("userd_tls_handshake_failures_total", "TLS handshakes that failed.", failed);
}

void add_hashes(Families& families, const MetricParts& parts) {
    const HashPoolStats stats = parts.pool.stats();
    families.gauge("userd_hash_queue_depth", "Password hashes that wait.",
                   static_cast<double>(stats.queued));
    families.gauge("userd_hash_running", "Password hashes being computed.",
                   static_cast<double>(stats.running));
    families.counter("userd_hash_refused_total", "Requests refused since the hash queue was full.",
                     static_cast<double>(stats.refused));
    const auto add = [&](const char* name, const char* help,
                         const HashHistograms::Histogram& histogram) {
        families.histogram(name, help, histogram.buckets, HashHistograms::kBounds,
                           value_of(histogram.nanoseconds) / 1e9);
    };
    add("userd_hash_wait_seconds", "Time a password hash waited before it began.",
        parts.hashes.wait);
    add("userd_hash_seconds", "Time a password hash took.", parts.hashes.hash);
}

void add_accounts(Families& families, const MetricParts& parts) {
    const AccountCounts& counts = parts.accounts.counts();
    families.counter("userd_registrations_total", "Users registered.",
                     value_of(counts.registrations));
    families.counter("userd_logins_total", "Good logins.", value_of(counts.logins));
    families.counter("userd_login_failures_total", "Refused logins.",
                     value_of(counts.login_failures));
    families.counter("userd_refreshes_total", "Refreshes, repeats included.",
                     value_of(counts.refreshes));
    families.counter("userd_refresh_failures_total", "Refused refreshes.",
                     value_of(counts.refresh_failures));
    families.counter("userd_refresh_reuses_total",
                     "Sessions ended since an old refresh token came back.",
                     value_of(counts.reuses));
    families.counter("userd_attempts_limited_total", "Logins and registrations answered with 429.",
                     value_of(counts.limited));
    families.gauge("userd_sessions", "Sessions neither ended nor expired.",
                   static_cast<double>(parts.store.sessions));
}

void add_breach_checks(Families& families, const MetricParts& parts) {
    if (parts.breaches == nullptr) return;
    const BreachCounts& counts = parts.breaches->counts();
    const auto add = [&](const char* result, const std::atomic<std::uint64_t>& count) {
        families.counter("userd_breach_checks_total",
                         "New passwords looked up in BREACH_CHECK_URL; failed ones passed.",
                         value_of(count), {{"result", result}});
    };
    add("ok", counts.ok);
    add("breached", counts.breached);
    add("failed", counts.failed);
}

void add_broker_errors(Families& families, const char* name, const RelayStats& stats) {
    for (const BrokerFault fault : all_broker_faults())
        families.counter(name, "What brokers refused or failed to do.",
                         static_cast<double>(stats.broker_errors[static_cast<std::size_t>(fault)]),
                         {{"reason", std::string(name_of(fault))}});
}

/// Nothing without a schema registry.
void add_schema(Families& families, const char* name, const TopicRelay* relay) {
    if (relay == nullptr || relay->schema() == nullptr) return;
    families.gauge(name, "1 once the schema registry has given an id; until then events wait.",
                   relay->schema()->is_registered() ? 1 : 0);
}

void add_audit(Families& families, const MetricParts& parts) {
    if (parts.audit == nullptr) return;
    families.gauge("userd_audit_outbox_events", "Audit events that Kafka has not acknowledged yet.",
                   static_cast<double>(parts.audited.waiting));
    families.gauge("userd_audit_outbox_parked_events", "Audit events that Kafka can never take.",
                   static_cast<double>(parts.audited.parked));
    families.counter("userd_audit_events_dropped_total",
                     "Failed logins of which no audit event was written.",
                     static_cast<double>(parts.audit->dropped()));
    const RelayStats stats = parts.audit_relay ? parts.audit_relay->stats() : RelayStats{};
    families.counter("userd_audit_events_sent_total", "Audit events acknowledged by Kafka.",
                     static_cast<double>(stats.sent));
    add_broker_errors(families, "userd_audit_kafka_errors_total", stats);
    add_schema(families, "userd_audit_schema_registered", parts.audit_relay);
}

void add_events(Families& families, const MetricParts& parts) {
    const std::int64_t oldest = parts.store.outbox_oldest_unix;
    const std::int64_t age =
        oldest == 0 ? 0 : std::max<std::int64_t>(0, unix_seconds(system_now()) - oldest);
    families.gauge("userd_outbox_events", "Events that Kafka has not acknowledged yet.",
                   static_cast<double>(parts.store.outbox_waiting));
    families.gauge("userd_outbox_parked_events", "Events that Kafka can never take.",
                   static_cast<double>(parts.store.outbox_parked));
    families.gauge("userd_outbox_oldest_seconds", "Age of the oldest event that waits.",
                   static_cast<double>(age));
    const RelayStats stats = parts.relay ? parts.relay->stats() : RelayStats{};
    families.counter("userd_events_sent_total", "Events acknowledged by Kafka.",
                     static_cast<double>(stats.sent));
    families.counter("userd_event_delivery_errors_total", "Failed deliveries; each is tried again.",
                     static_cast<double>(stats.delivery_errors));
    families.counter("userd_event_producer_restarts_total", "Kafka producers built anew.",
                     static_cast<double>(stats.producer_restarts));
    add_broker_errors(families, "userd_kafka_errors_total", stats);
    families.gauge("userd_relay_leading", "1 when this process sends the events.",
                   stats.leading ? 1 : 0);
    add_schema(families, "userd_schema_registered", parts.relay);
    families.gauge("userd_store_available", "1 when the store served the last look.",
                   parts.store.available ? 1 : 0);
}

}  // namespace

void HashHistograms::Histogram::observe(std::chrono::steady_clock::duration time) {
    const double seconds = std::chrono::duration<double>(time).count();
    const auto* bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
    buckets[static_cast<std::size_t>(bound - kBounds.begin())].fetch_add(1,
                                                                         std::memory_order_relaxed);
    const auto nanoseconds_taken =
        std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
    nanoseconds.fetch_add(static_cast<std::uint64_t>(nanoseconds_taken), std::memory_order_relaxed);
}

std::string render_metrics(const MetricParts& parts) {
    Families families;
    add_requests(families, parts);
    add_tls(families, parts);
    add_hashes(families, parts);
    add_accounts(families, parts);
    add_breach_checks(families, parts);
    add_events(families, parts);
    add_audit(families, parts);
    return families.text();
}

}  // namespace userd
