// Keeps a table of users in memory, from the topic of user events.
//
// usage: users BROKERS TOPIC [--until-end]
//
// Prints a line for each record, and with --until-end, at the end that the topic had at the start, the table.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"

	"userd.example/users/userdv1"
)

// Entry has no user once the user is erased: the version stays, so that an older record that comes again brings
// nothing back.
type Entry struct {
	version int64
	user    *userdv1.User
}

type Table map[string]Entry

// userOf gives nil for a deletion.
func userOf(value []byte) (*userdv1.User, error) {
	if value == nil {
		return nil, nil
	}
	// Protobuf never begins with 0. Where userd uses a schema registry, that byte, the schema's id and a message index
	// of one byte come first.
	if len(value) >= 6 && value[0] == 0 {
		value = value[6:]
	}
	user := &userdv1.User{}
	return user, proto.Unmarshal(value, user)
}

func header(record *kgo.Record, name string) string {
	for _, header := range record.Headers {
		if header.Key == name {
			return string(header.Value)
		}
	}
	return ""
}

func (table Table) apply(record *kgo.Record) error {
	id := string(record.Key)
	version, err := strconv.ParseInt(header(record, "ce_sequence"), 10, 64)
	if err != nil {
		return err
	}
	user, err := userOf(record.Value)
	if err != nil {
		return err
	}
	// A duplicate has a version that the table has already, and so has a record that is sent again later.
	verdict := "skipped"
	if version > table[id].version {
		table[id] = Entry{version, user}
		verdict = "applied"
	}
	fmt.Println(verdict, header(record, "ce_type"), id, version)
	return nil
}

func (table Table) print() {
	lines := []string{}
	for id, entry := range table {
		if entry.user == nil {
			continue
		}
		state := "active"
		if entry.user.GetDisabled() {
			state = "disabled"
		}
		lines = append(lines, fmt.Sprintln("user", id, entry.version, entry.user.GetUsername(), entry.user.GetEmail(), state))
	}
	sort.Strings(lines)
	fmt.Print(strings.Join(lines, ""))
}

// follow returns once everything before `ends`, by partition, was read; never when that is nil.
func follow(ctx context.Context, client *kgo.Client, table Table, ends map[int32]int64) error {
	for ends == nil || len(ends) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		for records := fetches.RecordIter(); !records.Done(); {
			record := records.Next()
			// Of transactions; nothing but their place counts.
			if !record.Attrs.IsControl() {
				if err := table.apply(record); err != nil {
					return fmt.Errorf("partition %d, offset %d: %w", record.Partition, record.Offset, err)
				}
			}
			if end, waits := ends[record.Partition]; waits && record.Offset+1 >= end {
				delete(ends, record.Partition)
			}
		}
	}
	return nil
}

// endsOf gives the offsets behind what is committed, of the partitions that have any record.
func endsOf(ctx context.Context, client *kgo.Client, topic string) (map[int32]int64, error) {
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	offsets, err := admin.ListCommittedOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	ends := map[int32]int64{}
	offsets.Each(func(end kadm.ListedOffset) {
		if err == nil {
			err = end.Err
		}
		if start, found := starts.Lookup(topic, end.Partition); found && start.Offset < end.Offset {
			ends[end.Partition] = end.Offset
		}
	})
	return ends, err
}

func run(ctx context.Context, brokers, topic string, untilEnd bool) error {
	// No group and no offsets: the table is in memory, and each start makes it anew from the whole topic, which
	// compaction keeps short.
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords())
	if err != nil {
		return err
	}
	defer client.Close()
	table := Table{}
	var ends map[int32]int64
	if untilEnd {
		if ends, err = endsOf(ctx, client, topic); err != nil {
			return err
		}
	}
	if err := follow(ctx, client, table, ends); err != nil {
		return err
	}
	table.print()
	return nil
}

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: users BROKERS TOPIC [--until-end]")
	}
	untilEnd := len(os.Args) == 4 && os.Args[3] == "--until-end"
	if err := run(context.Background(), os.Args[1], os.Args[2], untilEnd); err != nil {
		log.Fatal(err)
	}
}
