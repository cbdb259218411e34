import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Kafka's own client in transactions. Arguments: bootstrap, scenario. Each scenario prints one line, its verdict. */
public class Transactions {
    static String bootstrap;

    public static void main(String[] args) throws Exception {
        bootstrap = args[0];
        for (int i = 1; i < args.length; i++) {
            String topic = "java-" + args[i] + "-" + System.nanoTime();
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                admin.createTopics(List.of(new NewTopic(topic, 3, (short) -1))).all().get();
                String verdict = switch (args[i]) {
                    case "commit-and-abort" -> commitAndAbort(topic);
                    case "fencing" -> fencing(topic);
                    case "offsets" -> offsets(topic);
                    case "timeout" -> timeout(topic);
                    case "many" -> many(topic);
                    case "admin" -> describe(admin, topic);
                    case "fence-by-admin" -> fenceByAdmin(admin, topic);
                    default -> throw new IllegalArgumentException(args[i]);
                };
                System.out.println(args[i] + ": " + verdict);
            } catch (KafkaException thrown) {
                // Those of the protocol carry no stack, on which Java's launcher of sources trips.
                throw new IllegalStateException(args[i], thrown);
            }
        }
    }

    static KafkaProducer<String, String> producer(String id, int timeoutMs) {
        Properties settings = new Properties();
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
        settings.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, timeoutMs);
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(String isolation, String group) {
        Properties settings = new Properties();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    }

    static List<String> read(String topic, String isolation) {
        try (KafkaConsumer<String, String> consumer = consumer(isolation, "reader")) {
            List<TopicPartition> all = partitions(topic);
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            List<String> values = new ArrayList<>();
            while (all.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) values.add(record.value());
            }
            values.sort(null);
            return values;
        }
    }

    static List<TopicPartition> partitions(String topic) {
        return List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1), new TopicPartition(topic, 2));
    }

    static void send(KafkaProducer<String, String> producer, String topic, String prefix, int count) {
        for (int i = 0; i < count; i++) producer.send(new ProducerRecord<>(topic, i % 3, "k" + i, prefix + i));
    }

    static String commitAndAbort(String topic) {
        try (KafkaProducer<String, String> producer = producer(topic, 30_000)) {
            producer.initTransactions();
            for (int round = 0; round < 6; round++) {
                producer.beginTransaction();
                send(producer, topic, round + "-", 3);
                producer.flush();
                if (round == 5) {
                    String open = read(topic, "read_committed") + "";
                    producer.commitTransaction();
                    return open + " " + read(topic, "read_committed") + " " + read(topic, "read_uncommitted").size();
                }
                if (round % 2 == 0) producer.commitTransaction();
                else producer.abortTransaction();
            }
        }
        return "unreachable";
    }

    static String fencing(String topic) throws Exception {
        try (KafkaProducer<String, String> first = producer(topic, 30_000); KafkaProducer<String, String> second = producer(topic, 30_000)) {
            first.initTransactions();
            first.beginTransaction();
            send(first, topic, "first-", 3);
            first.flush();
            second.initTransactions();
            second.beginTransaction();
            send(second, topic, "second-", 3);
            second.commitTransaction();
            String fenced = "not fenced";
            try {
                first.commitTransaction();
            } catch (ProducerFencedException expected) {
                fenced = "fenced";
            } catch (KafkaException other) {
                fenced = other.toString();
            }
            return fenced + " " + read(topic, "read_committed");
        }
    }

    static String offsets(String topic) throws Exception {
        String group = "group-of-" + topic;
        String sink = topic + "-out";
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(sink, 3, (short) -1))).all().get();
        }
        try (KafkaProducer<String, String> producer = producer(topic, 30_000)) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, topic, "in-", 30);
            producer.commitTransaction();
        }
        int rounds = 0;
        int seen = 0;
        try (KafkaProducer<String, String> producer = producer(topic + "-copy", 30_000)) {
            producer.initTransactions();
            while (seen < 30 && rounds < 60) {
                // A new member each time: it goes on from what was committed.
                try (KafkaConsumer<String, String> consumer = consumer("read_committed", group)) {
                    consumer.subscribe(List.of(topic));
                    List<ConsumerRecord<String, String>> batch = new ArrayList<>();
                    for (int i = 0; i < 50 && batch.isEmpty(); i++) consumer.poll(Duration.ofMillis(200)).forEach(batch::add);
                    rounds++;
                    producer.beginTransaction();
                    Map<TopicPartition, OffsetAndMetadata> positions = new java.util.HashMap<>();
                    int taken = 0;
                    for (ConsumerRecord<String, String> record : batch) {
                        if (taken++ == 7) break;
                        producer.send(new ProducerRecord<>(sink, record.partition(), record.key(), record.value()));
                        positions.put(new TopicPartition(topic, record.partition()), new OffsetAndMetadata(record.offset() + 1));
                    }
                    producer.sendOffsetsToTransaction(positions, consumer.groupMetadata());
                    if (rounds % 3 == 0) producer.abortTransaction();
                    else {
                        producer.commitTransaction();
                        seen += Math.min(7, batch.size());
                    }
                }
            }
        }
        List<String> out = read(sink, "read_committed");
        return out.size() + " of " + out.stream().distinct().count() + " distinct";
    }

    static String timeout(String topic) throws Exception {
        try (KafkaProducer<String, String> producer = producer(topic, 1_000)) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, topic, "late-", 3);
            producer.flush();
            Thread.sleep(3_000);
            String outcome;
            try {
                producer.commitTransaction();
                outcome = "committed";
            } catch (KafkaException expected) {
                outcome = "refused";
            }
            return outcome + " " + read(topic, "read_committed");
        }
    }

    static String many(String topic) {
        long start = System.nanoTime();
        int rounds = 200;
        try (KafkaProducer<String, String> producer = producer(topic, 30_000)) {
            producer.initTransactions();
            for (int round = 0; round < rounds; round++) {
                producer.beginTransaction();
                send(producer, topic, "v" + round + "-", 3);
                producer.commitTransaction();
            }
        }
        long perSecond = rounds * 1_000_000_000L / (System.nanoTime() - start);
        System.err.println(perSecond + " transactions a second");
        return read(topic, "read_committed").size() + "";
    }

    static String describe(Admin admin, String topic) throws Exception {
        try (KafkaProducer<String, String> producer = producer(topic, 30_000)) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, topic, "open-", 3);
            producer.flush();
            var described = admin.describeTransactions(List.of(topic)).description(topic).get();
            boolean isListed = admin.listTransactions().all().get().stream().anyMatch(one -> one.transactionalId().equals(topic));
            var partition = new TopicPartition(topic, 0);
            var active = admin.describeProducers(List.of(partition)).partitionResult(partition).get().activeProducers();
            String open = active.stream().map(one -> one.currentTransactionStartOffset() + "").toList() + "";
            producer.abortTransaction();
            return described.state() + " " + described.topicPartitions().size() + " listed: " + isListed + " open at " + open;
        }
    }

    static String fenceByAdmin(Admin admin, String topic) throws Exception {
        try (KafkaProducer<String, String> producer = producer(topic, 30_000)) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, topic, "open-", 3);
            producer.flush();
            admin.fenceProducers(List.of(topic)).all().get(20, TimeUnit.SECONDS);
            String outcome = "committed";
            try {
                producer.commitTransaction();
            } catch (KafkaException expected) {
                outcome = "refused";
            }
            return outcome + " " + read(topic, "read_committed");
        }
    }
}
