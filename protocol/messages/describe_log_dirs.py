"""DescribeLogDirs (35): what lies in the log directories."""

from collections.abc import Sequence

from ..schema import boolean, field, i16, i32, i64, message, nested


@nested
class DescribableLogDirTopic:
    topic: str
    partitions: Sequence[i32] = ()


@message(api_key=35, versions="1-5", flexible="2+")
class DescribeLogDirsRequest:
    """The partitions of interest; null asks for all."""

    topics: Sequence[DescribableLogDirTopic] | None


@nested
class DescribeLogDirsPartition:
    partition_index: i32
    partition_size: i64 = 0
    offset_lag: i64 = 0
    is_future_key: boolean = False


@nested
class DescribeLogDirsTopic:
    name: str
    partitions: Sequence[DescribeLogDirsPartition] = ()


@nested
class DescribeLogDirsResult:
    error_code: i16 = 0
    log_dir: str = ""
    topics: Sequence[DescribeLogDirsTopic] = ()
    total_bytes: i64 = field(default=-1, versions="4+")
    usable_bytes: i64 = field(default=-1, versions="4+")
    is_cordoned: boolean = field(default=False, versions="5+")


@message(api_key=35, versions="1-5", flexible="2+")
class DescribeLogDirsResponse:
    """Size and lag of every replica, directory by directory."""

    throttle_time_ms: i32 = 0
    error_code: i16 = field(default=0, versions="3+")
    results: Sequence[DescribeLogDirsResult] = ()
