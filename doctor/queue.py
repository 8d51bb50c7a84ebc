"""Whether callers for whom there is no place can wait in line."""

from __future__ import annotations

from collections.abc import Sequence

from azure.core.exceptions import AzureError

from shared.agent_config import Agent, AgentError, load_agent
from shared.findings import Finding, ok, skipped, warning
from shared.recorded_lines import RecordedLines, texts_in_line
from shared.settings import ControlSettings
from shared.tables import Tables


async def check_queue(settings: ControlSettings) -> Sequence[Finding]:
    """Nothing where nobody is put in line."""
    admission = settings.admission
    if not admission.places_in_line:
        return []
    try:
        agent = load_agent(settings.operator.agent_dir)
    except AgentError:
        return [
            skipped("queue.recordings", "agent.toml, which says what callers in line hear, cannot be read")
        ]
    found: list[Finding] = []
    if admission.queue.person and agent.transfer.to is None:
        found.append(
            warning(
                "queue.person",
                "ADMISSION_QUEUE_THEN is person, and [transfer] of agent.toml names nobody",
                "whoever has waited too long hears a goodbye",
                "set transfer.to, or ADMISSION_QUEUE_THEN to goodbye",
            )
        )
    try:
        async with Tables(settings.store) as tables:
            missing = await _missing(RecordedLines(tables), agent, admission.places_in_line)
    except AzureError:
        return [*found, skipped("queue.recordings", "the store could not be asked what is recorded")]
    if missing:
        found.append(
            warning(
                "queue.recordings",
                f"what callers in line hear is not recorded in {', '.join(missing)}",
                "their callers hear the default language in line; without that, too, that the line is busy",
                "wait a minute after a bridge has started; set ADMISSION_WHEN_FULL and "
                "ADMISSION_QUEUE_LENGTH for both planes, and not RECORD_PHRASES=off; else look for "
                "`phrases not recorded` in the log of the bridge",
            )
        )
    else:
        found.append(ok("queue.recordings", "what callers in line hear is recorded"))
    return found


async def _missing(recorded: RecordedLines, agent: Agent, places: int) -> list[str]:
    """The languages in which something is not recorded."""
    spoken = agent.languages.spoken
    return [one for one in spoken if await recorded.all(texts_in_line(agent, one, places)) is None]
