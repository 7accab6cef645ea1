"""Acquire: come back to the device's seat, or claim one. One read for a whole batch of them."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct, structs

from coditect_license_token import hardware_binding
from foundation.ids import new_hex_id
from leasing.errors import MOST_INSTANCES_PER_DEVICE, PersonalCapReached, TooManyInstances
from leasing.rules import (
    UNNAMED,
    Holding,
    Terms,
    lease_end,
    loss,
    next_count,
    personal_cap,
    refusal,
)
from leasing.store import Acquire, Lease, Outcome
from leasing.stores.sql.callers import (
    REFUSALS,
    learn_terms,
    person_of,
    terms_for_acquire,
)
from leasing.stores.sql.claims import Claims, look_for_released
from leasing.stores.sql.renewals import note_renewal, raised_gen, token_life
from leasing.stores.sql.rows import Grant, Share
from leasing.stores.sql.transaction import Transaction, as_dashed, as_hex, as_text
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended


class _Wanted(Struct, frozen=True, gc=False):
    """An acquire of a license that gives a right to a seat."""

    call: Acquire
    terms: Terms
    device: str


class _Own(Struct, frozen=True, array_like=True, gc=False):
    """The seat that a device holds, and how many other instances share it."""

    place: int
    holding: Holding
    other_instances: int


_OWN: Final = msgspec.json.Decoder(list[_Own])
_NO_TOKEN: Final[tuple[str | None, str | None]] = (None, None)
_DENIALS: Final = {
    LicenseExpired: "license_expired",
    LicenseSuspended: "license_suspended",
    LicenseRevoked: "license_revoked",
}


def acquire_all(transaction: Transaction, calls: Mapping[int, Acquire]) -> dict[int, Outcome]:
    """Return the outcome of each acquire by its place in the batch."""
    learn_terms(transaction, calls.values())
    outcomes: dict[int, Outcome] = {}
    wanted: dict[int, _Wanted] = {}
    for place, call in calls.items():
        try:
            wanted[place] = _admit(transaction, call)
        except REFUSALS as error:
            outcomes[place] = error
    acquires = _Acquires(transaction, wanted)
    for place in wanted:
        try:
            outcomes[place] = acquires.decide(place)
        except REFUSALS as error:
            outcomes[place] = error
    return outcomes


def _admit(transaction: Transaction, call: Acquire) -> _Wanted:
    """Return what is wanted. Raises LicenseUnknown, LicenseRefused and the identity errors."""
    terms = terms_for_acquire(transaction, call)
    if refused := refusal(terms, transaction.now):
        transaction.count_denial(terms, _DENIALS[type(refused)])
        raise refused
    return _Wanted(call, terms, hardware_binding(terms.license_id, call.hardware_id))


class _Acquires:
    """The acquires of one batch; those of one license build on each other."""

    def __init__(self, transaction: Transaction, wanted: Mapping[int, _Wanted]) -> None:
        self._transaction = transaction
        self._wanted = wanted
        self._claims = self._of_each_license()
        self._own = self._read(wanted)
        newcomers = {wanted[place].terms.license_id for place in wanted if place not in self._own}
        look_for_released(transaction, [self._claims[license_] for license_ in newcomers])

    def decide(self, place: int) -> Lease:
        """Return the lease of the device's own seat, or of one claimed for it.

        Raises SeatsExhausted, PersonalCapReached or TooManyInstances.
        """
        want = self._wanted[place]
        claims = self._claims[want.terms.license_id]
        own = self._own.get(place)
        if want.device in claims.moved:  # by a call before it: look again
            own = self._read({place: want}).get(place)
        claims.moved.add(want.device)
        if own is not None and not self._has_lapsed(claims, want, own.holding):
            return self._resume(claims, want, own)
        return self._grant(claims, want, own.holding if own else None)

    def _of_each_license(self) -> dict[str, Claims]:
        terms = {want.terms.license_id: want.terms for want in self._wanted.values()}
        self._transaction.look_at(terms.values())
        most = Counter(want.terms.license_id for want in self._wanted.values())
        return {
            license_: Claims(self._transaction, terms[license_], most[license_])
            for license_ in terms
        }

    def _read(self, wanted: Mapping[int, _Wanted]) -> dict[int, _Own]:
        questions = []
        for place, want in wanted.items():
            claims = self._claims[want.terms.license_id]
            instance = want.call.instance_id
            questions.append((place, claims.tenant, claims.license, want.device, instance))
        found = self._transaction.found(self._transaction.sql.HOLDINGS_OF_DEVICES, questions)
        return {own.place: own for own in _OWN.decode(found)}

    def _has_lapsed(self, claims: Claims, want: _Wanted, held: Holding) -> bool:
        now, hold = self._transaction.now, self._transaction.hold
        lost = loss(want.terms, held.lease_expires_at, hold=hold, now=now)
        if lost is None:
            return False
        self._transaction.end_session(
            tenant=claims.tenant,
            license=claims.license,
            slot=held.slot,
            session=as_hex(held.session_id),
            reason=lost.reason,
            lease_expires_at=held.lease_expires_at,
        )
        return True

    def _resume(self, claims: Claims, want: _Wanted, own: _Own) -> Lease:
        call, held = want.call, own.holding
        end = lease_end(want.terms, self._transaction.now, held.lease_expires_at)
        if call.instance_id != UNNAMED:
            self._make_room_for_instance(claims, want, own)
        # It counts also without a token: a release can ask who has come back.
        seq = next_count(held.seq, self._transaction.lowest_count)
        renewed = structs.replace(
            held,
            gen=raised_gen(self._transaction, want.terms, held),
            lease_expires_at=end,
            unnamed_expires_at=held.unnamed_expires_at if call.instance_id else end,
            seq=seq,
        )
        note_renewal(self._transaction, want.terms, renewed, call, has_token=call.wants_token)
        return Lease(
            terms=want.terms,
            session_id=held.session_id,
            device=held.device,
            gen=renewed.gen,
            lease_expires_at=end,
            now=self._transaction.now,
            seq=seq if call.wants_token else None,
            in_use=claims.occupancy.live,
        )

    def _grant(self, claims: Claims, want: _Wanted, former: Holding | None) -> Lease:
        call, now = want.call, self._transaction.now
        person = None if call.for_another else person_of(want.terms, call.caller)
        if person is not None:
            self._check_personal_cap(claims, want.terms, person)
        slot, last_gen = claims.claim(former)
        session_id = as_dashed(new_hex_id())
        lease = Lease(
            terms=want.terms,
            session_id=session_id,
            device=want.device,
            gen=next_count(last_gen, self._transaction.lowest_count),
            lease_expires_at=claims.lease_end,
            now=now,
            is_new=True,
            seq=1 if call.wants_token else None,
            in_use=claims.occupancy.live + 1,
        )
        self._note_grant(claims, call, lease, slot, person)
        claims.occupancy.granted(slot, lease.lease_expires_at)
        return lease

    def _check_personal_cap(self, claims: Claims, terms: Terms, person: str) -> None:
        """Raise PersonalCapReached; seats granted before in the same batch count.

        Nobody else grants seats of this license meanwhile, so no two can pass the cap together.
        """
        cap = personal_cap(terms, self._transaction.seats_per_person)
        if not cap:
            return
        since = self._transaction.counted_after(terms.heartbeat_interval_seconds)
        (held,) = self._transaction.one(
            self._transaction.sql.COUNT_SEATS_OF_PERSON,
            tenant=claims.tenant,
            license=claims.license,
            person=person,
            now=as_text(since),
        ) or (0,)
        if held >= cap:
            self._transaction.count_denial(terms, "personal_cap_reached")
            raise PersonalCapReached(cap)

    def _note_grant(
        self, claims: Claims, call: Acquire, lease: Lease, slot: int, person: str | None
    ) -> None:
        """Gather what a grant changes: the seat, the session, the instance's share, its record."""
        session, end = as_hex(lease.session_id), as_text(lease.lease_expires_at)
        is_named = call.instance_id != UNNAMED
        life = _NO_TOKEN
        if call.wants_token:
            life = token_life(self._transaction, call, lease.lease_expires_at)
        self._transaction.changes.grant(
            Grant(
                tenant=claims.tenant,
                license=claims.license,
                slot=slot,
                session=session,
                device=lease.device,
                gen=lease.gen,
                ends=end,
                unnamed_ends=None if is_named else end,
                principal=call.caller.principal,
                metadata_json=call.metadata_json,
                started_at=self._transaction.now_text,
                seq=lease.seq or 0,
                token_issued_at=None if is_named else life[0],
                token_ends=None if is_named else life[1],
                person=person,
                is_shared=is_named,
            )
        )
        if is_named:
            share = Share(claims.tenant, session, call.instance_id, end, *life)
            self._transaction.changes.put_share(share)
        self._transaction.record(
            "seat.granted",
            tenant=claims.tenant,
            license=claims.license,
            session=session,
            principal=call.caller.principal,
            slot=slot,
            gen=lease.gen,
        )

    def _make_room_for_instance(self, claims: Claims, want: _Wanted, own: _Own) -> None:
        if own.other_instances < MOST_INSTANCES_PER_DEVICE:
            return
        of_session = {"tenant": claims.tenant, "session": as_hex(own.holding.session_id)}
        others = {**of_session, "instance": want.call.instance_id}
        self._transaction.remembered.forget(of_session["session"])
        self._transaction.run(
            self._transaction.sql.FORGET_LAPSED_INSTANCES,
            **of_session,
            now=self._transaction.now_text,
        )
        (known,) = self._transaction.one(self._transaction.sql.COUNT_OTHER_INSTANCES, **others) or (
            0,
        )
        if known >= MOST_INSTANCES_PER_DEVICE:
            raise TooManyInstances(f"{known} instances share this device's seat already")
