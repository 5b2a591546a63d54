#include "base/line_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

namespace userd {
namespace {

class Pipe {
  public:
    explicit Pipe(int flags = 0) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), flags) != 0) throw std::runtime_error("no pipe");
        reading_ = ends[0];
        writing = ends[1];
    }
    ~Pipe() {
        close_reading();
        close_writing();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    std::string read_some() {
        std::array<char, 4096> bytes{};
        const ssize_t size = ::read(reading_, bytes.data(), bytes.size());
        return {bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    }
    std::string read_all() {
        std::string all;
        for (std::string some = read_some(); !some.empty(); some = read_some())
            all += some;
        return all;
    }
    void close_reading() { close(reading_); }
    void close_writing() { close(writing); }

    int writing = -1;

  private:
    static void close(int& end) {
        if (end >= 0) ::close(end);
        end = -1;
    }
    int reading_ = -1;
};

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    return lines;
}

TEST(LineWriter, ALineIsWrittenWithoutAnotherAfterIt) {
    Pipe pipe;
    LineWriter writer(pipe.writing);
    for (const std::string_view line : {"first", "second"}) {
        writer.write(line);
        std::string read;
        while (!read.ends_with('\n'))
            read += pipe.read_some();
        EXPECT_EQ(read, std::string(line) + "\n");
    }
}

TEST(LineWriter, TheEndWritesWhatWaits) {
    Pipe pipe;
    {
        LineWriter writer(pipe.writing);
        for (int i = 0; i < 100; ++i)
            writer.write(std::to_string(i));
    }
    pipe.close_writing();
    EXPECT_EQ(split_lines(pipe.read_all()).size(), 100U);
}

TEST(LineWriter, LinesOfManyThreadsStayWholeAndEachThreadsInOrder) {
    constexpr int kThreads = 4;
    constexpr int kLines = 5000;
    Pipe pipe;
    std::string all;
    std::thread reader([&] { all = pipe.read_all(); });
    {
        // Less room than lines, so that the threads wait too.
        LineWriter writer(pipe.writing, 1000);
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < kThreads; ++thread)
            threads.emplace_back([&writer, thread] {
                for (int i = 0; i < kLines; ++i)
                    writer.write(std::to_string(thread) + ":" + std::to_string(i));
            });
    }
    pipe.close_writing();
    reader.join();
    std::array<int, kThreads> next{};
    for (const std::string& line : split_lines(all)) {
        const auto thread = static_cast<std::size_t>(line.at(0) - '0');
        ASSERT_LT(thread, next.size()) << line;
        EXPECT_EQ(line, std::to_string(thread) + ":" + std::to_string(next[thread]++));
    }
    for (const int lines : next)
        EXPECT_EQ(lines, kLines);
}

TEST(LineWriter, ASlowReaderMakesTheWriterWaitAndLosesNothing) {
    Pipe pipe;
    std::atomic<int> written{0};
    constexpr int kLines = 2000;
    std::optional<LineWriter> writer(std::in_place, pipe.writing, 1000);
    std::thread caller([&] {
        const std::string line(1000, 'x');
        for (; written < kLines; ++written)
            writer->write(line);
    });
    // The pipe takes 64 KiB, the writer a batch and the line above its bound.
    while (written < 50)
        std::this_thread::yield();
    EXPECT_LT(written, 200);
    std::size_t read = 0;
    std::thread reader([&] { read = split_lines(pipe.read_all()).size(); });
    caller.join();
    writer.reset();
    pipe.close_writing();
    reader.join();
    EXPECT_EQ(read, static_cast<std::size_t>(kLines));
}

TEST(LineWriter, ADescriptorThatDoesNotBlockIsWaitedFor) {
    Pipe pipe(O_NONBLOCK);
    std::string all;
    const std::string line(100'000, 'x');
    std::atomic<bool> over{false};
    std::thread reader([&] {
        while (!over)
            all += pipe.read_some();
        all += pipe.read_all();
    });
    {
        LineWriter writer(pipe.writing);
        for (int i = 0; i < 5; ++i)
            writer.write(line);
    }
    over = true;
    reader.join();
    EXPECT_EQ(all.size(), 5 * (line.size() + 1));
}

TEST(LineWriter, AReaderThatHasGoneHoldsUpNobody) {
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    pipe.close_reading();
    LineWriter writer(pipe.writing, 10);
    for (int i = 0; i < 1000; ++i)
        writer.write("nobody reads this");
}

}  // namespace
}  // namespace userd
