"""A D-Bus of a test's own, with one service on it that remembers what it was asked."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from jeepney import HeaderFields, MessageType, message_bus, new_error, new_method_return
from jeepney.io.blocking import open_dbus_connection

CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow own="*"/><allow eavesdrop="true"/>
</policy></busconfig>
"""
Answer = Callable[[str, tuple[Any, ...]], tuple[str, tuple[Any, ...]]]  # method, arguments -> signature, body


@contextmanager
def service(tmp_path: Any, name: str, answer: Answer) -> Iterator[str]:
    """The address of the bus, while `name` is there; an OSError from `answer` is sent as the service's refusal."""
    if not shutil.which("dbus-daemon"):
        pytest.skip("no dbus-daemon")
    file = tmp_path / "bus.conf"
    file.write_text(CONFIGURATION)
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={file}", "--nofork", "--print-address"], stdout=subprocess.PIPE, text=True
    )
    ended = threading.Event()
    try:
        assert daemon.stdout
        address = daemon.stdout.readline().strip()
        connection = open_dbus_connection(address, enable_fds=True)
        connection.send_and_get_reply(message_bus.RequestName(name))
        thread = threading.Thread(target=_serve, args=(connection, answer, ended))
        thread.start()
        yield address
        ended.set()
        thread.join()
        connection.close()
    finally:
        ended.set()
        daemon.terminate()
        daemon.wait()
        if daemon.stdout:
            daemon.stdout.close()


def _serve(connection: Any, answer: Answer, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            message = connection.receive(timeout=0.05)
        except TimeoutError:
            continue
        if message.header.message_type != MessageType.method_call:
            continue
        try:
            signature, body = answer(message.header.fields[HeaderFields.member], message.body)
        except OSError as error:
            connection.send(new_error(message, "org.example.Refused", "s", (str(error),)))
        else:
            connection.send(new_method_return(message, signature, body))
