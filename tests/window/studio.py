"""The studio as it is, with somebody looking over its shoulder. Started as a child: see hands.py."""

import sys

from PySide6.QtWidgets import QApplication

from llmstudio.session.session import Session
from llmstudio.ui import app
from tests.window.looking import Looking

dress = app.dress


def main() -> int:
    session = Session()

    def dress_and_look(application: QApplication, mode: str) -> None:
        dress(application, mode)
        Looking(session)  # from the first moment that there is an application

    app.dress = dress_and_look
    return app.run(session)


if __name__ == "__main__":
    sys.exit(main())
