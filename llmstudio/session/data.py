"""The room of the text: sources, how they are split and tokenized, and the tokens on disk."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from ..core.data.source import Settings, Source
from ..core.progress import Progress
from .edits import Edits
from .hall import Hall
from .signal import Signal
from .worker import Job

if TYPE_CHECKING:
    from ..core.data.corpus import Added, Corpus
    from ..core.data.documents import Refused
    from ..core.data.frequencies import Frequencies
    from ..core.data.tokenizer import Tokenizer
    from ..core.data.tokens import Manifest
    from .opened import Opened

Doing = Literal["", "adding", "preparing"]


class Text(Struct, frozen=True, kw_only=True):
    """What can be edited, and un-edited, in this room."""

    sources: tuple[Source, ...] = ()
    settings: Settings = Settings()


class _Work(Struct, frozen=True):
    """Something long that waits for its turn on the file thread."""

    doing: Doing
    steps: Callable[[], Generator[Any, None, Any]]
    done: Callable[[Any], object]
    after: Future[Any]


class DataRoom:
    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self.changed = Signal()  # sources, settings, tokens, or whether work goes on
        self.selected_changed = Signal()
        self.corpus: Corpus | None = None
        self.tokenizer: Tokenizer | None = None
        self.manifest: Manifest | None = None
        self.refused: list[Refused] = []
        self.job: Job | None = None
        self.selected = ""  # id of the source that is looked at
        self._doing: Doing = ""
        self._counts: tuple[Manifest, Future[Frequencies]] | None = None
        self._queue: list[_Work] = []
        self._edits: Edits[Text] = Edits(Text(), self._edited)

    # what is there

    @property
    def sources(self) -> tuple[Source, ...]:
        return self._edits.value.sources

    @property
    def settings(self) -> Settings:
        return self._edits.value.settings

    @property
    def busy(self) -> bool:
        return self.job is not None and self.job.running

    @property
    def doing(self) -> Doing:
        """What the work that goes on is for."""
        return self._doing if self.busy else ""

    @property
    def shown(self) -> Source | None:
        """The source that is looked at: the selected one, else the first."""
        return next((s for s in self.sources if s.id == self.selected), self.sources[0] if self.sources else None)

    @property
    def progress(self) -> Progress | None:
        """Of the work that goes on."""
        return self.job.log[-1] if self.job and self.busy and self.job.log else None

    @property
    def ready(self) -> bool:
        """There are tokens to train on, and they are of this text and these settings."""
        return self.manifest is not None and not self.stale

    @property
    def stale(self) -> bool:
        """The text or its settings changed since the tokens were made."""
        project = self._hall.project
        if self.manifest is None or self.corpus is None or project is None:
            return False
        return project.prepared != self.settings or self.manifest.corpus != self.corpus.fingerprint

    # verbs

    def add(self, paths: Iterable[Path], encoding: str | None = None) -> "Future[Any]":
        """Copy files and folders into the corpus. Those without text become lines in `refused`.

        The encoding is found from the bytes, unless one is given: for a file that was refused or guessed wrongly.
        """
        corpus, wanted = self._corpus(), [Path(path) for path in paths]
        return self._start("adding", lambda: corpus.add(wanted, encoding), self._added)

    def read_again(self, what: "Source | Refused", encoding: str) -> "Future[Any]":
        """Read a file that was guessed wrongly, or refused, as `encoding`; what it gives takes the old one's place."""
        corpus, path = self._corpus(), Path(what.path)

        def done(added: "Added") -> None:
            if not added.sources:
                self._added(added)
                return
            self.refused = [each for each in self.refused if each is not what]
            self._put_sources((*(each for each in self.sources if each != what), *added.sources))
            self._hall.say(f"{added.sources[0].name} read as {encoding}", undo=self.undo)

        return self._start("adding", lambda: corpus.add([path], encoding), done)

    def paste(self, text: str, name: str = "Pasted text") -> "Future[Any]":
        corpus = self._corpus()
        return self._start("adding", lambda: _write(corpus, [(name, text)]), self._added)

    def fill(self, kit: str) -> "Future[Any]":
        """Write a kit's own text into the corpus and make its tokens."""
        corpus = self._corpus()
        self._start("adding", lambda: _fill(corpus, kit), self._filled)
        return self.prepare()

    def remove(self, source: str) -> None:
        """Take a source out; `undo` brings it back."""
        gone = next(s for s in self.sources if s.id == source)
        self._put_sources(tuple(s for s in self.sources if s.id != source))
        self._hall.say(f"{gone.name} removed", undo=self.undo)

    def select(self, source: str) -> None:
        """Look at a source."""
        if source != self.selected:
            self.selected = source
            self.selected_changed.emit()

    def dismiss(self, refused: "Refused") -> None:
        """Take a file that was left out off the list of those."""
        self.refused = [each for each in self.refused if each is not refused]
        self.changed.emit()

    def edit(self, settings: Settings, what: str = "") -> None:
        self._edits.edit(replace(self._edits.value, settings=settings), what)

    def undo(self) -> None:
        self._edits.undo()

    def redo(self) -> None:
        self._edits.redo()

    @property
    def can_undo(self) -> bool:
        return self._edits.can_undo

    @property
    def can_redo(self) -> bool:
        return self._edits.can_redo

    def prepare(self) -> "Future[Any]":
        """Train the tokenizer and write the tokens. Nothing is replaced until all of it is done."""
        folder = self._hall.folder.path
        return self._start("preparing", lambda: _prepare(self._corpus(), self.settings, folder), self._prepared)

    def cancel(self) -> None:
        """Stop the work that goes on, and what waits behind it; what was there before stays."""
        waiting, self._queue = self._queue, []
        for work in waiting:
            work.after.set_result(None)
        if self.job:
            self.job.stop()

    def preview(self, source: str, first: int, count: int) -> "Future[list[str]]":
        """Lines of a source, from `first` (0-based)."""
        return self._hall.files.ask(self._corpus().preview, source, first, count)

    def count(self) -> "Future[Frequencies]":
        """How often each token comes in the training text; counted once for each making of the tokens."""
        assert self.manifest is not None
        if self._counts is None or self._counts[0] is not self.manifest:
            self._counts = (self.manifest, self._hall.files.ask(_count, self._hall.folder.tokens))
        return self._counts[1]

    # the room

    def enter(self, opened: "Opened") -> None:
        self.corpus, self.tokenizer, self.manifest = opened.corpus, opened.tokenizer, opened.manifest
        self.refused = []
        self._edits.reset(Text(sources=opened.corpus.sources, settings=opened.project.data))

    def leave(self) -> None:
        if self.busy and self.job:
            job = self.job
            self.cancel()
            self._hall.files.ask(lambda: None).result(30)  # the file thread has come past the job's end
            job.done.exception(30)
        self.job = None
        self.corpus = self.tokenizer = self.manifest = self._counts = None
        self.refused = []
        self._edits.reset(Text())

    def poll(self) -> None:
        """Nothing waits here: the work's end comes through `then`."""

    def _corpus(self) -> "Corpus":
        if self.corpus is None:
            raise ValueError("Open or make a project first.")
        return self.corpus

    def _start(
        self, doing: Doing, steps: Callable[[], Generator[Any, None, Any]], done: Callable[[Any], object]
    ) -> "Future[Any]":
        """Run now, or after the work that goes on."""
        after: Future[Any] = Future()
        self._queue.append(_Work(doing, steps, done, after))
        if not self.busy:
            self._next()
        return after

    def _next(self) -> None:
        if not self._queue:
            self.changed.emit()
            return
        work = self._queue.pop(0)
        self._doing, after = work.doing, work.after
        self.job = self._hall.files.start(work.steps())

        def finished(result: Any) -> None:
            if result is not None:  # not cancelled
                work.done(result)
            after.set_result(result)
            self._next()

        def failed(error: BaseException) -> None:
            self._hall.tell(error)
            after.set_exception(error)
            self._next()

        self._hall.then(self.job.done, finished, failed)
        self.changed.emit()

    def _added(self, added: "Added") -> None:
        self.refused = [*self.refused, *added.refused]
        if added.sources:
            self._put_sources((*self.sources, *added.sources))
            many = len(added.sources)
            self._hall.say(f"{added.sources[0].name} added" if many == 1 else f"{many} texts added", undo=self.undo)
        if added.refused:
            first = added.refused[0]
            more = f" and {len(added.refused) - 1} more" if len(added.refused) > 1 else ""
            self._hall.say(f"{first.path.name}{more} left out: {first.reason}")
        self.changed.emit()

    def _filled(self, added: "Added") -> None:
        self._edits.reset(replace(self._edits.value, sources=(*self.sources, *added.sources)))

    def _put_sources(self, sources: tuple[Source, ...]) -> None:
        self._edits.edit(replace(self._edits.value, sources=sources))

    def _edited(self) -> None:
        """Make the corpus and project.json follow the value."""
        value, corpus, opened = self._edits.value, self.corpus, self._hall.opened
        if corpus is None or opened is None:
            return
        wanted, there = {s.id for s in value.sources}, {s.id for s in corpus.sources}
        for source in there - wanted:
            self._hall.then(self._hall.files.ask(corpus.remove, source), lambda _: self.changed.emit())
        for source in wanted - there:
            self._hall.then(self._hall.files.ask(corpus.restore, source), lambda _: self.changed.emit())
        if value.settings != opened.project.data:
            self._hall.edit_project(data=value.settings)
        self.changed.emit()

    def _prepared(self, result: "tuple[Tokenizer, Manifest, Settings]") -> None:
        self.tokenizer, self.manifest, settings = result
        self._hall.edit_project(prepared=settings)
        self.changed.emit()


