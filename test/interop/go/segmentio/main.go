// segmentio/kafka-go, used as its users do. Argument: the brokers.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"millrace.test/interop/lines"

	"github.com/segmentio/kafka-go"
)

var codecs = map[string]kafka.Compression{
	"gzip":   kafka.Gzip,
	"snappy": kafka.Snappy,
	"lz4":    kafka.Lz4,
	"zstd":   kafka.Zstd,
}

var brokers = strings.Split(os.Args[1], ",")

// What a client knows of topics may be six seconds old, so each request has its own.
func on(serve func(*kafka.Client, lines.Request) (any, error)) func(lines.Request) (any, error) {
	return func(request lines.Request) (any, error) {
		transport := &kafka.Transport{}
		defer transport.CloseIdleConnections()
		client := &kafka.Client{Addr: kafka.TCP(brokers...), Timeout: time.Minute, Transport: transport}
		return serve(client, request)
	}
}

func main() {
	lines.Serve(lines.Handlers{
		"produce":     on(produce),
		"consume":     consume,
		"join":        join,
		"leave":       leave,
		"offsetsAt":   on(offsetsAt),
		"createTopic": on(createTopic),
		"topics":      on(topics),
		"config":      on(config),
		"configure":   on(configure),
		"grow":        on(grow),
		"deleteTopic": on(deleteTopic),
		"groups":      on(groups),
	})
}

func produce(client *kafka.Client, request lines.Request) (any, error) {
	writer := &kafka.Writer{
		Addr:         kafka.TCP(brokers...),
		Topic:        request.Topic,
		RequiredAcks: kafka.RequireAll,
		Compression:  codecs[request.Compression],
		BatchTimeout: 10 * time.Millisecond,
		Transport:    client.Transport,
	}
	messages := make([]kafka.Message, len(request.Records))
	for i, record := range request.Records {
		messages[i] = kafka.Message{Key: lines.Bytes(record.Key), Value: lines.Bytes(record.Value)}
		for name, text := range record.Headers {
			messages[i].Headers = append(messages[i].Headers, kafka.Header{Key: name, Value: []byte(text)})
		}
	}
	err := writer.WriteMessages(context.Background(), messages...)
	return nil, errors.Join(err, writer.Close())
}

// Without a group its reader reads one partition.
func consume(request lines.Request) (any, error) {
	partitions, err := kafka.LookupPartitions(context.Background(), "tcp", brokers[0], request.Topic)
	if err != nil {
		return nil, err
	}
	reading, stop := context.WithCancel(context.Background())
	defer stop()
	one := make(chan lines.Record)
	failed := make(chan error, len(partitions))
	for _, partition := range partitions {
		reader := kafka.NewReader(readerConfig(kafka.ReaderConfig{Topic: request.Topic, Partition: partition.ID}))
		defer reader.Close()
		go func() {
			for {
				message, err := reader.ReadMessage(reading)
				if err != nil {
					failed <- err
					return
				}
				select {
				case one <- plain(message):
				case <-reading.Done():
					return
				}
			}
		}()
	}
	var read []lines.Record
	for len(read) < request.Count {
		select {
		case record := <-one:
			read = append(read, record)
		case err := <-failed:
			return nil, err
		}
	}
	return read, nil
}

type member struct {
	reader *kafka.Reader
	ended  chan error
}

func join(request lines.Request) (any, error) {
	reader := kafka.NewReader(readerConfig(kafka.ReaderConfig{
		Topic:             request.Topic,
		GroupID:           request.GroupID,
		StartOffset:       kafka.FirstOffset,
		HeartbeatInterval: 200 * time.Millisecond,
		CommitInterval:    100 * time.Millisecond,
	}))
	one := &member{reader, make(chan error, 1)}
	handle := lines.Keep(one)
	go func() {
		for {
			message, err := reader.ReadMessage(context.Background())
			if err != nil {
				one.ended <- err
				return
			}
			lines.Tell(handle, []lines.Record{plain(message)})
		}
	}()
	return handle, nil
}

func leave(request lines.Request) (any, error) {
	one, err := lines.Kept[*member](request.Handle)
	if err != nil {
		return nil, err
	}
	err = one.reader.Close()
	if ended := <-one.ended; !errors.Is(ended, io.EOF) {
		err = errors.Join(err, ended)
	}
	return nil, err
}

