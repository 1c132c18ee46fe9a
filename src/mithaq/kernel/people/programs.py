"""Programs at the desk: tokens for systems of our own that act here, each with an officer who answers for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta, Struct

from mithaq.errors import Clash, Invalid, NotFound
from mithaq.kernel.desk import Desk
from mithaq.kernel.people.desk import KEPT, check_roles, note
from mithaq.kernel.people.officer import PROGRAMS, OfficerId, Program, ProgramId, agency, is_kept, officer, program
from mithaq.kernel.people.paper import keep
from mithaq.kernel.people.secret import PROGRAM, hashed, make_secret
from mithaq.kernel.plug import Command
from mithaq.kernel.values import AgencyId, Code, Instant

Days = Annotated[int, Meta(ge=1, le=366, description="days that a token is good for")]


class IssueToken(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A program, its roles, and who answers for it: whoever issues the token, unless another officer is named."""

    id: ProgramId
    roles: tuple[Code, ...]
    days: Days = 90
    agency: AgencyId | None = None
    keeper: OfficerId | None = None


class Issued(Struct, frozen=True, kw_only=True):
    """The token of a program. It is told this once."""

    id: str
    token: str
    until: Instant

    def without_secret(self) -> Issued:
        return Issued(id=self.id, token="", until=self.until)

    def __repr__(self) -> str:
        return f"Issued({self.id})"


class WhichProgram(Struct, frozen=True, forbid_unknown_fields=True):
    """One program."""

    id: ProgramId


class Revoked(Struct, frozen=True):
    """The program whose token is good no more."""

    id: str


def issue_token(desk: Desk, given: IssueToken) -> Issued:
    """A token for a program. Clash if it has one that is still good."""
    check_roles(desk, given.roles)
    if not set(KEPT).isdisjoint(given.roles):
        raise Invalid("roles", "a program neither administers people nor oversees", where="$.roles")
    if given.agency is not None:
        agency(desk.tx, given.agency)
    _ensure_free(desk, given.id)
    keeper = given.keeper or desk.who
    if not is_kept(desk.tx, keeper):
        raise Invalid(
            "keeper", f"{officer(desk.tx, keeper).id} is not active, so cannot answer for it", where="$.keeper"
        )
    token = make_secret(PROGRAM, desk.node.randomness)
    made = Program(
        id=given.id, roles=tuple(sorted(set(given.roles))), agency=given.agency, keeper=keeper, issued_by=desk.who,
        since=desk.at, until=desk.at + timedelta(days=given.days),
    )  # fmt: skip
    keep(desk.tx, PROGRAMS, hashed(token), made, until=made.until)
    note(desk, "people.issue-token", made.id, f"{' '.join(made.roles)}, kept by {keeper}")
    return Issued(id=made.id, token=token, until=made.until)


def revoke_token(desk: Desk, given: WhichProgram) -> Revoked:
    """The program's token is good no more, at once. NotFound if it has none."""
    found = program(desk.tx, given.id)
    if found is None:
        raise NotFound("program", f"no token of {given.id} here", hint="see people.tokens")
    desk.tx.papers.remove(PROGRAMS, found[0])
    note(desk, "people.revoke-token", given.id)
    return Revoked(given.id)


def _ensure_free(desk: Desk, id: str) -> None:
    found = program(desk.tx, id)
    if found is None:
        return
    if desk.at < found[1].until:
        raise Clash("program", f"{id} has a token that is good", hint="revoke it first, or name the program otherwise")
    desk.tx.papers.remove(PROGRAMS, found[0])


COMMANDS = (
    Command(
        "people.issue-token", "a token for a program of our own", IssueToken, Issued, issue_token,
        roles=("administrator",),
    ),
    Command(
        "people.revoke-token", "end a program's token", WhichProgram, Revoked, revoke_token, roles=("administrator",)
    ),
)  # fmt: skip