def _write(corpus: "Corpus", texts: Iterable[tuple[str, str]]) -> "Generator[Progress, None, Added]":
    """Put texts, each with its name, into the corpus."""
    from ..core.data.corpus import Added

    sources: list[Source] = []
    for name, text in texts:
        yield Progress(text=f"Writing {name}", done=len(sources), unit="texts")
        sources.append(corpus.add_text(text, name))
    return Added(sources=sources, refused=[])


def _fill(corpus: "Corpus", kit: str) -> "Generator[Progress, None, Added]":
    from ..core.data import synthetic

    return (yield from _write(corpus, synthetic.documents(kit, 0)))


def _count(folder: Path) -> "Frequencies":
    from ..core.data.frequencies import frequencies
    from ..core.data.tokens import Tokens

    tokens = Tokens(folder)
    return frequencies(tokens.train, tokens.manifest.vocab)


def _prepare(
    corpus: "Corpus", settings: Settings, folder: Path
) -> "Generator[Progress, None, tuple[Tokenizer, Manifest, Settings]]":
    from ..core.data import tokenizer as tokenizers
    from ..core.data import tokens
    from .project import Folder

    place = Folder(folder)
    if not corpus.sources:
        raise ValueError("There is no text yet. Drop files on the window or paste some text.")

    def chunks() -> Iterator[str]:
        for source in corpus.sources:
            yield from corpus.chunks(source)

    tokenizer = yield from tokenizers.train(settings.tokenizer, chunks, settings.vocabulary, len(corpus.sources))
    written = yield from tokens.write(corpus, tokenizer, settings, place.tokens)
    place.tokenizer.parent.mkdir(exist_ok=True)
    tokenizer.save(place.tokenizer)
    return tokenizer, written.manifest, settings
