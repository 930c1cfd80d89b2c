import java.util.Arrays;
import java.util.Map;
import java.util.Properties;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Produced;

/** Kafka Streams' word count, exactly once: every word that comes in goes out with how often it has come by then. */
public class WordCount {
    public static void main(String[] arguments) throws Exception {
        Properties config = new Properties();
        config.putAll(Map.of(
            "bootstrap.servers", arguments[0], "application.id", arguments[1], "group.protocol", arguments[2],
            "state.dir", arguments[3], "processing.guarantee", "exactly_once_v2", "commit.interval.ms", "100",
            "num.stream.threads", "2", "statestore.cache.max.bytes", "0"));
        config.putAll(Map.of(
            "default.key.serde", Serdes.StringSerde.class.getName(),
            "default.value.serde", Serdes.StringSerde.class.getName(),
            "producer.transaction.timeout.ms", "5000", "producer.delivery.timeout.ms", "20000",
            "producer.request.timeout.ms", "5000", "reconnect.backoff.max.ms", "200", "retry.backoff.max.ms", "200"));
        if (arguments[2].equals("classic")) {
            config.putAll(Map.of("consumer.session.timeout.ms", "6000", "consumer.heartbeat.interval.ms", "1000"));
        }
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream(arguments[4])
            .flatMapValues(line -> Arrays.asList(line.split(" ")))
            .groupBy((key, word) -> word)
            .count()
            .toStream()
            .to(arguments[5], Produced.with(Serdes.String(), Serdes.Long()));
        KafkaStreams streams = new KafkaStreams(builder.build(), new StreamsConfig(config));
        streams.setUncaughtExceptionHandler(failure -> StreamThreadExceptionResponse.REPLACE_THREAD);
        streams.setStateListener((now, before) -> System.out.println(now));
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }
}
