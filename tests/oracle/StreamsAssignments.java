import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.coordinator.group.streams.assignor.*;

/** Kafka's own assignor of streams groups: a group as JSON on each line of the input, its assignment on the output. */
public class StreamsAssignments {
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Topology(Map<String, Integer> tasks, Set<String> stateful) implements TopologyDescriber {
        public List<String> subtopologies() {
            return List.copyOf(tasks.keySet());
        }

        public int maxNumInputPartitions(String subtopology) {
            return tasks.get(subtopology);
        }

        public boolean isStateful(String subtopology) {
            return stateful.contains(subtopology);
        }
    }

    private static Map<String, Set<Integer>> tasks(JsonNode given) {
        Map<String, Set<Integer>> tasks = new HashMap<>();
        given.fields().forEachRemaining(entry -> {
            Set<Integer> partitions = new HashSet<>();
            entry.getValue().forEach(partition -> partitions.add(partition.asInt()));
            tasks.put(entry.getKey(), partitions);
        });
        return tasks;
    }

    private static Map<String, Set<Integer>> sorted(Map<String, Set<Integer>> tasks) {
        Map<String, Set<Integer>> sorted = new TreeMap<>();
        tasks.forEach((subtopology, partitions) -> sorted.put(subtopology, new TreeSet<>(partitions)));
        return sorted;
    }

    private static String assign(JsonNode group) throws Exception {
        Map<String, Integer> tasks = new TreeMap<>();
        Set<String> stateful = new HashSet<>();
        group.get("tasks").fields().forEachRemaining(entry -> tasks.put(entry.getKey(), entry.getValue().asInt()));
        group.get("stateful").forEach(subtopology -> stateful.add(subtopology.asText()));
        Map<String, AssignmentMemberSpec> members = new HashMap<>();
        group.get("members").fields().forEachRemaining(entry -> members.put(entry.getKey(), new AssignmentMemberSpec(
            Optional.empty(), Optional.empty(),
            tasks(entry.getValue().get("active")), tasks(entry.getValue().get("standby")), Map.of(),
            entry.getValue().get("process").asText(), Map.of(), Map.of(), Map.of())));
        Map<String, String> configs = Map.of("num.standby.replicas", group.get("standbys").asText());
        GroupAssignment assignment =
            new StickyTaskAssignor().assign(new GroupSpecImpl(members, configs), new Topology(tasks, stateful));
        Map<String, Object> answer = new TreeMap<>();
        assignment.members().forEach((member, assigned) -> answer.put(member, Map.of(
            "active", sorted(assigned.activeTasks()), "standby", sorted(assigned.standbyTasks()))));
        return JSON.writeValueAsString(answer);
    }

    public static void main(String[] arguments) throws Exception {
        for (String line : new String(System.in.readAllBytes(), "UTF-8").split("\n")) {
            System.out.println(assign(JSON.readTree(line)));
        }
    }
}
