import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.resource.*;

/** Java's admin client, call by call: prints what each call answers, or the name of its error, as one JSON object. */
public class AdminCalls {
    private interface Call {
        Object make() throws Exception;
    }

    private static final Map<String, String> ANSWERS = new TreeMap<>();

    private static void call(String name, Call call) throws Exception {
        String answer;
        try {
            answer = String.valueOf(call.make());
        } catch (ExecutionException failure) {
            answer = failure.getCause().getClass().getSimpleName();
        }
        ANSWERS.put(name, answer);
    }

    private static Map<ConfigResource, Collection<AlterConfigOp>> set(ConfigResource on, String name, String value) {
        return alter(on, name, value, AlterConfigOp.OpType.SET);
    }

    private static Map<ConfigResource, Collection<AlterConfigOp>> alter(
            ConfigResource on, String name, String value, AlterConfigOp.OpType how) {
        return Map.of(on, List.of(new AlterConfigOp(new ConfigEntry(name, value), how)));
    }

    /** The value described and where it comes from; Apache Kafka may show a change some moments late. */
    private static Object seen(Admin admin, ConfigResource of, String name, String expected) throws Exception {
        ConfigEntry found = null;
        for (int asked = 0; asked < 500 && (found == null || !expected.equals(found.value())); asked++) {
            found = admin.describeConfigs(List.of(of)).all().get().get(of).get(name);
        }
        return found == null ? "absent" : found.value() + " " + found.source();
    }

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[0]);
        try (Admin admin = Admin.create(properties)) {
            topics(admin, arguments[1]);
            partitions(admin, arguments[1]);
            configs(admin, arguments[1]);
            cluster(admin);
            groups(admin, arguments[1], arguments[2]);
            call("delete topics", () -> admin.deleteTopics(List.of(arguments[1])).all().get());
            call("delete unknown", () -> admin.deleteTopics(List.of("no-such-topic")).all().get());
        }
        System.out.println(new ObjectMapper().writeValueAsString(ANSWERS));
    }

    private static void topics(Admin admin, String topic) throws Exception {
        NewTopic fresh = new NewTopic(topic, Optional.of(2), Optional.empty()).configs(Map.of("retention.ms", "9"));
        CreateTopicsOptions onlyValidate = new CreateTopicsOptions().validateOnly(true);
        call("create validated", () -> admin.createTopics(List.of(fresh), onlyValidate).numPartitions(topic).get());
        call("create", () -> {
            CreateTopicsResult made = admin.createTopics(List.of(fresh));
            return made.numPartitions(topic).get() + " " + made.replicationFactor(topic).get() + " "
                    + made.config(topic).get().get("retention.ms").value();
        });
        call("create again", () -> admin.createTopics(List.of(fresh)).all().get());
        call("create of no partitions", () -> admin.createTopics(List.of(new NewTopic("n", 0, (short) 1))).all().get());
        call("create of three replicas", () -> admin.createTopics(List.of(new NewTopic("n", 1, (short) 3))).all().get());
        NewTopic assigned = new NewTopic("n", Map.of(0, List.of(99)));
        call("create at an unknown broker", () -> admin.createTopics(List.of(assigned)).all().get());
        call("grow", () -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get());
        call("shrink", () -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(1))).all().get());
        Uuid id = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
        call("describe by id", () -> {
            TopicCollection ids = TopicCollection.ofTopicIds(List.of(id));
            TopicDescription found = admin.describeTopics(ids).allTopicIds().get().get(id);
            return found.name().equals(topic) + " " + found.partitions().size() + " " + found.isInternal();
        });
        TopicCollection unknown = TopicCollection.ofTopicIds(List.of(Uuid.randomUuid()));
        call("describe unknown id", () -> admin.describeTopics(unknown).allTopicIds().get());
        call("describe unknown", () -> admin.describeTopics(List.of("no-such-topic")).allTopicNames().get());
        call("list", () -> admin.listTopics().names().get().contains(topic));
    }

    private static void configs(Admin admin, String topic) throws Exception {
        ConfigResource all = new ConfigResource(Type.BROKER, "");
        Map<ConfigResource, List<String>> each = Map.of(
                new ConfigResource(Type.TOPIC, topic), List.of("segment.ms", "5000"),
                new ConfigResource(Type.BROKER, "1"), List.of("max.connections", "5000"),
                all, List.of("max.connections", "6000"),
                new ConfigResource(Type.BROKER_LOGGER, "1"), List.of("root", "INFO"),
                new ConfigResource(Type.GROUP, topic), List.of("consumer.session.timeout.ms", "50000"),
                new ConfigResource(Type.CLIENT_METRICS, topic), List.of("interval.ms", "5000"));
        for (ConfigResource on : each.keySet()) {
            String name = each.get(on).get(0);
            String kind = on.equals(all) ? "all brokers" : on.type().name();
            call("set of " + kind, () -> {
                admin.incrementalAlterConfigs(set(on, name, each.get(on).get(1))).all().get();
                return seen(admin, on, name, each.get(on).get(1));
            });
            call("bad value of " + kind, () -> admin.incrementalAlterConfigs(set(on, name, "x")).all().get());
            call("listed of " + kind, () -> admin.listConfigResources(Set.of(on.type()), new ListConfigResourcesOptions())
                    .all().get().contains(on));
            if (on.type() != Type.BROKER_LOGGER) {
                call("taken back of " + kind, () -> {
                    admin.incrementalAlterConfigs(alter(on, name, "", AlterConfigOp.OpType.DELETE)).all().get();
                    return "done";
                });
            }
        }
        ConfigResource own = new ConfigResource(Type.TOPIC, topic);
        call("append", () -> {
            admin.incrementalAlterConfigs(alter(own, "cleanup.policy", "compact", AlterConfigOp.OpType.APPEND)).all().get();
            return seen(admin, own, "cleanup.policy", "delete,compact");
        });
        call("subtract", () -> {
            admin.incrementalAlterConfigs(alter(own, "cleanup.policy", "delete", AlterConfigOp.OpType.SUBTRACT)).all().get();
            return seen(admin, own, "cleanup.policy", "compact");
        });
        call("synonyms and documentation", () -> {
            DescribeConfigsOptions full = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
            ConfigEntry found = admin.describeConfigs(List.of(own), full).all().get().get(own).get("segment.bytes");
            return found.synonyms().size() + " " + found.type() + " " + (found.documentation().length() > 20);
        });
    }

    private static void partitions(Admin admin, String topic) throws Exception {
        TopicPartition at = new TopicPartition(topic, 0);
        call("delete records", () -> admin.deleteRecords(Map.of(at, RecordsToDelete.beforeOffset(0)))
                .lowWatermarks().get(at).get().lowWatermark());
        call("delete records beyond", () -> admin.deleteRecords(Map.of(at, RecordsToDelete.beforeOffset(5))).all().get());
        for (OffsetSpec spec : List.of(OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.maxTimestamp(),
                OffsetSpec.earliestLocal(), OffsetSpec.latestTiered(), OffsetSpec.earliestPendingUpload(),
                OffsetSpec.forTimestamp(1))) {
            call("offset " + spec.getClass().getSimpleName(), () -> admin.listOffsets(Map.of(at, spec))
                    .partitionResult(at).get().offset());
        }
        call("log dirs", () -> admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).values().stream()
                .mapToLong(dir -> dir.replicaInfos().keySet().stream().filter(one -> one.topic().equals(topic)).count())
                .sum());
        TopicPartitionReplica replica = new TopicPartitionReplica(topic, 0, 1);
        call("replica log dirs", () -> admin.describeReplicaLogDirs(List.of(replica)).all().get().get(replica)
                .getCurrentReplicaOffsetLag());
        call("move to unknown dir", () -> admin.alterReplicaLogDirs(Map.of(replica, "/no/such")).all().get());
        call("elect", () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(at)).partitions().get().get(at)
                .map(error -> error.getClass().getSimpleName()).orElse("elected"));
        NewPartitionReassignment here = new NewPartitionReassignment(List.of(1));
        call("reassign", () -> admin.alterPartitionReassignments(Map.of(at, Optional.of(here))).all().get());
        NewPartitionReassignment nowhere = new NewPartitionReassignment(List.of(7));
        call("reassign nowhere", () -> admin.alterPartitionReassignments(Map.of(at, Optional.of(nowhere))).all().get());
        call("cancel", () -> admin.alterPartitionReassignments(Map.of(at, Optional.empty())).all().get());
        call("reassignments", () -> admin.listPartitionReassignments().reassignments().get());
        call("producers", () -> admin.describeProducers(List.of(at)).all().get().get(at).activeProducers());
    }

    private static void cluster(Admin admin) throws Exception {
        call("cluster", () -> admin.describeCluster().nodes().get().size() + " " + admin.describeCluster()
                .controller().get().id());
        call("quorum", () -> admin.describeMetadataQuorum().quorumInfo().get().leaderId());
        call("features", () -> admin.describeFeatures().featureMetadata().get().finalizedFeatures()
                .get("transaction.version").maxVersionLevel());
        FeatureUpdate high = new FeatureUpdate((short) 9, FeatureUpdate.UpgradeType.UPGRADE);
        call("feature too high", () -> admin.updateFeatures(Map.of("transaction.version", high),
                new UpdateFeaturesOptions().validateOnly(true)).all().get());
        ClientQuotaEntity client = new ClientQuotaEntity(Map.of("client-id", "java-admin"));
        call("quotas", () -> {
            ClientQuotaAlteration.Op rate = new ClientQuotaAlteration.Op("producer_byte_rate", 1e6);
            admin.alterClientQuotas(List.of(new ClientQuotaAlteration(client, List.of(rate)))).all().get();
            ClientQuotaFilter only = ClientQuotaFilter.containsOnly(
                    List.of(ClientQuotaFilterComponent.ofEntity("client-id", "java-admin")));
            return admin.describeClientQuotas(only).entities().get().get(client);
        });
        call("quotas taken back", () -> {
            ClientQuotaAlteration.Op none = new ClientQuotaAlteration.Op("producer_byte_rate", null);
            return admin.alterClientQuotas(List.of(new ClientQuotaAlteration(client, List.of(none)))).all().get();
        });
        call("acls", () -> admin.describeAcls(AclBindingFilter.ANY).values().get());
        AclBinding rule = new AclBinding(new ResourcePattern(ResourceType.TOPIC, "t", PatternType.LITERAL),
                new AccessControlEntry("User:a", "*", AclOperation.READ, AclPermissionType.ALLOW));
        call("create acls", () -> admin.createAcls(List.of(rule)).all().get());
        call("delete acls", () -> admin.deleteAcls(List.of(AclBindingFilter.ANY)).all().get());
        call("scram", () -> admin.describeUserScramCredentials().all().get());
        call("transactions", () -> admin.listTransactions().all().get().stream()
                .filter(one -> one.transactionalId().equals("java-admin")).collect(Collectors.toList()));
        call("transaction unknown", () -> admin.describeTransactions(List.of("java-admin")).all().get());
    }

    private static void groups(Admin admin, String topic, String group) throws Exception {
        TopicPartition at = new TopicPartition(topic, 0);
        call("alter offsets", () -> admin.alterConsumerGroupOffsets(group, Map.of(at, new OffsetAndMetadata(0, "m")))
                .all().get());
        call("offsets", () -> admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(at)
                .metadata());
        call("groups", () -> admin.listGroups().all().get().stream().filter(one -> one.groupId().equals(group))
                .map(one -> one.type().get() + " " + one.groupState().get()).collect(Collectors.joining()));
        call("group", () -> admin.describeConsumerGroups(List.of(group)).all().get().get(group).groupState());
        call("classic group", () -> admin.describeClassicGroups(List.of(group)).all().get().get(group).state());
        call("group unknown", () -> admin.describeConsumerGroups(List.of("no-such-group")).all().get());
        call("delete offsets", () -> admin.deleteConsumerGroupOffsets(group, Set.of(at)).all().get());
        call("remove members", () -> admin.removeMembersFromConsumerGroup(group,
                new RemoveMembersFromConsumerGroupOptions(Collections.singleton(new MemberToRemove("static"))))
                .all().get());
        call("delete group", () -> admin.deleteConsumerGroups(List.of(group)).all().get());
        call("delete group again", () -> admin.deleteConsumerGroups(List.of(group)).all().get());
    }
}
