#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "accounts/accounts.hpp"
#include "async/task.hpp"
#include "http/client_address.hpp"
#include "passwords/policy.hpp"

namespace userd::http {

struct Health {
    bool ready = false;
    std::string report;  ///< JSON that names each part and what is wrong with it
};

enum class Audience { anyone, operators };

/// What handlers may use. Outlives the servers.
struct Services {
    Accounts& accounts;
    std::function<Task<Health>(Audience)> health;
    TrustedProxies trusted_proxies;
    std::function<std::string()> metrics;  ///< Prometheus text
    PasswordPolicy passwords = {};
    /// False while what the accounts need is not there yet: their routes answer 503.
    std::atomic<bool> started{true};
};

}  // namespace userd::http
