#pragma once

#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_folder.hpp"

extern char** environ;

namespace userd {

/// A real PostgreSQL of this test program's own, on a Unix socket in a folder of its own.
/// Durability is off: what a crash of the machine leaves is tested elsewhere.
class PostgresServer {
  public:
    /// Started with the first call, ended with the program.
    static std::shared_ptr<PostgresServer> shared() {
        static const auto server = std::make_shared<PostgresServer>();
        return server;
    }

    PostgresServer() {
        own_folder();
        const std::string data = (folder_.path() / "data").string();
        if (wait_for(spawn("initdb", {"-D", data, "-U", "postgres", "-A", "trust", "--no-sync",
                                      "--no-locale", "-E", "UTF8"})) != 0)
            throw std::runtime_error("initdb failed: " + log());
        pid_ = spawn("postgres", {"-D", data,
                                  "-c", "listen_addresses=",
                                  "-c", "unix_socket_directories=" + folder_.path().string(),
                                  "-c", "fsync=off",
                                  "-c", "full_page_writes=off",
                                  "-c", "max_connections=200",
                                  "-c", "shared_buffers=32MB",
                                  "-c", "log_min_messages=fatal",
                                  "-c", "log_min_error_statement=panic",
                                  "-c", "logging_collector=on",
                                  "-c", "log_destination=jsonlog",
                                  "-c", "log_directory=" + folder_.path().string(),
                                  "-c", "log_filename=server"});
        await_ready();
    }
    ~PostgresServer() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGQUIT);
        wait_for(pid_);
    }
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    [[nodiscard]] std::string socket() const { return (folder_.path() / ".s.PGSQL.5432").string(); }
    [[nodiscard]] std::string conninfo(const std::string& database) const {
        return "host=" + folder_.path().string() + " user=postgres dbname=" + database;
    }

    /// Its log, a JSON object for each entry.
    [[nodiscard]] std::filesystem::path json_log() const { return folder_.path() / "server.json"; }

  private:
    static bool is_root() { return ::geteuid() == 0; }

    void own_folder() {
        if (!is_root()) return;
        const passwd* user = ::getpwnam("postgres");
        if (user == nullptr || ::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0)
            throw std::runtime_error("no user postgres to run PostgreSQL as");
    }

    static std::filesystem::path program(const std::string& name) {
        std::filesystem::path newest;
        for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql"))
            if (std::filesystem::exists(version.path() / "bin" / name) && version.path() > newest)
                newest = version.path();
        if (newest.empty()) throw std::runtime_error("no PostgreSQL server is installed");
        return newest / "bin" / name;
    }

    /// It ends with this program, however that ends.
    pid_t spawn(const std::string& name, const std::vector<std::string>& arguments) {
        std::vector<std::string> words = {"setpriv", "--pdeathsig", "SIGQUIT"};
        if (is_root())
            words.insert(words.end(), {"--reuid=postgres", "--regid=postgres", "--clear-groups"});
        words.insert(words.end(), {"--", program(name).string()});
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (std::string& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log_path().c_str(),
                                         O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
        pid_t pid = 0;
        const int error = ::posix_spawnp(&pid, "setpriv", &actions, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (error != 0) throw std::runtime_error("setpriv cannot be started");
        return pid;
    }

    static int wait_for(pid_t pid) {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    void await_ready() {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (PQping(conninfo("postgres").c_str()) != PQPING_OK) {
            int status = 0;
            if (::waitpid(pid_, &status, WNOHANG) == pid_) {
                pid_ = 0;
                throw std::runtime_error("PostgreSQL did not start: " + log());
            }
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("PostgreSQL is not ready in time: " + log());
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }

    [[nodiscard]] std::string log_path() const { return (folder_.path() / "log").string(); }
    [[nodiscard]] std::string log() const {
        std::ostringstream text;
        text << std::ifstream(log_path()).rdbuf();
        return text.str();
    }

    TemporaryFolder folder_;
    pid_t pid_ = 0;
};

}  // namespace userd
