#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace userd {

/// Another process: this program once more, running one disabled test. What that writes to its
/// standard output after kChildMark arrives by read_line. Forking alone would not do: there are
/// threads.
class Child {
  public:
    static constexpr char kPath[] = "USERD_TEST_DATABASE";
    static constexpr char kMark[] = "child: ";

    Child(const std::string& test, const std::string& database) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
        output_ = ::fdopen(ends[0], "r");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::vector<std::string> arguments = {"child", "--gtest_filter=" + test,
                                              "--gtest_also_run_disabled_tests"};
        std::vector<char*> argv;
        for (std::string& argument : arguments)
            argv.push_back(argument.data());
        argv.push_back(nullptr);
        ::setenv(kPath, database.c_str(), 1);
        const int error =
            ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        if (error != 0) throw std::runtime_error("posix_spawn failed");
    }
    ~Child() {
        kill();
        ::fclose(output_);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// The next line it reported, or nothing once it has ended.
    [[nodiscard]] std::string read_line() {
        char line[512];
        while (::fgets(line, sizeof line, output_) != nullptr) {
            const std::string text = line;
            // A line cut short by SIGKILL was not reported.
            if (text.rfind(kMark, 0) == 0 && text.back() == '\n')
                return text.substr(sizeof kMark - 1, text.size() - sizeof kMark);
            tail_ += text;
        }
        return {};
    }
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        wait();
    }
    /// Its exit status, or -1 if a signal ended it.
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    /// What else it printed, for a failure's message.
    [[nodiscard]] const std::string& tail() const noexcept { return tail_; }

    /// In the child: one write, so that it arrives whole.
    static void report(const std::string& line) {
        const std::string text = kMark + line + "\n";
        if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) std::abort();
    }

  private:
    FILE* output_ = nullptr;
    pid_t pid_ = 0;
    std::string tail_;
};

}  // namespace userd
