#include <sodium.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "app/admin_session.hpp"
#include "app/app.hpp"
#include "app/cli.hpp"
#include "app/dotenv.hpp"
#include "app/events_tool.hpp"
#include "app/kafka_settings.hpp"
#include "app/migrate.hpp"
#include "app/tls.hpp"
#include "base/files.hpp"

namespace userd {
namespace {

constexpr int kBadSetting = 2;
constexpr std::size_t kMaxPassword = 1024;
constexpr std::size_t kMaxKeyFile = 32 * 1024;  // the control socket takes 64 KiB

NamedValues environment() {
    NamedValues values;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos)
            values.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return values;
}

/// Each connection takes a descriptor; the soft limit is often far below MAX_CONNECTIONS.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Before any thread starts: all inherit the blocked set, App::run waits for the signals.
void block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // nohup leaves it ignored, and what is ignored never reaches the wait.
    std::signal(SIGHUP, SIG_DFL);
    std::signal(SIGPIPE, SIG_IGN);
    // A write over the file size limit must be an error (a full disk), not the end of the process.
    std::signal(SIGXFSZ, SIG_IGN);
}

int serve(Settings settings) {
    raise_descriptor_limit();
    block_signals();
    const log::Format format = settings.log_format.value_or(
        ::isatty(STDERR_FILENO) != 0 ? log::Format::text : log::Format::json);
    log::configure(settings.log_level, format);
    for (const std::string& warning : settings.warnings)
        log::warning(warning);
    {
        App app(std::move(settings));
        app.run();
    }
    log::shutdown();
    return 0;
}

int check_config(const Settings& settings) {
    std::vector<std::string> warnings = settings.warnings;
    if (const auto tls = open_tls(settings))
        for (const std::string& warning : tls->current()->warnings())
            warnings.push_back(warning);
    for (const std::string& warning : warnings)
        std::cerr << "warning: " << warning << "\n";
    std::cout << describe(settings);
    return 0;
}

/// Switches the terminal's echo off while it lives.
class NoEcho {
  public:
    NoEcho() {
        if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
    ~NoEcho() {
        if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

  private:
    termios before_{};
    bool changed_ = false;
};

/// One line of standard input; asked for, without echo, at a terminal.
Secret read_password() {
    const bool terminal = ::isatty(STDIN_FILENO) != 0;
    std::optional<NoEcho> no_echo;
    if (terminal) {
        std::cerr << "Password: " << std::flush;
        no_echo.emplace();
    }
    std::string line;
    char c = 0;
    while (line.size() <= kMaxPassword && std::cin.get(c) && c != '\n')
        line.push_back(c);
    if (terminal) std::cerr << "\n";
    return Secret(std::move(line));
}

Secret read_key_file(const std::filesystem::path& path) {
    std::optional<std::string> content = read_file(path, kMaxKeyFile);
    if (!content) throw std::runtime_error("there is no file " + path.string());
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    if ((std::filesystem::status(path).permissions() & others) != std::filesystem::perms::none)
        std::cerr << "warning: others may read " << path.string() << ", and so sign tokens\n";
    return Secret(*std::move(content));
}

int administer(const Settings& settings, AdminRequest request) {
    if (is_events_tool(request.command)) return run_events_tool(settings, request);
    if (request.command == "users add" && request.password_hash.empty())
        request.password = read_password();
    if (request.command == "keys import") request.private_key = read_key_file(request.name);
    AdminSession session(settings, request.command.starts_with("keys "));
    const AdminReply reply = session.run(std::move(request));
    std::cout << reply.output << std::flush;
    if (!reply.error.empty()) std::cerr << "userd: " << reply.error << "\n";
    return reply.exit_code;
}

Settings settings_of(const Invocation& invocation) {
    SettingSources sources;
    sources.flags = invocation.flags;
    sources.environment = environment();
    sources.file = read_env_file(invocation.env_file);
    Settings settings = load_settings(sources);
    const std::string bad_kafka = check_kafka_settings(kafka_settings_of(settings));
    if (!bad_kafka.empty()) throw SettingError(bad_kafka);
    return settings;
}

void try_kafka(const Settings& settings) {
    const std::string bad_kafka = try_kafka_settings(kafka_settings_of(settings));
    if (!bad_kafka.empty()) throw SettingError(bad_kafka);
}

int dispatch(Invocation invocation) {
    if (invocation.command == Invocation::Command::copy) {
        copy_database(invocation.copy_from, invocation.copy_to);
        return 0;
    }
    Settings settings = settings_of(invocation);
    switch (invocation.command) {
        case Invocation::Command::serve:
            try_kafka(settings);
            return serve(std::move(settings));
        case Invocation::Command::migrate:
            migrate(settings.database);
            return 0;
        case Invocation::Command::check_config:
            try_kafka(settings);
            return check_config(settings);
        case Invocation::Command::admin:
            return administer(settings, std::move(invocation.admin));
        case Invocation::Command::copy:
            break;
    }
    std::abort();
}

int run(int argc, char** argv) {
    try {
        auto parsed = parse_command_line(argc, argv);
        if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
        if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
        return dispatch(std::get<Invocation>(std::move(parsed)));
    } catch (const SettingError& error) {
        std::cerr << "userd: " << error.what() << "\n";
        return kBadSetting;
    } catch (const std::exception& error) {
        std::cerr << "userd: " << error.what() << "\n";
        return 1;
    }
}

}  // namespace
}  // namespace userd

int main(int argc, char** argv) {
    return userd::run(argc, argv);
}
