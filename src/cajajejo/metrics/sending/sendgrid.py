"""Alerts as letters, through SendGrid's API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo.alert_settings import ADDRESS
from cajajejo.errors import AlertError
from cajajejo.metrics.sending import digest, email, google, wording
from cajajejo.metrics.sending.web import Web

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.incidents import Event
    from cajajejo.metrics.sending.google import SecretManager

TO_SECRET: Final = "alert-destination-email-address"  # noqa: S105  # what a secret is called
FROM_SECRET: Final = "alert-sender-email-address"  # noqa: S105  # as above
KEY_SECRET: Final = "sendgrid-api-key"  # noqa: S105  # as above


@dataclass(frozen=True, slots=True)
class Account:
    """Who sends to whom, with which key; what is None is asked of `kept`."""

    to: tuple[str, ...] | None
    sender: str | None
    key: str | None = field(repr=False)
    kept: SecretManager | None = None

    def whole(self) -> Account:
        """The account with everything that Secret Manager keeps of it.

        Raises:
            AlertError: it cannot be read, or an address is none.
        """
        if self.kept is None or (self.to and self.sender and self.key):
            return self
        login = google.token()
        to = self.to or addresses(self.kept.secret(TO_SECRET, login), TO_SECRET)
        (sender, *_) = (self.sender,) if self.sender else addresses(self.kept.secret(FROM_SECRET, login), FROM_SECRET)
        return Account(to, sender, self.key or self.kept.secret(KEY_SECRET, login))


@dataclass(frozen=True, slots=True)
class SendGrid:
    """SendGrid's API at `url`."""

    account: Account
    url: str
    tests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its deliveries are kept under."""
        if self.account.to:
            return f"sendgrid to {', '.join(self.account.to)}"
        return f"sendgrid by the secrets of {self.account.kept.project}" if self.account.kept else "sendgrid"

    @property
    def most(self) -> None:
        """Any number of events."""

    def send(self, events: Sequence[Event], key: str) -> None:
        """Hands one letter to SendGrid.

        Raises:
            AlertError: it did not take it, or Secret Manager did not give what it keeps.
        """
        account = self.account.whole()
        web = Web("SendGrid", (account.key or "",))
        headers = {"Authorization": f"Bearer {account.key}"}
        web.post(f"{self.url.rstrip('/')}/v3/mail/send", document(events, key, account), headers)


def document(events: Sequence[Event], key: str, account: Account) -> dict[str, Any]:
    """What SendGrid is asked to send."""
    told = digest.letter(events)
    sender = account.sender or ""
    return {
        "personalizations": [{"to": [{"email": address} for address in account.to or ()]}],
        "from": {"email": sender, "name": "cajajejo"},
        "subject": told.subject,
        "headers": {"Message-ID": email.message_id(key, sender), "Auto-Submitted": "auto-generated"},
        "custom_args": {"key": wording.plain_key(key)},
        "content": [{"type": "text/plain", "value": told.text}, {"type": "text/html", "value": told.html}],
    }


def addresses(text: str, named: str) -> tuple[str, ...]:
    """The e-mail addresses in `text`, with commas between them; `named` is where they stand.

    Raises:
        AlertError: there is none, or one is not an address.
    """
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found or not all(map(ADDRESS.fits, found)):
        raise AlertError(f"{named} holds no e-mail address")
    return tuple(dict.fromkeys(found))
