"""The fields of a session as they stand on the wire, with the defaults the service fills in.

Shapes: Voice Live reference 2026-07-15; defaults and null fields: frames recorded from the service.
A field the client did not send is UNSET; a nested object is never merged, it replaces the old one whole.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Milliseconds = Annotated[int, Meta(ge=0, le=60_000)]

Modality = Literal["text", "audio"]
InputFormat = Literal["pcm16", "g711_ulaw", "g711_alaw"]
OutputFormat = Literal["pcm16", "pcm16_16000hz", "pcm16_8000hz", "g711_ulaw", "g711_alaw"]
OpenAIVoiceName = Literal[
    "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"
]
TranscriptionModel = Literal[
    "azure-speech",
    "mai-transcribe",
    "mai-transcribe-1",  # the client library's name for it
    "mai-transcribe-2",
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-transcribe-diarize",
]


class OpenAIVoice(Struct, tag_field="type", tag="openai", forbid_unknown_fields=True):
    name: OpenAIVoiceName


class AzureVoice(Struct, tag_field="type", forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What Azure voices share. The service has hundreds of them, so any `name` will do here.

    `rate` is a factor such as "1.1" or a change such as "+10%".
    """

    name: str
    temperature: Share | None = None
    rate: str | None = None
    pitch: str | None = None
    volume: str | None = None
    style: str | None = None
    locale: str | None = None
    prefer_locales: list[str] | None = None
    custom_lexicon_url: str | None = None
    custom_text_normalization_url: str | None = None


class AzureStandardVoice(AzureVoice, tag="azure-standard"):
    pass


class AzureCustomVoice(AzureVoice, tag="azure-custom"):
    endpoint_id: str


class AzurePersonalVoice(AzureVoice, tag="azure-personal"):
    model: str


class AzureNativeVoice(Struct, tag_field="type", tag="azure-realtime-native", forbid_unknown_fields=True):
    name: str


Voice = OpenAIVoice | AzureStandardVoice | AzureCustomVoice | AzurePersonalVoice | AzureNativeVoice


class EndOfUtterance(Struct, forbid_unknown_fields=True, kw_only=True):
    """Waits longer when the words so far are no whole sentence, at most `timeout_ms` of silence.

    What each level waits for stands in `unfinished.is_unfinished`; "default" is medium. The models
    `semantic_detection_v1` and `_en` judge by English words, `_multilingual` by those of more languages.
    `threshold` and `timeout`, the older spelling, are accepted and echoed.
    """

    model: Literal["semantic_detection_v1", "semantic_detection_v1_en", "semantic_detection_v1_multilingual"]
    threshold_level: Literal["low", "medium", "high", "default"] | None = None
    timeout_ms: Milliseconds | None = None
    threshold: float | None = None
    timeout: float | None = None


class TurnDetection(Struct, tag_field="type", forbid_unknown_fields=True, kw_only=True):
    """What all kinds share. Null means the kind's own default; see `turn_rules`."""

    threshold: Share | None = 0.5
    prefix_padding_ms: Milliseconds | None = 400
    silence_duration_ms: Milliseconds | None = 500
    create_response: bool = True
    interrupt_response: bool = True
    idle_timeout_ms: Milliseconds | None = None
    speech_duration_ms: Milliseconds | None = None
    end_of_utterance_detection: EndOfUtterance | None = None
    auto_truncate: bool = False
    appended_text_after_truncation: str | None = None


class ServerVad(TurnDetection, tag="server_vad"):
    pass


class SemanticVad(TurnDetection, tag="semantic_vad"):
    """OpenAI's own, for realtime models only. `eagerness`: see `settings.turn_rules`."""

    eagerness: Literal["low", "medium", "high", "auto"] = "auto"


class AzureSemanticVad(TurnDetection, tag="azure_semantic_vad", kw_only=True):
    prefix_padding_ms: Milliseconds | None = 420
    remove_filler_words: bool = False
    languages: list[str] | None = None


class AzureSemanticVadEn(AzureSemanticVad, tag="azure_semantic_vad_en"):
    pass


