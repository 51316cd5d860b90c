package clickhouse

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	driverpkg "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// How a day stays exactly-once without transactions:
//
// One insert of one block into one partition of a MergeTree table is atomic: it
// becomes one part, or nothing. What batches bring to a day and the positions
// that they bring it to are rows of one such insert. So the greatest position of
// a day is always that of the requests it holds; it is read from the server, and
// batches at or below it are skipped. An insert of which the end is unknown
// (settle) is waited for before the positions are read again; should the server
// begin it later than that, its deduplication token is that of the insert that
// was tried again, and the server keeps one of the two.
//
// Findings are a table of their own and go first. They are known by their ids, so
// that bringing them again adds nothing.

const (
	// maxInsertRows is how many rows an insert takes before the next batch begins a
	// new one. A batch is never divided: its rows and its position belong together.
	maxInsertRows = 50_000
	// maxKnownLogs is how many positions are remembered before they are read anew.
	maxKnownLogs = 100_000
	// settleEvery is how often the end of inserts is looked for.
	settleEvery = 100 * time.Millisecond
	// idsAtOnce is how many findings are looked up in one statement.
	idsAtOnce = 10_000
)

// positions are what days absorbed, by log, as far as it is known.
type positions struct {
	days    map[record.Day]map[string]uint64
	logs    int
	settled bool // no insert may still be running whose end was not seen
}

// share is what a batch holds of one day.
type share struct {
	store.Position
	requests []record.Request
	findings []record.Finding
}

// Write implements store.Store.
func (s *Store) Write(ctx context.Context, batches []store.Batch) (w store.Written, err error) {
	if err := s.enter(ctx); err != nil {
		return w, err
	}
	defer s.leave()
	s.writing.Lock()
	defer s.writing.Unlock()
	defer s.recent.changed()
	shares := splitDays(batches)
	var errs []error
	for _, day := range slices.Sorted(maps.Keys(shares)) {
		err := s.writeDay(ctx, day, shares[day], &w)
		if err == nil {
			continue
		}
		delete(s.written.days, day)
		s.written.settled = false
		err = fmt.Errorf("writing %s: %w", day, cause(ctx, err))
		if refused := (*serverError)(nil); !errors.As(err, &refused) {
			return w, err // the server is not reached, for no day
		}
		errs = append(errs, &store.DayError{Day: day, Err: err})
	}
	return w, errors.Join(errs...)
}

func splitDays(batches []store.Batch) map[record.Day][]*share {
	days := map[record.Day][]*share{}
	for i := range batches {
		b := &batches[i]
		mine := map[record.Day]*share{}
		of := func(d record.Day) *share {
			if mine[d] == nil {
				mine[d] = &share{Position: b.Position}
				days[d] = append(days[d], mine[d])
			}
			return mine[d]
		}
		for _, r := range b.Requests {
			sh := of(r.ID.At.Day())
			sh.requests = append(sh.requests, store.Kept(r))
		}
		for _, f := range b.Findings {
			sh := of(f.Request.At.Day())
			sh.findings = append(sh.findings, store.KeptFinding(f))
		}
	}
	return days
}

