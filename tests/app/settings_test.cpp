#include "app/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "passwords/legacy.hpp"
#include "support/temporary_folder.hpp"

namespace userd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

const std::string kMaster = "q7Rk2pQz9vXw4Bt6Ym1Ns8Ld3Fg5Jc0A-one";
const std::string kSecret = "b7Hk2pQz9vXw4Rt6Ym1Ns8Ld3Fg5Jc0A-two";

Settings from_environment(NamedValues values) {
    return load_settings({{}, std::move(values), {}});
}

/// What the settings are refused with, or nothing.
std::string refusal(const SettingSources& sources) {
    try {
        (void)load_settings(sources);
    } catch (const SettingError& error) {
        return error.what();
    }
    return {};
}

std::string refusal_of(const std::string& name, const std::string& value) {
    return refusal({{}, {{name, value}}, {}});
}

TEST(Settings, DefaultsAreTheContracts) {
    const Settings settings = load_settings({});
    EXPECT_EQ(settings.listen.address, "127.0.0.1");
    EXPECT_EQ(settings.listen.port, 8000);
    EXPECT_EQ(settings.management_listen.address, "127.0.0.1");
    EXPECT_EQ(settings.management_listen.port, 8001);
    EXPECT_EQ(describe(settings.database), "sqlite:///userd.db");
    EXPECT_TRUE(settings.database_prepared);
    EXPECT_EQ(settings.database_connections, 8U);
    EXPECT_EQ(settings.database_timeout, std::chrono::seconds(5));
    EXPECT_EQ(settings.kafka_brokers, "");
    EXPECT_EQ(settings.kafka_topic, "user-events");
    EXPECT_EQ(settings.kafka_audit_topic, "");
    EXPECT_TRUE(settings.kafka_create_topic);
    EXPECT_THAT(settings.kafka_properties, IsEmpty());
    EXPECT_EQ(settings.expiry_time, std::chrono::minutes(5));
    EXPECT_EQ(settings.refresh_lifetime, std::chrono::days(7));
    EXPECT_TRUE(settings.master_key.empty());
    EXPECT_TRUE(settings.secret_key.empty());
    EXPECT_EQ(settings.jwt_algorithm, Algorithm::es256);
    EXPECT_EQ(settings.argon2_memory_kib, 19456U);
    EXPECT_EQ(settings.argon2_iterations, 2U);
    EXPECT_EQ(settings.hash_threads, std::max(1U, std::thread::hardware_concurrency()));
    EXPECT_EQ(settings.hash_queue, 64 * settings.hash_threads);
    EXPECT_TRUE(settings.login_limits);
    EXPECT_TRUE(settings.registration_limit);
    EXPECT_EQ(settings.max_connections, 10000U);
    EXPECT_EQ(settings.shutdown, std::chrono::seconds(10));
    EXPECT_THAT(settings.cors_allowed_origins, IsEmpty());
    EXPECT_EQ(settings.log_level, log::Level::info);
    EXPECT_FALSE(settings.log_format);
    EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Settings, TheAuditTopicIsNotThatOfTheUsers) {
    EXPECT_EQ(from_environment({{"KAFKA_AUDIT_TOPIC", "audit"}}).kafka_audit_topic, "audit");
    for (const NamedValues& same :
         {NamedValues{{"KAFKA_AUDIT_TOPIC", "user-events"}},
          NamedValues{{"KAFKA_AUDIT_TOPIC", "a"}, {"KAFKA_USER_TOPIC", "a"}}})
        EXPECT_THROW((void)from_environment(same), SettingError);
}

TEST(Settings, TheTablesDefaultsAreTheEffectiveOnes) {
    NamedValues written;
    for (const SettingInfo& info : setting_table())
        if (info.default_text != "cores" && info.default_text != "64 per thread")
            written.emplace_back(info.name, info.default_text);
    EXPECT_EQ(describe(from_environment(written)), describe(load_settings({})));
}

TEST(Settings, AFlagBeatsTheEnvironmentWhichBeatsTheFile) {
    const NamedValues flag = {{"EXPIRY_TIME", "1"}};
    const NamedValues environment = {{"EXPIRY_TIME", "2"}, {"KAFKA_USER_TOPIC", "environment"}};
    const NamedValues file = {
        {"EXPIRY_TIME", "3"}, {"KAFKA_USER_TOPIC", "file"}, {"TOKEN_ISSUER", "file"}};
    const Settings settings = load_settings({flag, environment, file});
    EXPECT_EQ(settings.expiry_time, std::chrono::minutes(1));
    EXPECT_EQ(settings.kafka_topic, "environment");
    EXPECT_EQ(settings.token_issuer, "file");
}

