#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/database_location.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "events/schema_registry.hpp"
#include "passwords/breach_check_settings.hpp"
#include "passwords/policy.hpp"
#include "tokens/keys.hpp"

namespace userd {

struct Endpoint {
    std::string address;
    std::uint16_t port = 0;  ///< 0: any free one
};

/// Every setting of the contract, checked; defaults in place. `setting_table()` names and explains
/// them.
struct Settings {
    Endpoint listen{"127.0.0.1", 8000};
    Endpoint management_listen{"127.0.0.1", 8001};
    std::filesystem::path tls_certificate;  ///< empty: plain HTTP
    std::filesystem::path tls_key;          ///< set when tls_certificate is
    DatabaseLocation database;
    std::size_t database_connections = 8;      ///< PostgreSQL: at most, for each event loop
    std::chrono::seconds database_timeout{5};  ///< PostgreSQL: for each operation
    bool database_prepared = true;             ///< PostgreSQL: named statements
    bool kafka_create_topic = true;
    std::string kafka_brokers;  ///< empty: events stay in the outbox
    std::string kafka_topic = "user-events";
    std::string kafka_audit_topic;                        ///< empty: no audit events are written
    std::map<std::string, std::string> kafka_properties;  ///< in librdkafka's names
    SchemaRegistrySettings schema_registry;               ///< no url: bare Protobuf
    std::string event_source = "userd";
    std::chrono::days event_retention{7};  ///< sent events are kept so long
    std::chrono::minutes expiry_time{5};
    std::chrono::seconds refresh_lifetime{std::chrono::days{7}};
    Secret master_key;           ///< empty: kept beside the SQLite file
    Secret master_key_previous;  ///< still opens and verifies; or empty
    Secret secret_key;
    Secret secret_key_previous;                                ///< still verifies; or empty
    std::chrono::seconds key_rotation{std::chrono::days{90}};  ///< 0: by hand only
    std::chrono::seconds key_publish{600};  ///< a key is published so long before it signs
    Algorithm jwt_algorithm = Algorithm::es256;
    std::string token_issuer = "userd";
    std::string token_audience = "userd";
    std::uint32_t argon2_memory_kib = 19456;
    std::uint32_t argon2_iterations = 2;
    std::size_t threads = 1;  ///< event loops
    std::size_t hash_threads = 1;
    std::size_t hash_queue = 64;  ///< all threads together
    PasswordPolicy passwords;
    BreachCheckSettings breach_check;
    bool login_limits = true;
    bool registration_limit = true;
    std::string trusted_proxies;  ///< as http::TrustedProxies takes it
    int max_sessions_per_user = 50;
    std::size_t max_connections = 10000;
    std::chrono::seconds idle_timeout{75};
    std::chrono::seconds shutdown{10};
    std::vector<std::string> cors_allowed_origins;
    log::Level log_level = log::Level::info;
    std::optional<log::Format> log_format;  ///< unset: text on a terminal, else JSON
    std::vector<std::string> warnings;      ///< one line each, for the log
};

/// A bad setting: what() is one line that names it and never holds a secret's value. Control bytes
/// of a quoted value become '?'.
class SettingError : public std::runtime_error {
  public:
    explicit SettingError(std::string what);
};

using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// A flag beats the environment, which beats the file. Names are the variables'
/// (`KAFKA_USER_TOPIC`).
struct SettingSources {
    NamedValues flags;
    NamedValues environment;
    NamedValues file;  ///< of the `.env` file
};

[[nodiscard]] Settings load_settings(const SettingSources& sources);

struct SettingInfo {
    std::string_view name;
    std::string_view default_text;
    std::string_view help;
    bool secret = false;
};
[[nodiscard]] const std::vector<SettingInfo>& setting_table();

/// Every effective value, a line each; of secrets only whether they are set.
[[nodiscard]] std::string describe(const Settings& settings);

}  // namespace userd
