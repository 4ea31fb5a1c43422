"""How each refusal becomes a response: a sentence with the right status, nothing of what went wrong inside."""

import logging
from urllib.parse import quote, urlsplit

from litestar import Response
from litestar.exceptions import HTTPException

from app import rendering
from app.errors import NotThere, Problem, SignedOut, TooLarge
from app.views import Html
from app.web.origins import here
from app.web.pages import bare_frame, html, is_htmx, local_path, redirect, refusal
from app.web.visitors import AnyRequest

logger = logging.getLogger("teahouse")

SENTENCES = {
    400: "This request could not be understood.",
    404: NotThere.sentence,
    405: "This address does not take that kind of request.",
    413: TooLarge.sentence,
}


def problem(request: AnyRequest, error: Problem) -> Response[str]:
    """The response to a refusal of ours: a line for htmx, a page for everybody else."""
    if isinstance(error, SignedOut) and not is_htmx(request):
        return _to_sign_in(request)
    return refusal(_said(request, error.status, error.sentence), error)


def http_problem(request: AnyRequest, error: HTTPException) -> Response[str]:
    """The framework's own refusals: an unknown address, a wrong method, a body that is too large."""
    status = 404 if _is_bad_path(error) else error.status_code
    if status >= 500:
        return unexpected(request, error)
    return html(_said(request, status, SENTENCES.get(status, SENTENCES[400])), status)


def unexpected(request: AnyRequest, error: Exception) -> Response[str]:
    """A mistake of ours: logged with its cause, answered without it."""
    # The handler and not the address, which holds what a visitor chose, or an invitation code.
    logger.error("%s failed in %s", request.method, request.scope.get("route_handler", "no handler"), exc_info=error)
    return html(_said(request, 500, Problem.sentence), 500)


def _is_bad_path(error: HTTPException) -> bool:
    """A path such as /rooms/abc, where a number belongs, leads nowhere."""
    return error.status_code == 400 and "path" in str(error.extra)


def _to_sign_in(request: AnyRequest) -> Response[str]:
    """To the sign-in page, and back afterwards if a page was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(asked, safe='/')}" if request.method == "GET" and asked != "/" else ""
    return redirect(f"/sign-in{back}")


def _said(request: AnyRequest, status: int, sentence: str) -> Html:
    if is_htmx(request):
        return rendering.fragments.problem(sentence)
    way = str(request.url.path) if request.method == "GET" else ""
    back = "" if way else _page_of_the_form(request)
    return rendering.pages.problem(bare_frame(request), status, sentence, way=way, back=back)


def _page_of_the_form(request: AnyRequest) -> str:
    """The page of ours whose form was sent, or nothing."""
    try:
        page = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if f"{page.scheme}://{page.netloc}".lower() not in here(request):
        return ""
    return local_path(page._replace(scheme="", netloc="", fragment="").geturl(), "")
