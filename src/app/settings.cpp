#include "app/settings.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <thread>

#include "app/setting_parsers.hpp"
#include "app/setting_values.hpp"
#include "passwords/legacy.hpp"

namespace userd {
namespace {

struct OwaspMinimum {
    std::uint32_t iterations;
    std::uint32_t memory_kib;
};
// OWASP Password Storage Cheat Sheet, Argon2id, one lane.
constexpr std::array<OwaspMinimum, 5> kOwaspMinima = {
    {{1, 47104}, {2, 19456}, {3, 12288}, {4, 9216}, {5, 7168}}};
constexpr std::size_t kQueuePerHashThread = 64;

void check_argon2(const Settings& settings) {
    const std::uint32_t iterations =
        std::min(settings.argon2_iterations, kOwaspMinima.back().iterations);
    const OwaspMinimum& minimum = kOwaspMinima[iterations - 1];
    if (settings.argon2_memory_kib < minimum.memory_kib)
        parse::fail("ARGON2_MEMORY_KIB",
                    std::to_string(settings.argon2_memory_kib) + " is below OWASP's minimum of " +
                        std::to_string(minimum.memory_kib) + " for " +
                        std::to_string(settings.argon2_iterations) + " iterations");
}

void check_keys(const Settings& settings) {
    if (settings.master_key.empty() && std::holds_alternative<PostgresLocation>(settings.database))
        parse::fail("MASTER_KEY",
                    "is required with PostgreSQL, since all replicas share it; make one with: "
                    "openssl rand -base64 48");
    if (settings.jwt_algorithm == Algorithm::hs256 && settings.secret_key.empty())
        parse::fail("SECRET_KEY",
                    "is required with JWT_ALGORITHM=HS256; make one with: openssl rand -base64 48");
    const std::array<std::pair<const char*, const Secret*>, 4> keys = {
        {{"MASTER_KEY", &settings.master_key},
         {"MASTER_KEY_PREVIOUS", &settings.master_key_previous},
         {"SECRET_KEY", &settings.secret_key},
         {"SECRET_KEY_PREVIOUS", &settings.secret_key_previous}}};
    for (auto key = keys.begin(); key != keys.end(); ++key)
        for (auto other = keys.begin(); other != key; ++other)
            if (!key->second->empty() && key->second->reveal() == other->second->reveal())
                parse::fail(key->first, std::string("is the same as ") + other->first +
                                            "; make another with: openssl rand -base64 48");
}

/// Calls `apply` with the text of a setting that is set.
template <class Apply>
void with(const SettingValues& values, const char* name, const Apply& apply) {
    if (const std::string* text = values.find(name)) apply(name, *text);
}

template <class Number>
void set_number(const SettingValues& values, const char* name, Number& number, std::uint64_t least,
                std::uint64_t most) {
    with(values, name, [&](auto n, const auto& text) {
        number = static_cast<Number>(parse::number(n, text, least, most));
    });
}

void load_addresses(const SettingValues& values, Settings& settings) {
    with(values, "LISTEN", [&](auto n, const auto& t) { settings.listen = parse::endpoint(n, t); });
    with(values, "MANAGEMENT_LISTEN",
         [&](auto n, const auto& t) { settings.management_listen = parse::endpoint(n, t); });
    with(values, "TLS_CERTIFICATE", [&](auto, const auto& t) { settings.tls_certificate = t; });
    with(values, "TLS_KEY", [&](auto, const auto& t) { settings.tls_key = t; });
    if (settings.tls_certificate.empty() != settings.tls_key.empty())
        parse::fail(settings.tls_key.empty() ? "TLS_KEY" : "TLS_CERTIFICATE",
                    "is not set, but its pair is; set TLS_CERTIFICATE and TLS_KEY, or neither");
    with(values, "CORS_ALLOWED_ORIGINS",
         [&](auto n, const auto& t) { settings.cors_allowed_origins = parse::origins(n, t); });
}

void load_database(const SettingValues& values, Settings& settings) {
    if (const auto url = values.find_secret("DATABASE_URL"))
        settings.database = parse::database(url->name, url->text);
    with(values, "DATABASE_PREPARED",
         [&](auto n, const auto& t) { settings.database_prepared = parse::on_off(n, t); });
    set_number(values, "DATABASE_CONNECTIONS", settings.database_connections, 2, 256);
    with(values, "DATABASE_TIMEOUT_SECONDS", [&](auto n, const auto& t) {
        // A rotation whose answer was lost is asked for again within that time, and is a repeat
        // only for the 10 s of its window.
        settings.database_timeout = std::chrono::seconds(parse::number(n, t, 1, 9));
    });
}

void load_schema_registry(const SettingValues& values, SchemaRegistrySettings& registry) {
    with(values, "KAFKA_SCHEMA_REGISTRY_URL",
         [&](auto n, const auto& t) { registry.url = parse::folder_url(n, t); });
    with(values, "KAFKA_SCHEMA_REGISTRY_USER", [&](auto n, const auto& t) {
        // HTTP basic authentication ends the user there.
        if (t.find(':') != std::string::npos) parse::fail(n, "must not have a ':'");
        registry.user = t;
    });
    if (auto password = values.find_secret("KAFKA_SCHEMA_REGISTRY_PASSWORD"))
        registry.password = Secret(std::move(password->text));
    if (registry.user.empty() != registry.password.empty())
        parse::fail(
            registry.user.empty() ? "KAFKA_SCHEMA_REGISTRY_USER" : "KAFKA_SCHEMA_REGISTRY_PASSWORD",
            "is not set, but its pair is; set both or neither");
    with(values, "KAFKA_SCHEMA_REGISTRY_CA", [&](auto n, const auto& t) {
        if (!std::ifstream(t)) parse::fail(n, "cannot read " + t);
        registry.authorities = t;
    });
    const bool is_half = !registry.user.empty() || !registry.authorities.empty();
    if (registry.url.empty() && is_half)
        parse::fail("KAFKA_SCHEMA_REGISTRY_URL", "is not set, but other settings of it are");
}

void load_events(const SettingValues& values, Settings& settings) {
    with(values, "KAFKA_BOOTSTRAP_SERVERS",
         [&](auto, const auto& t) { settings.kafka_brokers = t; });
    with(values, "KAFKA_USER_TOPIC",
         [&](auto n, const auto& t) { settings.kafka_topic = parse::topic(n, t); });
    with(values, "KAFKA_AUDIT_TOPIC",
         [&](auto n, const auto& t) { settings.kafka_audit_topic = parse::topic(n, t); });
    if (settings.kafka_audit_topic == settings.kafka_topic)
        parse::fail("KAFKA_AUDIT_TOPIC", "is the same as KAFKA_USER_TOPIC; name another topic");
    if (auto password = values.find_secret("KAFKA_SASL_PASSWORD"))
        settings.kafka_properties["sasl.password"] = std::move(password->text);
    with(values, "KAFKA_CREATE_TOPIC",
         [&](auto n, const auto& t) { settings.kafka_create_topic = parse::on_off(n, t); });
    with(values, "EVENT_SOURCE", [&](auto, const auto& t) { settings.event_source = t; });
    with(values, "EVENT_RETENTION_DAYS", [&](auto n, const auto& t) {
        settings.event_retention = std::chrono::days(parse::number(n, t, 0, 3650));
    });
    load_schema_registry(values, settings.schema_registry);
}

void load_tokens(const SettingValues& values, Settings& settings) {
    with(values, "EXPIRY_TIME", [&](auto n, const auto& t) {
        settings.expiry_time = std::chrono::minutes(parse::number(n, t, 1, 1440));
    });
    with(values, "REFRESH_EXPIRY_DAYS", [&](auto n, const auto& t) {
        settings.refresh_lifetime = std::chrono::days(parse::number(n, t, 1, 30));
    });
    with(values, "JWT_ALGORITHM",
         [&](auto n, const auto& t) { settings.jwt_algorithm = parse::algorithm(n, t); });
    with(values, "TOKEN_ISSUER", [&](auto, const auto& t) { settings.token_issuer = t; });
    with(values, "TOKEN_AUDIENCE", [&](auto, const auto& t) { settings.token_audience = t; });
}

void load_keys(const SettingValues& values, Settings& settings) {
    settings.master_key = values.key("MASTER_KEY");
    settings.master_key_previous = values.key("MASTER_KEY_PREVIOUS");
    settings.secret_key = values.key("SECRET_KEY");
    settings.secret_key_previous = values.key("SECRET_KEY_PREVIOUS");
    with(values, "KEY_ROTATION_DAYS", [&](auto n, const auto& t) {
        settings.key_rotation = std::chrono::days(parse::number(n, t, 0, 3650));
    });
    with(values, "KEY_PUBLISH_SECONDS", [&](auto n, const auto& t) {
        settings.key_publish = std::chrono::seconds(parse::number(n, t, 1, 43200));
    });
    check_keys(settings);
    if (!settings.secret_key_previous.empty() && settings.jwt_algorithm != Algorithm::hs256)
        settings.warnings.emplace_back("SECRET_KEY_PREVIOUS is used with JWT_ALGORITHM=HS256 only");
}

void load_limits(const SettingValues& values, Settings& settings) {
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    settings.threads = cores;
    settings.hash_threads = cores;
    // Not beyond what is verified: nobody could log in.
    set_number(values, "ARGON2_MEMORY_KIB", settings.argon2_memory_kib, 7168, kMaxArgon2MemoryKib);
    set_number(values, "ARGON2_ITERATIONS", settings.argon2_iterations, 1, kMaxArgon2Iterations);
    set_number(values, "THREADS", settings.threads, 1, 256);
    set_number(values, "HASH_THREADS", settings.hash_threads, 1, 256);
    settings.hash_queue = kQueuePerHashThread * settings.hash_threads;
    set_number(values, "HASH_QUEUE", settings.hash_queue, 1, 65536);
    set_number(values, "MAX_SESSIONS_PER_USER", settings.max_sessions_per_user, 1, 10'000);
    with(values, "TRUSTED_PROXIES",
         [&](auto n, const auto& t) { settings.trusted_proxies = parse::proxies(n, t); });
    set_number(values, "MAX_CONNECTIONS", settings.max_connections, 1, 1'000'000);
    with(values, "IDLE_TIMEOUT_SECONDS", [&](auto n, const auto& t) {
        settings.idle_timeout = std::chrono::seconds(parse::number(n, t, 1, 3600));
    });
    with(values, "SHUTDOWN_SECONDS", [&](auto n, const auto& t) {
        settings.shutdown = std::chrono::seconds(parse::number(n, t, 0, 600));
    });
    with(values, "LOGIN_LIMITS",
         [&](auto n, const auto& t) { settings.login_limits = parse::on_off(n, t); });
    with(values, "REGISTRATION_LIMIT",
         [&](auto n, const auto& t) { settings.registration_limit = parse::on_off(n, t); });
    check_argon2(settings);
}

void load_passwords(const SettingValues& values, Settings& settings) {
    set_number(values, "PASSWORD_MIN_LENGTH", settings.passwords.min_bytes, 8, 128);
    with(values, "BREACH_CHECK_URL",
         [&](auto n, const auto& t) { settings.breach_check.url = parse::folder_url(n, t); });
    with(values, "BREACH_CHECK_TIMEOUT_MS", [&](auto n, const auto& t) {
        settings.breach_check.timeout = std::chrono::milliseconds(parse::number(n, t, 100, 10'000));
    });
}

}  // namespace

Settings load_settings(const SettingSources& sources) {
    Settings settings;
    const SettingValues values(sources);
    settings.warnings = values.warnings();
    settings.kafka_properties = values.kafka_properties();
    load_addresses(values, settings);
    load_database(values, settings);
    load_events(values, settings);
    load_tokens(values, settings);
    load_keys(values, settings);
    load_limits(values, settings);
    load_passwords(values, settings);
    with(values, "LOG_LEVEL",
         [&](auto n, const auto& t) { settings.log_level = parse::level(n, t); });
    with(values, "LOG_FORMAT",
         [&](auto n, const auto& t) { settings.log_format = parse::format(n, t); });
    return settings;
}

}  // namespace userd