func readerConfig(config kafka.ReaderConfig) kafka.ReaderConfig {
	config.Brokers = brokers
	config.MinBytes = 1
	config.MaxBytes = 1 << 20
	config.MaxWait = 100 * time.Millisecond
	return config
}

func plain(message kafka.Message) lines.Record {
	headers := map[string]string{}
	for _, header := range message.Headers {
		headers[header.Key] = string(header.Value)
	}
	return lines.Record{
		Key:       lines.Text(message.Key),
		Value:     lines.Text(message.Value),
		Headers:   headers,
		Partition: message.Partition,
		Offset:    message.Offset,
	}
}

func offsetsAt(client *kafka.Client, request lines.Request) (any, error) {
	var asked []kafka.OffsetRequest
	for partition := range request.Partitions {
		asked = append(asked, kafka.TimeOffsetOf(partition, time.UnixMilli(request.TimestampMs)))
	}
	listed, err := client.ListOffsets(context.Background(), &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{request.Topic: asked},
	})
	if err != nil {
		return nil, err
	}
	offsets := make([]int64, request.Partitions)
	for _, found := range listed.Topics[request.Topic] {
		if found.Error != nil {
			return nil, found.Error
		}
		for offset := range found.Offsets {
			offsets[found.Partition] = offset
		}
	}
	return offsets, nil
}

func createTopic(client *kafka.Client, request lines.Request) (any, error) {
	topic := kafka.TopicConfig{Topic: request.Topic, NumPartitions: request.Partitions, ReplicationFactor: 3}
	for name, value := range request.Configs {
		topic.ConfigEntries = append(topic.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	made, err := client.CreateTopics(context.Background(), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{topic},
	})
	if err != nil {
		return nil, err
	}
	return nil, made.Errors[request.Topic]
}

func topics(client *kafka.Client, _ lines.Request) (any, error) {
	found, err := client.Metadata(context.Background(), &kafka.MetadataRequest{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, topic := range found.Topics {
		names = append(names, topic.Name)
	}
	return names, nil
}

func config(client *kafka.Client, request lines.Request) (any, error) {
	described, err := client.DescribeConfigs(context.Background(), &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{
			ResourceType: kafka.ResourceTypeTopic,
			ResourceName: request.Topic,
			ConfigNames:  []string{request.Config},
		}},
	})
	if err != nil {
		return nil, err
	}
	for _, entry := range described.Resources[0].ConfigEntries {
		if entry.ConfigName == request.Config {
			return entry.ConfigValue, nil
		}
	}
	return nil, described.Resources[0].Error
}

func configure(client *kafka.Client, request lines.Request) (any, error) {
	change := kafka.IncrementalAlterConfigsRequestConfig{
		Name:            request.Config,
		Value:           request.Value,
		ConfigOperation: kafka.ConfigOperationSet,
	}
	changed, err := client.IncrementalAlterConfigs(context.Background(), &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic,
			ResourceName: request.Topic,
			Configs:      []kafka.IncrementalAlterConfigsRequestConfig{change},
		}},
	})
	if err != nil {
		return nil, err
	}
	return nil, changed.Resources[0].Error
}

func grow(client *kafka.Client, request lines.Request) (any, error) {
	topic := kafka.TopicPartitionsConfig{Name: request.Topic, Count: int32(request.Partitions)}
	grown, err := client.CreatePartitions(context.Background(), &kafka.CreatePartitionsRequest{
		Topics: []kafka.TopicPartitionsConfig{topic},
	})
	if err != nil {
		return nil, err
	}
	return nil, grown.Errors[request.Topic]
}

func deleteTopic(client *kafka.Client, request lines.Request) (any, error) {
	deleted, err := client.DeleteTopics(context.Background(), &kafka.DeleteTopicsRequest{
		Topics: []string{request.Topic},
	})
	if err != nil {
		return nil, err
	}
	return nil, deleted.Errors[request.Topic]
}

func groups(client *kafka.Client, _ lines.Request) (any, error) {
	// It asks every broker.
	listed, err := client.ListGroups(context.Background(), &kafka.ListGroupsRequest{})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, group := range listed.Groups {
		ids = append(ids, group.GroupID)
	}
	return ids, listed.Error
}
