"""Duties of each role and uses of each purpose, written from the acts and not from the policies."""

from __future__ import annotations

from typing import Final

from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role

DUTIES: Final = {
    Role.OBSERVER: "monitoring count-query",
    Role.OPERATOR: """capture transmission retention monitoring camera-movement retrieval hold alert-review incident
        count-query break-glass plate-query journey-query""",
    Role.INTELLIGENCE_ANALYST: """monitoring retrieval plate-query journey-query pattern-query convoy-query clone-query
        bulk-query plate-list alert-review count-query export hold break-glass""",
    Role.DISCLOSURE_OFFICER: """retrieval treatment recording-to-media disclosure hold hold-release subject-request
        approval report""",
    Role.SECTOR_ADMINISTRATOR: """capture transmission retention sharing permission camera-control disposal hold
        hold-release erasure subject-request account-registration account-suspension camera-registration count-query
        approval audit-reading report""",
    Role.GENERAL_ADMINISTRATOR: """capture transmission retention sharing permission camera-control disposal hold
        hold-release erasure subject-request account-registration account-suspension camera-registration count-query
        approval audit-reading report institution-registration camera-approval sanction rescission configuration""",
    Role.AUDITOR: "audit-reading audit-plate-query audit-anchoring report",
    Role.RESEARCHER_LIAISON: "retrieval export count-query",
    Role.DATA_PROTECTION_OFFICER: "subject-request erasure approval audit-reading report",
    Role.BENCHMARK_ENGINEER: "benchmark",
}
"""Decree arts. 3, 5 §§1-2, 7, 9, 11, 16, 19; law 11.766 art. 9 §4."""

LIVE: Final = "capture transmission retention monitoring camera-movement"
_ROUTINE: Final = f"{LIVE} sharing retrieval:original-video incident count-query export:counts export:anonymized-video"
USES: Final = {
    Purpose.CITY_SERVICES: _ROUTINE,
    Purpose.EVENTS: _ROUTINE,
    Purpose.CRISIS: f"{_ROUTINE} plate-query journey-query alert-review hold hold-release break-glass",
    Purpose.VIOLENCE_PREVENTION: f"{_ROUTINE} plate-query journey-query alert-review break-glass",
    Purpose.MUNICIPAL_PROPERTY: f"{_ROUTINE} plate-query journey-query",
    Purpose.MOBILITY: f"{LIVE} sharing incident count-query export:counts export:anonymized-video",
    Purpose.POLICING: f"{_ROUTINE} alert-review",
    Purpose.CRIMINAL_INVESTIGATION: f"""{LIVE} sharing retrieval:original-video recording-to-media hold hold-release
        plate-query journey-query pattern-query convoy-query clone-query bulk-query plate-list alert-review
        export:plates break-glass""",
    Purpose.INTELLIGENCE: f"""{LIVE} retrieval:original-video plate-query journey-query pattern-query convoy-query
        clone-query bulk-query plate-list alert-review export:plates""",
    Purpose.REQUISITION: """retrieval treatment recording-to-media disclosure hold hold-release plate-query
        journey-query pattern-query convoy-query clone-query bulk-query plate-list alert-review export:plates""",
    Purpose.PROCEEDING: """retrieval treatment recording-to-media disclosure hold hold-release plate-query journey-query
        export:plates""",
    Purpose.PUBLIC_INTEREST: """retrieval:anonymized-video treatment disclosure sharing count-query export:counts
        export:anonymized-video""",
    Purpose.RESEARCH: """retrieval:anonymized-video treatment disclosure count-query export:counts
        export:anonymized-video""",
    Purpose.PUBLIC_HEALTH: """retrieval:anonymized-video treatment disclosure count-query export:counts
        export:anonymized-video""",
    Purpose.SUBJECT_REQUEST: "retrieval:original-video treatment hold hold-release erasure subject-request",
    Purpose.PRESERVATION: "retrieval:original-video recording-to-media hold hold-release",
    Purpose.ACCIDENTAL_CAPTURE: "retrieval:original-video disposal",
    Purpose.END_OF_RETENTION: "disposal",
    Purpose.OVERSIGHT: """audit-reading audit-plate-query audit-anchoring report account-suspension count-query
        export:counts export:anonymized-video""",
    Purpose.ADMINISTRATION: """permission camera-control account-registration account-suspension configuration report
        institution-registration camera-registration camera-approval sanction rescission""",
    Purpose.COOPERATION: """sharing institution-registration camera-registration camera-approval sanction
        rescission""",
    Purpose.UPKEEP: "configuration benchmark",
}
"""What each purpose of the law is served by. An approval serves the purpose of what it approves."""
