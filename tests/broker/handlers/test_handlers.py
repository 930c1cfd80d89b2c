"""Every handler is a Handler of its own messages: the type checkers see it here, and the table has no other."""

from typing import TypeVar

import pytest

from odradek.broker.apis import TABLE, Api, Handler
from odradek.broker.handlers.add_offsets_to_txn import handle_add_offsets_to_txn
from odradek.broker.handlers.add_partitions_to_txn import handle_add_partitions_to_txn
from odradek.broker.handlers.add_raft_voter import handle_add_raft_voter
from odradek.broker.handlers.alter_client_quotas import handle_alter_client_quotas
from odradek.broker.handlers.alter_configs import handle_alter_configs
from odradek.broker.handlers.alter_partition_reassignments import handle_alter_partition_reassignments
from odradek.broker.handlers.alter_replica_log_dirs import handle_alter_replica_log_dirs
from odradek.broker.handlers.alter_share_group_offsets import handle_alter_share_group_offsets
from odradek.broker.handlers.alter_user_scram_credentials import handle_alter_user_scram_credentials
from odradek.broker.handlers.api_versions import handle_api_versions
from odradek.broker.handlers.consumer_group_describe import handle_consumer_group_describe
from odradek.broker.handlers.consumer_group_heartbeat import handle_consumer_group_heartbeat
from odradek.broker.handlers.create_acls import handle_create_acls
from odradek.broker.handlers.create_delegation_token import handle_create_delegation_token
from odradek.broker.handlers.create_partitions import handle_create_partitions
from odradek.broker.handlers.create_topics import handle_create_topics
from odradek.broker.handlers.delete_acls import handle_delete_acls
from odradek.broker.handlers.delete_groups import handle_delete_groups
from odradek.broker.handlers.delete_records import handle_delete_records
from odradek.broker.handlers.delete_share_group_offsets import handle_delete_share_group_offsets
from odradek.broker.handlers.delete_share_group_state import handle_delete_share_group_state
from odradek.broker.handlers.delete_topics import handle_delete_topics
from odradek.broker.handlers.describe_acls import handle_describe_acls
from odradek.broker.handlers.describe_client_quotas import handle_describe_client_quotas
from odradek.broker.handlers.describe_cluster import handle_describe_cluster
from odradek.broker.handlers.describe_configs import handle_describe_configs
from odradek.broker.handlers.describe_delegation_token import handle_describe_delegation_token
from odradek.broker.handlers.describe_groups import handle_describe_groups
from odradek.broker.handlers.describe_log_dirs import handle_describe_log_dirs
from odradek.broker.handlers.describe_producers import handle_describe_producers
from odradek.broker.handlers.describe_quorum import handle_describe_quorum
from odradek.broker.handlers.describe_share_group_offsets import handle_describe_share_group_offsets
from odradek.broker.handlers.describe_topic_partitions import handle_describe_topic_partitions
from odradek.broker.handlers.describe_transactions import handle_describe_transactions
from odradek.broker.handlers.describe_user_scram_credentials import handle_describe_user_scram_credentials
from odradek.broker.handlers.elect_leaders import handle_elect_leaders
from odradek.broker.handlers.end_txn import handle_end_txn
from odradek.broker.handlers.expire_delegation_token import handle_expire_delegation_token
from odradek.broker.handlers.fetch import handle_fetch
from odradek.broker.handlers.find_coordinator import handle_find_coordinator
from odradek.broker.handlers.heartbeat import handle_heartbeat
from odradek.broker.handlers.incremental_alter_configs import handle_incremental_alter_configs
from odradek.broker.handlers.init_producer_id import handle_init_producer_id
from odradek.broker.handlers.initialize_share_group_state import handle_initialize_share_group_state
from odradek.broker.handlers.join_group import handle_join_group
from odradek.broker.handlers.leave_group import handle_leave_group
from odradek.broker.handlers.list_config_resources import handle_list_config_resources
from odradek.broker.handlers.list_groups import handle_list_groups
from odradek.broker.handlers.list_offsets import handle_list_offsets
from odradek.broker.handlers.list_partition_reassignments import handle_list_partition_reassignments
from odradek.broker.handlers.list_transactions import handle_list_transactions
from odradek.broker.handlers.metadata import handle_metadata
from odradek.broker.handlers.offset_commit import handle_offset_commit
from odradek.broker.handlers.offset_delete import handle_offset_delete
from odradek.broker.handlers.offset_fetch import handle_offset_fetch
from odradek.broker.handlers.offset_for_leader_epoch import handle_offset_for_leader_epoch
from odradek.broker.handlers.produce import handle_produce
from odradek.broker.handlers.read_share_group_state import handle_read_share_group_state
from odradek.broker.handlers.read_share_group_state_summary import handle_read_share_group_state_summary
from odradek.broker.handlers.remove_raft_voter import handle_remove_raft_voter
from odradek.broker.handlers.renew_delegation_token import handle_renew_delegation_token
from odradek.broker.handlers.sasl_authenticate import handle_sasl_authenticate
from odradek.broker.handlers.sasl_handshake import handle_sasl_handshake
from odradek.broker.handlers.share_acknowledge import handle_share_acknowledge
from odradek.broker.handlers.share_fetch import handle_share_fetch
from odradek.broker.handlers.share_group_describe import handle_share_group_describe
from odradek.broker.handlers.share_group_heartbeat import handle_share_group_heartbeat
from odradek.broker.handlers.streams_group_describe import handle_streams_group_describe
from odradek.broker.handlers.streams_group_heartbeat import handle_streams_group_heartbeat
from odradek.broker.handlers.sync_group import handle_sync_group
from odradek.broker.handlers.txn_offset_commit import handle_txn_offset_commit
from odradek.broker.handlers.unregister_broker import handle_unregister_broker
from odradek.broker.handlers.update_features import handle_update_features
from odradek.broker.handlers.write_share_group_state import handle_write_share_group_state
from odradek.broker.handlers.write_txn_markers import handle_write_txn_markers
from odradek.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from odradek.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest, AddPartitionsToTxnResponse
from odradek.protocol.messages.add_raft_voter import AddRaftVoterRequest, AddRaftVoterResponse
from odradek.protocol.messages.alter_client_quotas import AlterClientQuotasRequest, AlterClientQuotasResponse
from odradek.protocol.messages.alter_configs import AlterConfigsRequest, AlterConfigsResponse
from odradek.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
)
from odradek.protocol.messages.alter_replica_log_dirs import AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse
from odradek.protocol.messages.alter_share_group_offsets import (
    AlterShareGroupOffsetsRequest,
    AlterShareGroupOffsetsResponse,
)
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
)
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
)
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from odradek.protocol.messages.create_acls import CreateAclsRequest, CreateAclsResponse
from odradek.protocol.messages.create_delegation_token import (
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)
from odradek.protocol.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsResponse
from odradek.protocol.messages.create_topics import CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.delete_acls import DeleteAclsRequest, DeleteAclsResponse
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.delete_records import DeleteRecordsRequest, DeleteRecordsResponse
from odradek.protocol.messages.delete_share_group_offsets import (
    DeleteShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsResponse,
)
from odradek.protocol.messages.delete_share_group_state import (
    DeleteShareGroupStateRequest,
    DeleteShareGroupStateResponse,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse
from odradek.protocol.messages.describe_client_quotas import DescribeClientQuotasRequest, DescribeClientQuotasResponse
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResponse
from odradek.protocol.messages.describe_delegation_token import (
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.describe_log_dirs import DescribeLogDirsRequest, DescribeLogDirsResponse
from odradek.protocol.messages.describe_producers import DescribeProducersRequest, DescribeProducersResponse
from odradek.protocol.messages.describe_quorum import DescribeQuorumRequest, DescribeQuorumResponse
from odradek.protocol.messages.describe_share_group_offsets import (
    DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsResponse,
)
from odradek.protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
)
from odradek.protocol.messages.describe_transactions import DescribeTransactionsRequest, DescribeTransactionsResponse
from odradek.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
)
from odradek.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.expire_delegation_token import (
    ExpireDelegationTokenRequest,
    ExpireDelegationTokenResponse,
)
from odradek.protocol.messages.fetch import FetchRequest, FetchResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.incremental_alter_configs import (
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.initialize_share_group_state import (
    InitializeShareGroupStateRequest,
    InitializeShareGroupStateResponse,
)
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from odradek.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from odradek.protocol.messages.list_config_resources import ListConfigResourcesRequest, ListConfigResourcesResponse
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from odradek.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from odradek.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
)
from odradek.protocol.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse
from odradek.protocol.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse
from odradek.protocol.messages.offset_delete import OffsetDeleteRequest, OffsetDeleteResponse
from odradek.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
from odradek.protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse
from odradek.protocol.messages.produce import ProduceRequest, ProduceResponse
from odradek.protocol.messages.read_share_group_state import ReadShareGroupStateRequest, ReadShareGroupStateResponse
from odradek.protocol.messages.read_share_group_state_summary import (
    ReadShareGroupStateSummaryRequest,
    ReadShareGroupStateSummaryResponse,
)
from odradek.protocol.messages.remove_raft_voter import RemoveRaftVoterRequest, RemoveRaftVoterResponse
from odradek.protocol.messages.renew_delegation_token import RenewDelegationTokenRequest, RenewDelegationTokenResponse
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from odradek.protocol.messages.share_acknowledge import ShareAcknowledgeRequest, ShareAcknowledgeResponse
from odradek.protocol.messages.share_fetch import ShareFetchRequest, ShareFetchResponse
from odradek.protocol.messages.share_group_describe import ShareGroupDescribeRequest, ShareGroupDescribeResponse
from odradek.protocol.messages.share_group_heartbeat import ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse
from odradek.protocol.messages.streams_group_describe import StreamsGroupDescribeRequest, StreamsGroupDescribeResponse
from odradek.protocol.messages.streams_group_heartbeat import (
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
)
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from odradek.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest, TxnOffsetCommitResponse
from odradek.protocol.messages.unregister_broker import UnregisterBrokerRequest, UnregisterBrokerResponse
from odradek.protocol.messages.update_features import UpdateFeaturesRequest, UpdateFeaturesResponse
from odradek.protocol.messages.write_share_group_state import WriteShareGroupStateRequest, WriteShareGroupStateResponse
from odradek.protocol.messages.write_txn_markers import WriteTxnMarkersRequest, WriteTxnMarkersResponse