TEST(Settings, LibrdkafkasPropertiesHaveTheSamePrecedence) {
    const NamedValues one = {{"KAFKA_LINGER_MS", "1"}};
    const NamedValues two = {{"KAFKA_LINGER_MS", "2"}, {"KAFKA_CLIENT_ID", "two"}};
    const NamedValues three = {{"KAFKA_LINGER_MS", "3"}, {"KAFKA_CLIENT_ID", "three"}};
    EXPECT_THAT(load_settings({one, two, three}).kafka_properties,
                ElementsAre(Pair("client.id", "two"), Pair("linger.ms", "1")));
}

TEST(Settings, AnEmptyValueIsNoneAndHidesNoOther) {
    EXPECT_EQ(load_settings({{}, {{"EXPIRY_TIME", ""}}, {{"EXPIRY_TIME", "3"}}}).expiry_time,
              std::chrono::minutes(3));
    EXPECT_THAT(load_settings({{}, {{"KAFKA_CLIENT_ID", ""}}, {{"KAFKA_CLIENT_ID", "file"}}})
                    .kafka_properties,
                ElementsAre(Pair("client.id", "file")));
    EXPECT_THAT(from_environment({{"KAFKA_ACKS", ""}}).kafka_properties, IsEmpty());
}

TEST(Settings, BrokersHaveTwoNamesWithOnePrecedence) {
    const NamedValues full = {{"KAFKA_BOOTSTRAP_SERVERS", "full:9092"}};
    const NamedValues old = {{"BOOTSTRAP_SERVER", "old:9092"}};
    EXPECT_EQ(from_environment(old).kafka_brokers, "old:9092");
    EXPECT_EQ(load_settings({old, full, {}}).kafka_brokers, "old:9092");
    EXPECT_EQ(load_settings({full, old, {}}).kafka_brokers, "full:9092");
    EXPECT_EQ(load_settings({{}, old, full}).kafka_brokers, "old:9092");
    for (const NamedValues& both : {NamedValues{full[0], old[0]}, NamedValues{old[0], full[0]}})
        EXPECT_EQ(from_environment(both).kafka_brokers, "full:9092");
}

TEST(Settings, UnknownNamesOfFlagsAndFilesAreRefusedWithTheNearest) {
    for (const auto& [name, nearest] :
         {std::pair("EXPIRY_TIM", "EXPIRY_TIME"), std::pair("LISTN", "LISTEN"),
          std::pair("expiry_time", ""), std::pair("MASTERKEY", "MASTER_KEY"),
          std::pair("JWT_ALGORITM", "JWT_ALGORITHM"), std::pair("SOMETHING_ELSE", "")}) {
        const std::string expected =
            std::string(name) + ": is no setting; " +
            (*nearest != '\0' ? "did you mean " + std::string(nearest) + "?"
                              : std::string("see userd serve --help"));
        EXPECT_EQ(refusal({{{name, "private"}}, {}, {}}), expected);
        EXPECT_EQ(refusal({{}, {}, {{name, "private"}}}), expected);
    }
}

TEST(Settings, TheEnvironmentMayHoldAnythingElse) {
    const Settings settings = from_environment({{"PATH", "/bin"},
                                                {"EXPIRY_TIM", "1"},
                                                {"kafka_linger_ms", "1"},
                                                {"KAFKA", "1"},
                                                {"XKAFKA_LINGER_MS", "1"}});
    EXPECT_EQ(describe(settings), describe(load_settings({})));
}

