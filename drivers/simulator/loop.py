"""One thread for all ports: it waits for bytes, for the clock, or for a call from outside, and never polls."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drivers.simulator.timers import Timers


class Loop:
    """Runs callbacks for readable and writable descriptors, and the timers. Other threads that call in hold `lock`."""

    def __init__(self, timers: Timers) -> None:
        self.lock = threading.RLock()
        self._timers = timers
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[int], None]] = {}
        self._alarm = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._alarm, select.EPOLLIN)
        self._running = True
        self._thread = threading.Thread(target=self._run, name="simulated-network", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait for it."""
        self._running = False
        self.wake()
        self._thread.join()

    def close(self) -> None:
        """Give the descriptors back, after `stop`."""
        self._epoll.close()
        os.close(self._alarm)

    def wake(self) -> None:
        """Look at the timers again: another thread has set one."""
        os.eventfd_write(self._alarm, 1)

    def watch(self, descriptor: int, callback: Callable[[int], None]) -> None:
        """Call `callback` with the epoll events whenever `descriptor` is readable."""
        self._callbacks[descriptor] = callback
        self._epoll.register(descriptor, select.EPOLLIN)

    def watch_room(self, descriptor: int, *, wanted: bool) -> None:
        """Call back also when `descriptor` has room for writing, or no more."""
        self._epoll.modify(descriptor, select.EPOLLIN | (select.EPOLLOUT if wanted else 0))

    def forget(self, descriptor: int) -> None:
        """Stop watching a descriptor that is about to be closed."""
        del self._callbacks[descriptor]
        self._epoll.unregister(descriptor)

    def _run(self) -> None:
        while self._running:
            due = self._timers.due_in()
            events = self._epoll.poll(-1 if due is None else due)
            with self.lock:
                for descriptor, event in events:
                    if descriptor == self._alarm:
                        with contextlib.suppress(BlockingIOError):
                            os.eventfd_read(self._alarm)
                    elif callback := self._callbacks.get(descriptor):  # gone: an earlier event of this round closed it
                        callback(event)
                self._timers.run_due()
