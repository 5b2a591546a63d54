#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "base/secret.hpp"
#include "events/topic_schema.hpp"

namespace userd {

struct SchemaRegistrySettings {
    std::string url;   ///< http or https without a user, ends with '/'
    std::string user;  ///< HTTP basic authentication; empty: none
    Secret password;
    std::filesystem::path authorities;        ///< PEM file; empty: the system's
    std::chrono::milliseconds timeout{5000};  ///< name look-up and the whole answer included
    std::size_t max_answer = 64 * 1024;
};

struct SchemaRegistration {
    enum class Outcome {
        registered,   ///< now or before: `id` is the schema's
        refused,      ///< the subject does not take this schema; trying again does not help
        unavailable,  ///< anything else; try again
    };
    Outcome outcome = Outcome::unavailable;
    std::int32_t id = 0;
    std::string reason;  ///< printable, one line, without credentials; empty when registered
};

/// Registers the schema under its subject, at a registry that speaks Confluent's API. Blocks for
/// the timeout at most, less when a stop is requested. std::runtime_error when libcurl cannot
/// start.
[[nodiscard]] SchemaRegistration register_schema(const SchemaRegistrySettings& settings,
                                                 const TopicSchema& schema,
                                                 const std::stop_token& stop);

}  // namespace userd
