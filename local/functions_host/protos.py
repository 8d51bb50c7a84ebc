"""What the worker library takes for the messages of its gRPC contract (FunctionRpc.proto).

The library imports no protobuf: its host hands it a module of message classes, and this is one. Only the
messages and fields it touches outside gRPC are here; names and numbers are those of the contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RpcException:
    """An error as text."""

    message: str
    stack_trace: str = ""


@dataclass(frozen=True, slots=True)
class StatusResult:
    """Whether a request to the worker succeeded."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1

    status: int
    exception: RpcException | None = None


@dataclass(frozen=True, slots=True)
class WorkerMetadata:
    """What the worker says of itself."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class WorkerInitRequest:
    """Index the app in `function_app_directory`."""

    function_app_directory: str
    capabilities: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerInitResponse:
    """The app was indexed, or why it was not."""

    capabilities: dict[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass(frozen=True, slots=True)
class BindingInfo:
    """One binding of a function; the numbers name directions and data types."""

    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2
    undefined: ClassVar[int] = 0

    type: str
    data_type: int | None
    direction: int


@dataclass(frozen=True, slots=True)
class RpcRetryOptions:
    """The retry policy of a function."""

    max_retry_count: int
    retry_strategy: str
    delay_interval: timedelta | None = None
    minimum_interval: timedelta | None = None
    maximum_interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RpcFunctionMetadata:
    """One function of the app."""

    name: str
    function_id: str
    managed_dependency_enabled: bool
    directory: str
    script_file: str
    entry_point: str
    is_proxy: bool
    language: str
    bindings: dict[str, BindingInfo]
    raw_bindings: list[str]
    """JSON texts, as in function.json; these hold the trigger's own settings."""
    retry_options: RpcRetryOptions | None
    properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class FunctionMetadataResponse:
    """All functions of the app; None when it has no function_app.py."""

    use_default_metadata_indexing: bool
    function_metadata_results: list[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(frozen=True, slots=True)
class StreamingMessage:
    """The envelope a request travels in."""

    worker_init_request: WorkerInitRequest | None = None


@dataclass(frozen=True, slots=True)
class WorkerRequest:
    """What the worker library's entry points take: the message, and what its host provides."""

    request: StreamingMessage = field(default_factory=StreamingMessage)
    properties: dict[str, object] = field(default_factory=dict)
