"""One error tree. A class docstring is the sentence that is safe to show to anybody.

Raise with a more exact sentence where one exists: `BadInput("The file is empty.")`. Nothing secret, no
name and no hostile value may be part of such a sentence; `str(error)` is what pages and the API print.
"""


class ExchangeError(Exception):
    """Something went wrong. Nothing was changed. Please try again."""

    status = 500
    retry_after = 0
    """Seconds after which trying again may help; 0 where waiting alone does not."""

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or type(self).sentence())

    @classmethod
    def sentence(cls) -> str:
        """The safe sentence of this class: its docstring's first paragraph on one line."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


class BadInput(ExchangeError):
    """What was entered cannot be used. Nothing was changed; please correct it and try again."""

    status = 422

    def __init__(self, sentence: str | None = None, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class WrongLine(BadInput):
    """A line of this file cannot be read. Nothing was changed."""

    def __init__(self, pattern: str, line: int, *, field: str = "text") -> None:
        """`pattern` has a place for the line's number, so that pages can say it in another language."""
        super().__init__(pattern % {"line": line}, field=field)
        self.pattern, self.line = pattern, line


class NotAllowed(ExchangeError):
    """You cannot do this. Nothing was changed."""

    status = 403


class NotFound(ExchangeError):
    """There is nothing here that you can see."""

    status = 404


class SignInNeeded(ExchangeError):
    """Please sign in first."""

    status = 401


class SignInRefused(SignInNeeded):
    """These details are not right. Please check them. After five wrong tries you must wait 15 minutes."""


class SignOnRefused(SignInNeeded):
    """Single sign-on did not work. Nothing was changed. Try again, or sign in with your password."""


class NotLinked(SignInNeeded):
    """You are signed in there, but that account opens none here. Ask your administrator to link the two."""


class StepUpNeeded(NotAllowed):
    """Please confirm with your second factor first. Nothing was changed."""


class Conflict(ExchangeError):
    """Somebody else changed this in the meantime. Nothing was changed; please look again."""

    status = 409


class Refused(ExchangeError):
    """This is not possible yet. Nothing was changed.

    `reasons` lists every reason why (`gate.Reason`), so that a page can show what is still needed.
    """

    status = 409

    def __init__(self, sentence: str | None = None, *, reasons: tuple[object, ...] = ()) -> None:
        super().__init__(sentence)
        self.reasons = reasons


class OnHold(Refused):
    """There is a legal hold on this case, so nothing of it can be erased. A supervisor must lift it first."""


class NotForSentences(Refused):
    """Nothing of a case is passed on for a sentence or for parole: taking part never counts for or against anyone.
    Nothing was recorded."""


class TooLarge(ExchangeError):
    """The file is larger than this service takes. Nothing was kept."""

    status = 413


class TooOften(ExchangeError):
    """That was too often in a short time. Nothing is lost. Please wait a minute and try again."""

    status = 429
    retry_after = 60


class WaitAWhile(ExchangeError):
    """Too many wrong attempts. Please wait 15 minutes and try again. Nothing is lost."""

    status = 429
    retry_after = 900


class LinkDead(ExchangeError):
    """This link cannot be opened. Nothing is lost."""

    status = 404


class SessionLocked(ExchangeError):
    """This page is locked. Enter your code to go on."""

    status = 403


class Unreadable(ExchangeError):
    """The stored data did not pass its check and was not opened."""


class ObjectMissing(Unreadable):
    """A stored object is missing."""


class StorageUnavailable(ExchangeError):
    """The store cannot be reached at the moment. Nothing was lost; please try again in a minute."""

    status = 503


class StorageFull(StorageUnavailable):
    """The store is full. What was saved before is safe; this was not kept."""

    status = 507


class SignOnSilent(StorageUnavailable):
    """Single sign-on does not answer at the moment. Nothing was changed. Sign in with your password, or try again
    in a minute."""


class KeysUnavailable(StorageUnavailable):
    """The root key cannot be reached at the moment. Nothing was lost; please try again in a minute."""


class RootKeyMissing(Unreadable):
    """The root key that locks this is not set up here."""


class LedgerUnavailable(ExchangeError):
    """The record cannot be written at the moment, so this was not done. Please try again in a minute."""

    status = 503


class RecordNotSigned(LedgerUnavailable):
    """Nothing is shown while the record is not being signed. Nothing is lost; please try again later."""


class WrongSetting(ExchangeError):
    """A setting is wrong, so the service did not start."""
