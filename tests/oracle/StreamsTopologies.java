import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.coordinator.common.runtime.CoordinatorMetadataImage;
import org.apache.kafka.coordinator.group.generated.StreamsGroupTopologyValue;
import org.apache.kafka.coordinator.group.streams.StreamsTopology;
import org.apache.kafka.coordinator.group.streams.topics.*;
import org.slf4j.LoggerFactory;

/** How Kafka holds topologies against topics: a case as JSON on each line of the input, what comes of it on the output. */
public class StreamsTopologies {
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Topic(String name, int partitionCount) implements CoordinatorMetadataImage.TopicMetadata {
        public Uuid id() {
            return Uuid.ZERO_UUID;
        }

        public List<String> partitionRacks(int partition) {
            return List.of();
        }
    }

    private static CoordinatorMetadataImage image(JsonNode topics) {
        return (CoordinatorMetadataImage) java.lang.reflect.Proxy.newProxyInstance(
            StreamsTopologies.class.getClassLoader(), new Class<?>[] {CoordinatorMetadataImage.class},
            (proxy, method, arguments) -> {
                String name = (String) arguments[0];
                return topics.has(name) ? Optional.of(new Topic(name, topics.get(name).asInt())) : Optional.empty();
            });
    }

    private static List<String> names(JsonNode given) {
        List<String> names = new ArrayList<>();
        given.forEach(name -> names.add(name.asText()));
        return names;
    }

    private static List<Short> places(JsonNode given) {
        List<Short> places = new ArrayList<>();
        given.forEach(place -> places.add((short) place.asInt()));
        return places;
    }

    private static List<StreamsGroupTopologyValue.TopicInfo> topics(JsonNode given) {
        List<StreamsGroupTopologyValue.TopicInfo> topics = new ArrayList<>();
        given.fields().forEachRemaining(entry -> topics.add(
            new StreamsGroupTopologyValue.TopicInfo().setName(entry.getKey()).setPartitions(entry.getValue().asInt())));
        return topics;
    }

    private static StreamsTopology topology(JsonNode given) {
        StreamsGroupTopologyValue value = new StreamsGroupTopologyValue();
        given.fields().forEachRemaining(entry -> {
            JsonNode one = entry.getValue();
            List<StreamsGroupTopologyValue.CopartitionGroup> groups = new ArrayList<>();
            one.get("copartitions").forEach(group -> groups.add(new StreamsGroupTopologyValue.CopartitionGroup()
                .setSourceTopics(places(group.get(0))).setRepartitionSourceTopics(places(group.get(1)))));
            value.subtopologies().add(new StreamsGroupTopologyValue.Subtopology()
                .setSubtopologyId(entry.getKey())
                .setSourceTopics(names(one.get("sources")))
                .setRepartitionSinkTopics(names(one.get("sinks")))
                .setRepartitionSourceTopics(topics(one.get("repartitions")))
                .setStateChangelogTopics(topics(one.get("changelogs")))
                .setCopartitionGroups(groups));
        });
        return StreamsTopology.fromRecord(value);
    }

    private static Map<String, Object> configure(JsonNode given) {
        Map<String, Object> answer = new TreeMap<>();
        try {
            ConfiguredTopology configured = InternalTopicManager.configureTopics(
                LoggerFactory.getLogger("none"), "g", "m", 0L, topology(given.get("topology")),
                image(given.get("topics")), Time.SYSTEM);
            configured.topicConfigurationException().ifPresent(why -> {
                answer.put("code", (int) why.status().code());
                answer.put("detail", why.getMessage());
            });
            Map<String, Integer> missing = new TreeMap<>();
            configured.internalTopicsToBeCreated().forEach((name, topic) -> missing.put(name, topic.numPartitions()));
            Map<String, Integer> tasks = new TreeMap<>();
            configured.subtopologies().ifPresent(all -> all.forEach((name, one) -> tasks.put(name, one.numberOfTasks())));
            answer.put("missing", missing);
            answer.put("tasks", tasks);
        } catch (RuntimeException refused) {
            Errors error = Errors.forException(refused);
            answer.put("error", (int) error.code());
            answer.put("words", error == Errors.UNKNOWN_SERVER_ERROR ? "" : refused.getMessage());
        }
        return answer;
    }

    public static void main(String[] arguments) throws Exception {
        for (String line : new String(System.in.readAllBytes(), "UTF-8").split("\n")) {
            System.out.println(JSON.writeValueAsString(configure(JSON.readTree(line))));
        }
    }
}
