"""Kinds of data that an operation can concern, by how far they identify persons."""

from __future__ import annotations

from pipeline.domain.legal_term import LegalTerm


class Material(LegalTerm):
    """What an operation reads or changes."""

    ORIGINAL_VIDEO = "original-video", "original video", "vídeo original", "decree 18.743/2014 art. 6"
    PLATES = "plates", "plates", "placas", "law 11.766/2022 art. 9 §3"
    ANONYMIZED_VIDEO = "anonymized-video", "anonymized video", "vídeo anonimizado", "decree 18.743/2014 art. 11 §2"
    COUNTS = "counts", "counts", "contagens", "decree 18.743/2014 art. 2"
    RECORDS = "records", "registers and records", "cadastros e registros", "decree 18.743/2014 art. 7"
    MEASUREMENTS = "measurements", "measurements", "medições", "decree 18.743/2014 art. 17"
