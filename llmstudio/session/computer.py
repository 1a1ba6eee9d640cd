"""The computer: which devices there are and which one computes, how fast it can be, what it tells of itself."""

import time
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, Future
from typing import Any

from msgspec.structs import replace

from ..core.awake import Awake
from ..core.machine import Busy, Meter, Reading, processors
from ..core.train.device import Device, pick, set_threads, warm_up
from ..core.train.peak import SECONDS, Peak, measure
from .hall import Hall
from .signal import Signal

READ_SECONDS = 2.0  # between two readings while somebody looks
AGAIN_SECONDS = 30.0  # between two tries to measure the speed, where other programs disturbed the first
TRIES = 3
QUIET = 0.1  # share of the processors that others may use meanwhile
AWAKE_AFTER = 5.0  # seconds of a run: no computer falls asleep sooner


class Computer:
    """`running`: whether a run goes on and is not paused. What the person chose is in the settings."""

    def __init__(self, hall: Hall, running: Callable[[], bool]) -> None:
        self._hall, self._running = hall, running
        self.changed = Signal()  # devices, the choice, threads, speed, staying awake; not each reading
        self.devices: tuple[Device, ...] = ()  # found and tried; none until `find`
        self.reading: Reading | None = None  # the newest; refreshed while `watch` is called
        self._meter, self._awake = Meter(), Awake()
        self._waiting: list[tuple[Future[Any], Callable[[Any], object], Future[Any]]] = []  # outlives any project
        self._finding: Future[Any] | None = None
        self._quiet = False
        self._measuring, self._tries, self._try_at = False, 0, 0.0
        self._read_at = 0.0
        self._reading: Future[Reading] | None = None
        self._since: float | None = None  # when the run began that goes on
        self._wants_awake = False

    # the devices

    def find(self) -> "Future[Any]":
        """Load torch and try every device, once, on the models' thread; done when `device` is known."""
        if self._finding is None:
            job = self._hall.models.start(warm_up(self._hall.settings.threads))
            self._finding = self._then(job.done, self._found)
        return self._finding

    @property
    def device(self) -> Device | None:
        """What the next run computes on, and why; None until found."""
        peaks = {hardware: peak.fastest for hardware, peak in self._hall.settings.peaks.items()}
        return pick(self.devices, self._hall.settings.device, peaks) if self.devices else None

    @property
    def words(self) -> str:
        """What the device is called: "CPU, 2 threads". Nothing until found."""
        return device.words if (device := self.device) else ""

    def choose(self, key: str) -> None:
        """Compute the next run on this device; "": on the fastest. A run that goes on stays where it is."""
        if key not in ("", *(device.key for device in self.devices if device.works)):
            raise ValueError(f"There is no device {key} here that works.")
        self._hall.edit_settings(device=key)
        self.changed.emit()

    @property
    def threads(self) -> int:
        """That the CPU computes with; 0 until found."""
        return self.devices[-1].threads if self.devices else 0

    @property
    def processors(self) -> int:
        """How many threads it could compute with."""
        return processors()

    def set_threads(self, count: int) -> None:
        """Compute on the CPU with so many threads from now on: a run that goes on has them from its next step."""
        if count < 1:
            raise ValueError("At least one thread is needed to compute.")
        self._hall.edit_settings(threads=count)
        self._then(self._hall.models.ask(set_threads, count), self._threads_set)

    @property
    def peak(self) -> float | None:
        """FLOP/s of the fastest matrix product on the device of the next run; None until it has been measured."""
        device = self.device
        found = self._hall.settings.peaks.get(device.hardware) if device else None
        return found.fastest if found else None

    # what it tells

    def watch(self) -> None:
        """Keep `reading` fresh: called often by whoever shows it, while they show it."""
        now = time.monotonic()
        if self._reading is None and now - self._read_at >= READ_SECONDS:
            self._read_at = now
            project = self._hall.opened.folder.path if self._hall.opened else None
            self._reading = self._hall.files.ask(self._meter.read, project)
            self._then(self._reading, self._read)

    @property
    def awake(self) -> bool:
        """The computer is kept from falling asleep now."""
        return self._awake.held

    @property
    def why_not_awake(self) -> str:
        """Why it cannot be kept awake, "" where it can or has not been tried."""
        return self._awake.why_not

    def poll(self) -> None:
        self._take_in()
        running, now = self._running(), time.monotonic()
        self._since = (self._since or now) if running else None
        wanted = self._since is not None and now - self._since >= AWAKE_AFTER and self._hall.settings.keep_awake
        if wanted != self._wants_awake:
            self._wants_awake = wanted
            act = self._awake.hold if wanted else self._awake.let_go
            self._then(self._hall.files.ask(act), lambda _: self.changed.emit())
        if self._quiet and not running:
            self._measure()

    def close(self) -> None:
        self._hall.files.ask(self._awake.let_go).result(60)

    def _then(self, future: "Future[Any]", done: Callable[[Any], object]) -> "Future[Any]":
        """As the hall's `then`, but what was asked of the computer stays asked when a project is closed."""
        after: Future[Any] = Future()
        self._waiting.append((future, done, after))
        return after

    def _take_in(self) -> None:
        ready = [entry for entry in self._waiting if entry[0].done()]
        self._waiting = [entry for entry in self._waiting if not entry[0].done()]
        for future, done, after in ready:
            try:
                result = future.result()
            except (Exception, CancelledError) as error:  # noqa: BLE001  (told, and handed on)
                self._hall.tell(error)
                after.set_exception(error)
            else:
                after.set_result(done(result))

    def _found(self, devices: tuple[Device, ...] | None) -> None:
        self.devices = devices or ()  # none: the session ended meanwhile
        self._then(self._hall.files.ask(self._try_awake), lambda _: self._settled())
        self.changed.emit()

    def _settled(self) -> None:
        """All is loaded and tried: nothing of ours disturbs a measurement any more."""
        self._quiet = True
        self.changed.emit()

    def _try_awake(self) -> None:
        """Learn whether it works before the first run needs it."""
        if not self._awake.held and self._awake.hold():
            self._awake.let_go()

    def _threads_set(self, count: int) -> None:
        if self.devices:  # the CPU comes last
            self.devices = (*self.devices[:-1], replace(self.devices[-1], threads=count))
        self.changed.emit()

    def _measure(self) -> None:
        """How fast each device is, where that is not known from an earlier session; on a busy computer, later."""
        now = time.monotonic()
        known = self._hall.settings.peaks
        missing = [device for device in self.devices if device.works and device.hardware not in known]
        if missing and not self._measuring and self._tries < TRIES and now >= self._try_at:
            self._measuring, self._tries, self._try_at = True, self._tries + 1, now + AGAIN_SECONDS
            job = self._hall.models.start(_peaks({device.hardware: device.key for device in missing}))
            self._then(job.done, self._keep)

    def _keep(self, peaks: dict[str, Peak] | None) -> None:
        self._measuring = False
        if peaks:
            self._tries, self._try_at = 0, 0.0
            self._hall.edit_settings(peaks=self._hall.settings.peaks | peaks)
            self.changed.emit()

    def _read(self, reading: Reading) -> None:
        self.reading, self._reading = reading, None


def _peaks(keys: dict[str, str]) -> Generator[None, None, dict[str, Peak]]:
    """By hardware; each has its share of the time. Nothing where other programs kept the processors at work."""
    found, busy = {}, Busy()
    for hardware, key in keys.items():
        found[hardware] = yield from measure(key, SECONDS / len(keys))
    return found if busy.others <= QUIET else {}
