#include "app/settings.hpp"

namespace userd {

const std::vector<SettingInfo>& setting_table() {
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

}  // namespace userd
