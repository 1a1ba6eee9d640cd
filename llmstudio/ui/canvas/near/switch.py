"""Whether opened blocks show their numbers, or only the shapes of their matrices."""

from ....session.session import Session
from ...widgets.segments import Segments

WORDS = ("values", "shapes only")


class ValuesSwitch(Segments):
    def __init__(self, session: Session) -> None:
        super().__init__(WORDS, WORDS[not session.inside.inner.values], "What opened blocks show")
        self._inner = session.inside.inner
        self.changed.connect(lambda word: self._inner.show_values(word == WORDS[0]))
        self._inner.changed.connect(self._follow)

    def _follow(self) -> None:
        self.choose(WORDS[not self._inner.values])
