from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BatchKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BATCH_KIND_UNSPECIFIED: _ClassVar[BatchKind]
    BATCH_KIND_RECORDS: _ClassVar[BatchKind]
    BATCH_KIND_HEARTBEAT: _ClassVar[BatchKind]

class Method(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METHOD_UNSPECIFIED: _ClassVar[Method]
    METHOD_GET: _ClassVar[Method]
    METHOD_HEAD: _ClassVar[Method]
    METHOD_OTHER: _ClassVar[Method]

class CacheStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CACHE_STATUS_UNSPECIFIED: _ClassVar[CacheStatus]
    CACHE_STATUS_HIT: _ClassVar[CacheStatus]
    CACHE_STATUS_MISS: _ClassVar[CacheStatus]
    CACHE_STATUS_OTHER: _ClassVar[CacheStatus]

class ObjectKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OBJECT_KIND_UNSPECIFIED: _ClassVar[ObjectKind]
    OBJECT_KIND_MEDIA_SEGMENT: _ClassVar[ObjectKind]
    OBJECT_KIND_PARTIAL_SEGMENT: _ClassVar[ObjectKind]
    OBJECT_KIND_INIT_SEGMENT: _ClassVar[ObjectKind]
    OBJECT_KIND_MANIFEST: _ClassVar[ObjectKind]
    OBJECT_KIND_KEY: _ClassVar[ObjectKind]
    OBJECT_KIND_SUBTITLE: _ClassVar[ObjectKind]
    OBJECT_KIND_IMAGE: _ClassVar[ObjectKind]
    OBJECT_KIND_OTHER: _ClassVar[ObjectKind]

class Unresolved(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNRESOLVED_UNSPECIFIED: _ClassVar[Unresolved]
    UNRESOLVED_UNRECOGNISED_PATH: _ClassVar[Unresolved]
    UNRESOLVED_UNKNOWN_ASSET: _ClassVar[Unresolved]
    UNRESOLVED_UNKNOWN_RENDITION: _ClassVar[Unresolved]
    UNRESOLVED_UNKNOWN_SEGMENT: _ClassVar[Unresolved]

class MediaType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MEDIA_TYPE_UNSPECIFIED: _ClassVar[MediaType]
    MEDIA_TYPE_VIDEO: _ClassVar[MediaType]
    MEDIA_TYPE_COMPANION_AUDIO: _ClassVar[MediaType]
    MEDIA_TYPE_AUDIO_ONLY: _ClassVar[MediaType]
    MEDIA_TYPE_TRICK_PLAY: _ClassVar[MediaType]

class LowLatencyBilling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOW_LATENCY_BILLING_SEGMENTS: _ClassVar[LowLatencyBilling]
    LOW_LATENCY_BILLING_PARTS: _ClassVar[LowLatencyBilling]
BATCH_KIND_UNSPECIFIED: BatchKind
BATCH_KIND_RECORDS: BatchKind
BATCH_KIND_HEARTBEAT: BatchKind
METHOD_UNSPECIFIED: Method
METHOD_GET: Method
METHOD_HEAD: Method
METHOD_OTHER: Method
CACHE_STATUS_UNSPECIFIED: CacheStatus
CACHE_STATUS_HIT: CacheStatus
CACHE_STATUS_MISS: CacheStatus
CACHE_STATUS_OTHER: CacheStatus
OBJECT_KIND_UNSPECIFIED: ObjectKind
OBJECT_KIND_MEDIA_SEGMENT: ObjectKind
OBJECT_KIND_PARTIAL_SEGMENT: ObjectKind
OBJECT_KIND_INIT_SEGMENT: ObjectKind
OBJECT_KIND_MANIFEST: ObjectKind
OBJECT_KIND_KEY: ObjectKind
OBJECT_KIND_SUBTITLE: ObjectKind
OBJECT_KIND_IMAGE: ObjectKind
OBJECT_KIND_OTHER: ObjectKind
UNRESOLVED_UNSPECIFIED: Unresolved
UNRESOLVED_UNRECOGNISED_PATH: Unresolved
UNRESOLVED_UNKNOWN_ASSET: Unresolved
UNRESOLVED_UNKNOWN_RENDITION: Unresolved
UNRESOLVED_UNKNOWN_SEGMENT: Unresolved
MEDIA_TYPE_UNSPECIFIED: MediaType
MEDIA_TYPE_VIDEO: MediaType
MEDIA_TYPE_COMPANION_AUDIO: MediaType
MEDIA_TYPE_AUDIO_ONLY: MediaType
MEDIA_TYPE_TRICK_PLAY: MediaType
LOW_LATENCY_BILLING_SEGMENTS: LowLatencyBilling
LOW_LATENCY_BILLING_PARTS: LowLatencyBilling

class AccessLogBatch(_message.Message):
    __slots__ = ("header", "records", "hosts", "user_agents", "pops", "renditions", "networks", "places", "enrichment")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    HOSTS_FIELD_NUMBER: _ClassVar[int]
    USER_AGENTS_FIELD_NUMBER: _ClassVar[int]
    POPS_FIELD_NUMBER: _ClassVar[int]
    RENDITIONS_FIELD_NUMBER: _ClassVar[int]
    NETWORKS_FIELD_NUMBER: _ClassVar[int]
    PLACES_FIELD_NUMBER: _ClassVar[int]
    ENRICHMENT_FIELD_NUMBER: _ClassVar[int]
    header: BatchHeader
    records: _containers.RepeatedCompositeFieldContainer[AccessLog]
    hosts: _containers.RepeatedScalarFieldContainer[str]
    user_agents: _containers.RepeatedScalarFieldContainer[str]
    pops: _containers.RepeatedScalarFieldContainer[str]
    renditions: _containers.RepeatedCompositeFieldContainer[Rendition]
    networks: _containers.RepeatedCompositeFieldContainer[Network]
    places: _containers.RepeatedCompositeFieldContainer[Place]
    enrichment: Enrichment
    def __init__(self, header: _Optional[_Union[BatchHeader, _Mapping]] = ..., records: _Optional[_Iterable[_Union[AccessLog, _Mapping]]] = ..., hosts: _Optional[_Iterable[str]] = ..., user_agents: _Optional[_Iterable[str]] = ..., pops: _Optional[_Iterable[str]] = ..., renditions: _Optional[_Iterable[_Union[Rendition, _Mapping]]] = ..., networks: _Optional[_Iterable[_Union[Network, _Mapping]]] = ..., places: _Optional[_Iterable[_Union[Place, _Mapping]]] = ..., enrichment: _Optional[_Union[Enrichment, _Mapping]] = ...) -> None: ...

class BatchHeader(_message.Message):
    __slots__ = ("kind", "batch_id", "id_version", "source_id", "cdn", "delivery_id", "first_line", "hour_ms", "received_at_ms", "published_at_ms", "late", "rejected", "collector_build", "heartbeat", "collector_boot", "deduplicate_records")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    ID_VERSION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    CDN_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_LINE_FIELD_NUMBER: _ClassVar[int]
    HOUR_MS_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    COLLECTOR_BUILD_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    COLLECTOR_BOOT_FIELD_NUMBER: _ClassVar[int]
    DEDUPLICATE_RECORDS_FIELD_NUMBER: _ClassVar[int]
    kind: BatchKind
    batch_id: str
    id_version: int
    source_id: str
    cdn: str
    delivery_id: str
    first_line: int
    hour_ms: int
    received_at_ms: int
    published_at_ms: int
    late: bool
    rejected: _containers.RepeatedCompositeFieldContainer[ReasonCount]
    collector_build: str
    heartbeat: Heartbeat
    collector_boot: str
    deduplicate_records: bool
    def __init__(self, kind: _Optional[_Union[BatchKind, str]] = ..., batch_id: _Optional[str] = ..., id_version: _Optional[int] = ..., source_id: _Optional[str] = ..., cdn: _Optional[str] = ..., delivery_id: _Optional[str] = ..., first_line: _Optional[int] = ..., hour_ms: _Optional[int] = ..., received_at_ms: _Optional[int] = ..., published_at_ms: _Optional[int] = ..., late: bool = ..., rejected: _Optional[_Iterable[_Union[ReasonCount, _Mapping]]] = ..., collector_build: _Optional[str] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., collector_boot: _Optional[str] = ..., deduplicate_records: bool = ...) -> None: ...

class ReasonCount(_message.Message):
    __slots__ = ("reason", "count")
    REASON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    reason: str
    count: int
    def __init__(self, reason: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("boot_id", "key", "totals")
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    boot_id: str
    key: str
    totals: _containers.RepeatedCompositeFieldContainer[SourceTotals]
    def __init__(self, boot_id: _Optional[str] = ..., key: _Optional[str] = ..., totals: _Optional[_Iterable[_Union[SourceTotals, _Mapping]]] = ...) -> None: ...

class SourceTotals(_message.Message):
    __slots__ = ("source_id", "batches", "records", "rejected")
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    source_id: str
    batches: int
    records: int
    rejected: int
    def __init__(self, source_id: _Optional[str] = ..., batches: _Optional[int] = ..., records: _Optional[int] = ..., rejected: _Optional[int] = ...) -> None: ...

class AccessLog(_message.Message):
    __slots__ = ("line", "event_offset_ms", "method", "status", "path", "host", "body_bytes", "object_bytes", "aborted", "internal", "cache_status", "client_ip", "user_agent", "pop", "time_to_first_byte_ms", "elapsed_ms", "request_id", "range_start", "range_end", "object_kind", "rendition", "media_duration_ms", "unresolved", "network", "place", "unresolved_asset")
    LINE_FIELD_NUMBER: _ClassVar[int]
    EVENT_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    BODY_BYTES_FIELD_NUMBER: _ClassVar[int]
    OBJECT_BYTES_FIELD_NUMBER: _ClassVar[int]
    ABORTED_FIELD_NUMBER: _ClassVar[int]
    INTERNAL_FIELD_NUMBER: _ClassVar[int]
    CACHE_STATUS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_IP_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    POP_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_FIRST_BYTE_MS_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_MS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RANGE_START_FIELD_NUMBER: _ClassVar[int]
    RANGE_END_FIELD_NUMBER: _ClassVar[int]
    OBJECT_KIND_FIELD_NUMBER: _ClassVar[int]
    RENDITION_FIELD_NUMBER: _ClassVar[int]
    MEDIA_DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_ASSET_FIELD_NUMBER: _ClassVar[int]
    line: int
    event_offset_ms: int
    method: Method
    status: int
    path: str
    host: int
    body_bytes: int
    object_bytes: int
    aborted: bool
    internal: bool
    cache_status: CacheStatus
    client_ip: str
    user_agent: int
    pop: int
    time_to_first_byte_ms: int
    elapsed_ms: int
    request_id: str
    range_start: int
    range_end: int
    object_kind: ObjectKind
    rendition: int
    media_duration_ms: int
    unresolved: Unresolved
    network: int
    place: int
    unresolved_asset: str
    def __init__(self, line: _Optional[int] = ..., event_offset_ms: _Optional[int] = ..., method: _Optional[_Union[Method, str]] = ..., status: _Optional[int] = ..., path: _Optional[str] = ..., host: _Optional[int] = ..., body_bytes: _Optional[int] = ..., object_bytes: _Optional[int] = ..., aborted: bool = ..., internal: bool = ..., cache_status: _Optional[_Union[CacheStatus, str]] = ..., client_ip: _Optional[str] = ..., user_agent: _Optional[int] = ..., pop: _Optional[int] = ..., time_to_first_byte_ms: _Optional[int] = ..., elapsed_ms: _Optional[int] = ..., request_id: _Optional[str] = ..., range_start: _Optional[int] = ..., range_end: _Optional[int] = ..., object_kind: _Optional[_Union[ObjectKind, str]] = ..., rendition: _Optional[int] = ..., media_duration_ms: _Optional[int] = ..., unresolved: _Optional[_Union[Unresolved, str]] = ..., network: _Optional[int] = ..., place: _Optional[int] = ..., unresolved_asset: _Optional[str] = ...) -> None: ...

class Rendition(_message.Message):
    __slots__ = ("environment_id", "asset_id", "name", "height", "media_type", "low_latency_billing", "codecs", "bandwidth_bps")
    ENVIRONMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ASSET_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    LOW_LATENCY_BILLING_FIELD_NUMBER: _ClassVar[int]
    CODECS_FIELD_NUMBER: _ClassVar[int]
    BANDWIDTH_BPS_FIELD_NUMBER: _ClassVar[int]
    environment_id: str
    asset_id: str
    name: str
    height: int
    media_type: MediaType
    low_latency_billing: LowLatencyBilling
    codecs: str
    bandwidth_bps: int
    def __init__(self, environment_id: _Optional[str] = ..., asset_id: _Optional[str] = ..., name: _Optional[str] = ..., height: _Optional[int] = ..., media_type: _Optional[_Union[MediaType, str]] = ..., low_latency_billing: _Optional[_Union[LowLatencyBilling, str]] = ..., codecs: _Optional[str] = ..., bandwidth_bps: _Optional[int] = ...) -> None: ...

class Network(_message.Message):
    __slots__ = ("asn", "organisation")
    ASN_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_FIELD_NUMBER: _ClassVar[int]
    asn: int
    organisation: str
    def __init__(self, asn: _Optional[int] = ..., organisation: _Optional[str] = ...) -> None: ...

class Place(_message.Message):
    __slots__ = ("country", "region", "city")
    COUNTRY_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    CITY_FIELD_NUMBER: _ClassVar[int]
    country: str
    region: str
    city: str
    def __init__(self, country: _Optional[str] = ..., region: _Optional[str] = ..., city: _Optional[str] = ...) -> None: ...

class Enrichment(_message.Message):
    __slots__ = ("build", "asn_database_epoch_s", "city_database_epoch_s")
    BUILD_FIELD_NUMBER: _ClassVar[int]
    ASN_DATABASE_EPOCH_S_FIELD_NUMBER: _ClassVar[int]
    CITY_DATABASE_EPOCH_S_FIELD_NUMBER: _ClassVar[int]
    build: str
    asn_database_epoch_s: int
    city_database_epoch_s: int
    def __init__(self, build: _Optional[str] = ..., asn_database_epoch_s: _Optional[int] = ..., city_database_epoch_s: _Optional[int] = ...) -> None: ...

class AssetSettings(_message.Message):
    __slots__ = ("asset_id", "environment_id", "renditions", "read_at_ms", "absent")
    ASSET_ID_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RENDITIONS_FIELD_NUMBER: _ClassVar[int]
    READ_AT_MS_FIELD_NUMBER: _ClassVar[int]
    ABSENT_FIELD_NUMBER: _ClassVar[int]
    asset_id: str
    environment_id: str
    renditions: _containers.RepeatedCompositeFieldContainer[RenditionSettings]
    read_at_ms: int
    absent: bool
    def __init__(self, asset_id: _Optional[str] = ..., environment_id: _Optional[str] = ..., renditions: _Optional[_Iterable[_Union[RenditionSettings, _Mapping]]] = ..., read_at_ms: _Optional[int] = ..., absent: bool = ...) -> None: ...

class RenditionSettings(_message.Message):
    __slots__ = ("rendition", "first_segment", "segment_ms", "fixed_segment_ms", "part_ms")
    RENDITION_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEGMENT_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_MS_FIELD_NUMBER: _ClassVar[int]
    FIXED_SEGMENT_MS_FIELD_NUMBER: _ClassVar[int]
    PART_MS_FIELD_NUMBER: _ClassVar[int]
    rendition: Rendition
    first_segment: int
    segment_ms: _containers.RepeatedScalarFieldContainer[int]
    fixed_segment_ms: int
    part_ms: int
    def __init__(self, rendition: _Optional[_Union[Rendition, _Mapping]] = ..., first_segment: _Optional[int] = ..., segment_ms: _Optional[_Iterable[int]] = ..., fixed_segment_ms: _Optional[int] = ..., part_ms: _Optional[int] = ...) -> None: ...

class DeadLetter(_message.Message):
    __slots__ = ("stage", "reason", "detail", "payload", "source_id", "delivery_id", "line", "received_at_ms", "topic", "topic_timestamp_ms", "build")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    TOPIC_TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    BUILD_FIELD_NUMBER: _ClassVar[int]
    stage: str
    reason: str
    detail: str
    payload: bytes
    source_id: str
    delivery_id: str
    line: int
    received_at_ms: int
    topic: str
    topic_timestamp_ms: int
    build: str
    def __init__(self, stage: _Optional[str] = ..., reason: _Optional[str] = ..., detail: _Optional[str] = ..., payload: _Optional[bytes] = ..., source_id: _Optional[str] = ..., delivery_id: _Optional[str] = ..., line: _Optional[int] = ..., received_at_ms: _Optional[int] = ..., topic: _Optional[str] = ..., topic_timestamp_ms: _Optional[int] = ..., build: _Optional[str] = ...) -> None: ...
