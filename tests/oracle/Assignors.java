import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.api.assignor.*;
import org.apache.kafka.coordinator.group.assignor.*;
import org.apache.kafka.coordinator.group.modern.*;

/** Apache Kafka's own assignors: a group in each line of the input, who gets what by each assignor in a line of the output. */
public class Assignors {
    public static void main(String[] args) throws Exception {
        ObjectMapper json = new ObjectMapper();
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            JsonNode group = json.readTree(lines.nextLine());
            Map<String, Object> given = new TreeMap<>();
            for (PartitionAssignor assignor : List.of(new RangeAssignor(), new UniformAssignor(), new SimpleAssignor())) {
                given.put(assignor.name(), assigned(assignor, group));
            }
            System.out.println(json.writeValueAsString(given));
        }
    }

    private static Uuid id(String name) {
        return new Uuid(1, name.charAt(0));
    }

    private static Map<String, Object> assigned(PartitionAssignor assignor, JsonNode group) {
        Map<String, MemberSubscriptionAndAssignmentImpl> members = new LinkedHashMap<>();
        Map<Uuid, Map<Integer, String>> owners = new HashMap<>();
        Set<Set<Uuid>> subscriptions = new HashSet<>();
        for (JsonNode member : group.get("members")) {
            String memberId = member.get("id").asText();
            Set<Uuid> topics = new HashSet<>();
            member.get("topics").forEach(topic -> topics.add(id(topic.asText())));
            subscriptions.add(topics);
            Map<Uuid, Set<Integer>> before = new HashMap<>();
            member.get("before").fields().forEachRemaining(own -> {
                Set<Integer> partitions = new HashSet<>();
                own.getValue().forEach(index -> partitions.add(index.asInt()));
                before.put(id(own.getKey()), partitions);
                Map<Integer, String> ownersOfTopic = owners.computeIfAbsent(id(own.getKey()), key -> new HashMap<>());
                partitions.forEach(index -> ownersOfTopic.put(index, memberId));
            });
            Optional<String> instance = Optional.ofNullable(member.get("instance").textValue());
            members.put(memberId, new MemberSubscriptionAndAssignmentImpl(Optional.empty(), instance, topics, new Assignment(before)));
        }
        SubscriptionType type = subscriptions.size() == 1 ? SubscriptionType.HOMOGENEOUS : SubscriptionType.HETEROGENEOUS;
        Map<Uuid, Integer> partitions = new HashMap<>();
        Map<Uuid, String> names = new HashMap<>();
        group.get("partitions").fields().forEachRemaining(topic -> {
            partitions.put(id(topic.getKey()), topic.getValue().asInt());
            names.put(id(topic.getKey()), topic.getKey());
        });
        SubscribedTopicDescriber described = new SubscribedTopicDescriber() {
            public int numPartitions(Uuid topic) {
                return partitions.getOrDefault(topic, -1);
            }

            public Set<String> racksForPartition(Uuid topic, int partition) {
                return Set.of();
            }
        };
        Map<String, Object> result = new TreeMap<>();
        assignor.assign(new GroupSpecImpl(members, type, owners), described).members().forEach((memberId, own) -> {
            Map<String, Object> named = new TreeMap<>();
            own.partitions().forEach((topic, indexes) -> {
                if (!indexes.isEmpty()) {
                    named.put(names.get(topic), new TreeSet<>(indexes));
                }
            });
            result.put(memberId, named);
        });
        return result;
    }
}
