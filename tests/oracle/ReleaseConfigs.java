import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;

/** Prints the settings that an Apache Kafka release defines for brokers, topics and groups, as JSON: a kind a line. */
public final class ReleaseConfigs {
    private static final Map<String, List<String>> HOMES = new TreeMap<>(Map.of(
        "broker", List.of("org.apache.kafka.server.config.AbstractKafkaConfig", "kafka.server.KafkaConfig$"),
        "topic", List.of("org.apache.kafka.storage.internals.log.LogConfig", "kafka.log.LogConfig$"),
        "group", List.of("org.apache.kafka.coordinator.group.GroupConfig")));

    public static void main(String[] arguments) throws Exception {
        for (Map.Entry<String, List<String>> kind : HOMES.entrySet()) {
            List<String> rows = new ArrayList<>();
            for (ConfigDef.ConfigKey key : new TreeMap<>(definition(kind.getValue()).configKeys()).values()) {
                rows.add(row(key));
            }
            System.out.println("{\"kind\": \"" + kind.getKey() + "\", \"keys\": [" + String.join(", ", rows) + "]}");
        }
    }

    private static String row(ConfigDef.ConfigKey key) {
        String valid = key.validator == null ? null : key.validator.toString();
        String preset = key.hasDefault() ? ConfigDef.convertToString(key.defaultValue, key.type) : null;
        return "{\"name\": " + text(key.name) + ", \"type\": " + text(key.type.name()) + ", \"default\": "
            + text(preset) + ", \"valid\": " + text(valid) + ", \"internal\": " + key.internalConfig + "}";
    }

    private static String text(String value) {
        return value == null ? "null" : "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    /** From release to release it moved from class to class, and was a field, then a method. Empty: there is none. */
    private static ConfigDef definition(List<String> homes) throws Exception {
        for (String home : homes) {
            Class<?> owner;
            try {
                owner = Class.forName(home);
            } catch (ClassNotFoundException absent) {
                continue;
            }
            Object module = home.endsWith("$") ? owner.getField("MODULE$").get(null) : null;
            for (Field field : owner.getDeclaredFields()) {
                if (ConfigDef.class.isAssignableFrom(field.getType()) && !field.getName().startsWith("SERVER_")
                    && (module != null || Modifier.isStatic(field.getModifiers()))) {
                    field.setAccessible(true);
                    return (ConfigDef) field.get(module);
                }
            }
            for (Method method : owner.getDeclaredMethods()) {
                if (ConfigDef.class.isAssignableFrom(method.getReturnType()) && method.getParameterCount() == 0) {
                    method.setAccessible(true);
                    return (ConfigDef) method.invoke(module);
                }
            }
        }
        return new ConfigDef();
    }
}
