"""What signs checkpoints: a key of its own, injected from above, under the name of the chain."""

from dataclasses import dataclass
from uuid import UUID

from coditect_license_token import Signer
from coditect_license_token.checkpoint import Checkpoint, NoteKey, seal_checkpoint


@dataclass(frozen=True, slots=True)
class Notary:
    """Signs checkpoints. ``key`` is the public half of ``signer``, under the installation's name.

    ``retired`` are the keys that signed before; what they signed goes on to count.
    """

    key: NoteKey
    signer: Signer
    retired: tuple[NoteKey, ...] = ()

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        """All keys whose checkpoints count."""
        return (self.key, *self.retired)

    def origin_of(self, tenant_id: UUID) -> str:
        """Return what names a tenant's chain in its checkpoints, everywhere and for ever."""
        return f"{self.key.name}/{tenant_id}"

    def sign(self, tenant_id: UUID, *, size: int, hash_hex: str) -> str:
        """Return the signed note of a chain's state. Raises what the signer raises."""
        checkpoint = Checkpoint(self.origin_of(tenant_id), size, bytes.fromhex(hash_hex))
        return seal_checkpoint(checkpoint, key=self.key, signer=self.signer)
