"""Proofs for auditors, and what witnesses need and give: each hand-over stands in the record (DESIGN section 9).

A second organisation has a token of an auditor's account that is narrowed to this (`Scope.WITNESS`) or is sent files;
it sees sizes and hashes, never an entry. `trust` is for the operator at the machine: whom the service listens to is
not decided by a page.
"""

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.cosign import WitnessKey
from exchange.core.errors import BadInput, NotAllowed
from exchange.core.model import Actor, ActorKind
from exchange.core.notes import BadNote
from exchange.store import ledger_proofs
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work


async def prove(service: Service, actor: Actor, index: int) -> str:
    """The `.tlog-proof` file of an entry. Raises NotSigned where no checkpoint covers it yet."""
    _require(actor, Permission.RECORD)
    async with unit_of_work(service, actor) as unit:
        proof = await ledger_proofs.entry_proof(unit.conn, index)
        unit.leaf("record.proved", index=index)
    return proof.file


async def submission(service: Service, actor: Actor, old: int) -> str:
    """The newest checkpoint and the proof that it continues the first `old` entries. Raises NotSigned."""
    _require(actor, Permission.RECORD_WITNESS)
    async with reading(service) as conn:
        return (await ledger_proofs.submission(conn, old)).body


async def keep(service: Service, actor: Actor, size: int, untrusted_lines: str) -> list[str]:
    """Keep cosignatures over the checkpoint of this size; the names of the witnesses whose were new.

    Raises BadInput for lines that do not verify, UnknownWitness, NotFound.
    """
    _require(actor, Permission.RECORD_WITNESS)
    async with unit_of_work(service, actor) as unit:
        try:
            new = await ledger_proofs.keep(unit.conn, size, untrusted_lines)
        except BadNote as error:
            raise BadInput(f"{error} Nothing was kept.") from error
        for key in new:
            unit.leaf("record.cosigned", keyed=key.key_id, size=size)
    return [key.name for key in new]


async def trust(service: Service, actor: Actor, vkey: str) -> bool:
    """Keep the cosignatures of this witness from now on; False if it was known. Raises BadKey, NotAllowed."""
    if actor.kind is not ActorKind.OPERATOR:
        raise NotAllowed
    key = WitnessKey.from_vkey(vkey)
    async with unit_of_work(service, actor) as unit:
        added = await ledger_proofs.trust(unit.conn, key)
        if added:
            unit.leaf("record.witness_added", keyed=key.key_id)
    return added


def _require(actor: Actor, permission: Permission) -> None:
    if actor.kind is not ActorKind.OPERATOR:
        access.require(actor, permission)
