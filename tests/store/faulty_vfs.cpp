#include "store/faulty_vfs.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace userd {
namespace {

constexpr sqlite3_int64 kSector = 512;

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

struct FaultyVfs::File {
    sqlite3_file base;
    FaultyVfs* vfs;
    Disk* disk;  ///< none for temporary files
    std::string* path;
    sqlite3_file* real;
};

struct FaultyVfs::Calls {
    static File& file(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
    static sqlite3_file* real(sqlite3_file* file) { return Calls::file(file).real; }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* opened, int flags, int* out) {
        FaultyVfs& self = of(vfs);
        File& made = file(opened);
        made.vfs = &self;
        made.real = reinterpret_cast<sqlite3_file*>(&made + 1);
        made.path = nullptr;
        made.disk = nullptr;
        made.base.pMethods = nullptr;
        const int code = self.real_->xOpen(self.real_, name, made.real, flags, out);
        if (code != SQLITE_OK) return code;
        if (name != nullptr) {
            made.path = new std::string(name);
            made.disk = &self.disk_of(name, made.real);
        }
        made.base.pMethods = &kMethods;
        return SQLITE_OK;
    }
    static int close(sqlite3_file* closed) {
        delete file(closed).path;
        return real(closed)->pMethods->xClose(real(closed));
    }
    static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
        FaultyVfs& self = of(vfs);
        if (self.is_cut()) return SQLITE_IOERR_DELETE;
        self.forget(name);
        return self.real_->xDelete(self.real_, name, sync_folder);
    }
    static int access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
        return of(vfs).real_->xAccess(of(vfs).real_, name, flags, out);
    }
    static int full_path(sqlite3_vfs* vfs, const char* name, int size, char* out) {
        return of(vfs).real_->xFullPathname(of(vfs).real_, name, size, out);
    }
    static int read(sqlite3_file* from, void* data, int size, sqlite3_int64 offset) {
        if (file(from).vfs->is_cut()) return SQLITE_IOERR_READ;
        return real(from)->pMethods->xRead(real(from), data, size, offset);
    }
    static int write(sqlite3_file* to, const void* data, int size, sqlite3_int64 offset) {
        return file(to).vfs->write(file(to), data, size, offset);
    }
    static int truncate(sqlite3_file* cut, sqlite3_int64 size) {
        return file(cut).vfs->truncate(file(cut), size);
    }
    static int sync(sqlite3_file* synced, int flags) {
        return file(synced).vfs->sync(file(synced), flags);
    }
    static int size(sqlite3_file* of, sqlite3_int64* out) {
        return real(of)->pMethods->xFileSize(real(of), out);
    }
    static int lock(sqlite3_file* of, int level) {
        return real(of)->pMethods->xLock(real(of), level);
    }
    static int unlock(sqlite3_file* of, int level) {
        return real(of)->pMethods->xUnlock(real(of), level);
    }
    static int check_lock(sqlite3_file* of, int* out) {
        return real(of)->pMethods->xCheckReservedLock(real(of), out);
    }
    static int control(sqlite3_file* of, int what, void* value) {
        return real(of)->pMethods->xFileControl(real(of), what, value);
    }
    static int sector(sqlite3_file* of) { return real(of)->pMethods->xSectorSize(real(of)); }
    static int characteristics(sqlite3_file* of) {
        return real(of)->pMethods->xDeviceCharacteristics(real(of));
    }
    static int map(sqlite3_file* of, int page, int size, int extend, void volatile** out) {
        return real(of)->pMethods->xShmMap(real(of), page, size, extend, out);
    }
    static int lock_map(sqlite3_file* of, int offset, int count, int flags) {
        return real(of)->pMethods->xShmLock(real(of), offset, count, flags);
    }
    static void barrier(sqlite3_file* of) { real(of)->pMethods->xShmBarrier(real(of)); }
    static int unmap(sqlite3_file* of, int remove) {
        return real(of)->pMethods->xShmUnmap(real(of), remove);
    }

    // Version 2: no memory mapping, which would go past xWrite.
    static constexpr sqlite3_io_methods kMethods = {
        2,      close,      read,    write,  truncate,        sync, size,     lock,
        unlock, check_lock, control, sector, characteristics, map,  lock_map, barrier,
        unmap,  nullptr,    nullptr};
};

FaultyVfs& FaultyVfs::of(sqlite3_vfs* vfs) {
    return *static_cast<FaultyVfs*>(vfs->pAppData);
}

FaultyVfs::FaultyVfs(DiskPlan plan, std::function<void()> on_cut)
    : plan_(std::move(plan)),
      on_cut_(std::move(on_cut)),
      real_(sqlite3_vfs_find(nullptr)),
      vfs_(*real_),
      random_(plan_.seed) {
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.zName = "faulty";
    vfs_.pNext = nullptr;
    vfs_.pAppData = this;
    vfs_.xOpen = Calls::open;
    vfs_.xDelete = Calls::remove;
    vfs_.xAccess = Calls::access;
    vfs_.xFullPathname = Calls::full_path;
    if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK) throw std::runtime_error("no VFS");
}

