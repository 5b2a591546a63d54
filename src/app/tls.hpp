#pragma once

#include <memory>

#include "app/settings.hpp"
#include "http/tls.hpp"

namespace userd {

/// Null when TLS is not set up. SettingError names the setting, the file and the reason.
[[nodiscard]] std::shared_ptr<http::TlsSource> open_tls(const Settings& settings);

void log_warnings(const http::TlsContext& context);

/// What SIGHUP asks for; says in the log what came of it. Null: there is nothing to read.
void reload_tls(http::TlsSource* tls);

}  // namespace userd