TEST(Settings, OtherKafkaVariablesAreLibrdkafkasProperties) {
    const Settings settings =
        from_environment({{"KAFKA_SECURITY_PROTOCOL", "sasl_ssl"},
                          {"KAFKA_SASL_USERNAME", "Ada"},
                          {"KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM", "none"},
                          {"KAFKA_SASL_KERBEROS_SERVICE_NAME", "kafka"},
                          {"KAFKA_USER_TOPIC", "users"},
                          {"KAFKA_BOOTSTRAP_SERVERS", "a:9092"},
                          {"KAFKA_CREATE_TOPIC", "off"}});
    EXPECT_THAT(settings.kafka_properties,
                ElementsAre(Pair("sasl.kerberos.service.name", "kafka"),
                            Pair("sasl.username", "Ada"), Pair("security.protocol", "sasl_ssl"),
                            Pair("ssl.endpoint.identification.algorithm", "none")));
    EXPECT_EQ(settings.kafka_topic, "users");
    EXPECT_EQ(settings.kafka_brokers, "a:9092");
    EXPECT_FALSE(settings.kafka_create_topic);
    EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Settings, KubernetesLinkVariablesAreIgnoredWithAWarning) {
    for (const char* const name :
         {"KAFKA_PORT", "KAFKA_SERVICE_HOST", "KAFKA_SERVICE_PORT", "KAFKA_SERVICE_PORT_CLIENT",
          "KAFKA_PORT_9092_TCP", "KAFKA_PORT_9092_TCP_ADDR", "KAFKA_PORT_9092_TCP_PORT",
          "KAFKA_PORT_9092_TCP_PROTO", "KAFKA_BROKERS_SERVICE_HOST", "KAFKA_BROKERS_PORT",
          "KAFKA_BROKERS_PORT_9092_TCP"}) {
        const Settings settings = from_environment({{name, "tcp://10.0.0.1:9092"}});
        EXPECT_THAT(settings.kafka_properties, IsEmpty()) << name;
        ASSERT_EQ(settings.warnings.size(), 1U) << name;
        EXPECT_THAT(settings.warnings.front(), StartsWith(std::string(name) + " ")) << name;
        EXPECT_THAT(settings.warnings.front(), Not(HasSubstr("10.0.0.1")));
    }
}

struct Bounds {
    const char* name;
    std::uint64_t least;
    std::uint64_t most;
};

class NumericSettings : public testing::TestWithParam<Bounds> {};