FaultyVfs::~FaultyVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
}

void FaultyVfs::cut_power() {
    const std::lock_guard lock(mutex_);
    if (!is_cut_) cut();
}

bool FaultyVfs::is_cut() const {
    const std::lock_guard lock(mutex_);
    return is_cut_;
}

void FaultyVfs::heal() {
    const std::lock_guard lock(mutex_);
    is_healed_ = true;
}

std::uint64_t FaultyVfs::failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
}

void FaultyVfs::leave_remains() {
    const std::lock_guard lock(mutex_);
    for (auto& [path, disk] : disks_) {
        settle(disk, false);
        std::ofstream file(path, std::ios::binary | std::ios::trunc);
        file << disk.certain;
        // The index of the log lives in shared memory, which a power cut empties.
        std::filesystem::remove(path + "-shm");
    }
}

FaultyVfs::Disk& FaultyVfs::disk_of(const std::string& path, sqlite3_file* real) {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = disks_.try_emplace(path);
    sqlite3_int64 size = 0;
    if (is_new && real->pMethods->xFileSize(real, &size) == SQLITE_OK && size > 0) {
        found->second.certain.resize(static_cast<std::size_t>(size));
        real->pMethods->xRead(real, found->second.certain.data(), static_cast<int>(size), 0);
    }
    return found->second;
}

int FaultyVfs::write(File& file, const void* data, int size, sqlite3_int64 offset) {
    const std::lock_guard lock(mutex_);
    if (file.disk == nullptr) return file.real->pMethods->xWrite(file.real, data, size, offset);
    if (!step()) return SQLITE_IOERR_WRITE;
    const bool fails = happens(plan_.failing_writes);
    const int written = fails ? static_cast<int>(random_() % static_cast<unsigned>(size)) : size;
    if (written > 0) {
        const int code = file.real->pMethods->xWrite(file.real, data, written, offset);
        if (code != SQLITE_OK) return code;
        const std::string bytes(static_cast<const char*>(data), static_cast<std::size_t>(written));
        file.disk->uncertain.push_back({offset, bytes, false});
    }
    if (!fails) return SQLITE_OK;
    ++failures_;
    return random_() % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int FaultyVfs::truncate(File& file, sqlite3_int64 size) {
    const std::lock_guard lock(mutex_);
    if (file.disk == nullptr) return file.real->pMethods->xTruncate(file.real, size);
    if (!step()) return SQLITE_IOERR_TRUNCATE;
    file.disk->uncertain.push_back({size, {}, true});
    return file.real->pMethods->xTruncate(file.real, size);
}

int FaultyVfs::sync(File& file, int flags) {
    const std::lock_guard lock(mutex_);
    if (file.disk == nullptr) return file.real->pMethods->xSync(file.real, flags);
    if (!step()) return SQLITE_IOERR_FSYNC;
    if (!plan_.unsynced_suffix.empty() && ends_with(*file.path, plan_.unsynced_suffix))
        return SQLITE_OK;
    const bool fails = happens(plan_.failing_syncs);
    settle(*file.disk, !fails);
    if (!fails) return SQLITE_OK;
    ++failures_;
    return SQLITE_IOERR_FSYNC;
}

void FaultyVfs::forget(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (const auto found = disks_.find(path); found != disks_.end()) found->second = Disk();
}

bool FaultyVfs::step() {
    if (is_cut_) return false;
    if (plan_.cut_after != 0 && ++steps_ >= plan_.cut_after) cut();
    return !is_cut_;
}

void FaultyVfs::cut() {
    is_cut_ = true;
    on_cut_();
}

bool FaultyVfs::happens(double share) {
    return !is_healed_ && std::generate_canonical<double, 32>(random_) < share;
}

void FaultyVfs::settle(Disk& disk, bool all) {
    for (const Change& change : std::exchange(disk.uncertain, {})) {
        if (all || change.truncates) {
            if (all || random_() % 2 == 0) apply(disk.certain, change);
            continue;
        }
        const auto end = change.offset + static_cast<sqlite3_int64>(change.data.size());
        for (sqlite3_int64 from = change.offset; from < end;) {
            const sqlite3_int64 to = std::min(end, (from / kSector + 1) * kSector);
            const auto first = static_cast<std::size_t>(from - change.offset);
            if (random_() % 2 == 0)
                apply(
                    disk.certain,
                    {from, change.data.substr(first, static_cast<std::size_t>(to - from)), false});
            from = to;
        }
    }
}

void FaultyVfs::apply(std::string& image, const Change& change) {
    const auto offset = static_cast<std::size_t>(change.offset);
    if (change.truncates) {
        image.resize(std::min(offset, image.size()));
        return;
    }
    if (image.size() < offset + change.data.size()) image.resize(offset + change.data.size());
    image.replace(offset, change.data.size(), change.data);
}

}  // namespace userd
