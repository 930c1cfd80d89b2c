import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.PartitionChangeRecord;
import org.apache.kafka.controller.PartitionChangeBuilder;
import org.apache.kafka.metadata.LeaderRecoveryState;
import org.apache.kafka.metadata.PartitionRegistration;
import org.apache.kafka.server.common.MetadataVersion;

/** Kafka's own controller: a partition and what is wanted of it as JSON on each line, the record of the change or null. */
public class PartitionChanges {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Uuid directory(int broker) {
        return new Uuid(1000L, broker);
    }

    private static List<Integer> brokers(JsonNode given) {
        List<Integer> brokers = new ArrayList<>();
        given.forEach(broker -> brokers.add(broker.asInt()));
        return brokers;
    }

    private static int[] array(JsonNode given) {
        return brokers(given).stream().mapToInt(Integer::intValue).toArray();
    }

    private static void set(JsonNode wanted, Consumer<List<Integer>> setter) {
        if (!wanted.isNull()) setter.accept(brokers(wanted));
    }

    private static LeaderRecoveryState state(JsonNode given) {
        return LeaderRecoveryState.of((byte) given.asInt());
    }

    private static Object change(JsonNode given) {
        JsonNode was = given.get("partition");
        int[] replicas = array(was.get("replicas"));
        Uuid[] directories = new Uuid[replicas.length];
        for (int at = 0; at < replicas.length; at++) directories[at] = directory(replicas[at]);
        PartitionRegistration partition = new PartitionRegistration.Builder()
            .setReplicas(replicas)
            .setDirectories(directories)
            .setIsr(array(was.get("isr")))
            .setElr(array(was.get("eligible")))
            .setLastKnownElr(array(was.get("last_known")))
            .setRemovingReplicas(array(was.get("removing")))
            .setAddingReplicas(array(was.get("adding")))
            .setLeader(was.get("leader").asInt())
            .setLeaderRecoveryState(state(was.get("recovery_state")))
            .setLeaderEpoch(5)
            .setPartitionEpoch(9)
            .build();
        Set<Integer> alive = new HashSet<>(brokers(given.get("alive")));
        PartitionChangeBuilder builder = new PartitionChangeBuilder(
            partition, Uuid.METADATA_TOPIC_ID, 0, alive::contains, MetadataVersion.latestProduction(),
            given.get("min_isr").asInt(), given.get("has_eligible_leaders").asBoolean());
        builder.setElection(PartitionChangeBuilder.Election.valueOf(given.get("election").asText()));
        builder.setDefaultDirProvider(PartitionChanges::directory);
        builder.setUncleanShutdownReplicas(brokers(given.get("unclean_shutdown")));
        JsonNode wanted = given.get("wanted");
        set(wanted.get("isr"), builder::setTargetIsr);
        set(wanted.get("replicas"), builder::setTargetReplicas);
        set(wanted.get("removing"), builder::setTargetRemoving);
        set(wanted.get("adding"), builder::setTargetAdding);
        if (!wanted.get("recovery_state").isNull()) {
            builder.setTargetLeaderRecoveryState(state(wanted.get("recovery_state")));
        }
        return builder.build().map(made -> recorded((PartitionChangeRecord) made.message())).orElse(null);
    }

    private static Object recorded(PartitionChangeRecord record) {
        TreeMap<String, Object> fields = new TreeMap<>();
        fields.put("leader", record.leader());
        fields.put("isr", record.isr());
        fields.put("replicas", record.replicas());
        fields.put("removing", record.removingReplicas());
        fields.put("adding", record.addingReplicas());
        fields.put("recovery_state", record.leaderRecoveryState());
        fields.put("eligible", record.eligibleLeaderReplicas());
        fields.put("last_known", record.lastKnownElr());
        fields.put("directories", record.directories() == null ? null
            : record.directories().stream().map(Uuid::getLeastSignificantBits).toList());
        return fields;
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            System.out.println(JSON.writeValueAsString(change(JSON.readTree(line))));
        }
    }
}
