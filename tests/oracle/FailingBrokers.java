import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Semaphore;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApplicationRecoverableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Java's producer and consumer while brokers come and go: the commands of tests/failing_brokers.py. */
public class FailingBrokers {
    private static final int PARTITIONS = 3;
    private static final int IN_A_TRANSACTION = 12;
    private static final Semaphore GO = new Semaphore(0);
    private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true);
    private static final BufferedReader IN =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private static volatile boolean isOver = false;

    private static Properties of(String bootstrap, String... settings) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        // A broker that is frozen is not waited for longer.
        properties.put("request.timeout.ms", "2000");
        for (int at = 0; at < settings.length; at += 2) {
            properties.put(settings[at], settings[at + 1]);
        }
        return properties;
    }

    private static KafkaProducer<String, String> producer(String bootstrap, String... settings) {
        return new KafkaProducer<>(of(bootstrap, settings), new StringSerializer(), new StringSerializer());
    }

    private static KafkaConsumer<String, String> consumer(
            String bootstrap, String topic, String group, String protocol, String... settings) {
        Properties properties = of(bootstrap, settings);
        properties.put("group.id", group);
        properties.put("group.protocol", protocol);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        KafkaConsumer<String, String> made =
                new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
        made.subscribe(List.of(topic));
        return made;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("flow")) {
            flow(arguments[1], arguments[2], arguments[3], arguments[4]);
        } else {
            copy(arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
        }
    }

    private static void flow(String bootstrap, String topic, String group, String protocol) throws Exception {
        KafkaConsumer<String, String> consumer = consumer(bootstrap, topic, group, protocol);
        Thread reader = new Thread(() -> read(consumer));
        reader.start();
        try (KafkaProducer<String, String> producer = producer(bootstrap, "acks", "all", "linger.ms", "0")) {
            int next = 0;
            for (String line = IN.readLine(); line != null; line = IN.readLine()) {
                for (int left = Integer.parseInt(line.split(" ")[1]); left > 0; left--, next++) {
                    int number = next;
                    producer.send(new ProducerRecord<>(topic, number % PARTITIONS, null, "" + number), (at, error) ->
                            OUT.println(error == null ? "written " + number : "failed " + number + " " + error));
                }
            }
        }
        isOver = true;
        reader.join();
    }

    private static void read(KafkaConsumer<String, String> consumer) {
        try (consumer) {
            while (!isOver) {
                ConsumerRecords<String, String> found = poll(consumer);
                found.forEach(record -> OUT.println("read " + record.value()));
                if (!found.isEmpty() && !isOver) {
                    commit(consumer);
                }
            }
            consumer.commitSync();
        }
    }

    /**
     * What came. The consumer of the new protocol throws where its other thread finds a new leader, whose epoch is to be
     * looked up, just as records are taken; it has not gone on then, and gives them in another poll.
     */
    private static ConsumerRecords<String, String> poll(KafkaConsumer<String, String> consumer) {
        while (true) {
            try {
                return consumer.poll(Duration.ofMillis(200));
            } catch (IllegalStateException error) {
                if (!error.getMessage().equals("Cannot set a new position without a valid current position")) {
                    throw error;
                }
                OUT.println("raced");
            }
        }
    }

    /** Whoever could not commit commits more with the next records. */
    private static void commit(KafkaConsumer<String, String> consumer) {
        try {
            consumer.commitSync();
        } catch (KafkaException error) {
            OUT.println("uncommitted " + error);
        }
    }

    private static void copy(String bootstrap, String source, String target, String group, String protocol)
            throws Exception {
        Thread listener = new Thread(FailingBrokers::listen, "stdin");
        listener.setDaemon(true);
        listener.start();
        KafkaProducer<String, String> producer = transactional(bootstrap);
        try (KafkaConsumer<String, String> consumer = consumer(bootstrap, source, group, protocol,
                "isolation.level", "read_committed", "max.poll.records", "" + IN_A_TRANSACTION)) {
            while (!isOver) {
                ConsumerRecords<String, String> found = poll(consumer);
                if (!found.isEmpty() && !isCopied(producer, consumer, found, target)) {
                    producer.close(Duration.ZERO);
                    producer = transactional(bootstrap);
                    rewind(consumer);
                }
            }
        }
        producer.close(Duration.ofSeconds(10));
    }

    private static void listen() {
        try {
            while (IN.readLine() != null) {
                GO.release();
            }
        } catch (IOException broken) {
            OUT.println("broken " + broken);
        }
        isOver = true;
        GO.release();
    }

    /** Copies them or aborts; whether the producer can go on. */
    private static boolean isCopied(
            KafkaProducer<String, String> producer,
            KafkaConsumer<String, String> consumer,
            ConsumerRecords<String, String> found,
            String target) throws InterruptedException {
        try {
            copyOnce(producer, consumer, found, target);
            OUT.println("done " + found.count());
            return true;
        } catch (ApplicationRecoverableException error) {
            OUT.println("anew " + error);
            return false;
        } catch (KafkaException error) {
            return isAborted(producer, consumer, error);
        }
    }

    private static boolean isAborted(
            KafkaProducer<String, String> producer, KafkaConsumer<String, String> consumer, KafkaException why) {
        try {
            producer.abortTransaction();
            rewind(consumer);
            OUT.println("again " + why);
            return true;
        } catch (KafkaException error) {
            OUT.println("anew " + why + "; " + error);
            return false;
        }
    }

    private static KafkaProducer<String, String> transactional(String bootstrap) {
        KafkaProducer<String, String> made = producer(bootstrap, "transactional.id", "copier");
        made.initTransactions();
        return made;
    }

    private static void copyOnce(
            KafkaProducer<String, String> producer,
            KafkaConsumer<String, String> consumer,
            ConsumerRecords<String, String> found,
            String target) throws InterruptedException {
        producer.beginTransaction();
        Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
        for (ConsumerRecord<String, String> record : found) {
            producer.send(new ProducerRecord<>(target, record.partition(), null, record.value()));
            ends.put(new TopicPartition(record.topic(), record.partition()),
                    new OffsetAndMetadata(record.offset() + 1));
        }
        OUT.println("amid");
        GO.acquire();
        producer.sendOffsetsToTransaction(ends, consumer.groupMetadata());
        while (true) {
            try {
                producer.commitTransaction();
                return;
            } catch (TimeoutException late) {
                OUT.println("late " + late);
            }
        }
    }

    /** Reads again from what is committed. */
    private static void rewind(KafkaConsumer<String, String> consumer) {
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(consumer.assignment());
        for (TopicPartition place : consumer.assignment()) {
            OffsetAndMetadata end = committed.get(place);
            consumer.seek(place, end == null ? 0 : end.offset());
        }
    }
}
