#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace userd {

/// What the disk below a FaultyVfs does.
struct DiskPlan {
    std::uint64_t seed = 1;
    std::uint64_t cut_after = 0;  ///< writes and syncs until the power goes; 0: by hand only
    double failing_writes = 0;    ///< share of writes that fail, some of them half done
    double failing_syncs = 0;     ///< share of syncs that fail
    std::string unsynced_suffix;  ///< syncs of files whose name ends so do nothing
};

/// SQLite's default VFS while it lives, over the one that was: the files of the process are as
/// ever, and it knows what of them a power cut leaves. A write is certain once its file was synced;
/// what is not certain survives by the seed, each 512-byte sector of each write on its own, older
/// ones without newer ones and the reverse. A sync that fails leaves what it should have written as
/// uncertain, and no later one makes up for it, as on Linux. Creating and deleting files is
/// certain at once; SQLite's write-ahead log does not depend on it.
///
/// Outlives every connection. Thread-safe.
class FaultyVfs {
  public:
    /// `on_cut` runs at the instant of the cut, while no write or sync is under way.
    explicit FaultyVfs(
        DiskPlan plan, std::function<void()> on_cut = [] {});
    ~FaultyVfs();
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;

    /// From here on every read, write and sync fails.
    void cut_power();
    [[nodiscard]] bool is_cut() const;
    /// No failures from here on, as from a disk that was repaired.
    void heal();
    /// How many writes and syncs failed by the plan.
    [[nodiscard]] std::uint64_t failures() const;
    /// After the cut, with all connections closed: makes the files what the cut has left of them.
    void leave_remains();

  private:
    struct Change {
        sqlite3_int64 offset = 0;
        std::string data;
        bool truncates = false;  ///< to `offset`
    };
    struct Disk {
        std::string certain;
        std::vector<Change> uncertain;
    };
    struct File;
    struct Calls;  // the table of functions that SQLite calls

    static FaultyVfs& of(sqlite3_vfs* vfs);
    Disk& disk_of(const std::string& path, sqlite3_file* real);
    int write(File& file, const void* data, int size, sqlite3_int64 offset);
    int truncate(File& file, sqlite3_int64 size);
    int sync(File& file, int flags);
    void forget(const std::string& path);
    /// Counts one write or sync; false when the power is off.
    bool step();
    void cut();
    bool happens(double share);
    void settle(Disk& disk, bool all);
    static void apply(std::string& image, const Change& change);

    const DiskPlan plan_;
    const std::function<void()> on_cut_;
    sqlite3_vfs* const real_;
    sqlite3_vfs vfs_;
    mutable std::mutex mutex_;
    std::mt19937_64 random_;
    std::map<std::string, Disk> disks_;
    std::uint64_t steps_ = 0;
    std::uint64_t failures_ = 0;
    bool is_cut_ = false;
    bool is_healed_ = false;
};

}  // namespace userd
