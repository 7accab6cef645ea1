"""The public keys that ever signed, how often their set changed, how one follows another."""

from typing import Any, NoReturn

from django.db import models

from coditect_license_token import Algorithm, KeyStatus
from foundation.clock import utc_now
from signing.errors import KeptForEver
from signing.rotation_steps import Step


class KeptForEverQuerySet(models.QuerySet["SigningKey"]):
    """Rows that nobody deletes."""

    def delete(self) -> NoReturn:
        """Raise KeptForEver."""
        raise KeptForEver("public keys are never deleted")


class SigningKey(models.Model):
    """The public half of one root key, kept for ever.

    Cloud KMS does not give out the public key of a version that is disabled, and a statement signed
    years ago must still verify. ``key_id`` is the RFC 7638 thumbprint. ``not_before`` says when the
    key was published; ``expires_at`` when it stops to verify, null as long as no end is set.

    ``location`` says where the private half lives: ``file:<name>`` or the resource name of a
    version in Cloud KMS; empty for rows older than this column. ``laid_down_at`` says since when
    the key signs nothing more, not even key sets. ``link`` is the key set that the key signed to
    name the root after it (docs/token-format.md, Links). Keys are ordered by ``published_version``,
    the version of the key set that they came with: clocks may go back.
    """

    key_id = models.CharField(max_length=43, primary_key=True)
    algorithm = models.CharField(
        max_length=10, choices=[(algorithm.value, algorithm.value) for algorithm in Algorithm]
    )
    pem = models.TextField()
    status = models.CharField(
        max_length=10, choices=[(status.value, status.value) for status in KeyStatus]
    )
    location = models.CharField(max_length=512, db_default="", default="", blank=True)
    published_version = models.PositiveBigIntegerField(db_default=0, default=0)
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    laid_down_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    link = models.TextField(db_default="", default="", blank=True)
    created_at = models.DateTimeField(default=utc_now, editable=False)

    objects = KeptForEverQuerySet.as_manager()

    class Meta:
        db_table = "signing_key"
        base_manager_name = "objects"
        ordering = ("published_version", "created_at", "key_id")
        constraints = (
            models.UniqueConstraint(
                fields=["status"],
                condition=models.Q(status=KeyStatus.ACTIVE.value),
                name="signing_key_one_active",
            ),
            models.UniqueConstraint(
                fields=["status"],
                condition=models.Q(status=KeyStatus.NEXT.value),
                name="signing_key_one_next",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key_id} ({self.status})"

    def delete(self, *_arguments: Any, **_options: Any) -> NoReturn:
        """Raise KeptForEver."""
        raise KeptForEver("public keys are never deleted")


class KeySetVersion(models.Model):
    """The one row that counts the changes of the key set. It only grows: clients refuse less."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    version = models.PositiveBigIntegerField()

    class Meta:
        db_table = "key_set_version"

    def __str__(self) -> str:
        return f"version {self.version}"


class Revocation(models.Model):
    """A delegated key or a session that counts no more; roots are revoked by their status.

    ``name`` is a key id or a session id. After ``forget_at`` no document can name it any more.
    """

    name = models.CharField(max_length=64, primary_key=True)
    is_session = models.BooleanField()
    revoked_at = models.DateTimeField()
    forget_at = models.DateTimeField()

    class Meta:
        db_table = "signing_revocation"

    def __str__(self) -> str:
        return f"{'session' if self.is_session else 'key'} {self.name}"


class KeyRotation(models.Model):
    """One root following another, step by step. ``step`` is what is to be done next.

    At most one is open. Periods are seconds, fixed when the rotation begins. ``busy_until`` keeps
    a second operator out while a step is under way.
    """

    id = models.BigAutoField(primary_key=True)
    outcome = models.CharField(
        max_length=8, choices=[(word, word) for word in ("open", "done", "aborted")], default="open"
    )
    step = models.CharField(
        max_length=8, choices=[(step.value, step.value) for step in Step], default=Step.CREATE.value
    )
    old_key_id = models.CharField(max_length=43)
    new_key_id = models.CharField(max_length=43, default="", blank=True)
    new_location = models.CharField(max_length=512, default="", blank=True)
    begun_at = models.DateTimeField()
    stepped_at = models.DateTimeField()
    spread_seconds = models.PositiveIntegerField()
    outlive_seconds = models.PositiveIntegerField()
    regret_seconds = models.PositiveIntegerField()
    busy_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "key_rotation"
        constraints = (
            models.UniqueConstraint(
                fields=["outcome"], condition=models.Q(outcome="open"), name="key_rotation_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"rotation {self.id} ({self.outcome}, next: {self.step})"