// writeDay stores what the day has not absorbed yet, in order.
func (s *Store) writeDay(ctx context.Context, day record.Day, shares []*share, w *store.Written) error {
	absorbed, err := s.absorbed(ctx, day)
	if err != nil {
		return err
	}
	var together []*share
	reached := maps.Clone(absorbed)
	rows := 0
	flush := func() error {
		if len(together) == 0 {
			return nil
		}
		if err := s.insert(ctx, day, together); err != nil {
			return err
		}
		for _, sh := range together {
			if _, known := absorbed[sh.Log]; !known {
				s.written.logs++
			}
			absorbed[sh.Log] = sh.Seq
			w.Stored += len(sh.requests)
		}
		together, rows = nil, 0
		return nil
	}
	for _, sh := range shares {
		if seq, ok := reached[sh.Log]; ok && sh.Seq <= seq {
			w.Skipped += len(sh.requests)
			continue
		}
		reached[sh.Log] = sh.Seq
		together = append(together, sh)
		if rows += len(sh.requests); rows >= maxInsertRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// absorbed returns the positions of a day; they are read where they are not known.
func (s *Store) absorbed(ctx context.Context, day record.Day) (map[string]uint64, error) {
	if s.written.days == nil || s.written.logs > maxKnownLogs {
		s.written.days, s.written.logs = map[record.Day]map[string]uint64{}, 0
	}
	if known := s.written.days[day]; known != nil {
		return known, nil
	}
	if !s.written.settled {
		if err := s.settle(ctx); err != nil {
			return nil, err
		}
		s.written.settled = true
	}
	absorbed := map[string]uint64{}
	err := s.query(ctx, fmt.Sprintf("SELECT log, max(position) FROM %s WHERE kind = %d AND day = %d GROUP BY log", s.table("requests"), kindPosition, day),
		func(r driver.Rows) error {
			var log string
			var seq uint64
			err := r.Scan(&log, &seq)
			absorbed[log] = seq
			return err
		})
	if err != nil {
		return nil, err
	}
	s.written.days[day] = absorbed
	s.written.logs += len(absorbed)
	return absorbed, nil
}

// settle waits for the end of every insert that runs now, also of a process that
// died meanwhile: each may still move a position.
func (s *Store) settle(ctx context.Context) error {
	running := "1"
	for {
		var ids []string
		statement := "SELECT query_id FROM system.processes WHERE query_kind = 'Insert' AND startsWith(query_id, 'sojourn-write-') AND position(query, " + text(s.table("requests")) + ") > 0 AND " + running
		err := s.query(ctx, statement, func(r driver.Rows) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		running = "query_id IN (" + texts(ids) + ")" // later ones are of another process, with logs of its own
		select {
		case <-time.After(settleEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// insert stores shares of a day with the positions that they reach.
func (s *Store) insert(ctx context.Context, day record.Day, shares []*share) error {
	if err := s.insertFindings(ctx, day, shares); err != nil {
		return err
	}
	token := sha256.New()
	reached := map[string]uint64{}
	for _, sh := range shares {
		fmt.Fprintf(token, "%d %q %d %d\n", day, sh.Log, sh.Seq, len(sh.requests))
		reached[sh.Log] = sh.Seq
	}
	batch, err := s.conn.PrepareBatch(s.inserting(ctx, hex.EncodeToString(token.Sum(nil)), s.requestColumns), "INSERT INTO "+s.table("requests")+" ("+names(s.requestColumns)+")")
	if err != nil {
		return explain(err)
	}
	var w row
	for _, sh := range shares {
		for i := range sh.requests {
			w.fill(&sh.requests[i])
			if err := batch.AppendStruct(&w); err != nil {
				return errors.Join(err, batch.Abort())
			}
		}
	}
	for _, log := range slices.Sorted(maps.Keys(reached)) {
		w.position(day, log, reached[log])
		if err := batch.AppendStruct(&w); err != nil {
			return errors.Join(err, batch.Abort())
		}
	}
	return explain(batch.Send())
}

// inserting returns the context of one insert that is one block, which the server
// keeps once whatever happens to its answer.
func (s *Store) inserting(ctx context.Context, token string, columns []driverpkg.ColumnNameAndType) context.Context {
	const oneBlock = 1 << 30
	return driverpkg.Context(ctx,
		driverpkg.WithQueryID(fmt.Sprintf("%s-%d", s.writer, s.inserts.Add(1))),
		driverpkg.WithColumnNamesAndTypes(columns),
		driverpkg.WithSettings(driverpkg.Settings{
			"async_insert": 0, "insert_deduplicate": 1, "insert_deduplication_token": token,
			"max_insert_block_size": oneBlock, "min_insert_block_size_rows": oneBlock, "min_insert_block_size_bytes": oneBlock,
			"max_query_size": maxStatement,
		}))
}

// insertFindings stores the findings that the day does not hold yet: of two with
// one id, the first stays.
func (s *Store) insertFindings(ctx context.Context, day record.Day, shares []*share) error {
	var findings []record.Finding
	var ids []string
	seen := map[string]bool{}
	for _, sh := range shares {
		for _, f := range sh.findings {
			if !seen[f.ID] {
				seen[f.ID] = true
				findings, ids = append(findings, f), append(ids, f.ID)
			}
		}
	}
	if len(findings) == 0 {
		return nil
	}
	known := map[string]bool{}
	for some := range slices.Chunk(ids, idsAtOnce) {
		err := s.query(ctx, fmt.Sprintf("SELECT id FROM %s WHERE day = %d AND id IN (%s)", s.table("findings"), day, texts(some)), func(r driver.Rows) error {
			var id string
			err := r.Scan(&id)
			known[id] = true
			return err
		})
		if err != nil {
			return err
		}
	}
	findings = slices.DeleteFunc(findings, func(f record.Finding) bool { return known[f.ID] })
	if len(findings) == 0 {
		return nil
	}
	slices.SortFunc(findings, func(a, b record.Finding) int { return cmp.Compare(a.ID, b.ID) })
	token := sha256.New()
	for _, f := range findings {
		fmt.Fprintf(token, "%d %q\n", day, f.ID)
	}
	batch, err := s.conn.PrepareBatch(s.inserting(ctx, hex.EncodeToString(token.Sum(nil)), s.findingColumns), "INSERT INTO "+s.table("findings")+" ("+names(s.findingColumns)+")")
	if err != nil {
		return explain(err)
	}
	for _, f := range findings {
		if err := batch.Append(f.ID, int32(day), int64(f.Request.At), f.Request.Node, f.Request.Seq, string(f.Session[:]), f.Type, f.Attack, f.Detail); err != nil {
			return errors.Join(err, batch.Abort())
		}
	}
	return explain(batch.Send())
}
