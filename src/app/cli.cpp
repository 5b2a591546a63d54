#include "app/cli.hpp"

#include <iostream>
#include <memory>

#include "app/cli_events.hpp"
#include "base/text.hpp"

namespace userd {
namespace {

constexpr const char* kVersion = "userd " USERD_VERSION;

constexpr const char* kDescription =
    "userd: accounts, passwords, tokens, and a Kafka stream of user events that never loses one.\n"
    "\n"
    "  userd serve                      serve on 127.0.0.1:8000 with SQLite in ./userd.db\n"
    "  userd users add ada ada@shop.io  add a user (asks for the password)\n"
    "  userd events status              how many events wait for Kafka\n"
    "  userd keys list                  the keys that sign access tokens\n"
    "  userd check-config               show every setting as userd understands it\n"
    "\n"
    "Settings are environment variables, lines of a .env file, or flags of the same name:\n"
    "LISTEN is --listen. A flag beats the environment, which beats the file. `userd serve --help`\n"
    "lists them all.";

std::string flag_of(std::string_view name) {
    std::string flag = "--" + compared_form(name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    return flag;
}

/// Adds a flag for each setting; what is given ends in `flags`.
void add_setting_flags(CLI::App& command, NamedValues& flags) {
    for (const SettingInfo& info : setting_table()) {
        const std::string name(info.name);
        std::string help(info.help);
        if (!info.default_text.empty()) help += " [" + std::string(info.default_text) + "]";
        command
            .add_option_function<std::string>(
                flag_of(info.name),
                [&flags, name](const std::string& value) { flags.emplace_back(name, value); }, help)
            ->type_name("VALUE")
            ->group("Settings");
    }
}

/// `--kafka-anything VALUE` is a librdkafka property, as KAFKA_ANYTHING in the environment is.
void take_kafka_flags(CLI::App& command, NamedValues& flags) {
    const std::vector<std::string> extra = command.remaining();
    for (std::size_t i = 0; i < extra.size(); ++i) {
        std::string flag = extra[i];
        if (!flag.starts_with("--kafka-")) throw CLI::ExtrasError({flag});
        std::string value;
        if (const std::size_t equals = flag.find('='); equals != std::string::npos) {
            value = flag.substr(equals + 1);
            flag.resize(equals);
        } else if (++i < extra.size()) {
            value = extra[i];
        } else {
            throw CLI::ArgumentMismatch(flag + ": needs a value");
        }
        std::string name = flag.substr(2);
        for (char& c : name)
            c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        flags.emplace_back(name, value);
    }
}

/// Of the command that was given, as far as it was understood: how it is called, and, of a group,
/// what may follow.
std::string usage_of(const CLI::App& app) {
    const CLI::App* command = &app;
    std::string name = app.get_name();
    for (auto given = app.get_subcommands(); !given.empty(); given = command->get_subcommands()) {
        command = given.front();
        name += " " + command->get_name();
    }
    const auto has_commands = [](const CLI::App* of) {
        return !of->get_subcommands([](const CLI::App*) { return true; }).empty();
    };
    std::string usage = "see " + name + " --help";
    if (command == &app) return usage;
    usage += "\n" + CLI::Formatter().make_usage(command, name);
    if (has_commands(command))
        usage += CLI::Formatter().make_subcommands(command, CLI::AppFormatMode::Normal);
    while (usage.ends_with('\n'))
        usage.pop_back();
    return usage;
}

class CommandLine {
  public:
    CommandLine() {
        app_.require_subcommand(1);
        app_.set_version_flag("--version", kVersion);
        app_.add_option("--env-file", invocation_.env_file,
                        "read settings from this file, not from .env");
        add("serve", "Serve the API until SIGTERM", Invocation::Command::serve);
        add_migrate();
        add("check-config", "Check and print every setting", Invocation::Command::check_config);
        add_users();
        add_services();
        add_event_commands(
            app_, invocation_.admin,
            [this](CLI::App* group, const std::string& name, const std::string& help) {
                return add_admin(group, name, help);
            });
        add_keys();
    }

    std::variant<Invocation, int> parse(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
            for (CLI::App* command : with_settings_)
                if (command->parsed()) take_kafka_flags(*command, invocation_.flags);
        } catch (const CLI::Success& success) {
            return app_.exit(success);
        } catch (const CLI::ParseError& error) {
            std::cerr << "userd: " << error.what() << "; " << usage_of(app_) << "\n";
            return 2;
        }
        return std::move(invocation_);
    }

  private:
    void add_settings(CLI::App* command) {
        add_setting_flags(*command, invocation_.flags);
        command->allow_extras();
        command->fallthrough();
        with_settings_.push_back(command);
    }

    CLI::App* add(const std::string& name, const std::string& help, Invocation::Command command) {
        CLI::App* added = app_.add_subcommand(name, help);
        added->callback([this, command] { invocation_.command = command; });
        add_settings(added);
        return added;
    }

    void add_migrate() {
        CLI::App* added = add("migrate",
                              "Bring the database's schema up to date, or copy a SQLite database "
                              "into PostgreSQL",
                              Invocation::Command::migrate);
        CLI::Option* from = added->add_option("--from", invocation_.copy_from,
                                              "copy this database, sqlite:///FILE …");
        CLI::Option* to = added->add_option("--to", invocation_.copy_to,
                                            "… into this one, postgresql://USER@HOST/DATABASE");
        from->needs(to);
        to->needs(from);
        added->callback([this] {
            invocation_.command = invocation_.copy_from.empty() ? Invocation::Command::migrate
                                                                : Invocation::Command::copy;
        });
    }

    CLI::App* add_admin(CLI::App* group, const std::string& name, const std::string& help) {
        CLI::App* added = group->add_subcommand(name, help);
        added->add_flag("--json", invocation_.admin.json, "print a JSON object a line");
        added->callback([this, command = group->get_name() + " " + name] {
            invocation_.command = Invocation::Command::admin;
            invocation_.admin.command = command;
        });
        add_settings(added);
        return added;
    }

    CLI::App* add_user_command(CLI::App* group, const std::string& name, const std::string& help) {
        CLI::App* added = add_admin(group, name, help);
        added->add_option("NAME", invocation_.admin.name, "username, e-mail or user id")
            ->required();
        return added;
    }

    void add_users() {
        CLI::App* users = app_.add_subcommand("users", "Add, list and change users");
        users->require_subcommand(1);
        CLI::App* added = add_user_command(
            users, "add", "Add a user; the password is asked for, or read from a pipe");
        added->add_option("EMAIL", invocation_.admin.email, "e-mail")->required();
        added->add_option("--password-hash", invocation_.admin.password_hash,
                          "import a hash (Argon2, bcrypt, pbkdf2_sha256) in place of a password");
        add_admin(users, "list", "List all users by name");
        add_user_command(users, "show", "Show one user");
        CLI::App* set_email = add_user_command(users, "set-email", "Change a user's e-mail");
        set_email->add_option("EMAIL", invocation_.admin.email, "the new e-mail")->required();
        add_user_command(users, "disable", "Bar a user and end the sessions");
        add_user_command(users, "enable", "Let a disabled user in again");
        add_user_command(users, "logout", "End all sessions of a user");
        add_user_command(users, "delete", "Delete a user for good");
    }

    void add_services() {
        CLI::App* services =
            app_.add_subcommand("services", "Services that may introspect and revoke tokens");
        services->require_subcommand(1);
        const auto add_named = [&](const char* name, const char* help) {
            add_admin(services, name, help)
                ->add_option("NAME", invocation_.admin.name, "the service's client_id")
                ->required();
        };
        add_named("add", "Add a service and show its secret, once");
        add_admin(services, "list", "List all services");
        add_named("revoke", "Take a service's credentials back for good");
    }

    void add_keys() {
        CLI::App* keys = app_.add_subcommand("keys", "Look after the keys that sign access tokens");
        keys->require_subcommand(1);
        add_admin(keys, "list", "List the keys of the ring");
        add_admin(keys, "rotate", "Publish a new key, which signs after KEY_PUBLISH_SECONDS")
            ->add_flag("--now", invocation_.admin.now, "sign with it at once, for emergencies");
        add_admin(keys, "retire", "Throw a key out at once: what it signed is refused from now on")
            ->add_option("KID", invocation_.admin.name, "the key's id, as `keys list` shows it")
            ->required();
        add_admin(keys, "import", "Publish a key made elsewhere, which then signs like a new one")
            ->add_option("FILE", invocation_.admin.name,
                         "private key of JWT_ALGORITHM, PKCS#8 in PEM, without a passphrase")
            ->required();
        add_admin(keys, "export-public", "Print the public keys as a JWKS (RFC 7517)");
    }

    CLI::App app_{kDescription, "userd"};
    Invocation invocation_;
    std::vector<CLI::App*> with_settings_;
};

}  // namespace

std::variant<Invocation, int> parse_command_line(int argc, char** argv) {
    return CommandLine().parse(argc, argv);
}

}  // namespace userd
