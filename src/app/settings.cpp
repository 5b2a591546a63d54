#include "app/settings.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "app/setting_parsers.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

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

const std::vector<SettingInfo>& table() {
    static const std::vector<SettingInfo> infos = {
        {"LISTEN", "127.0.0.1:8000", "address of the API"},
        {"MANAGEMENT_LISTEN", "127.0.0.1:8001",
         "address of metrics and health; not for the public"},
        {"TLS_CERTIFICATE", "", "PEM file: certificate, then its chain; the API serves HTTPS"},
        {"TLS_KEY", "", "PEM file: private key of TLS_CERTIFICATE"},
        {"DATABASE_URL", "sqlite:///userd.db", "three slashes relative, four absolute"},
        {"KAFKA_BOOTSTRAP_SERVERS", "", "brokers; until set, events wait in the outbox"},
        {"BOOTSTRAP_SERVER", "", "another name of KAFKA_BOOTSTRAP_SERVERS"},
        {"KAFKA_USER_TOPIC", "user-events", "topic of user events"},
        {"KAFKA_CREATE_TOPIC", "on", "create the topic if it is absent"},
        {"EVENT_SOURCE", "userd", "ce_source of the events"},
        {"EXPIRY_TIME", "5", "minutes an access token lives"},
        {"REFRESH_EXPIRY_DAYS", "7", "days a refresh token lives"},
        {"MASTER_KEY", "", "derives the internal keys; made beside the database when not set",
         true},
        {"MASTER_KEY_FILE", "", "file that holds MASTER_KEY"},
        {"MASTER_KEY_PREVIOUS", "", "the former MASTER_KEY, after a change", true},
        {"MASTER_KEY_PREVIOUS_FILE", "", "file that holds MASTER_KEY_PREVIOUS"},
        {"SECRET_KEY", "", "signs HS256 access tokens", true},
        {"SECRET_KEY_FILE", "", "file that holds SECRET_KEY"},
        {"SECRET_KEY_PREVIOUS", "", "the former SECRET_KEY, after a change; verifies only", true},
        {"SECRET_KEY_PREVIOUS_FILE", "", "file that holds SECRET_KEY_PREVIOUS"},
        {"JWT_ALGORITHM", "ES256", "ES256, EdDSA, RS256 or HS256"},
        {"KEY_ROTATION_DAYS", "90", "days a signing key signs; 0: rotated by hand only"},
        {"KEY_PUBLISH_SECONDS", "600", "a signing key is in the JWKS so long before it signs"},
        {"TOKEN_ISSUER", "userd", "iss of the tokens"},
        {"TOKEN_AUDIENCE", "userd", "aud of the tokens"},
        {"ARGON2_MEMORY_KIB", "19456", "memory of a password hash"},
        {"ARGON2_ITERATIONS", "2", "iterations of a password hash"},
        {"THREADS", "cores", "event loops"},
        {"HASH_THREADS", "cores", "password-hash workers"},
        {"HASH_QUEUE", "64 per thread", "password hashes that may wait"},
        {"PASSWORD_MIN_LENGTH", "8", "bytes that a new password has at least"},
        {"BREACH_CHECK_URL", "",
         "k-anonymity range service that new passwords are looked up in; off when not set"},
        {"BREACH_CHECK_TIMEOUT_MS", "2000", "after which a new password passes unchecked"},
        {"LOGIN_LIMITS", "on", "limits on guessing"},
        {"REGISTRATION_LIMIT", "on", "limits on registrations per address"},
        {"TRUSTED_PROXIES", "",
         "networks of proxies that forward the client's address, with commas"},
        {"MAX_SESSIONS_PER_USER", "50", "the oldest ends when one more opens"},
        {"MAX_CONNECTIONS", "10000", "further ones get 503"},
        {"IDLE_TIMEOUT_SECONDS", "75", "keep-alive between requests"},
        {"SHUTDOWN_SECONDS", "10", "time to finish what runs after SIGTERM"},
        {"CORS_ALLOWED_ORIGINS", "", "browser origins that may call, with commas"},
        {"LOG_LEVEL", "info", "trace, debug, info, warning or error"},
        {"LOG_FORMAT", "", "text or json; text on a terminal, else json"},
    };
    return infos;
}

