"""Clicks menu items of an application through the accessibility bus, as a screen reader does.

usage: click.py APPLICATION     reads labels from standard input, one a line, and answers each with "clicked" or "missing"
"""

import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402

SECONDS = 40


def children(node):
    for place in range(node.get_child_count()):
        child = node.get_child_at_index(place)
        if child is not None:
            yield child


def items(node, depth=0):
    """Every menu item below node. The page itself is left out: it is large and has none."""
    role = node.get_role()
    if depth > 12 or role == Atspi.Role.DOCUMENT_WEB:
        return
    if role == Atspi.Role.MENU_ITEM:
        yield node
    for child in children(node):
        yield from items(child, depth + 1)


def click(application, label):
    desktop = Atspi.get_desktop(0)
    for program in children(desktop):
        if not program.get_name().startswith(application):
            continue
        for item in items(program):
            if item.get_name() == label:
                return item.get_action_iface().do_action(0)
    return False


def main():
    Atspi.init()
    for line in sys.stdin:
        label, end = line.rstrip("\n"), time.monotonic() + SECONDS
        clicked = False
        while not clicked and time.monotonic() < end:
            try:
                clicked = click(sys.argv[1], label)
            except Exception:  # the tree changes while it is read
                clicked = False
            if not clicked:
                time.sleep(0.1)
        print("clicked" if clicked else "missing", flush=True)


main()
