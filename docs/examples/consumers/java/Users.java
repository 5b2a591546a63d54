import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import userd.v1.UserOuterClass.User;

/**
 * Keeps a table of users in memory, from the topic of user events.
 *
 * <p>usage: Users BROKERS TOPIC [--until-end]
 *
 * <p>Prints a line for each record, and with --until-end, at the end that the topic had at the start, the table.
 */
public class Users {
    /** Without a user once the user is erased: the version stays, so that an older record brings nothing back. */
    record Entry(long version, User user) {}

    private final Map<String, Entry> table = new TreeMap<>();

    /** Null for a deletion. */
    static User userOf(byte[] value) throws InvalidProtocolBufferException {
        if (value == null) {
            return null;
        }
        // Protobuf never begins with 0. Where userd uses a schema registry, that byte, the schema's id and a message
        // index of one byte come first.
        boolean isFramed = value.length >= 6 && value[0] == 0;
        return User.parseFrom(isFramed ? ByteBuffer.wrap(value, 6, value.length - 6) : ByteBuffer.wrap(value));
    }

    static String header(ConsumerRecord<?, ?> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    void apply(ConsumerRecord<String, byte[]> record) throws InvalidProtocolBufferException {
        long version = Long.parseLong(header(record, "ce_sequence"));
        Entry known = table.get(record.key());
        // A duplicate has a version that the table has already, and so has a record that is sent again later.
        boolean isNew = known == null || version > known.version();
        if (isNew) {
            table.put(record.key(), new Entry(version, userOf(record.value())));
        }
        System.out.println((isNew ? "applied " : "skipped ") + header(record, "ce_type") + " " + record.key() + " " + version);
        System.out.flush();
    }

    void print() {
        table.forEach((id, entry) -> {
            User user = entry.user();
            if (user != null) {
                System.out.println(String.join(" ", "user", id, Long.toString(entry.version()), user.getUsername(),
                        user.getEmail(), user.getDisabled() ? "disabled" : "active"));
            }
        });
    }

    void follow(KafkaConsumer<String, byte[]> consumer, String topic, boolean untilEnd) throws InvalidProtocolBufferException {
        // No group and no offsets: the table is in memory, and each start makes it anew from the whole topic, which
        // compaction keeps short.
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(partition -> new TopicPartition(topic, partition.partition())).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (!untilEnd || ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                apply(record);
            }
        }
    }

    public static void main(String[] arguments) throws InvalidProtocolBufferException {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", arguments[0]);
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        settings.put("auto.offset.reset", "earliest");
        settings.put("allow.auto.create.topics", "false");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            Users users = new Users();
            users.follow(consumer, arguments[1], arguments.length == 3 && arguments[2].equals("--until-end"));
            users.print();
        }
    }
}
