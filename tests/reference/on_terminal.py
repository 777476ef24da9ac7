"""A command on a terminal of its own: keys go in, what it writes comes out."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time

READY = b"\x1b[?1049h"  # the full screen has begun
PATIENCE = 30  # seconds; a machine under load is slow, a program that hangs never ends


class OnTerminal:
    """A process whose three streams are a terminal, unless others are given."""

    def __init__(self, command, *, width=80, height=24, **options):
        self.leader, follower = os.openpty()
        self._follower = follower
        size = struct.pack("HHHH", height, width, 0, 0)
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, size)
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), follower) | options
        self.settings = termios.tcgetattr(follower)
        # A session of its own, so that the terminal is the one that /dev/tty means.
        self.process = subprocess.Popen(
            command, start_new_session=True, preexec_fn=self._take, **streams
        )
        self.written = b""

    def _take(self):
        fcntl.ioctl(self._follower, termios.TIOCSCTTY, 0)

    def press(self, keys):
        """Send what a keyboard would."""
        os.write(self.leader, keys)

    def wait_for(self, sign):
        """Read on until `sign` is written; fails if it never is."""
        end = time.monotonic() + PATIENCE
        while sign not in self.written:
            assert time.monotonic() < end, f"{sign!r} was never written:\n{self.written[-2000:]!r}"
            assert self.process.poll() is None, f"it ended first:\n{self.written[-2000:]!r}"
            self._read()

    def settle(self):
        """Read on until nothing is written for a moment: what was pressed has been worked on."""
        while self._read():
            pass

    def end(self, *, by=None):
        """The exit status, once it has ended by itself, or by a signal."""
        if by is not None:
            self.process.send_signal(by)
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            if time.monotonic() > end:
                os.killpg(self.process.pid, signal.SIGKILL)
                raise AssertionError(f"it never ended:\n{self.written[-2000:]!r}")
            self._read()
        while self._read():
            pass
        return self.process.returncode

    def is_clean(self):
        """Whether the terminal is as it was: its settings, its screen, its cursor, its mouse."""
        left = self.written.rfind(b"\x1b[?1049l") > self.written.rfind(READY)
        cursor = self.written.rfind(b"\x1b[?25h") > self.written.rfind(b"\x1b[?25l")
        mouse = self.written.rfind(b"\x1b[?1000l") > self.written.rfind(b"\x1b[?1000h")
        return left and cursor and mouse and termios.tcgetattr(self._follower) == self.settings

    def close(self):
        os.close(self.leader)
        os.close(self._follower)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.close()

    def _read(self):
        if not select.select([self.leader], [], [], 0.2)[0]:
            return b""
        part = os.read(self.leader, 1 << 16)
        self.written += part
        return part
