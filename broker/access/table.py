"""THE RULES: what each API asks of the authorizer, as Apache Kafka 4.3's KafkaApis and ControllerApis do.

An API that is served and has no line here would be a hole: a test walks both tables.
"""

from collections.abc import Mapping

from ...protocol.api_keys import ApiKey
from ..answers.error_answers import Place
from ..context import Context
from ..security.authorization.acl import Operation
from .common_rules import (
    Rule,
    Words,
    asked_by_handler,
    in_turn,
    on_cluster,
    on_group,
    on_topics,
    on_transactional_id,
    open_to_all,
    where,
)
from .config_rules import alter_client_quotas, alter_replica_log_dirs, describe_cluster, on_each_resource
from .group_rules import (
    READ_TOPICS,
    alter_share_group_offsets,
    describe_groups,
    describe_share_group_offsets,
    hide_assigned,
    hide_topology,
    list_groups,
    on_each_group,
    streams_group_heartbeat,
    subscribed_topics,
)
from .offset_rules import find_coordinator, offset_fetch
from .token_rules import create_delegation_token, describe_delegation_token
from .topic_rules import (
    create_topics,
    delete_topics,
    describe_topic_partitions,
    metadata,
    offset_for_leader_epoch,
    produce,
)
from .transaction_rules import (
    add_partitions_to_txn,
    describe_transactions,
    init_producer_id,
    list_transactions,
    write_txn_markers,
)

READ, WRITE, DELETE = Operation.READ, Operation.WRITE, Operation.DELETE
ALTER, DESCRIBE, CLUSTER_ACTION = Operation.ALTER, Operation.DESCRIBE, Operation.CLUSTER_ACTION
ALTER_CONFIGS, DESCRIBE_CONFIGS = Operation.ALTER_CONFIGS, Operation.DESCRIBE_CONFIGS

IN_WORDS, NO_WORDS = Words.OF_CODE, Words.NONE
_CONSUMER, _SHARE, _STREAMS = Context.has_consumer_groups, Context.has_share_groups, Context.has_streams_groups

