#include "app/local_admin.hpp"

#include "app/control.hpp"
#include "app/keys.hpp"
#include "app/open_store.hpp"
#include "async/block_on.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace userd {
namespace {

std::string relay_word(const Settings& settings) {
    return std::holds_alternative<SqliteLocation>(settings.database)
               ? "no server runs; events wait in the outbox"
               : "see /health/ready of the replicas";
}

AdminReply run_here(const Settings& settings, AdminRequest request) {
    const std::unique_ptr<Store> store = open_store(settings);
    const Argon2Settings argon2{settings.argon2_memory_kib, settings.argon2_iterations};
    const Hasher hasher(argon2);
    HashPool pool(hasher, HashPoolSettings{});
    FailureFloor floor;
    // No command makes or checks a token.
    const Secret unused(std::string_view("commands neither make nor check tokens"));
    const auto key = Key::from_secret(unused);
    const Tokens tokens(TokenSettings{},
                        std::make_shared<KeySet>(KeySet::Parts{key, {}, key, nullptr}));
    AttemptLimits no_limits(*store, unused.copy(), {.logins = false, .registrations = false});
    const std::unique_ptr<BreachCheck> breaches = make_breach_check(settings.breach_check);
    Accounts accounts({*store, hasher, pool, floor, no_limits, tokens, breaches.get()}, argon2,
                      AccountSettings{});
    // The others read and make no key.
    std::unique_ptr<KeyKeeper> keeper;
    if (request.command.starts_with("keys ")) {
        keeper = make_key_keeper(settings, *store);
        block_on(keeper->load([&settings] { return first_signing_key(settings); }));
    }
    AdminParts parts{*store, accounts, keeper.get(), [&settings] { return relay_word(settings); },
                     settings.passwords};
    return block_on(run_admin(std::move(parts), std::move(request)));
}

}  // namespace

AdminReply run_admin_anywhere(const Settings& settings, AdminRequest request) {
    const auto* sqlite = std::get_if<SqliteLocation>(&settings.database);
    if (sqlite == nullptr) {
        // What it would say is the server's business; the outcome is the command's one line.
        log::silence();
        return run_here(settings, std::move(request));
    }
    if (!is_sqlite_owned(sqlite->file)) return run_here(settings, std::move(request));
    const std::filesystem::path socket = control_path(sqlite->file);
    if (auto reply = ask_server(socket, request)) return *std::move(reply);
    throw std::runtime_error("the database " + sqlite->file.string() +
                             " is in use by a userd that does not answer on " + socket.string() +
                             "; try again or restart it");
}

}  // namespace userd
