"""A small file system of its own, which can be filled and freed again."""
import os
import pathlib
import subprocess
import tempfile

MIB = 1 << 20
LEFT_FREE = 64 * 1024


class SmallDisk:
    """An ext4 in a file, or a tmpfs where there is no loop device. `reason` says why there is neither."""

    def __init__(self, mib: int) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="userd-faults-"))
        self.path = self.folder / "disk"
        self.path.mkdir()
        os.chmod(self.folder, 0o755)
        self.kind, self.reason = "", ""
        if os.geteuid() != 0:
            self.reason = "only root may mount a small file system"
        elif self._mount_file(mib):
            self.kind = "ext4"
        elif self._run("mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", self.path):
            self.kind = "tmpfs"
        else:
            self.reason = "mount is not permitted here"
        os.chmod(self.path, 0o755)

    @staticmethod
    def _run(*command) -> bool:
        try:
            return subprocess.run([*map(str, command)], capture_output=True, timeout=60).returncode == 0
        except FileNotFoundError:
            return False

    def _mount_file(self, mib: int) -> bool:
        image = self.folder / "image"
        with open(image, "wb") as file:
            file.truncate(mib * MIB)
        return self._run("mkfs.ext4", "-q", "-m", "0", image) and self._run("mount", "-o", "loop", image, self.path)

    @property
    def ballast(self) -> pathlib.Path:
        return self.path / "ballast"

    def fill(self) -> None:
        state = os.statvfs(self.path)
        with open(self.ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(state.f_bavail * state.f_frsize - LEFT_FREE, 4096))

    def free(self) -> None:
        self.ballast.unlink(missing_ok=True)

    def close(self) -> None:
        if self.kind:
            self._run("umount", "-l", self.path)
        self._run("rm", "-rf", self.folder)