class AzureSemanticVadMultilingual(AzureSemanticVad, tag="azure_semantic_vad_multilingual"):
    pass


AnyTurnDetection = (
    ServerVad | SemanticVad | AzureSemanticVad | AzureSemanticVadEn | AzureSemanticVadMultilingual
)


class Transcription(Struct, forbid_unknown_fields=True, kw_only=True):
    model: TranscriptionModel
    language: str | None = None
    prompt: str | None = None
    custom_speech: dict[str, str] | None = None
    phrase_list: Annotated[list[str], Meta(max_length=500)] | None = None


class NoiseReduction(Struct, forbid_unknown_fields=True):
    """Accepted and echoed. The stand-in hears clean lines and takes no noise away."""

    type: Literal["azure_deep_noise_suppression", "near_field", "far_field"]


class EchoCancellation(Struct, forbid_unknown_fields=True, kw_only=True):
    """Accepted and echoed. The stand-in's callers send no echo."""

    type: Literal["server_echo_cancellation"]
    reference_source: Literal["server", "client"] | None = None
    channels: Literal[1, 2] | None = None


class FunctionTool(Struct, tag_field="type", tag="function", forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class NamedFunction(Struct, forbid_unknown_fields=True):
    """`tool_choice` that names the one function to call."""

    type: Literal["function"]
    name: str


ToolChoice = Literal["auto", "none", "required"] | NamedFunction
Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)
]
TokenLimit = Annotated[int, Meta(ge=1)] | Literal["inf"]


Trigger = Literal["latency", "tool"]


class InterimResponse(Struct, tag_field="type", forbid_unknown_fields=True, kw_only=True):
    """Short words for a wait (how-to: interim responses). `tool` is accepted and echoed: tools run at the
    client here, where the service does not see how long they take."""

    triggers: Annotated[list[Trigger], Meta(min_length=1)] = field(default_factory=lambda: ["latency"])
    latency_threshold_ms: Milliseconds = 2000


class StaticInterimResponse(InterimResponse, tag="static_interim_response"):
    """One of `texts`, in turn."""

    texts: Annotated[list[str], Meta(min_length=1)]


class LlmInterimResponse(InterimResponse, tag="llm_interim_response"):
    """Accepted and echoed: there is no second model here to write the words."""

    model: str = "gpt-4.1-mini"
    instructions: str | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] = 50


AnyInterimResponse = StaticInterimResponse | LlmInterimResponse


class SessionFields(Struct, forbid_unknown_fields=True, kw_only=True):
    """Every field `session.update` may carry, and at the same time the settings a session runs on."""

    model: str | UnsetType = UNSET
    modalities: Annotated[list[Modality], Meta(min_length=1)] | UnsetType = UNSET
    instructions: str | UnsetType = UNSET
    voice: OpenAIVoiceName | Voice | UnsetType = UNSET
    input_audio_format: InputFormat | UnsetType = UNSET
    output_audio_format: OutputFormat | UnsetType | None = UNSET
    input_audio_transcription: Transcription | UnsetType | None = UNSET
    input_audio_noise_reduction: NoiseReduction | UnsetType | None = UNSET
    turn_detection: AnyTurnDetection | UnsetType | None = UNSET
    tools: list[FunctionTool] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    max_response_output_tokens: TokenLimit | UnsetType = UNSET
    input_audio_sampling_rate: Literal[8000, 16000, 24000] | UnsetType = UNSET
    animation: dict[str, Any] | UnsetType | None = UNSET
    input_audio_echo_cancellation: EchoCancellation | UnsetType | None = UNSET
    avatar: dict[str, Any] | UnsetType | None = UNSET
    output_audio_timestamp_types: list[Literal["word"]] | UnsetType | None = UNSET
    truncation_strategy: dict[str, Any] | UnsetType | None = UNSET
    include: list[str] | UnsetType | None = UNSET
    # The service shows these only after a client has set them.
    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | UnsetType | None = UNSET
    parallel_tool_calls: bool | UnsetType | None = UNSET
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | UnsetType | None = UNSET
    interim_response: AnyInterimResponse | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
