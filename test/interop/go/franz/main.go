// franz-go, used as its users do. Argument: the brokers.
package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"millrace.test/interop/lines"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

func main() {
	lines.Serve(lines.Handlers{
		"produce":       produce,
		"consume":       consume,
		"join":          join,
		"leave":         leave,
		"offsetsAt":     offsetsAt,
		"createTopic":   createTopic,
		"topics":        topics,
		"config":        config,
		"configure":     configure,
		"grow":          grow,
		"deleteTopic":   deleteTopic,
		"groups":        groups,
		"transactional": transactional,
		"send":          send,
		"end":           end,
		"close":         closeProducer,
		"copy":          copyOnce,
	})
}

func seeds() kgo.Opt {
	return kgo.SeedBrokers(strings.Split(os.Args[1], ",")...)
}

func produce(request lines.Request) (any, error) {
	options := []kgo.Opt{seeds(), kgo.ProducerBatchCompression(codecs[request.Compression])}
	if !request.Idempotent {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	records := make([]*kgo.Record, len(request.Records))
	for i, record := range request.Records {
		records[i] = &kgo.Record{
			Topic: request.Topic,
			Key:   lines.Bytes(record.Key),
			Value: lines.Bytes(record.Value),
		}
		for name, text := range record.Headers {
			records[i].Headers = append(records[i].Headers, kgo.RecordHeader{Key: name, Value: []byte(text)})
		}
	}
	return nil, client.ProduceSync(context.Background(), records...).FirstErr()
}

func consume(request lines.Request) (any, error) {
	options := []kgo.Opt{
		seeds(),
		kgo.ConsumeTopics(request.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	}
	if request.Committed {
		options = append(options, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var read []lines.Record
	for len(read) < request.Count {
		fetches := client.PollFetches(context.Background())
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		read = append(read, plain(fetches)...)
	}
	return read, nil
}

type member struct {
	client *kgo.Client
	stop   context.CancelFunc
	ended  chan error
}

func join(request lines.Request) (any, error) {
	options := []kgo.Opt{
		seeds(),
		kgo.ConsumeTopics(request.Topic),
		kgo.ConsumerGroup(request.GroupID),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.HeartbeatInterval(200 * time.Millisecond),
		kgo.AutoCommitInterval(200 * time.Millisecond),
	}
	if request.Protocol == "consumer" {
		// It asks for the new protocol with none but its own two balancers.
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	polling, stop := context.WithCancel(context.Background())
	one := &member{client, stop, make(chan error, 1)}
	handle := lines.Keep(one)
	go func() {
		for polling.Err() == nil {
			fetches := client.PollFetches(polling)
			if err := fetches.Err(); err != nil && !errors.Is(err, context.Canceled) {
				one.ended <- err
				return
			}
			if read := plain(fetches); len(read) > 0 {
				lines.Tell(handle, read)
			}
		}
		one.ended <- nil
	}()
	return handle, nil
}

func leave(request lines.Request) (any, error) {
	one, err := lines.Kept[*member](request.Handle)
	if err != nil {
		return nil, err
	}
	one.stop()
	if err := <-one.ended; err != nil {
		return nil, err
	}
	err = one.client.CommitUncommittedOffsets(context.Background())
	one.client.Close()
	return nil, err
}

func plain(fetches kgo.Fetches) []lines.Record {
	var read []lines.Record
	fetches.EachRecord(func(record *kgo.Record) {
		headers := map[string]string{}
		for _, header := range record.Headers {
			headers[header.Key] = string(header.Value)
		}
		read = append(read, lines.Record{
			Key:       lines.Text(record.Key),
			Value:     lines.Text(record.Value),
			Headers:   headers,
			Partition: int(record.Partition),
			Offset:    record.Offset,
		})
	})
	return read
}

func withAdmin(use func(admin *kadm.Client) (any, error)) (any, error) {
	client, err := kgo.NewClient(seeds())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return use(kadm.NewClient(client))
}

func offsetsAt(request lines.Request) (any, error) {
	return withAdmin(func(admin *kadm.Client) (any, error) {
		listed, err := admin.ListOffsetsAfterMilli(context.Background(), request.TimestampMs, request.Topic)
		if err != nil {
			return nil, err
		}
		offsets := make([]int64, request.Partitions)
		for partition := range offsets {
			offset, _ := listed.Lookup(request.Topic, int32(partition))
			if offset.Err != nil {
				return nil, offset.Err
			}
			offsets[partition] = offset.Offset
		}
		return offsets, nil
	})
}

func createTopic(request lines.Request) (any, error) {
	return withAdmin(func(admin *kadm.Client) (any, error) {
		configs := map[string]*string{}
		for name, value := range request.Configs {
			configs[name] = kadm.StringPtr(value)
		}
		made, err := admin.CreateTopic(context.Background(), int32(request.Partitions), -1, configs, request.Topic)
		return nil, errors.Join(err, made.Err)
	})
}

func topics(lines.Request) (any, error) {
	return withAdmin(func(admin *kadm.Client) (any, error) {
		listed, err := admin.ListTopics(context.Background())
		return listed.Names(), err
	})
}

func config(request lines.Request) (any, error) {
	return withAdmin(func(admin *kadm.Client) (any, error) {
		resources, err := admin.DescribeTopicConfigs(context.Background(), request.Topic)
		if err != nil {
			return nil, err
		}
		resource, err := resources.On(request.Topic, nil)
		if err != nil {
			return nil, err
		}
		for _, one := range resource.Configs {
			if one.Key == request.Config {
				return one.Value, nil
			}
		}
		return nil, resource.Err
	})
}

func configure(request lines.Request) (any, error) {
	return withAdmin(func(admin *kadm.Client) (any, error) {
		change := kadm.AlterConfig{Op: kadm.SetConfig, Name: request.Config, Value: &request.Value}
		changed, err := admin.AlterTopicConfigs(context.Background(), []kadm.AlterConfig{change}, request.Topic)
		for _, one := range changed {
			err = errors.Join(err, one.Err)
		}
		return nil, err
	})
}

func grow(request lines.Request) (any, error) {
	return withAdmin(func(admin *kadm.Client) (any, error) {
		grown, err := admin.UpdatePartitions(context.Background(), request.Partitions, request.Topic)
		return nil, errors.Join(err, grown.Error())
	})
}

func deleteTopic(request lines.Request) (any, error) {
	return withAdmin(func(admin *kadm.Client) (any, error) {
		deleted, err := admin.DeleteTopics(context.Background(), request.Topic)
		return nil, errors.Join(err, deleted.Error())
	})
}

func groups(lines.Request) (any, error) {
	return withAdmin(func(admin *kadm.Client) (any, error) {
		listed, err := admin.ListGroups(context.Background())
		return listed.Groups(), err
	})
}

func transactional(request lines.Request) (any, error) {
	client, err := kgo.NewClient(seeds(), kgo.TransactionalID(request.TransactionalID))
	if err != nil {
		return nil, err
	}
	return lines.Keep(client), nil
}

func send(request lines.Request) (any, error) {
	client, err := lines.Kept[*kgo.Client](request.Handle)
	if err != nil {
		return nil, err
	}
	if err := client.BeginTransaction(); err != nil {
		return nil, err
	}
	var records []*kgo.Record
	for _, value := range request.Values {
		records = append(records, &kgo.Record{Topic: request.Topic, Value: []byte(value)})
	}
	return nil, client.ProduceSync(context.Background(), records...).FirstErr()
}

func end(request lines.Request) (any, error) {
	client, err := lines.Kept[*kgo.Client](request.Handle)
	if err != nil {
		return nil, err
	}
	return nil, client.EndTransaction(context.Background(), kgo.TransactionEndTry(request.Outcome == "commit"))
}

func closeProducer(request lines.Request) (any, error) {
	client, err := lines.Kept[*kgo.Client](request.Handle)
	if err != nil {
		return nil, err
	}
	client.Close()
	return nil, nil
}

// The first of every three transactions is aborted, and done anew.
func copyOnce(request lines.Request) (any, error) {
	session, err := kgo.NewGroupTransactSession(
		seeds(),
		kgo.TransactionalID(request.TransactionalID),
		kgo.ConsumerGroup(request.GroupID),
		kgo.ConsumeTopics(request.From),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	ctx := context.Background()
	copied := 0
	for round := 0; copied < request.Count; round++ {
		fetches := session.PollRecords(ctx, 40)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		if err := session.Begin(); err != nil {
			return nil, err
		}
		var records []*kgo.Record
		fetches.EachRecord(func(record *kgo.Record) {
			records = append(records, &kgo.Record{Topic: request.To, Key: record.Key, Value: record.Value})
		})
		if err := session.ProduceSync(ctx, records...).FirstErr(); err != nil {
			return nil, err
		}
		committed, err := session.End(ctx, kgo.TransactionEndTry(round%3 != 0))
		if err != nil {
			return nil, err
		}
		if committed {
			copied += len(records)
		}
	}
	return nil, nil
}