TEST_P(NumericSettings, AreTakenWithinTheirBoundsOnly) {
    const auto& [name, least, most] = GetParam();
    EXPECT_EQ(refusal_of(name, std::to_string(least)), "");
    EXPECT_EQ(refusal_of(name, std::to_string(most)), "");
    std::vector<std::string> bad = {
        std::to_string(most + 1), "-1", "1.5", "1e3", " 5", "5 ", "+5", "0x10", "five",
        "18446744073709551616"};
    if (least > 0) bad.push_back(std::to_string(least - 1));
    for (const std::string& value : bad) {
        const std::string error = refusal_of(name, value);
        EXPECT_THAT(error, StartsWith(std::string(name) + ": ")) << value;
        EXPECT_THAT(error, HasSubstr("'" + value + "'"));
        EXPECT_THAT(error, Not(HasSubstr("\n")));
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, NumericSettings,
    testing::Values(Bounds{"EXPIRY_TIME", 1, 1440}, Bounds{"REFRESH_EXPIRY_DAYS", 1, 30},
                    Bounds{"DATABASE_CONNECTIONS", 2, 256},
                    Bounds{"DATABASE_TIMEOUT_SECONDS", 1, 9}, Bounds{"THREADS", 1, 256},
                    Bounds{"HASH_THREADS", 1, 256}, Bounds{"HASH_QUEUE", 1, 65536},
                    Bounds{"MAX_CONNECTIONS", 1, 1'000'000},
                    Bounds{"IDLE_TIMEOUT_SECONDS", 1, 3600}, Bounds{"SHUTDOWN_SECONDS", 0, 600}),
    [](const auto& bounds) { return std::string(bounds.param.name); });

TEST(Settings, PasswordHashesAreNeverCheaperThanOwaspsMinima) {
    for (const auto& [iterations, memory] :
         {std::pair(1, 47104), std::pair(2, 19456), std::pair(3, 12288), std::pair(4, 9216),
          std::pair(5, 7168), std::pair(16, 7168)}) {
        const auto with = [n = iterations](int kib) {
            return refusal({{},
                            {{"ARGON2_ITERATIONS", std::to_string(n)},
                             {"ARGON2_MEMORY_KIB", std::to_string(kib)}},
                            {}});
        };
        EXPECT_EQ(with(memory), "") << iterations;
        EXPECT_THAT(with(memory - 1), StartsWith("ARGON2_MEMORY_KIB: ")) << iterations;
    }
    for (const char* const iterations : {"0", "two"})
        EXPECT_THAT(refusal_of("ARGON2_ITERATIONS", iterations), StartsWith("ARGON2_ITERATIONS: "));
}

TEST(Settings, PasswordHashesAreNeverCostlierThanWhatIsVerified) {
    const auto one_more = [](std::uint32_t most) { return std::to_string(most + 1); };
    EXPECT_EQ(refusal_of("ARGON2_MEMORY_KIB", std::to_string(kMaxArgon2MemoryKib)), "");
    EXPECT_EQ(refusal_of("ARGON2_ITERATIONS", std::to_string(kMaxArgon2Iterations)), "");
    EXPECT_THAT(refusal_of("ARGON2_MEMORY_KIB", one_more(kMaxArgon2MemoryKib)),
                StartsWith("ARGON2_MEMORY_KIB: "));
    EXPECT_THAT(refusal_of("ARGON2_ITERATIONS", one_more(kMaxArgon2Iterations)),
                StartsWith("ARGON2_ITERATIONS: "));
}

TEST(Settings, TheQueueGrowsWithTheThreads) {
    EXPECT_EQ(from_environment({{"HASH_THREADS", "3"}}).hash_queue, 192U);
    EXPECT_EQ(from_environment({{"HASH_THREADS", "3"}, {"HASH_QUEUE", "7"}}).hash_queue, 7U);
}

class SettingFiles : public testing::Test {
  protected:
    std::string file_with(const std::string& content) const {
        const auto path = folder_.path() / "key";
        std::ofstream(path) << content;
        return path.string();
    }
    TemporaryFolder folder_;
};

class KeySettings : public SettingFiles, public testing::WithParamInterface<const char*> {};

TEST_P(KeySettings, ShortOrSampleValuesAreRefusedAndNotRepeated) {
    const std::string name = GetParam();
    for (const std::string& bad :
         {std::string("short-and-private"), kSecret.substr(0, 31), std::string(64, 'a'),
          std::string("abababababababababababababababababab"),
          std::string("CHANGEME-CHANGEME-CHANGEME-CHANGEME!"),
          std::string("my-Super-Secret-key-of-the-service-7")}) {
        const std::string error = refusal_of(name, bad);
        EXPECT_THAT(error, StartsWith(name + ": ")) << bad;
        EXPECT_THAT(error, Not(HasSubstr(bad)));
        EXPECT_THAT(error, Not(HasSubstr("\n")));
        const std::string of_file = refusal_of(name + "_FILE", file_with(bad + "\n"));
        EXPECT_THAT(of_file, StartsWith(name + "_FILE: ")) << bad;
        EXPECT_THAT(of_file, Not(HasSubstr(bad)));
    }
}

TEST_P(KeySettings, ComeFromAFileWithoutItsLastLineEnd) {
    const std::string name = GetParam();
    for (const char* const end : {"", "\n", "\r\n"}) {
        const Settings settings = from_environment({{name + "_FILE", file_with(kSecret + end)}});
        EXPECT_EQ((name == "MASTER_KEY" ? settings.master_key : settings.secret_key).reveal(),
                  kSecret);
    }
}

TEST_P(KeySettings, FromTwoPlacesOrNoneAreRefused) {
    const std::string name = GetParam();
    const std::string both =
        refusal({{{name, kSecret}}, {{name + "_FILE", file_with(kSecret)}}, {}});
    EXPECT_THAT(both, StartsWith(name + ": "));
    EXPECT_THAT(both, HasSubstr(name + "_FILE"));
    EXPECT_THAT(both, Not(HasSubstr(kSecret)));
    for (const std::string& path : {folder_.path().string() + "/none", folder_.path().string()})
        EXPECT_THAT(refusal_of(name + "_FILE", path), StartsWith(name + "_FILE: "));
    EXPECT_THAT(refusal_of(name + "_FILE", file_with("")), StartsWith(name + "_FILE: "));
}

INSTANTIATE_TEST_SUITE_P(Both, KeySettings, testing::Values("MASTER_KEY", "SECRET_KEY"));

TEST(Settings, Hs256NeedsAKeyOfItsOwn) {
    EXPECT_THAT(refusal_of("JWT_ALGORITHM", "HS256"), StartsWith("SECRET_KEY: is required"));
    const std::string same = refusal({{}, {{"MASTER_KEY", kMaster}, {"SECRET_KEY", kMaster}}, {}});
    EXPECT_THAT(same, StartsWith("SECRET_KEY: "));
    EXPECT_THAT(same, Not(HasSubstr(kMaster)));
    EXPECT_EQ(
        refusal({{},
                 {{"JWT_ALGORITHM", "HS256"}, {"MASTER_KEY", kMaster}, {"SECRET_KEY", kSecret}},
                 {}}),
        "");
}

TEST_F(SettingFiles, TheDatabasesUrlComesFromAFileToo) {
    const std::string url = "postgresql://ada:private@db/users";
    const Settings settings =
        from_environment({{"DATABASE_URL_FILE", file_with(url + "\n")}, {"MASTER_KEY", kMaster}});
    EXPECT_EQ(std::get<PostgresLocation>(settings.database).conninfo.reveal(), url);
    const std::string both =
        refusal({{{"DATABASE_URL", url}}, {{"DATABASE_URL_FILE", file_with(url)}}, {}});
    EXPECT_THAT(both, StartsWith("DATABASE_URL: "));
    EXPECT_THAT(both, HasSubstr("DATABASE_URL_FILE"));
    const std::string bad = refusal_of("DATABASE_URL_FILE", file_with("db:private@db\n"));
    EXPECT_THAT(bad, StartsWith("DATABASE_URL_FILE: "));
    for (const std::string& error : {both, bad})
        EXPECT_THAT(error, Not(HasSubstr("private")));
}

TEST(Settings, ReplicasShareAMasterKeyThatSomeoneMadeForThem) {
    const std::string url = "postgresql://ada:private@db/users";
    const std::string error = refusal_of("DATABASE_URL", url);
    EXPECT_THAT(error, StartsWith("MASTER_KEY: is required with PostgreSQL"));
    EXPECT_THAT(error, Not(HasSubstr("private")));
    EXPECT_EQ(refusal({{}, {{"DATABASE_URL", url}, {"MASTER_KEY", kMaster}}, {}}), "");
}

TEST(Settings, ASchemaRegistryHasAUrlAndAPairOfCredentialsOrNone) {
    const std::pair<std::string, std::string> url = {"KAFKA_SCHEMA_REGISTRY_URL",
                                                     "https://r.example"};
    const std::pair<std::string, std::string> user = {"KAFKA_SCHEMA_REGISTRY_USER", "ada"};
    const std::pair<std::string, std::string> password = {"KAFKA_SCHEMA_REGISTRY_PASSWORD",
                                                          "pw-pw"};
    const Settings settings = from_environment({url, user, password});
    EXPECT_EQ(settings.schema_registry.url, "https://r.example/");
    EXPECT_EQ(settings.schema_registry.user, "ada");
    EXPECT_EQ(settings.schema_registry.password.reveal(), "pw-pw");
    EXPECT_THAT(settings.kafka_properties, IsEmpty());
    EXPECT_THAT(describe(settings), Not(HasSubstr("pw-pw")));
    const auto refused = [](NamedValues values) { return refusal({{}, std::move(values), {}}); };
    EXPECT_THAT(refused({url, user}), StartsWith("KAFKA_SCHEMA_REGISTRY_PASSWORD"));
    EXPECT_THAT(refused({url, password}), StartsWith("KAFKA_SCHEMA_REGISTRY_USER"));
    EXPECT_THAT(refused({user, password}), StartsWith("KAFKA_SCHEMA_REGISTRY_URL"));
    EXPECT_THAT(refused({url, {"KAFKA_SCHEMA_REGISTRY_USER", "a:b"}, password}),
                StartsWith("KAFKA_SCHEMA_REGISTRY_USER"));
    EXPECT_THAT(refused({url, {"KAFKA_SCHEMA_REGISTRY_CA", "/nonexistent/ca.pem"}}),
                StartsWith("KAFKA_SCHEMA_REGISTRY_CA"));
    const std::string with_user =
        refusal_of("KAFKA_SCHEMA_REGISTRY_URL", "https://ada:pw-pw@r.example");
    EXPECT_THAT(with_user, StartsWith("KAFKA_SCHEMA_REGISTRY_URL"));
    EXPECT_THAT(with_user, Not(HasSubstr("pw-pw")));
}

TEST(Settings, DescriptionHasEverySettingAndNoSecret) {
    const Settings settings = from_environment({{"DATABASE_URL", "postgres://ada:private@db/users"},
                                                {"MASTER_KEY", kMaster},
                                                {"SECRET_KEY", kSecret},
                                                {"KAFKA_SASL_PASSWORD", "broker-password"},
                                                {"LISTEN", "[::1]:8000"},
                                                {"LOG_LEVEL", "debug"},
                                                {"LOG_FORMAT", "json"},
                                                {"CORS_ALLOWED_ORIGINS", "https://a.example"}});
    const std::string text = "\n" + describe(settings);
    for (const SettingInfo& info : setting_table())
        if (!info.name.ends_with("_FILE") && info.name != "BOOTSTRAP_SERVER") {
            EXPECT_THAT(text, HasSubstr("\n" + std::string(info.name) + "="));
        }
    for (const char* const line :
         {"DATABASE_URL=postgresql://ada:***@db/users", "MASTER_KEY=set", "SECRET_KEY=set",
          "kafka sasl.password=set", "LISTEN=[::1]:8000", "LOG_LEVEL=debug", "LOG_FORMAT=json",
          "CORS_ALLOWED_ORIGINS=https://a.example"})
        EXPECT_THAT(text, HasSubstr("\n" + std::string(line) + "\n"));
    for (const std::string& secret :
         {kMaster, kSecret, std::string("broker-password"), std::string("private")})
        EXPECT_THAT(text, Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace userd
