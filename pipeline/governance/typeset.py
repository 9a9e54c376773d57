"""Printable documents as tagged PDF/A-3b files, typeset by typst from a template and data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.domain.extras import missing_package
from pipeline.errors import ReleaseError

_STANDARD: Final = "a-3b"
_TEMPLATES: Final = Path(__file__).parent / "templates"


def typeset(template: str, document: Mapping[str, Any]) -> bytes:
    """The PDF file of a document.

    Args:
        template: name of a file of `templates`, without its suffix.
        document: its texts, JSON values. They are data: what they hold is never read as markup.

    Raises:
        MissingComponent: typst is not installed.
        ReleaseError: the document cannot be typeset.
    """
    try:
        import typst
    except ImportError as error:
        raise missing_package("typst") from error
    text = json.dumps(document, ensure_ascii=False)
    try:
        pdf: bytes = typst.compile(
            _TEMPLATES / f"{template}.typ",
            root=_TEMPLATES,
            ignore_system_fonts=True,
            sys_inputs={"document": text},
            pdf_standards=[_STANDARD],
        )
    except RuntimeError as error:
        raise ReleaseError("document", f"cannot be typeset ({error})", "Report this as a bug, with the text") from error
    return pdf
