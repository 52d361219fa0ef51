"""What people do with drafts: each one transaction, asked of `may` first.

Two who save at once: the first wins, the other is told (Conflict) and keeps what was typed. The lock says who is at
work; anybody who may edit can take it over.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from engine import versions
from engine.access import OrganisationAccess, may
from engine.actors import Actor
from engine.commands import publish, variants
from engine.commands.change import Workplace
from engine.editing import contents, drafts
from engine.editing.drafts import Comment, Draft, Files
from engine.errors import Conflict, DatabaseUnavailable, Forbidden, NotFound, SamledError
from engine.findings import Finding
from engine.merging import Merged, Side, merge
from engine.packages import Package
from engine.validation import validate
from engine.versions import Version

log = logging.getLogger("samled.editing")

#: How long a lock holds after its owner's last save.
LOCK_HOLDS = timedelta(minutes=15)


class Locked(Conflict):
    """Somebody else is changing this draft. Wait until they have saved, or take it over."""


class NotYours(SamledError):
    """Whoever asked for this to be published cannot agree to it as well. Ask a second person."""


class OtherProcess(SamledError):
    """A draft of a process keeps the id of that process. Change the id back, or bring the file in as a new draft."""


class Unready(SamledError):
    """The draft has errors that must be mended before it is published. Look at what the checks say."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


