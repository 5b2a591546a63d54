#include "app/admin_session.hpp"

#include "app/control.hpp"
#include "app/keys.hpp"
#include "app/open_store.hpp"
#include "async/block_on.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace userd {
namespace {

constexpr std::string_view kUnused = "commands neither make nor check tokens";

std::string relay_word(const Settings& settings) {
    return std::holds_alternative<SqliteLocation>(settings.database)
               ? "no server runs; events wait in the outbox"
               : "see /health/ready of the replicas";
}

Argon2Settings argon2_of(const Settings& settings) {
    return {settings.argon2_memory_kib, settings.argon2_iterations};
}

Tokens no_tokens() {
    const auto key = Key::from_secret(Secret(kUnused));
    return Tokens(TokenSettings{}, std::make_shared<KeySet>(KeySet::Parts{key, {}, key, nullptr}));
}

}  // namespace

/// The parts of a server that commands need.
class AdminSession::Local {
  public:
    Local(const Settings& settings, bool with_keys)
        : settings_(settings),
          store_(open_store(settings)),
          hasher_(argon2_of(settings)),
          pool_(hasher_, HashPoolSettings{}),
          tokens_(no_tokens()),
          no_limits_(*store_, Secret(kUnused), {.logins = false, .registrations = false}),
          breaches_(make_breach_check(settings.breach_check)),
          accounts_({*store_, hasher_, pool_, floor_, no_limits_, tokens_, breaches_.get()},
                    argon2_of(settings), AccountSettings{}) {
        // The others read and make no key.
        if (!with_keys) return;
        keeper_ = make_key_keeper(settings, *store_);
        block_on(keeper_->load([&settings] { return first_signing_key(settings); }));
    }

    AdminReply run(AdminRequest request) {
        AdminParts parts{*store_, accounts_, keeper_.get(),
                         [this] { return relay_word(settings_); }, settings_.passwords};
        return block_on(run_admin(std::move(parts), std::move(request)));
    }

  private:
    const Settings& settings_;
    std::unique_ptr<Store> store_;
    Hasher hasher_;
    HashPool pool_;
    FailureFloor floor_;
    Tokens tokens_;
    AttemptLimits no_limits_;
    std::unique_ptr<BreachCheck> breaches_;
    Accounts accounts_;
    std::unique_ptr<KeyKeeper> keeper_;
};

AdminSession::AdminSession(const Settings& settings, bool with_keys) : settings_(settings) {
    const auto* sqlite = std::get_if<SqliteLocation>(&settings.database);
    // What the store would say is the server's business; the outcome is the command's one line.
    if (sqlite == nullptr) log::silence();
    if (sqlite == nullptr || !is_sqlite_owned(sqlite->file))
        local_ = std::make_unique<Local>(settings, with_keys);
}

AdminSession::~AdminSession() = default;

AdminReply AdminSession::run(AdminRequest request) {
    if (local_) return local_->run(std::move(request));
    const std::filesystem::path& file = std::get<SqliteLocation>(settings_.database).file;
    const std::filesystem::path socket = control_path(file);
    if (auto reply = ask_server(socket, request)) return *std::move(reply);
    throw std::runtime_error("the database " + file.string() +
                             " is in use by a userd that does not answer on " + socket.string() +
                             "; try again or restart it");
}

boost::json::object AdminSession::step(const std::string& command, const AdminStep& step) {
    AdminRequest request;
    request.command = command;
    request.step = step;
    const AdminReply reply = run(std::move(request));
    if (reply.exit_code != 0) throw std::runtime_error(reply.error);
    return boost::json::parse(reply.output).as_object();
}

}  // namespace userd
