import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Java's consumer with group.protocol=consumer (KIP-848): prints what it saw, as one JSON object. */
public class ConsumerCalls {
    private static final int PARTITIONS = 4;
    private static final long PATIENCE_MS = 30_000;
    private static final Map<String, String> SEEN = new TreeMap<>();
    private static final Set<Integer> READ = new TreeSet<>();

    private static Properties of(String bootstrap, String... settings) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        for (int at = 0; at < settings.length; at += 2) {
            properties.put(settings[at], settings[at + 1]);
        }
        return properties;
    }

    private static KafkaConsumer<String, String> consumer(
            String bootstrap, String group, String protocol, String... settings) {
        Properties properties = of(bootstrap, settings);
        properties.put("group.id", group);
        properties.put("group.protocol", protocol);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    /** Polls them by turns until it is so. */
    @SafeVarargs
    private static void poll(BooleanSupplier isSo, KafkaConsumer<String, String>... consumers) {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (!isSo.getAsBoolean() && System.currentTimeMillis() < deadline) {
            for (KafkaConsumer<String, String> consumer : consumers) {
                consumer.poll(Duration.ofMillis(50)).forEach(record -> READ.add(Integer.valueOf(record.value())));
                consumer.commitSync();
            }
        }
    }

    @SafeVarargs
    private static String shares(KafkaConsumer<String, String>... consumers) {
        return Stream.of(consumers).map(one -> "" + one.assignment().size()).collect(Collectors.joining(" "));
    }

    private static void send(String bootstrap, String topic, int first, int count) {
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(of(bootstrap), new StringSerializer(), new StringSerializer())) {
            for (int number = first; number < first + count; number++) {
                producer.send(new ProducerRecord<>(topic, number % PARTITIONS, null, "" + number));
            }
        }
    }

    private static String described(Admin admin, String group) throws Exception {
        ConsumerGroupDescription found = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
        return found.type() + " " + found.groupState() + " " + found.members().size();
    }

    private static String committed(Admin admin, String group) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> found =
                admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        return found.values().stream().map(one -> "" + one.offset()).collect(Collectors.joining(" "));
    }

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0], topic = arguments[1], group = arguments[2];
        try (Admin admin = Admin.create(of(bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 1))).all().get();
            send(bootstrap, topic, 0, 40);
            comeAndGo(bootstrap, admin, topic, group);
            migrate(bootstrap, admin, topic, group + "-migrated");
            migrateStatic(bootstrap, admin, topic, group + "-heirs");
            beStatic(bootstrap, admin, topic, group + "-static");
            matchPatterns(bootstrap, topic, group + "-pattern");
        }
        System.out.println(new ObjectMapper().writeValueAsString(SEEN));
    }

    private static void comeAndGo(String bootstrap, Admin admin, String topic, String group) throws Exception {
        KafkaConsumer<String, String> first = consumer(bootstrap, group, "consumer");
        first.subscribe(List.of(topic));
        poll(() -> READ.size() == 40, first);
        SEEN.put("one reads", READ.size() + " " + shares(first) + " " + described(admin, group));
        KafkaConsumer<String, String> second = consumer(bootstrap, group, "consumer");
        second.subscribe(List.of(topic));
        poll(() -> shares(first, second).equals("2 2"), first, second);
        SEEN.put("two share", shares(first, second) + " " + described(admin, group));
        send(bootstrap, topic, 40, 40);
        poll(() -> READ.size() == 80, first, second);
        SEEN.put("two read", "" + READ.size());
        second.close();
        poll(() -> shares(first).equals("4"), first);
        SEEN.put("one is left", shares(first) + " " + described(admin, group));
        first.unsubscribe();
        SEEN.put("none subscribes", described(admin, group) + " " + committed(admin, group));
        first.close();
    }

    private static void migrate(String bootstrap, Admin admin, String topic, String group) throws Exception {
        KafkaConsumer<String, String> classic = consumer(bootstrap, group, "classic", "heartbeat.interval.ms", "500");
        classic.subscribe(List.of(topic));
        poll(() -> shares(classic).equals("4"), classic);
        SEEN.put("a classic one", shares(classic) + " " + described(admin, group));
        KafkaConsumer<String, String> modern = consumer(bootstrap, group, "consumer");
        modern.subscribe(List.of(topic));
        poll(() -> shares(classic, modern).equals("2 2"), classic, modern);
        SEEN.put("one of each", shares(classic, modern) + " " + described(admin, group));
        modern.close();
        poll(() -> shares(classic).equals("4"), classic);
        SEEN.put("the classic one is left", shares(classic) + " " + described(admin, group));
        classic.close();
    }

    private static void migrateStatic(String bootstrap, Admin admin, String topic, String group) throws Exception {
        for (String protocol : List.of("classic", "consumer")) {
            KafkaConsumer<String, String> one = consumer(bootstrap, group, protocol, "group.instance.id", "one");
            one.subscribe(List.of(topic));
            poll(() -> shares(one).equals("4"), one);
            String seen = shares(one) + " " + described(admin, group);
            SEEN.put("static heir, " + protocol, seen + " " + one.groupMetadata().generationId());
            one.close();
        }
    }

    private static void beStatic(String bootstrap, Admin admin, String topic, String group) throws Exception {
        for (String life : List.of("first life", "second life")) {
            KafkaConsumer<String, String> one = consumer(bootstrap, group, "consumer", "group.instance.id", "one");
            one.subscribe(List.of(topic));
            poll(() -> shares(one).equals("4"), one);
            SEEN.put("static, " + life, shares(one) + " " + described(admin, group));
            if (life.startsWith("second")) {
                KafkaConsumer<String, String> other = consumer(bootstrap, group, "consumer", "group.instance.id", "one");
                other.subscribe(List.of(topic));
                try {
                    poll(() -> false, other);
                    SEEN.put("static, in use", "nothing");
                } catch (KafkaException error) {
                    SEEN.put("static, in use", error.getClass().getSimpleName());
                }
                other.close();
            }
            one.close();
        }
    }

    private static void matchPatterns(String bootstrap, String topic, String group) {
        KafkaConsumer<String, String> one = consumer(bootstrap, group, "consumer");
        one.subscribe(new SubscriptionPattern(topic.substring(0, topic.length() - 1) + "."));
        poll(() -> shares(one).equals("4"), one);
        SEEN.put("pattern", shares(one));
        one.close();
        KafkaConsumer<String, String> other = consumer(bootstrap, group, "consumer");
        other.subscribe(new SubscriptionPattern("["));
        try {
            poll(() -> false, other);
            SEEN.put("pattern that is none", "nothing");
        } catch (KafkaException error) {
            SEEN.put("pattern that is none", error.getClass().getSimpleName());
        }
        other.close();
    }
}
