package clickhouse

import (
	"context"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// erasingTable lists the requests that are being erased, while they are: what is
// asked for is decided before anything is removed, and an Erase that is interrupted
// is finished when the store is opened again. It holds ids alone.
const erasingTable = "CREATE TABLE %s (day Int32, started Int64, node UInt32, seq UInt32) ENGINE = MergeTree ORDER BY (day, started, node, seq)"

// Erase implements store.Store. The parts that hold the requests are written anew
// without them (ALTER … DELETE, waited for); the server unlinks the old parts a
// while later, by default within eight minutes (old_parts_lifetime).
func (s *Store) Erase(ctx context.Context, f store.Filter) ([]record.PartRef, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	s.erasing.Lock()
	defer s.erasing.Unlock()
	if err := s.finishErase(ctx); err != nil {
		return nil, err
	}
	doomed := s.table("erasing")
	err := s.exec(ctx, fmt.Sprintf(erasingTable, doomed),
		fmt.Sprintf("INSERT INTO %s SELECT day, started, node, seq FROM %s WHERE %s", doomed, s.table("requests"), compiler{s, &f}.requests()))
	if err != nil {
		return nil, cause(ctx, err)
	}
	lost, err := s.eraseListed(ctx)
	if err != nil {
		return lost, err
	}
	return lost, cause(ctx, s.exec(ctx, "DROP TABLE "+doomed+" SYNC"))
}

// finishErase finishes an Erase that was interrupted.
func (s *Store) finishErase(ctx context.Context) error {
	var exists uint64
	err := s.query(ctx, "SELECT count() FROM system.tables WHERE name = 'erasing' AND database = "+text(s.name), func(r driver.Rows) error { return r.Scan(&exists) })
	if err != nil || exists == 0 {
		return err
	}
	if _, err := s.eraseListed(ctx); err != nil {
		return fmt.Errorf("finishing an erasure that was interrupted: %w", err)
	}
	return s.exec(ctx, "DROP TABLE "+s.table("erasing")+" SYNC")
}

// eraseListed removes the listed requests and their findings, newest day first.
func (s *Store) eraseListed(ctx context.Context) ([]record.PartRef, error) {
	var listed []record.PartRef
	err := s.query(ctx, fmt.Sprintf("SELECT day, count() FROM %s GROUP BY day ORDER BY day DESC", s.table("erasing")), func(r driver.Rows) error {
		var day int32
		var n uint64
		err := r.Scan(&day, &n)
		listed = append(listed, record.PartRef{Part: record.Day(day), Requests: int64(n)})
		return err
	})
	if err != nil {
		return nil, err
	}
	lost := []record.PartRef{}
	days, err := s.days(ctx)
	if err != nil {
		return lost, err
	}
	for _, day := range listed {
		if !slices.ContainsFunc(days, func(d record.DayStatus) bool { return d.Day == day.Part }) {
			continue // expired meanwhile
		}
		ids := fmt.Sprintf("(started, node, seq) IN (SELECT started, node, seq FROM %s WHERE day = %d)", s.table("erasing"), day.Part)
		err := s.exec(ctx,
			fmt.Sprintf("ALTER TABLE %s DELETE IN PARTITION %d WHERE %s SETTINGS mutations_sync = 2", s.table("findings"), day.Part, ids),
			fmt.Sprintf("ALTER TABLE %s DELETE IN PARTITION %d WHERE %s AND %s SETTINGS mutations_sync = 2", s.table("requests"), day.Part, isRequest, ids))
		if err != nil {
			return lost, fmt.Errorf("erasing from %s: %w", day.Part, cause(ctx, err))
		}
		lost = append(lost, day)
	}
	return lost, nil
}
