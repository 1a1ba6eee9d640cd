"""Asking a service of the desktop or the system over D-Bus (Linux), with jeepney."""

import contextlib
import sys
from typing import Any, Literal

from msgspec import Struct

WAIT = 3.0  # seconds for an answer


class Service(Struct, frozen=True, kw_only=True):
    """Where a service is, in the words of D-Bus."""

    bus: Literal["SESSION", "SYSTEM"]
    name: str
    path: str
    interface: str


def ask(service: Service, method: str, signature: str, *arguments: Any, files: bool = False) -> tuple[Any, ...]:
    """What the method answers; with `files` file handles may be among it, as jeepney's FileDescriptor.

    OSError with the reason where there is no such bus or service, or where it refuses. Blocks up to 3 s.
    """
    if sys.platform != "linux":
        raise OSError("there is no D-Bus on this system")
    from jeepney import DBusAddress, MessageType, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    address = DBusAddress(service.path, bus_name=service.name, interface=service.interface)
    try:
        connection = open_dbus_connection(bus=service.bus, enable_fds=files)
    except (OSError, KeyError, RuntimeError, ValueError) as error:  # no variable, no file, no answer, no permission
        raise OSError(f"the {service.bus.lower()} bus of D-Bus cannot be reached") from error
    with contextlib.closing(connection):
        message = new_method_call(address, method, signature, arguments)
        reply = connection.send_and_get_reply(message, timeout=WAIT)
        if reply.header.message_type == MessageType.error:
            raise OSError(str(reply.body[0]) if reply.body else f"{service.name} refused")
        return tuple(reply.body)
