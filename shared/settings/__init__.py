"""Settings of both planes, read once from environment variables.

Every fault is a `SettingError` that names the variable and the fix. docs/configure.md lists them all.
"""

from shared.settings.admission import AdmissionSettings, QueueSettings, WhenFull, WhenStoreDown
from shared.settings.bridge import BridgeSettings, SpillSettings, VoiceLiveSettings
from shared.settings.control import (
    ControlSettings,
    EventsSettings,
    IntentModelSettings,
    OperatorSettings,
    RetentionSettings,
)
from shared.settings.reading import SettingError
from shared.settings.services import (
    ACS_ISSUER,
    ACS_JWKS_URL,
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    AcsSettings,
    StoreSettings,
    TelemetrySettings,
    caller_keys,
)

__all__ = [
    "ACS_ISSUER",
    "ACS_JWKS_URL",
    "DEFAULT_AGENT_DIR",
    "DEFAULT_RESTAURANTS_FILE",
    "AcsSettings",
    "AdmissionSettings",
    "BridgeSettings",
    "ControlSettings",
    "EventsSettings",
    "IntentModelSettings",
    "OperatorSettings",
    "QueueSettings",
    "RetentionSettings",
    "SettingError",
    "SpillSettings",
    "StoreSettings",
    "TelemetrySettings",
    "VoiceLiveSettings",
    "WhenFull",
    "WhenStoreDown",
    "caller_keys",
]
