#pragma once

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

/// What handlers may use. Outlives the servers.
struct Services {
    Accounts& accounts;
    std::function<Task<Health>()> health;
    TrustedProxies trusted_proxies;
    std::function<std::string()> metrics;  ///< Prometheus text
    PasswordPolicy passwords = {};
};

}  // namespace userd::http