bool is_known(std::string_view name) {
    return std::any_of(table().begin(), table().end(),
                       [&](const SettingInfo& info) { return info.name == name; });
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] =
                std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row.back();
}

[[noreturn]] void fail_unknown(const std::string& name) {
    constexpr std::size_t kFarthest = 4;
    std::string_view nearest;
    std::size_t distance = kFarthest;
    for (const SettingInfo& info : table())
        if (const std::size_t found = edit_distance(name, info.name); found < distance) {
            distance = found;
            nearest = info.name;
        }
    parse::fail(name, nearest.empty()
                          ? "is no setting; see userd serve --help"
                          : "is no setting; did you mean " + std::string(nearest) + "?");
}

/// What Kubernetes adds for a service named kafka (or kafka-something).
bool is_link_variable(std::string_view name) {
    return name == "KAFKA_PORT" || name.starts_with("KAFKA_PORT_") ||
           name.find("_SERVICE_HOST") != name.npos || name.find("_SERVICE_PORT") != name.npos ||
           name.find("_PORT_") != name.npos ||
           (name.ends_with("_PORT") && name.starts_with("KAFKA_"));
}

std::string librdkafka_name(std::string_view variable) {
    std::string name = compared_form(variable.substr(std::string_view("KAFKA_").size()));
    std::replace(name.begin(), name.end(), '_', '.');
    return name;
}

/// The effective text of each setting: the three sources laid over each other.
class Values {
  public:
    Values(const SettingSources& sources, Settings& settings) : settings_(settings) {
        take(sources.file, true);
        take(sources.environment, false);
        take(sources.flags, true);
    }

    [[nodiscard]] const std::string* find(const std::string& name) const {
        const auto entry = values_.find(name);
        return entry == values_.end() ? nullptr : &entry->second;
    }

  private:
    void take(const NamedValues& source, bool only_known) {
        std::map<std::string, std::string> taken;
        for (const auto& [name, value] : source) {
            const bool known = is_known(name);
            if (!known && !name.starts_with("KAFKA_")) {
                if (only_known) fail_unknown(name);
                continue;
            }
            // An empty variable is an unset one, and does not hide a lower source's value.
            if (value.empty()) continue;
            if (known)
                taken[name] = value;
            else
                take_kafka(name, value);
        }
        // Two names of one setting: within a source the full one counts, and either beats a lower
        // source's.
        if (const auto old = taken.find("BOOTSTRAP_SERVER"); old != taken.end())
            taken.emplace("KAFKA_BOOTSTRAP_SERVERS", old->second);
        for (auto& [name, value] : taken)
            values_[name] = std::move(value);
    }

    void take_kafka(const std::string& name, const std::string& value) {
        if (is_link_variable(name))
            settings_.warnings.push_back(
                name + " looks like a Kubernetes service variable and is ignored");
        else
            settings_.kafka_properties[librdkafka_name(name)] = value;
    }

    Settings& settings_;
    std::map<std::string, std::string> values_;
};

Secret key_setting(const Values& values, const std::string& name) {
    const std::string file_name = name + "_FILE";
    const std::string* text = values.find(name);
    const std::string* file = values.find(file_name);
    if (text != nullptr && file != nullptr)
        parse::fail(name, "is set, and " + file_name + " too; set one");
    if (text != nullptr) return parse::key(name, *text);
    if (file == nullptr) return {};
    std::optional<std::string> content;
    try {
        content = read_file(*file, 1 << 16);
    } catch (const std::runtime_error& error) {
        parse::fail(file_name, error.what());
    }
    if (!content) parse::fail(file_name, "there is no file " + *file);
    while (content->ends_with('\n') || content->ends_with('\r'))
        content->pop_back();
    return parse::key(file_name, *std::move(content));
}

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
void with(const Values& values, const char* name, const Apply& apply) {
    if (const std::string* text = values.find(name)) apply(name, *text);
}

