"""Takes the place of a desktop's notification service and writes each notification as a line of JSON."""
import json

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

INTERFACE = """<node><interface name="org.freedesktop.Notifications">
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/><arg type="a{sv}" direction="in"/>
<arg type="i" direction="in"/><arg type="u" direction="out"/></method>
</interface></node>"""


def called(connection, sender, path, interface, method, parameters, invocation):
    if method == "GetCapabilities":
        invocation.return_value(GLib.Variant("(as)", (["body", "body-markup"],)))
        return
    app, _, _, title, body, _, _, _ = parameters.unpack()
    print(json.dumps({"app": app, "title": title, "body": body, "at": GLib.get_monotonic_time() / 1e6}), flush=True)
    invocation.return_value(GLib.Variant("(u)", (1,)))


def acquired(connection, name):
    node = Gio.DBusNodeInfo.new_for_xml(INTERFACE)
    connection.register_object("/org/freedesktop/Notifications", node.interfaces[0], called, None, None)


def owned(connection, name):
    print(json.dumps({"app": "ready"}), flush=True)


Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.Notifications", Gio.BusNameOwnerFlags.NONE, acquired, owned, None)
GLib.MainLoop().run()
