"""The calls that show the document itself."""

from typing import Final

from coditect_license.openapi.operation import NO_CREDENTIAL, Answer, Operation
from leasing.http.errors import InvalidRequest

DOCUMENT_PATH: Final = "/api/schema/"
SWAGGER_PATH: Final = "/api/docs/"
REDOC_PATH: Final = "/api/redoc/"
JSON: Final = "application/json"
YAML: Final = "application/yaml"

_TAG: Final = "documentation"


def _page(path: str, operation_id: str, reader: str) -> Operation:
    return Operation(
        method="get",
        path=path,
        operation_id=operation_id,
        tag=_TAG,
        summary=f"Read this document in {reader}",
        description="A page whose every asset comes from this server.",
        security=NO_CREDENTIAL,
        answers=(
            Answer(status=200, description="The page.", schema="Page", media_types=("text/html",)),
        ),
    )


OPERATIONS: Final = (
    Operation(
        method="get",
        path=DOCUMENT_PATH,
        operation_id="read_schema",
        tag=_TAG,
        summary="Read this document",
        description="As YAML, or as JSON when `format` or `Accept` asks for that.",
        security=NO_CREDENTIAL,
        parameters=("Format",),
        answers=(
            Answer(
                status=200,
                description="The OpenAPI document.",
                schema="OpenApiDocument",
                media_types=(YAML, JSON),
            ),
        ),
        problems=(InvalidRequest,),
    ),
    _page(SWAGGER_PATH, "show_swagger_ui", "Swagger UI"),
    _page(REDOC_PATH, "show_redoc", "ReDoc"),
)