template <class Number>
void set_number(const Values& values, const char* name, Number& number, std::uint64_t least,
                std::uint64_t most) {
    with(values, name, [&](auto n, const auto& text) {
        number = static_cast<Number>(parse::number(n, text, least, most));
    });
}

void load_addresses(const Values& values, Settings& settings) {
    with(values, "LISTEN", [&](auto n, const auto& t) { settings.listen = parse::endpoint(n, t); });
    with(values, "MANAGEMENT_LISTEN",
         [&](auto n, const auto& t) { settings.management_listen = parse::endpoint(n, t); });
    with(values, "TLS_CERTIFICATE", [&](auto, const auto& t) { settings.tls_certificate = t; });
    with(values, "TLS_KEY", [&](auto, const auto& t) { settings.tls_key = t; });
    if (settings.tls_certificate.empty() != settings.tls_key.empty())
        parse::fail(settings.tls_key.empty() ? "TLS_KEY" : "TLS_CERTIFICATE",
                    "is not set, but its pair is; set TLS_CERTIFICATE and TLS_KEY, or neither");
    with(values, "DATABASE_URL",
         [&](auto n, const auto& t) { settings.database = parse::sqlite_path(n, t); });
    with(values, "CORS_ALLOWED_ORIGINS",
         [&](auto n, const auto& t) { settings.cors_allowed_origins = parse::origins(n, t); });
}

void load_events(const Values& values, Settings& settings) {
    with(values, "KAFKA_BOOTSTRAP_SERVERS",
         [&](auto, const auto& t) { settings.kafka_brokers = t; });
    with(values, "KAFKA_USER_TOPIC",
         [&](auto n, const auto& t) { settings.kafka_topic = parse::topic(n, t); });
    with(values, "KAFKA_CREATE_TOPIC",
         [&](auto n, const auto& t) { settings.kafka_create_topic = parse::on_off(n, t); });
    with(values, "EVENT_SOURCE", [&](auto, const auto& t) { settings.event_source = t; });
}

void load_tokens(const Values& values, Settings& settings) {
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

void load_keys(const Values& values, Settings& settings) {
    settings.master_key = key_setting(values, "MASTER_KEY");
    settings.master_key_previous = key_setting(values, "MASTER_KEY_PREVIOUS");
    settings.secret_key = key_setting(values, "SECRET_KEY");
    settings.secret_key_previous = key_setting(values, "SECRET_KEY_PREVIOUS");
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

void load_limits(const Values& values, Settings& settings) {
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    settings.threads = cores;
    settings.hash_threads = cores;
    set_number(values, "ARGON2_MEMORY_KIB", settings.argon2_memory_kib, 7168, 1'048'576);
    set_number(values, "ARGON2_ITERATIONS", settings.argon2_iterations, 1, 64);
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

void load_passwords(const Values& values, Settings& settings) {
    set_number(values, "PASSWORD_MIN_LENGTH", settings.passwords.min_bytes, 8, 128);
    with(values, "BREACH_CHECK_URL",
         [&](auto n, const auto& t) { settings.breach_check.url = parse::folder_url(n, t); });
    with(values, "BREACH_CHECK_TIMEOUT_MS", [&](auto n, const auto& t) {
        settings.breach_check.timeout = std::chrono::milliseconds(parse::number(n, t, 100, 10'000));
    });
}

std::string set_or_not(const Secret& secret) {
    return secret.empty() ? "not set" : "set";
}

}  // namespace

const std::vector<SettingInfo>& setting_table() {
    return table();
}

Settings load_settings(const SettingSources& sources) {
    Settings settings;
    const Values values(sources, settings);
    load_addresses(values, settings);
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
    line("DATABASE_URL", "sqlite:///" + settings.database.string());
    line("KAFKA_BOOTSTRAP_SERVERS", settings.kafka_brokers);
    line("KAFKA_USER_TOPIC", settings.kafka_topic);
    line("KAFKA_CREATE_TOPIC", on_off(settings.kafka_create_topic));
    // Values may be passwords of the broker.
    for (const auto& [name, value] : settings.kafka_properties)
        line("kafka " + name, "set");
    line("EVENT_SOURCE", settings.event_source);
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
