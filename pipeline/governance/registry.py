"""The registry: people, accounts, tokens, approvals, searches, emergency access and cameras of an installation."""

from __future__ import annotations

from pipeline.governance.approval_register import ApprovalRegister
from pipeline.governance.camera_registry import CameraRegistry
from pipeline.governance.directory_register import DirectoryRegister
from pipeline.governance.emergency_register import EmergencyRegister
from pipeline.governance.passkey_register import PasskeyRegister
from pipeline.governance.push_register import PushRegister
from pipeline.governance.query_register import QueryRegister
from pipeline.governance.sharing_register import SharingRegister
from pipeline.governance.token_register import TokenRegister


class Registry(
    DirectoryRegister,
    PasskeyRegister,
    TokenRegister,
    PushRegister,
    EmergencyRegister,
    CameraRegistry,
    ApprovalRegister,
    QueryRegister,
    SharingRegister,
):
    """Everything of the registry; see the classes that it is made of, and `RegistrySession` for its arguments."""