class Editing:
    """The drafts of one database."""

    def __init__(self, place: Workplace, *, second_person: bool = True) -> None:
        """`second_person`: somebody else must agree before a draft is published."""
        self.place = place
        self.second_person = second_person

    # Looking

    def drafts(self, process_id: str | None = None, *, closed: bool = False, by: Actor | None = None) -> list[Draft]:
        """Drafts that one may see, the last saved first."""
        with self.place.database.reading() as tx:
            return [one for one in drafts.every(tx, process_id, closed=closed) if self._may(tx, one.principal, by)]

    def draft(self, draft_id: int, by: Actor | None = None) -> Draft:
        """One draft. Raises NotFound, also for what one may not see."""
        with self.place.database.reading() as tx:
            return self._seen(tx, draft_id, by)

    def base(self, draft: Draft) -> Package | None:
        """The package of the version that a draft stands on."""
        if draft.base_version_id is None:
            return None
        with self.place.database.reading() as tx:
            return versions.package(tx, draft.base_version_id)

    def newest(self, draft: Draft) -> Version | None:
        """The version that new cases start on now: another than the base when somebody has published meanwhile."""
        with self.place.database.reading() as tx:
            return versions.latest(tx, draft.process_id, draft.principal)

    def package(self, draft: Draft) -> Package:
        """The draft as a package with what it calls; its faults are in its findings."""
        with self._folder(draft) as path:
            return Package.load(path, broken=True)

    def findings(self, draft_id: int, by: Actor | None = None, *, publish: bool = False) -> list[Finding]:
        """What the checks say of a draft, in a process of their own; with `publish` also what publishing asks."""
        with self._folder(self.draft(draft_id, by)) as path:
            found = validate(path, publish=publish)
            return [replace(one, file=one.file.removeprefix(f"{path.as_posix()}/")) for one in found]

    # Beginning

    def open(self, process_id: str, by: Actor | None = None, *, principal: str | None = None) -> Draft:
        """A draft on the version that new cases start on. Raises NotFound, Forbidden."""
        with self.place.database.command() as tx:
            self._demand(tx, principal, by)
            base = versions.latest(tx, process_id, principal)
            if base is None:
                raise NotFound(f"There is no process {process_id}. Look at `samled versions`.")
            files = contents.texts(versions.package(tx, base.id))
            return self._add(tx, process_id, principal, base, files, by)

    def bring_in(self, name: str, content: bytes, by: Actor | None = None, *, draft_id: int | None = None) -> Draft:
        """Files from outside, a zip archive or one .bpmn: as a new draft, or into one (where files it lacks stay).

        Raises NotAPackage, FileRefused, Forbidden, NotFound, Conflict.
        """
        is_model = name.lower().endswith(".bpmn")
        given = {_file_name(name): contents.text_of(name, content)} if is_model else contents.unzipped(content)
        contents.checked(given)
        process_id = contents.process_id_of(given)
        with self.place.database.command() as tx:
            if draft_id is None:
                self._demand(tx, None, by)
                base = versions.latest(tx, process_id)
                before = contents.texts(versions.package(tx, base.id)) if base and is_model else {}
                return self._add(tx, process_id, None, base, {**before, **_placed(given, before)}, by)
            draft = self._writable(tx, draft_id, by)
            if draft.process_id != process_id:
                raise Conflict(f"This is {process_id}, and the draft is of {draft.process_id}. Choose another file.")
            changes: dict[str, str | None] = dict(_placed(given, draft.files))
            if not is_model:
                changes = {**dict.fromkeys(draft.files), **changes}
            return self._save(tx, draft, changes, by)

    # Changing

    def save(self, draft_id: int, files: Files, revision: int, by: Actor | None = None) -> Draft:
        """Write files, None for one that goes. Raises Conflict (somebody saved meanwhile), Locked, FileRefused."""
        contents.checked(files)
        with self.place.database.command() as tx:
            draft = self._writable(tx, draft_id, by)
            if draft.revision != revision:
                raise Conflict("Somebody else has saved this draft meanwhile. Look at it anew.")
            return self._save(tx, draft, files, by)

    def undo(self, draft_id: int, by: Actor | None = None) -> Draft:
        """Take back the last save that stands, whoever made it. Raises NotFound where there is none."""
        return self._go(draft_id, by, forward=False)

    def redo(self, draft_id: int, by: Actor | None = None) -> Draft:
        """Make the save again that was taken back last. Raises NotFound where there is none."""
        return self._go(draft_id, by, forward=True)

    def lock(self, draft_id: int, by: Actor | None = None, *, take_over: bool = False) -> Draft:
        """Say that one is at work. Raises Locked while somebody else is, unless one takes over."""
        with self.place.database.command() as tx:
            draft, now = self._open(tx, draft_id, by), self.place.clock.now(tx)
            if not take_over and is_locked(draft, by, now):
                raise Locked
            drafts.change(tx, draft_id, locked_by=_id(by), locked_at=now)
            return drafts.get(tx, draft_id)

    def unlock(self, draft_id: int, by: Actor | None = None) -> None:
        """Say that one is done; somebody else's lock stays."""
        with self.place.database.command() as tx:
            draft = self._seen(tx, draft_id, by, lock=True)
            if draft.locked_by == _id(by):
                drafts.change(tx, draft_id, locked_by=None, locked_at=None)

    def discard(self, draft_id: int, by: Actor | None = None) -> None:
        """Lay a draft aside. It can be looked at still."""
        with self.place.database.command() as tx:
            self._writable(tx, draft_id, by)
            drafts.change(tx, draft_id, state="discarded")

    # The base has moved

    def with_newest(self, draft: Draft, take: Mapping[str, Side] | None = None) -> Merged | None:
        """The draft merged with the version that new cases start on now; None while that is its base.

        Raises NoSuchConflict for a choice in what is no conflict.
        """
        with self.place.database.reading() as tx:
            newest = versions.latest(tx, draft.process_id, draft.principal)
            if newest is None or draft.base_version_id is None or newest.id == draft.base_version_id:
                return None
            base, now = versions.package(tx, draft.base_version_id), versions.package(tx, newest.id)
        return merge(base, now, self.package(draft), take)

    def take_newest(
        self, draft_id: int, revision: int, take: Mapping[str, Side] | None = None, by: Actor | None = None
    ) -> Draft:
        """Take what was published meanwhile into the draft. Raises Conflict while something is left to choose."""
        draft = self.draft(draft_id, by)
        merged, newest = self.with_newest(draft, take), self.newest(draft)
        if merged is None or newest is None:
            return draft
        if merged.conflicts:
            raise Conflict("Choose first what stands in every conflict.")
        after = contents.texts(merged.package)
        with self.place.database.command() as tx:
            current = self._writable(tx, draft_id, by)
            if current.revision != revision:
                raise Conflict("Somebody else has saved this draft meanwhile. Look at it anew.")
            self._save(tx, current, {**dict.fromkeys(current.files), **after}, by)
            drafts.change(tx, draft_id, base_version_id=newest.id)
            return drafts.get(tx, draft_id)

    # Comments

    def comments(self, draft_id: int, by: Actor | None = None) -> list[Comment]:
        """What is said about a draft, oldest first."""
        with self.place.database.reading() as tx:
            self._seen(tx, draft_id, by)
            return drafts.comments(tx, draft_id)

    def comment(self, draft_id: int, element_id: str, text: str, by: Actor | None = None) -> None:
        """Say something about an element, or about the whole with an empty id."""
        with self.place.database.command() as tx:
            self._seen(tx, draft_id, by)
            drafts.add_comment(tx, draft_id, element_id, text, self.place.clock.now(tx), _id(by))

    def settle(self, draft_id: int, comment_id: int, by: Actor | None = None) -> None:
        """A comment has been seen to. Raises NotFound."""
        with self.place.database.command() as tx:
            self._seen(tx, draft_id, by)
            drafts.resolve_comment(tx, draft_id, comment_id, self.place.clock.now(tx), _id(by))

    # Publishing

    def ask(self, draft_id: int, reason: str, by: Actor | None = None, *, begins: datetime | None = None) -> Draft:
        """Ask for a draft to be published, now or from an instant on. Raises Unready with what stands against it.

        With no second person needed it is agreed to at once.
        """
        found = [one for one in self.findings(draft_id, by, publish=True) if one.severity != "warning"]
        if found:
            raise Unready(found)
        with self.place.database.command() as tx:
            draft = self._writable(tx, draft_id, by)
            _demand_same_process(draft)
            agreed = None if self.second_person else (_id(by) or "")
            begins = begins or (None if self.second_person else self.place.clock.now(tx))
            drafts.change(
                tx,
                draft_id,
                state="in-review",
                reason=reason,
                asked_by=_id(by),
                publish_from=begins,
                approved_by=agreed,
            )
        return self._publish_agreed(draft.id, by)

    def agree(self, draft_id: int, by: Actor | None = None) -> Draft:
        """Agree that a draft is published: at once, or on its day.

        Raises NotYours, Conflict; also what publishing raises, and then the draft is open again with the reason.
        """
        with self.place.database.command() as tx:
            draft = self._seen(tx, draft_id, by, lock=True)
            if draft.state != "in-review":
                raise Conflict("Nobody asks for this draft to be published any more. Look at it anew.")
            if self.second_person and by is not None and draft.asked_by == by.id:
                raise NotYours
            begins = draft.publish_from or self.place.clock.now(tx)
            drafts.change(tx, draft_id, approved_by=_id(by) or "", publish_from=begins)
        return self._publish_agreed(draft_id, by)

    def send_back(self, draft_id: int, by: Actor | None = None) -> Draft:
        """Open a draft again that was to be published."""
        with self.place.database.command() as tx:
            draft = self._seen(tx, draft_id, by, lock=True)
            if draft.state != "in-review":
                raise Conflict("Nobody asks for this draft to be published any more. Look at it anew.")
            drafts.change(tx, draft_id, state="open", approved_by=None, publish_from=None)
            return drafts.get(tx, draft_id)

    def publish_due(self) -> int:
        """Publish what was agreed to and whose day has come. Gives how many; a scheduler calls it.

        What cannot be published any more is opened again, with a comment that says why.
        """
        with self.place.database.reading() as tx:
            waiting = drafts.due(tx, self.place.clock.now(tx))
        published = 0
        for draft_id in waiting:
            try:
                published += self._publish_agreed(draft_id, None).state == "published"
            except SamledError as error:
                log.warning("Draft %s was not published on its day: %s", draft_id, type(error).__name__)
        return published

    def go_back(self, process_id: str, number: int, reason: str, by: Actor | None = None) -> Draft:
        """A draft with what an earlier version was: publishing it goes back. Raises NotFound, Forbidden."""
        with self.place.database.command() as tx:
            earlier = versions.numbered(tx, process_id, number)
            self._demand(tx, earlier.principal, by)
            newest = versions.latest(tx, process_id, earlier.principal)
            files = contents.texts(versions.package(tx, earlier.id))
            draft = self._add(tx, process_id, earlier.principal, newest, files, by)
            drafts.change(tx, draft.id, reason=reason)
            return drafts.get(tx, draft.id)

    def _open_again(self, draft_id: int, why: str) -> None:
        with self.place.database.command() as tx:
            if drafts.get(tx, draft_id, lock=True).state != "in-review":
                return  # another process was first
            drafts.change(tx, draft_id, state="open", approved_by=None, publish_from=None)
            drafts.add_comment(tx, draft_id, "", why, self.place.clock.now(tx), None)

    def _publish_agreed(self, draft_id: int, by: Actor | None) -> Draft:
        """Publish now, if it is agreed to and no later day is set. What cannot be published is opened again."""
        with self.place.database.reading() as tx:
            draft, now = drafts.get(tx, draft_id), self.place.clock.now(tx)
        if draft.approved_by is None or draft.publish_from is None or draft.publish_from > now:
            return draft
        try:
            version = self._store(draft, by)
        except DatabaseUnavailable:
            raise  # it says nothing of the draft: the scheduler tries again
        except SamledError as error:
            self._open_again(draft_id, str(error))
            raise
        with self.place.database.command() as tx:
            drafts.change(tx, draft_id, state="published", version_id=version.id, locked_by=None, locked_at=None)
            return drafts.get(tx, draft_id)

    def _store(self, draft: Draft, by: Actor | None) -> Version:
        with self._folder(draft) as path:
            package = Package.load(path)
        _demand_same_process(draft)
        newest = self.newest(draft)
        if newest is not None and newest.id != draft.base_version_id and newest.hash != package.hash:
            raise Conflict(f"{newest.name} was published meanwhile. Take its changes into the draft first.")
        if draft.principal is not None:
            return variants.store(self.place, package, by, draft.principal, after=draft.base_version_id)
        return publish.publish_package(self.place, package, by, after=draft.base_version_id)

    @contextmanager
    def _folder(self, draft: Draft) -> Iterator[Path]:
        with self.place.database.reading() as tx:
            beside = contents.neighbours(tx, draft.process_id, draft.files)
        with contents.folder(draft.process_id, draft.files, beside) as path:
            yield path

    # Within a transaction

    def _add(
        self, tx: Connection, process_id: str, principal: str | None, base: Version | None, files: Mapping[str, str],
        by: Actor | None,
    ) -> Draft:  # fmt: skip
        now, who = self.place.clock.now(tx), _id(by)
        key = drafts.add(
            tx,
            {
                "process_id": process_id, "principal": principal, "base_version_id": base.id if base else None,
                "files": dict(files), "revision": 1, "position": 0, "state": "open",
                "created_at": now, "created_by": who, "saved_at": now, "saved_by": who,
            },
        )  # fmt: skip
        return drafts.get(tx, key)

    def _save(self, tx: Connection, draft: Draft, files: Files, by: Actor | None, *, step: bool = True) -> Draft:
        before = {name: draft.files.get(name) for name, text in files.items() if draft.files.get(name) != text}
        if not before:
            return draft
        now, after = self.place.clock.now(tx), drafts.apply(draft.files, files)
        contents.checked(after)
        position = draft.position
        if step:
            position = drafts.add_step(tx, draft, before, {name: files[name] for name in before}, now, _id(by))
        mine = draft.locked_by == _id(by)
        drafts.change(
            tx, draft.id, files=after, revision=draft.revision + 1, position=position, saved_at=now, saved_by=_id(by),
            locked_at=now if mine else draft.locked_at,
        )  # fmt: skip
        return drafts.get(tx, draft.id)

    def _go(self, draft_id: int, by: Actor | None, *, forward: bool) -> Draft:
        with self.place.database.command() as tx:
            draft = self._writable(tx, draft_id, by)
            found = drafts.step(tx, draft_id, draft.position + forward)
            if found is None:
                raise NotFound("There is nothing more to do again." if forward else "There is nothing more to undo.")
            saved = self._save(tx, draft, found[forward], by, step=False)
            drafts.change(tx, draft_id, position=draft.position + (1 if forward else -1))
            return drafts.get(tx, saved.id)

    def _writable(self, tx: Connection, draft_id: int, by: Actor | None) -> Draft:
        draft = self._open(tx, draft_id, by)
        if is_locked(draft, by, self.place.clock.now(tx)):
            raise Locked
        return draft

    def _open(self, tx: Connection, draft_id: int, by: Actor | None) -> Draft:
        draft = self._seen(tx, draft_id, by, lock=True)
        if draft.state != "open":
            raise Conflict("This draft is no longer open to changes. Look at it anew.")
        return draft

    def _seen(self, tx: Connection, draft_id: int, by: Actor | None, *, lock: bool = False) -> Draft:
        draft = drafts.get(tx, draft_id, lock=lock)
        if not self._may(tx, draft.principal, by):
            raise NotFound(f"There is no draft {draft_id}. Look at the drafts of the process.")
        return draft

    def _demand(self, tx: Connection, principal: str | None, by: Actor | None) -> None:
        if not self._may(tx, principal, by):
            raise Forbidden("Only process owners change processes. Ask one of them.")

    def _may(self, tx: Connection, principal: str | None, by: Actor | None) -> bool:
        if by is None:
            return True
        organisation = self.place.snapshots.get(tx).organisation
        if principal is not None:
            try:
                variants.demand_publisher(self.place, tx, by, principal)
            except Forbidden:
                return False
        return may(by, "publish", OrganisationAccess(organisation.has_people))


def is_locked(draft: Draft, by: Actor | None, now: datetime) -> bool:
    """Is somebody else at work on it?"""
    if draft.locked_by is None or draft.locked_at is None or draft.locked_by == _id(by):
        return False
    return draft.locked_at + LOCK_HOLDS > now


def _id(by: Actor | None) -> str | None:
    return by.id if by is not None else None


def _demand_same_process(draft: Draft) -> None:
    if contents.process_id_of(draft.files) != draft.process_id:
        raise OtherProcess


def _file_name(name: str) -> str:
    return Path(name.replace("\\", "/")).name


def _placed(given: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """A single model takes the place of the one that a package has, whatever it was called on somebody's disk."""
    models = [name for name in before if name.lower().endswith(".bpmn")]
    if len(given) == 1 and len(models) == 1:
        return {models[0]: next(iter(given.values()))}
    return dict(given)
