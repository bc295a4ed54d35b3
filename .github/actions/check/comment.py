"""Keeps one comment about a check on a pull request: written when something is wrong, and up to date from then on.

It is found again by a mark in its first line that nobody sees. Where two programs wrote one at once, the older stays.
The token is in a header of the requests and nowhere else; redirections are not followed, as they would carry it along.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

TIMEOUT = 30.0
TRIES = 5
PATIENCE = 60.0
"""For how many seconds in all a server that asks for a moment, or is away, is waited for."""
MOST_PAGES = 200
WELL_AGAIN = "**Well again.** What was told here before is over.\n\n"
NEEDED = "the job needs `permissions: {pull-requests: write}`, which a pull request from a fork never has"


class CommentError(Exception):
    """GitHub said no, or cannot be reached; one sentence."""


class AwayError(CommentError):
    """GitHub may say yes later, in `wait` seconds where it says so."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class NoRedirection(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(self, *_: Any) -> None:
        """No request: the answer itself is an error."""


@dataclass
class Comments:
    """The comments on a pull request, whose mark is `mark`."""

    api: str
    repository: str
    number: int
    token: str
    mark: str
    waited: float = 0.0

    def ours(self) -> list[dict[str, Any]]:
        """Those that begin with the mark and were written by who asks, the oldest first."""
        found: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            answer, links = self.ask("GET", f"issues/{self.number}/comments?per_page=100&page={page}")
            found += [one for one in answer if str(one.get("body") or "").startswith(self.mark)]
            if 'rel="next"' not in links:
                break
        by_programs = [one for one in found if (one.get("user") or {}).get("type") == "Bot"]
        login = self.login() if len(by_programs) < len(found) else None
        mine = [one for one in found if login and (one.get("user") or {}).get("login") == login]
        return sorted(mine or by_programs, key=lambda one: int(one["id"]))

    def login(self) -> str | None:
        """The name of who asks; None where it is a program, which has none."""
        try:
            answer, _ = self.ask("GET", "/user")
        except AwayError:
            raise
        except CommentError:
            return None
        return str(answer["login"])

    def write(self, body: str) -> str:
        """Writes a comment; its address. Where another one was written meanwhile, the oldest stays."""
        written, _ = self.ask("POST", f"issues/{self.number}/comments", {"body": body})
        return self.update(self.ours() or [written], body)

    def update(self, known: list[dict[str, Any]], body: str) -> str:
        """Makes the first of `known` say `body`, and removes the others; its address."""
        first, *others = known
        if plain(str(first.get("body") or "")) != plain(body):
            self.ask("PATCH", f"issues/comments/{int(first['id'])}", {"body": body})
        for other in others:
            self.ask("DELETE", f"issues/comments/{int(other['id'])}")
        return str(first.get("html_url") or "")

    def ask(self, method: str, path: str, body: dict[str, str] | None = None) -> tuple[Any, str]:
        """The answer to a request, and the addresses of further pages; asked again where the server is away."""
        url = self.api + (path if path.startswith("/") else f"/repos/{self.repository}/{path}")
        for attempt in range(1, TRIES + 1):
            try:
                return self.answer(method, url, body)
            except AwayError as error:
                pause = 2.0 ** (attempt - 1) if error.wait is None else error.wait
                if attempt == TRIES or self.waited + pause > PATIENCE:
                    raise
                self.waited += pause
                time.sleep(pause)
        raise AssertionError

    def answer(self, method: str, url: str, body: dict[str, str] | None) -> tuple[Any, str]:
        """The answer to one request.

        Raises:
            AwayError: it may be answered later.
            CommentError: it was refused.
        """
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": "cajajejo-check",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  # of the runner
        try:
            with urllib.request.build_opener(NoRedirection).open(request, timeout=TIMEOUT) as response:
                text = response.read()
                return (json.loads(text) if text else None), response.headers.get("Link") or ""
        except urllib.error.HTTPError as error:
            if method == "DELETE" and error.code == http.HTTPStatus.NOT_FOUND:
                return None, ""
            raise refusal(error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise AwayError(f"GitHub cannot be reached: {type(error).__name__}") from None


def refusal(error: urllib.error.HTTPError) -> CommentError:
    """What an answer other than yes means."""
    said = f"GitHub answered {error.code}{': ' * bool(message := message_of(error))}{message}"
    if error.code == http.HTTPStatus.TOO_MANY_REQUESTS or is_limit(error, message):
        return AwayError(said, pause(error))
    if error.code >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        return AwayError(said)
    if error.code in {http.HTTPStatus.FORBIDDEN, http.HTTPStatus.NOT_FOUND}:
        return CommentError(f"{said}; {NEEDED}")
    return CommentError(said)


def message_of(error: urllib.error.HTTPError) -> str:
    """What the server says, on one line that can be printed."""
    try:
        told = json.loads(error.read())["message"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return ""
    return "".join(c if c.isprintable() else " " for c in str(told))[:200]


def is_limit(error: urllib.error.HTTPError, message: str) -> bool:
    """Whether a refusal is about how often was asked."""
    told = "Retry-After" in error.headers or error.headers.get("X-RateLimit-Remaining") == "0"
    return error.code == http.HTTPStatus.FORBIDDEN and (told or "rate limit" in message.lower())


def pause(error: urllib.error.HTTPError) -> float | None:
    """For how many seconds the server wants to be left alone; None where it does not say."""
    after, reset = error.headers.get("Retry-After", ""), error.headers.get("X-RateLimit-Reset", "")
    if after.strip().isdecimal():
        return float(after)
    if error.headers.get("X-RateLimit-Remaining") == "0" and reset.strip().isdecimal():
        return max(1.0, float(reset) - time.time())
    return None


def plain(body: str) -> str:
    """A body as it compares: GitHub keeps neither the ends of lines nor the space around it."""
    return body.replace("\r\n", "\n").strip()


def mark_of(test: str) -> str:
    """The first line of the comment about `test`: nothing in its name can end it."""
    return f"<!-- cajajejo:check:{quote(test, safe='/ ')[:300]} -->"


def pull_request() -> int | None:
    """The number of the pull request: as given, else that of the event; None where it is about none.

    Raises:
        CommentError: what is given is no number.
    """
    given = os.environ["CHECK_PULL_REQUEST"].strip()
    if given and not re.fullmatch("[0-9]{1,12}", given):
        raise CommentError("the input pull-request is no number")
    if given:
        return int(given)
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))
    except (KeyError, OSError, ValueError):
        return None
    issue = event.get("issue") or {}
    started = (event.get("workflow_run") or {}).get("pull_requests") or [{}]
    found = event.get("pull_request") or (issue if issue.get("pull_request") else started[0])
    number = found.get("number")
    return number if isinstance(number, int) else None


