"""An ext4 file system in a file, which can be cut off as by a power failure, and which can be
full."""
import fcntl
import os
import pathlib
import struct
import subprocess

import pytest
from rhumbd import Rhumbd

EXT4_IOC_SHUTDOWN = 0x8004587D  # linux/fs/ext4/ext4.h
# Data that is not on the device yet is lost, with the journal's running transaction.
NO_LOG_FLUSH = 2


class LoopDisk:
    def __init__(self, directory, megabytes):
        self.servers = []
        self.image, self.mount_point = (
            pathlib.Path(directory) / "disk.img",
            pathlib.Path(directory) / "disk",
        )
        self.mount_point.mkdir()
        with open(self.image, "wb") as f:
            f.truncate(megabytes << 20)
        if os.geteuid() != 0:
            pytest.skip("needs root: a file system is mounted")
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(self.image)], check=True)
        self.mount()

    def server(self, **options):
        """A server whose data is on this disk, with its log outside."""
        server = Rhumbd(self.mount_point / "data", **options)
        server.log_path = self.image.parent / "rhumbd.log"
        self.servers.append(server)
        return server

    def mount(self):
        done = subprocess.run(
            ["mount", "-o", "loop", str(self.image), str(self.mount_point)],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            pytest.skip(f"cannot mount a file here: {done.stderr.strip()}")

    def cut(self):
        directory = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(directory)

    def try_cut(self):
        """Skips the test if this kernel cannot cut off a file system. Otherwise the disk is mounted
        again, as empty as before."""
        try:
            self.cut()
        except OSError as refusal:
            pytest.skip(f"the file system cannot be cut off here: {refusal}")
        self.unmount()
        self.mount()

    def unmount(self):
        subprocess.run(["umount", str(self.mount_point)], check=True)


@pytest.fixture
def loop_disk(tmp_path):
    made = []

    def make(megabytes):
        made.append(LoopDisk(tmp_path, megabytes))
        return made[-1]

    yield make
    for disk in made:
        for server in disk.servers:
            if server.process is not None and server.process.poll() is None:
                server.kill()  # left by a failed test
        # May be unmounted already.
        subprocess.run(["umount", str(disk.mount_point)], capture_output=True)
