"""confluent-kafka, and so librdkafka, used as its users do. Argument: the brokers. See foreign/program.ts."""
import json
import sys
import threading
from itertools import count

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
)

brokers = {"bootstrap.servers": sys.argv[1]}
patience_s = 60
output = threading.Lock()
handles = count(1)
kept = {}


def say(line):
    with output:
        print(json.dumps(line), flush=True)


def keep(value):
    handle = next(handles)
    kept[handle] = value
    return handle


def send_all(producer, topic, records):
    failures = []

    def delivered(error, _message):
        if error is not None:
            failures.append(error)

    for record in records:
        headers = [(name, text.encode()) for name, text in record.get("headers", {}).items()]
        producer.produce(topic, record["value"], record["key"], headers=headers, on_delivery=delivered)
    if producer.flush(patience_s) > 0:
        raise RuntimeError("not all is sent")
    if failures:
        raise KafkaException(failures[0])


def produce(request):
    settings = {"compression.type": request["compression"], "enable.idempotence": request["idempotent"]}
    send_all(Producer({**brokers, **settings}), request["topic"], request["records"])


def plain(message):
    def text(data):
        return None if data is None else data.decode()

    return {
        "key": text(message.key()),
        "value": text(message.value()),
        "headers": {name: text(data) for name, data in message.headers() or []},
        "partition": message.partition(),
        "offset": message.offset(),
    }


def new_consumer(**settings):
    further = {name.replace("_", "."): value for name, value in settings.items()}
    return Consumer({**brokers, "auto.offset.reset": "earliest", **further})


def poll(consumer, timeout_s=0.1, most=500):
    messages = consumer.consume(most, timeout_s)
    for message in messages:
        if message.error() is not None:
            raise KafkaException(message.error())
    return messages


def consume(request):
    isolation = "read_committed" if request["committed"] else "read_uncommitted"
    consumer = new_consumer(group_id="none", enable_auto_commit=False, isolation_level=isolation)
    topic = request["topic"]
    found = consumer.list_topics(topic, patience_s).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in found])
    read = []
    while len(read) < request["count"]:
        read += [plain(message) for message in poll(consumer)]
    consumer.close()
    return read


class Member:
    def __init__(self, request):
        protocol = request["protocol"]
        settings = {"heartbeat_interval_ms": 200} if protocol == "classic" else {}
        self.consumer = new_consumer(
            group_id=request["groupId"], group_protocol=protocol, auto_commit_interval_ms=100, **settings
        )
        self.consumer.subscribe([request["topic"]])
        self.handle = keep(self)
        self.leaving = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            while not self.leaving.is_set():
                read = [plain(message) for message in poll(self.consumer, 0.05)]
                if read:
                    say({"member": self.handle, "records": read})
            self.consumer.close()
        except Exception as thrown:
            self.failure = thrown

    def leave(self):
        self.leaving.set()
        self.thread.join()
        if self.failure is not None:
            raise self.failure


def offsets_at(request):
    consumer = new_consumer(group_id="none")
    at = request["timestampMs"]
    asked = [TopicPartition(request["topic"], partition, at) for partition in range(request["partitions"])]
    found = consumer.offsets_for_times(asked, patience_s)
    consumer.close()
    return [one.offset for one in sorted(found, key=lambda one: one.partition)]


def done(futures):
    for future in futures.values():
        return future.result(patience_s)


def create_topic(request):
    done(admin.create_topics([NewTopic(request["topic"], request["partitions"], config=request["configs"])]))


def resource(request, entries=None):
    return ConfigResource(ConfigResource.Type.TOPIC, request["topic"], incremental_configs=entries)


def config(request):
    return done(admin.describe_configs([resource(request)]))[request["config"]].value


def configure(request):
    change = ConfigEntry(
        request["config"], request["value"], incremental_operation=AlterConfigOpType.SET
    )
    done(admin.incremental_alter_configs([resource(request, [change])]))


def transactional(request):
    producer = Producer({**brokers, "transactional.id": request["transactionalId"]})
    producer.init_transactions(patience_s)
    return keep(producer)


def send(request):
    producer = kept[request["handle"]]
    producer.begin_transaction()
    send_all(producer, request["topic"], [{"key": None, "value": value} for value in request["values"]])


def end(request):
    producer = kept[request["handle"]]
    if request["outcome"] == "commit":
        producer.commit_transaction(patience_s)
    else:
        producer.abort_transaction(patience_s)


def copy(request):
    """The first of every three transactions is aborted, and done anew."""
    producer = kept[transactional(request)]
    consumer = new_consumer(
        group_id=request["groupId"], enable_auto_commit=False, isolation_level="read_committed"
    )
    consumer.subscribe([request["from"]])
    copied = round = 0
    while copied < request["count"]:
        messages = poll(consumer, most=40)
        if not messages:
            continue
        producer.begin_transaction()
        send_all(producer, request["to"], [plain(message) for message in messages])
        offsets = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), patience_s)
        if round % 3 != 0:
            producer.commit_transaction(patience_s)
            copied += len(messages)
        else:
            producer.abort_transaction(patience_s)
            for message in reversed(messages):
                consumer.seek(TopicPartition(message.topic(), message.partition(), message.offset()))
        round += 1
    consumer.close()


operations = {
    "produce": produce,
    "consume": consume,
    "join": lambda request: Member(request).handle,
    "leave": lambda request: kept[request["handle"]].leave(),
    "offsetsAt": offsets_at,
    "createTopic": create_topic,
    "topics": lambda request: list(admin.list_topics(timeout=patience_s).topics),
    "config": config,
    "configure": configure,
    "grow": lambda request: done(
        admin.create_partitions([NewPartitions(request["topic"], request["partitions"])])
    ),
    "deleteTopic": lambda request: done(admin.delete_topics([request["topic"]])),
    "groups": lambda request: [
        group.group_id for group in admin.list_consumer_groups().result(patience_s).valid
    ],
    "transactional": transactional,
    "send": send,
    "end": end,
    "close": lambda request: kept.pop(request["handle"]) and None,
    "copy": copy,
}
admin = AdminClient(brokers)


def answer(request):
    try:
        say({"id": request["id"], "result": operations[request["op"]](request)})
    except Exception as thrown:
        say({"id": request["id"], "error": repr(thrown)})


for line in sys.stdin:
    threading.Thread(target=answer, args=[json.loads(line)], daemon=True).start()