Request = TypeVar("Request")
Response = TypeVar("Response")


def handler_of(
    request: type[Request], response: type[Response], handle: Handler[Request, Response]
) -> tuple[type, type, object]:
    """A handler with its messages, of which the checkers see that they fit."""
    return request, response, handle


HANDLERS = {
    "add_offsets_to_txn": handler_of(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, handle_add_offsets_to_txn),
    "add_partitions_to_txn": handler_of(
        AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, handle_add_partitions_to_txn
    ),
    "add_raft_voter": handler_of(AddRaftVoterRequest, AddRaftVoterResponse, handle_add_raft_voter),
    "alter_partition_reassignments": handler_of(
        AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, handle_alter_partition_reassignments
    ),
    "alter_replica_log_dirs": handler_of(
        AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, handle_alter_replica_log_dirs
    ),
    "api_versions": handler_of(ApiVersionsRequest, ApiVersionsResponse, handle_api_versions),
    "consumer_group_describe": handler_of(
        ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, handle_consumer_group_describe
    ),
    "consumer_group_heartbeat": handler_of(
        ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, handle_consumer_group_heartbeat
    ),
    "create_acls": handler_of(CreateAclsRequest, CreateAclsResponse, handle_create_acls),
    "create_topics": handler_of(CreateTopicsRequest, CreateTopicsResponse, handle_create_topics),
    "alter_configs": handler_of(AlterConfigsRequest, AlterConfigsResponse, handle_alter_configs),
    "create_partitions": handler_of(CreatePartitionsRequest, CreatePartitionsResponse, handle_create_partitions),
    "incremental_alter_configs": handler_of(
        IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, handle_incremental_alter_configs
    ),
    "delete_acls": handler_of(DeleteAclsRequest, DeleteAclsResponse, handle_delete_acls),
    "alter_client_quotas": handler_of(AlterClientQuotasRequest, AlterClientQuotasResponse, handle_alter_client_quotas),
    "describe_client_quotas": handler_of(
        DescribeClientQuotasRequest, DescribeClientQuotasResponse, handle_describe_client_quotas
    ),
    "delete_groups": handler_of(DeleteGroupsRequest, DeleteGroupsResponse, handle_delete_groups),
    "delete_records": handler_of(DeleteRecordsRequest, DeleteRecordsResponse, handle_delete_records),
    "delete_topics": handler_of(DeleteTopicsRequest, DeleteTopicsResponse, handle_delete_topics),
    "describe_acls": handler_of(DescribeAclsRequest, DescribeAclsResponse, handle_describe_acls),
    "describe_cluster": handler_of(DescribeClusterRequest, DescribeClusterResponse, handle_describe_cluster),
    "describe_configs": handler_of(DescribeConfigsRequest, DescribeConfigsResponse, handle_describe_configs),
    "describe_groups": handler_of(DescribeGroupsRequest, DescribeGroupsResponse, handle_describe_groups),
    "describe_log_dirs": handler_of(DescribeLogDirsRequest, DescribeLogDirsResponse, handle_describe_log_dirs),
    "describe_producers": handler_of(DescribeProducersRequest, DescribeProducersResponse, handle_describe_producers),
    "describe_quorum": handler_of(DescribeQuorumRequest, DescribeQuorumResponse, handle_describe_quorum),
    "describe_topic_partitions": handler_of(
        DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, handle_describe_topic_partitions
    ),
    "describe_transactions": handler_of(
        DescribeTransactionsRequest, DescribeTransactionsResponse, handle_describe_transactions
    ),
    "describe_user_scram_credentials": handler_of(
        DescribeUserScramCredentialsRequest,
        DescribeUserScramCredentialsResponse,
        handle_describe_user_scram_credentials,
    ),
    "elect_leaders": handler_of(ElectLeadersRequest, ElectLeadersResponse, handle_elect_leaders),
    "end_txn": handler_of(EndTxnRequest, EndTxnResponse, handle_end_txn),
    "fetch": handler_of(FetchRequest, FetchResponse, handle_fetch),
    "find_coordinator": handler_of(FindCoordinatorRequest, FindCoordinatorResponse, handle_find_coordinator),
    "heartbeat": handler_of(HeartbeatRequest, HeartbeatResponse, handle_heartbeat),
    "init_producer_id": handler_of(InitProducerIdRequest, InitProducerIdResponse, handle_init_producer_id),
    "join_group": handler_of(JoinGroupRequest, JoinGroupResponse, handle_join_group),
    "leave_group": handler_of(LeaveGroupRequest, LeaveGroupResponse, handle_leave_group),
    "list_config_resources": handler_of(
        ListConfigResourcesRequest, ListConfigResourcesResponse, handle_list_config_resources
    ),
    "list_groups": handler_of(ListGroupsRequest, ListGroupsResponse, handle_list_groups),
    "list_offsets": handler_of(ListOffsetsRequest, ListOffsetsResponse, handle_list_offsets),
    "list_partition_reassignments": handler_of(
        ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, handle_list_partition_reassignments
    ),
    "list_transactions": handler_of(ListTransactionsRequest, ListTransactionsResponse, handle_list_transactions),
    "metadata": handler_of(MetadataRequest, MetadataResponse, handle_metadata),
    "offset_commit": handler_of(OffsetCommitRequest, OffsetCommitResponse, handle_offset_commit),
    "offset_delete": handler_of(OffsetDeleteRequest, OffsetDeleteResponse, handle_offset_delete),
    "offset_fetch": handler_of(OffsetFetchRequest, OffsetFetchResponse, handle_offset_fetch),
    "offset_for_leader_epoch": handler_of(
        OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, handle_offset_for_leader_epoch
    ),
    "produce": handler_of(ProduceRequest, ProduceResponse, handle_produce),
    "remove_raft_voter": handler_of(RemoveRaftVoterRequest, RemoveRaftVoterResponse, handle_remove_raft_voter),
    "alter_user_scram_credentials": handler_of(
        AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, handle_alter_user_scram_credentials
    ),
    "create_delegation_token": handler_of(
        CreateDelegationTokenRequest, CreateDelegationTokenResponse, handle_create_delegation_token
    ),
    "renew_delegation_token": handler_of(
        RenewDelegationTokenRequest, RenewDelegationTokenResponse, handle_renew_delegation_token
    ),
    "expire_delegation_token": handler_of(
        ExpireDelegationTokenRequest, ExpireDelegationTokenResponse, handle_expire_delegation_token
    ),
    "describe_delegation_token": handler_of(
        DescribeDelegationTokenRequest, DescribeDelegationTokenResponse, handle_describe_delegation_token
    ),
    "sasl_authenticate": handler_of(SaslAuthenticateRequest, SaslAuthenticateResponse, handle_sasl_authenticate),
    "sasl_handshake": handler_of(SaslHandshakeRequest, SaslHandshakeResponse, handle_sasl_handshake),
    "streams_group_describe": handler_of(
        StreamsGroupDescribeRequest, StreamsGroupDescribeResponse, handle_streams_group_describe
    ),
    "streams_group_heartbeat": handler_of(
        StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse, handle_streams_group_heartbeat
    ),
    "sync_group": handler_of(SyncGroupRequest, SyncGroupResponse, handle_sync_group),
    "txn_offset_commit": handler_of(TxnOffsetCommitRequest, TxnOffsetCommitResponse, handle_txn_offset_commit),
    "unregister_broker": handler_of(UnregisterBrokerRequest, UnregisterBrokerResponse, handle_unregister_broker),
    "update_features": handler_of(UpdateFeaturesRequest, UpdateFeaturesResponse, handle_update_features),
    "initialize_share_group_state": handler_of(
        InitializeShareGroupStateRequest, InitializeShareGroupStateResponse, handle_initialize_share_group_state
    ),
    "read_share_group_state": handler_of(
        ReadShareGroupStateRequest, ReadShareGroupStateResponse, handle_read_share_group_state
    ),
    "write_share_group_state": handler_of(
        WriteShareGroupStateRequest, WriteShareGroupStateResponse, handle_write_share_group_state
    ),
    "delete_share_group_state": handler_of(
        DeleteShareGroupStateRequest, DeleteShareGroupStateResponse, handle_delete_share_group_state
    ),
    "read_share_group_state_summary": handler_of(
        ReadShareGroupStateSummaryRequest, ReadShareGroupStateSummaryResponse, handle_read_share_group_state_summary
    ),
    "share_fetch": handler_of(ShareFetchRequest, ShareFetchResponse, handle_share_fetch),
    "share_acknowledge": handler_of(ShareAcknowledgeRequest, ShareAcknowledgeResponse, handle_share_acknowledge),
    "share_group_heartbeat": handler_of(
        ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse, handle_share_group_heartbeat
    ),
    "share_group_describe": handler_of(
        ShareGroupDescribeRequest, ShareGroupDescribeResponse, handle_share_group_describe
    ),
    "describe_share_group_offsets": handler_of(
        DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, handle_describe_share_group_offsets
    ),
    "alter_share_group_offsets": handler_of(
        AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse, handle_alter_share_group_offsets
    ),
    "delete_share_group_offsets": handler_of(
        DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse, handle_delete_share_group_offsets
    ),
    "write_txn_markers": handler_of(WriteTxnMarkersRequest, WriteTxnMarkersResponse, handle_write_txn_markers),
}


def test_every_api_of_the_table_is_checked_here() -> None:
    assert sorted(HANDLERS) == sorted(api.name for api in TABLE.values())


@pytest.mark.parametrize("api", TABLE.values(), ids=lambda api: api.name)
def test_what_the_table_finds_by_name_is_the_handler_that_was_checked_and_its_messages(api: Api) -> None:
    loaded = api.load()
    assert (loaded.request, loaded.response, loaded.handle) == HANDLERS[api.name]
