// franz-go's clients while brokers come and go: the commands of tests/failing_brokers.py.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	partitions     = 3
	inATransaction = 12
	oneLast        = 20 * time.Second
)

func main() {
	var err error
	switch arguments := os.Args[2:]; os.Args[1] {
	case "flow":
		err = flow(arguments[0], arguments[1], arguments[2], arguments[3])
	case "copy":
		err = copyAll(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4])
	default:
		err = errors.New("flow or copy")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A broker that is frozen is not waited for longer than a moment, nor are new leaders.
func connection(bootstrap string) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...),
		kgo.RequestTimeoutOverhead(2 * time.Second),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.WithLogger(kgo.BasicLogger(os.Stderr, kgo.LogLevelInfo, nil)),
	}
}

// A member of the group, by that protocol.
func member(bootstrap, topic, group, protocol string) []kgo.Opt {
	options := append(
		connection(bootstrap),
		kgo.ConsumeTopics(topic),
		kgo.ConsumerGroup(group),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if protocol == "consumer" {
		options = append(options, kgo.ServerSideBalancer())
	}
	return options
}

func flow(bootstrap, topic, group, protocol string) error {
	reader, err := kgo.NewClient(append(member(bootstrap, topic, group, protocol), kgo.DisableAutoCommit())...)
	if err != nil {
		return err
	}
	defer reader.Close()
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error)
	go func() { over <- read(ctx, reader) }()
	writer, err := kgo.NewClient(append(connection(bootstrap), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		cancel()
		return err
	}
	defer writer.Close()
	next := 0
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		count, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "send "))
		if err != nil {
			cancel()
			return err
		}
		for ; count > 0; count-- {
			write(writer, topic, next)
			next++
		}
	}
	cancel()
	return <-over
}

func write(writer *kgo.Client, topic string, number int) {
	record := &kgo.Record{Topic: topic, Partition: int32(number % partitions), Value: []byte(strconv.Itoa(number))}
	writer.Produce(context.Background(), record, func(_ *kgo.Record, err error) {
		if err != nil {
			fmt.Println("failed", number, err)
		} else {
			fmt.Println("written", number)
		}
	})
}

// Reads and commits until it is over; whoever could not commit commits more with the next records.
func read(ctx context.Context, reader *kgo.Client) error {
	for ctx.Err() == nil {
		fetches := reader.PollFetches(ctx)
		fetches.EachError(func(_ string, _ int32, err error) {
			if ctx.Err() == nil {
				fmt.Println("unread", err)
			}
		})
		fetches.EachRecord(func(record *kgo.Record) { fmt.Println("read", string(record.Value)) })
		if err := reader.CommitUncommittedOffsets(ctx); err != nil && ctx.Err() == nil {
			fmt.Println("uncommitted", err)
		}
	}
	last, cancel := context.WithTimeout(context.Background(), oneLast)
	defer cancel()
	return reader.CommitUncommittedOffsets(last)
}

// An error at the end of a transaction is the end of its session, too; whoever goes on begins another.
func copyAll(bootstrap, source, target, group, protocol string) error {
	ctx, cancel := context.WithCancel(context.Background())
	goOn := make(chan struct{}, 100)
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			goOn <- struct{}{}
		}
		cancel()
	}()
	options := append(
		member(bootstrap, source, group, protocol),
		kgo.TransactionalID("copier"),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	for ctx.Err() == nil {
		session, err := kgo.NewGroupTransactSession(options...)
		if err != nil {
			return err
		}
		// Whatever the last session left open is aborted, so that the group has offsets to begin with.
		_, _, err = session.Client().ProducerID(ctx)
		for err == nil && ctx.Err() == nil {
			err = copySome(ctx, session, target, goOn)
		}
		session.Close()
	}
	return nil
}

func copySome(ctx context.Context, session *kgo.GroupTransactSession, target string, goOn chan struct{}) error {
	found := session.PollRecords(ctx, inATransaction)
	if ctx.Err() != nil {
		return nil
	}
	found.EachError(func(_ string, _ int32, err error) { fmt.Println("unread", err) })
	if found.NumRecords() == 0 {
		return nil
	}
	if err := session.Begin(); err != nil {
		fmt.Println("unbegun", err)
		return err
	}
	var promise kgo.FirstErrPromise
	found.EachRecord(func(record *kgo.Record) {
		copied := &kgo.Record{Topic: target, Partition: record.Partition, Value: record.Value}
		session.Produce(context.Background(), copied, promise.Promise())
	})
	fmt.Println("amid")
	select {
	case <-goOn:
	case <-ctx.Done():
		return nil
	}
	err := promise.Err()
	committed, endErr := session.End(context.Background(), kgo.TransactionEndTry(err == nil))
	switch {
	case endErr != nil:
		fmt.Println("anew", endErr, err)
		return endErr
	case committed:
		fmt.Println("done", found.NumRecords())
	default:
		fmt.Println("again", err)
	}
	return nil
}
