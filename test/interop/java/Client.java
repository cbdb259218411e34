import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Kafka's own client, used as its users do. Argument: the brokers. Serves requests by the line; see foreign/program.ts. */
public class Client {
    static final ObjectMapper json = new ObjectMapper();
    static final ExecutorService threads = Executors.newCachedThreadPool();
    static final Map<Integer, Object> kept = new ConcurrentHashMap<>();
    static final AtomicInteger handles = new AtomicInteger();
    static String bootstrap;

    public static void main(String[] args) throws Exception {
        bootstrap = args[0];
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            JsonNode request = json.readTree(line);
            threads.submit(() -> answer(request));
        }
        System.exit(0);
    }

    static void answer(JsonNode request) {
        ObjectNode answer = json.createObjectNode();
        answer.set("id", request.get("id"));
        try {
            answer.set("result", json.valueToTree(serve(request)));
        } catch (Throwable thrown) {
            answer.put("error", thrown + (thrown.getCause() == null ? "" : ", " + thrown.getCause()));
        }
        say(answer);
    }

    static synchronized void say(JsonNode line) {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        System.out.write(bytes, 0, bytes.length);
        System.out.flush();
    }

    static Object serve(JsonNode request) throws Exception {
        String topic = request.path("topic").asText();
        return switch (request.get("op").asText()) {
            case "produce" -> produce(request, topic);
            case "consume" -> consume(topic, request.get("count").asInt(), request.get("committed").asBoolean());
            case "join" -> join(topic, request.get("groupId").asText(), request.get("protocol").asText());
            case "leave" -> ((Member) kept(request)).leave();
            case "offsetsAt" -> offsetsAt(topic, request.get("partitions").asInt(), request.get("timestampMs").asLong());
            case "transactional" -> transactional(request.get("transactionalId").asText());
            case "send" -> send(producerOf(request), topic, request.get("values"));
            case "end" -> end(producerOf(request), request.get("outcome").asText());
            case "close" -> close(producerOf(request));
            case "copy" -> copy(request);
            default -> {
                try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                    yield administer(admin, request, topic);
                }
            }
        };
    }

    static Object produce(JsonNode request, String topic) throws Exception {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("compression.type", request.get("compression").asText());
        settings.put("enable.idempotence", request.get("idempotent").asBoolean());
        settings.put("linger.ms", 5);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (JsonNode each : request.get("records")) {
                ProducerRecord<String, String> record = new ProducerRecord<>(topic, text(each.get("key")), text(each.get("value")));
                each.get("headers").properties().forEach(header ->
                    record.headers().add(header.getKey(), header.getValue().asText().getBytes(StandardCharsets.UTF_8)));
                sent.add(producer.send(record));
            }
            for (Future<RecordMetadata> one : sent) one.get();
        }
        return null;
    }

    static Object consume(String topic, int count, boolean isCommitted) {
        String isolation = isCommitted ? "read_committed" : "read_uncommitted";
        try (KafkaConsumer<String, String> consumer = consumer(Map.of("isolation.level", isolation))) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (PartitionInfo info : consumer.partitionsFor(topic)) partitions.add(new TopicPartition(topic, info.partition()));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            List<Object> read = new ArrayList<>();
            while (read.size() < count) read.addAll(plain(consumer.poll(Duration.ofMillis(100))));
            return read;
        }
    }

    static KafkaConsumer<String, String> consumer(Map<String, Object> further) {
        Map<String, Object> settings = new HashMap<>(further);
        settings.put("bootstrap.servers", bootstrap);
        settings.put("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    }

    static List<Object> plain(ConsumerRecords<String, String> records) {
        List<Object> read = new ArrayList<>();
        for (ConsumerRecord<String, String> record : records) {
            Map<String, String> headers = new HashMap<>();
            for (Header header : record.headers()) headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8));
            Map<String, Object> one = new HashMap<>();
            one.put("key", record.key());
            one.put("value", record.value());
            one.put("headers", headers);
            one.put("partition", record.partition());
            one.put("offset", record.offset());
            read.add(one);
        }
        return read;
    }

    record Member(AtomicBoolean isLeaving, Future<?> ended) {
        Object leave() throws Exception {
            isLeaving.set(true);
            return ended.get();
        }
    }

    static Object join(String topic, String group, String protocol) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("group.id", group);
        settings.put("group.protocol", protocol);
        settings.put("auto.commit.interval.ms", 100);
        if (protocol.equals("classic")) settings.put("heartbeat.interval.ms", 200);
        KafkaConsumer<String, String> consumer = consumer(settings);
        int handle = handles.incrementAndGet();
        AtomicBoolean isLeaving = new AtomicBoolean();
        Future<?> ended = threads.submit(() -> {
            try (consumer) {
                consumer.subscribe(List.of(topic));
                while (!isLeaving.get()) {
                    List<Object> read = plain(consumer.poll(Duration.ofMillis(50)));
                    if (!read.isEmpty()) say(json.valueToTree(Map.of("member", handle, "records", read)));
                }
            }
        });
        kept.put(handle, new Member(isLeaving, ended));
        return handle;
    }

    static Object offsetsAt(String topic, int count, long timestampMs) {
        try (KafkaConsumer<String, String> consumer = consumer(Map.of())) {
            Map<TopicPartition, Long> asked = new HashMap<>();
            for (int i = 0; i < count; i++) asked.put(new TopicPartition(topic, i), timestampMs);
            var found = consumer.offsetsForTimes(asked);
            List<Long> offsets = new ArrayList<>();
            for (int i = 0; i < count; i++) offsets.add(found.get(new TopicPartition(topic, i)).offset());
            return offsets;
        }
    }

    static Object administer(Admin admin, JsonNode request, String topic) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        int partitions = request.path("partitions").asInt();
        String config = request.path("config").asText();
        return switch (request.get("op").asText()) {
            case "createTopic" -> {
                Map<String, String> configs = new HashMap<>();
                request.get("configs").properties().forEach(each -> configs.put(each.getKey(), each.getValue().asText()));
                yield admin.createTopics(List.of(new NewTopic(topic, partitions, (short) -1).configs(configs))).all().get();
            }
            case "topics" -> admin.listTopics().names().get();
            case "config" -> admin.describeConfigs(List.of(resource)).all().get().get(resource).get(config).value();
            case "configure" -> {
                ConfigEntry entry = new ConfigEntry(config, request.get("value").asText());
                AlterConfigOp change = new AlterConfigOp(entry, AlterConfigOp.OpType.SET);
                yield admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get();
            }
            case "grow" -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions))).all().get();
            case "deleteTopic" -> admin.deleteTopics(List.of(topic)).all().get();
            case "groups" -> admin.listGroups().all().get().stream().map(each -> each.groupId()).toList();
            default -> throw new IllegalArgumentException("there is no " + request.get("op"));
        };
    }

    static KafkaProducer<String, String> newTransactional(String id) {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "transactional.id", id);
        KafkaProducer<String, String> producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        return producer;
    }

    static Object transactional(String id) {
        int handle = handles.incrementAndGet();
        kept.put(handle, newTransactional(id));
        return handle;
    }

    static Object send(KafkaProducer<String, String> producer, String topic, JsonNode values) throws Exception {
        producer.beginTransaction();
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (JsonNode value : values) sent.add(producer.send(new ProducerRecord<>(topic, value.asText())));
        producer.flush();
        for (Future<RecordMetadata> one : sent) one.get();
        return null;
    }

    static Object end(KafkaProducer<String, String> producer, String outcome) {
        if (outcome.equals("commit")) producer.commitTransaction();
        else producer.abortTransaction();
        return null;
    }

    static Object close(KafkaProducer<String, String> producer) {
        producer.close(Duration.ofSeconds(5));
        return null;
    }

    /** The first of every three transactions is aborted, and done anew. */
    static Object copy(JsonNode request) {
        int count = request.get("count").asInt();
        Map<String, Object> settings = Map.of("group.id", request.get("groupId").asText(),
            "enable.auto.commit", false, "isolation.level", "read_committed", "max.poll.records", 40);
        try (KafkaProducer<String, String> producer = newTransactional(request.get("transactionalId").asText());
                KafkaConsumer<String, String> consumer = consumer(settings)) {
            consumer.subscribe(List.of(request.get("from").asText()));
            for (int round = 0, copied = 0; copied < count;) {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(100));
                if (records.isEmpty()) continue;
                producer.beginTransaction();
                for (var record : records) producer.send(new ProducerRecord<>(request.get("to").asText(), record.key(), record.value()));
                producer.flush();
                producer.sendOffsetsToTransaction(records.nextOffsets(), consumer.groupMetadata());
                if (round++ % 3 != 0) {
                    producer.commitTransaction();
                    copied += records.count();
                    continue;
                }
                producer.abortTransaction();
                for (TopicPartition partition : records.partitions()) {
                    consumer.seek(partition, records.records(partition).get(0).offset());
                }
            }
        }
        return null;
    }

    static String text(JsonNode node) {
        return node.isNull() ? null : node.asText();
    }

    static Object kept(JsonNode request) {
        return kept.get(request.get("handle").asInt());
    }

    @SuppressWarnings("unchecked")
    static KafkaProducer<String, String> producerOf(JsonNode request) {
        return (KafkaProducer<String, String>) kept(request);
    }
}
