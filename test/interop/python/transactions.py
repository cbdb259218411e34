"""confluent-kafka, and so librdkafka, in transactions. Arguments: bootstrap, topic. Prints what came of it as JSON."""
import json
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

bootstrap, topic = sys.argv[1], sys.argv[2]
group = f"group-of-{topic}"


def producer():
    made = Producer({"bootstrap.servers": bootstrap, "transactional.id": topic})
    made.init_transactions(60)
    return made


def consumer(group_id):
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group_id,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )


first = producer()
source = consumer(group)
for round in range(4):
    first.begin_transaction()
    for i in range(3):
        first.produce(topic, key=str(i), value=f"{round}-{i}")
    offsets = [TopicPartition(topic, 0, round + 1)]
    first.send_offsets_to_transaction(offsets, source.consumer_group_metadata(), 60)
    if round % 2 == 0:
        first.commit_transaction(60)
    else:
        first.abort_transaction(60)

first.begin_transaction()
first.produce(topic, value="never")
first.flush(60)
second = producer()
second.begin_transaction()
second.produce(topic, value="second")
second.commit_transaction(60)
try:
    first.commit_transaction(60)
    fenced = False
except KafkaException as refused:
    fenced = refused.args[0].fatal()

reader = consumer(f"reader-of-{topic}")
reader.assign([TopicPartition(topic, partition, 0) for partition in range(3)])
read = []
quiet = 0
while quiet < 3:
    message = reader.poll(1)
    if message is not None and message.error() is None:
        read.append(message.value().decode())
    quiet = quiet + 1 if message is None and len(read) >= 7 else 0
committed = source.committed([TopicPartition(topic, 0)], 60)[0].offset
reader.close()
source.close()
print(json.dumps({"fenced": fenced, "read": sorted(read), "committed": committed}))
