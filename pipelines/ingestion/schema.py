"""The published JSON Schema of the document interchange format."""

import json

from pipelines.contracts.document import Document
from pipelines.settings import PROJECT_ROOT

PUBLISHED = PROJECT_ROOT / "docs" / "schemas" / "document.schema.json"


def document_schema() -> str:
    """JSON Schema (2020-12) of one line of an interchange file, as it is committed."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Document.model_json_schema(mode="validation"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
