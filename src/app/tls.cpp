#include "app/tls.hpp"

#include "base/log.hpp"

namespace userd {

std::shared_ptr<http::TlsSource> open_tls(const Settings& settings) {
    if (settings.tls_certificate.empty()) return nullptr;
    try {
        return std::make_shared<http::TlsSource>(
            http::TlsFiles{settings.tls_certificate, settings.tls_key});
    } catch (const http::TlsError& error) {
        throw SettingError(error.what());
    }
}

void log_warnings(const http::TlsContext& context) {
    for (const std::string& warning : context.warnings())
        log::warning(warning);
}

void reload_tls(http::TlsSource* tls) {
    if (tls == nullptr) {
        log::info("SIGHUP ignored: no TLS files are set");
        return;
    }
    try {
        tls->reload();
    } catch (const std::exception& error) {
        log::error("TLS files not reloaded; the old certificate stays", {{"error", error.what()}});
        return;
    }
    const std::shared_ptr<const http::TlsContext> context = tls->current();
    log_warnings(*context);
    log::info("TLS certificate reloaded",
              {{"serial", context->serial()}, {"not_after", rfc3339(context->not_after())}});
}

}  // namespace userd