RULES: Mapping[int, Rule] = {
    ApiKey.PRODUCE: produce,
    ApiKey.FETCH: asked_by_handler,  # a session holds topics that its requests do not name
    ApiKey.LIST_OFFSETS: on_topics(DESCRIBE),
    ApiKey.METADATA: metadata,
    ApiKey.OFFSET_COMMIT: in_turn(on_group(READ), on_topics(READ)),
    ApiKey.OFFSET_FETCH: offset_fetch,
    ApiKey.FIND_COORDINATOR: find_coordinator,
    ApiKey.JOIN_GROUP: on_group(READ),
    ApiKey.HEARTBEAT: on_group(READ),
    ApiKey.LEAVE_GROUP: on_group(READ),
    ApiKey.SYNC_GROUP: on_group(READ),
    ApiKey.DESCRIBE_GROUPS: describe_groups("groups"),
    ApiKey.LIST_GROUPS: list_groups,
    ApiKey.SASL_HANDSHAKE: open_to_all,
    ApiKey.SASL_AUTHENTICATE: open_to_all,
    ApiKey.API_VERSIONS: open_to_all,
    ApiKey.CREATE_TOPICS: create_topics,
    ApiKey.DELETE_TOPICS: delete_topics,
    ApiKey.DELETE_RECORDS: on_topics(DELETE),
    ApiKey.INIT_PRODUCER_ID: init_producer_id,
    ApiKey.OFFSET_FOR_LEADER_EPOCH: offset_for_leader_epoch,
    ApiKey.ADD_PARTITIONS_TO_TXN: add_partitions_to_txn,
    ApiKey.ADD_OFFSETS_TO_TXN: in_turn(on_transactional_id(WRITE), on_group(READ)),
    ApiKey.END_TXN: on_transactional_id(WRITE),
    ApiKey.WRITE_TXN_MARKERS: write_txn_markers,
    ApiKey.TXN_OFFSET_COMMIT: in_turn(on_transactional_id(WRITE), on_group(READ), on_topics(READ)),
    ApiKey.DESCRIBE_ACLS: on_cluster(DESCRIBE),
    ApiKey.CREATE_ACLS: on_cluster(ALTER),
    ApiKey.DELETE_ACLS: on_cluster(ALTER),
    ApiKey.DESCRIBE_CONFIGS: on_each_resource(DESCRIBE_CONFIGS, "results", refused_first=False),
    ApiKey.ALTER_CONFIGS: on_each_resource(ALTER_CONFIGS, "responses", refused_first=True),
    ApiKey.INCREMENTAL_ALTER_CONFIGS: on_each_resource(ALTER_CONFIGS, "responses", refused_first=True),
    ApiKey.ALTER_REPLICA_LOG_DIRS: alter_replica_log_dirs,
    ApiKey.DESCRIBE_LOG_DIRS: on_cluster(DESCRIBE),
    ApiKey.CREATE_DELEGATION_TOKEN: create_delegation_token,
    ApiKey.RENEW_DELEGATION_TOKEN: asked_by_handler,  # whether the token is the client's own
    ApiKey.EXPIRE_DELEGATION_TOKEN: asked_by_handler,
    ApiKey.DESCRIBE_DELEGATION_TOKEN: describe_delegation_token,
    ApiKey.CREATE_PARTITIONS: on_topics(ALTER, once=True),
    ApiKey.DELETE_GROUPS: on_each_group(DELETE, "groups_names", "results", refused_first=False),
    ApiKey.ELECT_LEADERS: on_cluster(ALTER, place=Place.BOTH),
    ApiKey.ALTER_PARTITION_REASSIGNMENTS: on_cluster(ALTER, place=Place.BOTH),
    ApiKey.LIST_PARTITION_REASSIGNMENTS: on_cluster(DESCRIBE),
    ApiKey.OFFSET_DELETE: in_turn(on_group(DELETE), on_topics(READ)),
    ApiKey.DESCRIBE_CLIENT_QUOTAS: on_cluster(DESCRIBE_CONFIGS, words=NO_WORDS),
    ApiKey.ALTER_CLIENT_QUOTAS: alter_client_quotas,
    ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS: on_cluster(DESCRIBE, words=NO_WORDS, place=Place.BOTH),
    ApiKey.ALTER_USER_SCRAM_CREDENTIALS: on_cluster(ALTER),
    ApiKey.DESCRIBE_QUORUM: on_cluster(DESCRIBE, words=IN_WORDS, place=Place.TOP),
    ApiKey.UPDATE_FEATURES: on_cluster(ALTER, place=Place.TOP),
    ApiKey.DESCRIBE_CLUSTER: describe_cluster,
    ApiKey.DESCRIBE_PRODUCERS: READ_TOPICS,
    ApiKey.UNREGISTER_BROKER: on_cluster(ALTER),
    ApiKey.DESCRIBE_TRANSACTIONS: describe_transactions,
    ApiKey.LIST_TRANSACTIONS: list_transactions,
    ApiKey.LIST_CONFIG_RESOURCES: on_cluster(DESCRIBE_CONFIGS),
    ApiKey.CONSUMER_GROUP_HEARTBEAT: where(_CONSUMER, in_turn(on_group(READ), subscribed_topics)),
    ApiKey.CONSUMER_GROUP_DESCRIBE: where(_CONSUMER, describe_groups("group_ids", hide_assigned)),
    ApiKey.STREAMS_GROUP_HEARTBEAT: where(_STREAMS, streams_group_heartbeat),
    ApiKey.STREAMS_GROUP_DESCRIBE: where(_STREAMS, describe_groups("group_ids", hide_topology)),
    ApiKey.DESCRIBE_TOPIC_PARTITIONS: describe_topic_partitions,
    ApiKey.SHARE_GROUP_HEARTBEAT: where(_SHARE, in_turn(on_group(READ), subscribed_topics)),
    ApiKey.SHARE_GROUP_DESCRIBE: where(_SHARE, describe_groups("group_ids", hide_assigned)),
    ApiKey.SHARE_FETCH: where(_SHARE, on_group(READ)),  # and of the topics the handlers ask, as for Fetch
    ApiKey.SHARE_ACKNOWLEDGE: where(_SHARE, on_group(READ)),
    ApiKey.INITIALIZE_SHARE_GROUP_STATE: on_cluster(CLUSTER_ACTION, words=IN_WORDS),
    ApiKey.READ_SHARE_GROUP_STATE: on_cluster(CLUSTER_ACTION, words=IN_WORDS),
    ApiKey.WRITE_SHARE_GROUP_STATE: on_cluster(CLUSTER_ACTION, words=IN_WORDS),
    ApiKey.DELETE_SHARE_GROUP_STATE: on_cluster(CLUSTER_ACTION, words=IN_WORDS),
    ApiKey.READ_SHARE_GROUP_STATE_SUMMARY: on_cluster(CLUSTER_ACTION, words=IN_WORDS),
    ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS: where(_SHARE, describe_share_group_offsets),
    ApiKey.ALTER_SHARE_GROUP_OFFSETS: where(_SHARE, in_turn(on_group(READ, words=IN_WORDS), alter_share_group_offsets)),
    ApiKey.DELETE_SHARE_GROUP_OFFSETS: where(_SHARE, in_turn(on_group(DELETE, words=IN_WORDS), READ_TOPICS)),
    ApiKey.ADD_RAFT_VOTER: on_cluster(ALTER, words=IN_WORDS),
    ApiKey.REMOVE_RAFT_VOTER: on_cluster(ALTER, words=IN_WORDS),
}
