#include "app/settings.hpp"

namespace userd {
namespace {

std::string set_or_not(const Secret& secret) {
    return secret.empty() ? "not set" : "set";
}

}  // namespace

std::string describe(const Settings& settings) {
    std::string text;
    const auto line = [&text](std::string_view name, const std::string& value) {
        text += std::string(name) + "=" + value + "\n";
    };
    const auto on_off = [](bool on) { return std::string(on ? "on" : "off"); };
    const auto address = [](const Endpoint& endpoint) {
        const bool v6 = endpoint.address.find(':') != std::string::npos;
        return (v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" +
               std::to_string(endpoint.port);
    };
    line("LISTEN", address(settings.listen));
    line("MANAGEMENT_LISTEN", address(settings.management_listen));
    line("TLS_CERTIFICATE", settings.tls_certificate.string());
    line("TLS_KEY", settings.tls_key.string());
    line("DATABASE_URL", describe(settings.database));
    line("DATABASE_PREPARED", on_off(settings.database_prepared));
    line("DATABASE_CONNECTIONS", std::to_string(settings.database_connections));
    line("DATABASE_TIMEOUT_SECONDS", std::to_string(settings.database_timeout.count()));
    line("KAFKA_BOOTSTRAP_SERVERS", settings.kafka_brokers);
    line("KAFKA_USER_TOPIC", settings.kafka_topic);
    line("KAFKA_AUDIT_TOPIC", settings.kafka_audit_topic);
    line("KAFKA_CREATE_TOPIC", on_off(settings.kafka_create_topic));
    line("KAFKA_SCHEMA_REGISTRY_URL", settings.schema_registry.url);
    line("KAFKA_SCHEMA_REGISTRY_USER", settings.schema_registry.user);
    line("KAFKA_SCHEMA_REGISTRY_PASSWORD", set_or_not(settings.schema_registry.password));
    line("KAFKA_SCHEMA_REGISTRY_CA", settings.schema_registry.authorities.string());
    // Values may be passwords of the broker.
    for (const auto& [name, value] : settings.kafka_properties)
        line("kafka " + name, "set");
    line("KAFKA_SASL_PASSWORD",
         settings.kafka_properties.contains("sasl.password") ? "set" : "not set");
    line("EVENT_SOURCE", settings.event_source);
    line("EVENT_RETENTION_DAYS", std::to_string(settings.event_retention.count()));
    line("EXPIRY_TIME", std::to_string(settings.expiry_time.count()));
    line("REFRESH_EXPIRY_DAYS",
         std::to_string(
             std::chrono::duration_cast<std::chrono::days>(settings.refresh_lifetime).count()));
    line("MASTER_KEY", set_or_not(settings.master_key));
    line("MASTER_KEY_PREVIOUS", set_or_not(settings.master_key_previous));
    line("SECRET_KEY", set_or_not(settings.secret_key));
    line("SECRET_KEY_PREVIOUS", set_or_not(settings.secret_key_previous));
    line("KEY_ROTATION_DAYS",
         std::to_string(
             std::chrono::duration_cast<std::chrono::days>(settings.key_rotation).count()));
    line("KEY_PUBLISH_SECONDS", std::to_string(settings.key_publish.count()));
    line("JWT_ALGORITHM", std::string(name_of(settings.jwt_algorithm)));
    line("TOKEN_ISSUER", settings.token_issuer);
    line("TOKEN_AUDIENCE", settings.token_audience);
    line("ARGON2_MEMORY_KIB", std::to_string(settings.argon2_memory_kib));
    line("ARGON2_ITERATIONS", std::to_string(settings.argon2_iterations));
    line("THREADS", std::to_string(settings.threads));
    line("HASH_THREADS", std::to_string(settings.hash_threads));
    line("HASH_QUEUE", std::to_string(settings.hash_queue));
    line("PASSWORD_MIN_LENGTH", std::to_string(settings.passwords.min_bytes));
    line("BREACH_CHECK_URL", settings.breach_check.url);
    line("BREACH_CHECK_TIMEOUT_MS", std::to_string(settings.breach_check.timeout.count()));
    line("LOGIN_LIMITS", on_off(settings.login_limits));
    line("REGISTRATION_LIMIT", on_off(settings.registration_limit));
    line("TRUSTED_PROXIES", settings.trusted_proxies);
    line("MAX_SESSIONS_PER_USER", std::to_string(settings.max_sessions_per_user));
    line("MAX_CONNECTIONS", std::to_string(settings.max_connections));
    line("IDLE_TIMEOUT_SECONDS", std::to_string(settings.idle_timeout.count()));
    line("SHUTDOWN_SECONDS", std::to_string(settings.shutdown.count()));
    std::string origins;
    for (const std::string& origin : settings.cors_allowed_origins)
        origins += (origins.empty() ? "" : ",") + origin;
    line("CORS_ALLOWED_ORIGINS", origins);
    line("LOG_LEVEL", std::string(log::name_of(settings.log_level)));
    line("LOG_FORMAT", settings.log_format ? std::string(log::name_of(*settings.log_format)) : "");
    return text;
}

}  // namespace userd