def main() -> str | None:
    """The address of the comment, which is up to date then; None where there is none.

    Raises:
        CommentError: GitHub said no, or cannot be reached.
    """
    found = json.loads(Path(os.environ["CHECK_JSON"]).read_text("utf-8"))
    number, token = pull_request(), os.environ["CHECK_TOKEN"].strip()
    if number is None:
        print("no comment: this is about no pull request")
        return None
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise CommentError(f"there is no token; {NEEDED}")
    api, repository = os.environ["GITHUB_API_URL"].rstrip("/"), os.environ["GITHUB_REPOSITORY"]
    comments = Comments(api, repository, number, token, mark_of(found["test"]))
    known = comments.ours()
    if not known and not found["alerts"]:
        print("no comment: nobody needs to hear of this")
        return None
    well = WELL_AGAIN * (found["verdict"] == "pass" and not found["alerts"])
    body = f"{comments.mark}\n{well}{Path(os.environ['CHECK_MARKDOWN']).read_text('utf-8')}"
    return comments.update(known, body) if known else comments.write(body)


if __name__ == "__main__":
    try:
        address = main()
    except CommentError as error:  # a comment that cannot be written is no verdict
        sentence = str(error).replace("%", "%25")
        print(f"::warning title=no comment on the pull request::{sentence}")
    else:
        if address and address.isprintable():
            print(f"the comment is up to date: {address}")
            with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
                outputs.write(f"comment-url={address}\n")
