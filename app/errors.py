"""What can go wrong, and the sentence a person reads about it.

    Problem
    ├── Invalid        422  a field is wrong; the form comes back with what was typed
    ├── SignedOut      401  nobody is signed in (a page redirects to the sign-in form)
    ├── NotAllowed     403  you may know that it exists, but not do this
    │   ├── NotAMember      an open room that you have not joined
    │   └── CrossSite       the request comes from another website
    ├── NotThere       404  it does not exist, or it is closed to you: nobody can tell which
    ├── Taken          409  the message id belongs to somebody else
    ├── TooLarge       413  more bytes than are read
    ├── TooOften       429  wait `retry_after` seconds
    └── Unavailable    503  PostgreSQL cannot be reached; nothing was lost

`web.problems` turns each into a response.
"""


class Problem(Exception):
    """A refusal with an HTTP `status` and one human `sentence`; `retry_after` are seconds, where waiting helps."""

    status = 500
    retry_after: int | None = None
    sentence = "Something went wrong on our side. Please try again in a moment."

    def __init__(self, sentence: str | None = None) -> None:
        self.sentence = sentence or type(self).sentence
        super().__init__(self.sentence)


class Invalid(Problem):
    """`fields` maps a form field's name to what is wrong with it."""

    status = 422
    sentence = "Something in this form needs another look."

    def __init__(self, **fields: str) -> None:
        self.fields = fields
        super().__init__(next(iter(fields.values()), None))


class SignedOut(Problem):
    status = 401
    sentence = "You are signed out. Please sign in again."


class NotAllowed(Problem):
    status = 403
    sentence = "You are not allowed to do this."


class NotAMember(NotAllowed):
    sentence = "You are not in this room. Join it first."


class CrossSite(NotAllowed):
    sentence = "This request came from another website, so it was not carried out."


class NotThere(Problem):
    status = 404
    sentence = "This page does not exist, or you have no access to it."


class Taken(Problem):
    status = 409
    sentence = "This message could not be sent. Please send it again."


class TooLarge(Problem):
    status = 413
    sentence = "This is too large to be taken in."


class TooOften(Problem):
    status = 429
    sentence = "Too many tries. Please wait a little and try again."

    def __init__(self, sentence: str | None = None, retry_after: int = 60) -> None:
        self.retry_after = retry_after
        super().__init__(sentence)


class Unavailable(Problem):
    status = 503
    retry_after = 5
    sentence = "The database cannot be reached right now. Nothing is lost; please try again in a moment."
