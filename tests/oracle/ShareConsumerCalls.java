import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Java's share consumer, with explicit acknowledgements: prints what became of each, as one JSON object. */
public class ShareConsumerCalls {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Map<String, String> SEEN = new TreeMap<>();

    private static Properties of(String bootstrap, String... settings) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        for (int at = 0; at < settings.length; at += 2) {
            properties.put(settings[at], settings[at + 1]);
        }
        return properties;
    }

    private static KafkaShareConsumer<String, String> consumer(
            String bootstrap, String group, String topic, String... settings) {
        Properties properties = of(bootstrap, settings);
        properties.put("group.id", group);
        properties.put("share.acknowledgement.mode", "explicit");
        KafkaShareConsumer<String, String> consumer =
                new KafkaShareConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(List.of(topic));
        return consumer;
    }

    private static ConsumerRecords<String, String> poll(KafkaShareConsumer<String, String> consumer) {
        ConsumerRecords<String, String> records = ConsumerRecords.empty();
        for (int asked = 0; asked < 60 && records.isEmpty(); asked++) {
            records = consumer.poll(POLL);
        }
        return records;
    }

    private static String told(Iterable<ConsumerRecord<String, String>> records) {
        StringBuilder told = new StringBuilder();
        records.forEach(one -> told.append(one.value()).append('x').append(one.deliveryCount().orElse((short) 0)).append(' '));
        return told.toString().trim();
    }

    private static String told(Map<TopicIdPartition, Optional<KafkaException>> committed) {
        return committed.values().stream()
                .map(error -> error.map(one -> one.getClass().getSimpleName()).orElse("ok"))
                .collect(Collectors.joining(" "));
    }

    private static void send(String bootstrap, String topic, int first, int count) throws Exception {
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(of(bootstrap, "linger.ms", "1000"), new StringSerializer(), new StringSerializer())) {
            for (int number = first; number < first + count; number++) {
                producer.send(new ProducerRecord<>(topic, 0, null, "v" + number));
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0], topic = arguments[1], group = arguments[2];
        try (Admin admin = Admin.create(of(bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
            ConfigEntry earliest = new ConfigEntry("share.auto.offset.reset", "earliest");
            AlterConfigOp set = new AlterConfigOp(earliest, AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(Type.GROUP, group), List.of(set))).all().get();
        }
        send(bootstrap, topic, 0, 10);
        try (KafkaShareConsumer<String, String> consumer = consumer(bootstrap, group, topic)) {
            ConsumerRecords<String, String> records = poll(consumer);
            SEEN.put("1 first", told(records));
            for (ConsumerRecord<String, String> one : records) {
                AcknowledgeType type = one.offset() < 4 ? AcknowledgeType.ACCEPT
                        : one.offset() < 6 ? AcknowledgeType.RELEASE
                        : one.offset() == 6 ? AcknowledgeType.REJECT
                        : one.offset() == 7 ? AcknowledgeType.RENEW : AcknowledgeType.ACCEPT;
                consumer.acknowledge(one, type);
            }
            SEEN.put("2 acknowledged", told(consumer.commitSync()));
            SEEN.put("3 lock", String.valueOf(consumer.acquisitionLockTimeoutMs()));
            records = poll(consumer);
            SEEN.put("4 renewed", told(records));
            records.forEach(consumer::acknowledge);
            records = poll(consumer);
            SEEN.put("5 released", told(records));
            for (ConsumerRecord<String, String> one : records) {
                consumer.acknowledge(one, one.offset() == 4 ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE);
            }
            SEEN.put("6 acknowledged", told(consumer.commitSync()));
        }
        send(bootstrap, topic, 10, 7);
        try (KafkaShareConsumer<String, String> consumer = consumer(
                bootstrap, group, topic, "share.acquire.mode", "record_limit", "max.poll.records", "3")) {
            for (int batch = 0; batch < 3; batch++) {
                ConsumerRecords<String, String> records = poll(consumer);
                SEEN.put("7 at most three " + batch, told(records));
                records.forEach(consumer::acknowledge);
            }
            SEEN.put("8 acknowledged", told(consumer.commitSync()));
        }
        System.out.println(new ObjectMapper().writeValueAsString(SEEN));
    }
}
