"""The public keys that ever signed, and how often their set changed."""

from django.db import models

from coditect_license_token import Algorithm, KeyStatus
from foundation.clock import utc_now


class SigningKey(models.Model):
    """The public half of one root key, kept for ever.

    Cloud KMS does not give out the public key of a version that is disabled, and a statement signed
    years ago must still verify. ``key_id`` is the RFC 7638 thumbprint. ``not_before`` says when the
    key began to sign; ``expires_at`` when it stops to verify, null as long as no end is set.
    """

    key_id = models.CharField(max_length=43, primary_key=True)
    algorithm = models.CharField(
        max_length=10, choices=[(algorithm.value, algorithm.value) for algorithm in Algorithm]
    )
    pem = models.TextField()
    status = models.CharField(
        max_length=10, choices=[(status.value, status.value) for status in KeyStatus]
    )
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        db_table = "signing_key"
        constraints = (
            models.UniqueConstraint(
                fields=["status"],
                condition=models.Q(status=KeyStatus.ACTIVE.value),
                name="signing_key_one_active",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key_id} ({self.status})"


class KeySetVersion(models.Model):
    """The one row that counts the changes of the key set. It only grows: clients refuse less."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    version = models.PositiveBigIntegerField()

    class Meta:
        db_table = "key_set_version"

    def __str__(self) -> str:
        return f"version {self.version}"
