package duckdb

import (
	"context"
	"database/sql"
	"errors"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// writer is what a day keeps at hand for writing.
type writer struct {
	conn      *sql.Conn
	native    mapping.Connection
	codes     []*codes
	positions map[string]uint64 // what is known of the file's positions
}

// maxPositions bounds how many logs' positions a writer remembers; those of the
// others are read from the file.
const maxPositions = 1024

func openWriter(ctx context.Context, db *sql.DB, l limits) (w *writer, err error) {
	w = &writer{positions: map[string]uint64{}}
	if w.conn, err = db.Conn(ctx); err != nil {
		return nil, err
	}
	if w.native, err = native(w.conn); err != nil {
		return nil, errors.Join(err, w.close())
	}
	for _, d := range dictionaries {
		c, err := loadCodes(ctx, w.conn, d, l)
		if err != nil {
			return nil, errors.Join(err, w.close())
		}
		w.codes = append(w.codes, c)
	}
	return w, nil
}

func (w *writer) close() error { return w.conn.Close() }

// fresh returns the shares that the day has not absorbed yet, and the count of
// what they hold and of what was left out.
func (w *writer) fresh(ctx context.Context, shares []share) (fresh []share, n store.Written, err error) {
	at := map[string]uint64{}
	for _, sh := range shares {
		seq, seen := at[sh.Log]
		if !seen {
			if seq, seen, err = w.position(ctx, sh.Log); err != nil {
				return nil, n, err
			}
		}
		if seen && sh.Seq <= seq {
			n.Skipped += len(sh.requests)
			continue
		}
		at[sh.Log] = sh.Seq
		n.Stored += len(sh.requests)
		fresh = append(fresh, sh)
	}
	return fresh, n, nil
}

func (w *writer) position(ctx context.Context, log string) (seq uint64, ok bool, err error) {
	if seq, ok = w.positions[log]; ok {
		return seq, true, nil
	}
	var found *uint64
	err = w.conn.QueryRowContext(ctx, "SELECT max(seq) FROM positions WHERE log = ?", store.Text(log)).Scan(&found)
	if err != nil || found == nil {
		return 0, false, err
	}
	return *found, true, nil
}

// commit writes shares and their positions in one transaction.
func (w *writer) commit(ctx context.Context, shares []share, sealed bool) error {
	// The transaction is not the context's to end: a cancelled context must not
	// roll back while rows are being appended.
	bg := context.WithoutCancel(ctx)
	if _, err := w.conn.ExecContext(bg, "BEGIN"); err != nil {
		return err
	}
	err := w.append(ctx, shares)
	if err == nil && sealed {
		_, err = w.conn.ExecContext(bg, "UPDATE meta SET sealed = false")
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_, rollback := w.conn.ExecContext(bg, "ROLLBACK")
		return errors.Join(err, rollback)
	}
	if _, err := w.conn.ExecContext(bg, "COMMIT"); err != nil {
		return err
	}
	for _, sh := range shares {
		if len(w.positions) >= maxPositions {
			clear(w.positions)
		}
		w.positions[sh.Log] = sh.Seq
	}
	return nil
}

func (w *writer) append(ctx context.Context, shares []share) error {
	if err := w.appendRequests(ctx, shares); err != nil {
		return err
	}
	for _, c := range w.codes {
		if err := c.save(w.native); err != nil {
			return err
		}
	}
	if err := w.appendFindings(ctx, shares); err != nil {
		return err
	}
	return w.appendPositions(shares)
}

func (w *writer) appendRequests(ctx context.Context, shares []share) error {
	t, err := openTable(w.native, "requests", requestColumns)
	if err != nil {
		return err
	}
	defer t.close()
	for _, sh := range shares {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, r := range sh.requests {
			row, err := t.row()
			if err != nil {
				return err
			}
			w.fill(t, row, store.Kept(*r))
		}
	}
	return t.flush()
}

// fill writes r into a row of the chunk, column by column.
func (w *writer) fill(t *table, row int, r record.Request) {
	values[int64](t, colStarted)[row] = int64(r.Started)
	values[uint32](t, colNode)[row] = r.ID.Node
	values[uint32](t, colSeq)[row] = r.ID.Seq
	t.uuid(colSession, row, r.Session)
	t.uuid(colClient, row, r.Client)
	for dict := range dictionaries {
		values[uint32](t, dictionaries[dict].column)[row] = w.codes[dict].code(entryOf(dict, &r))
	}
	t.text(colPath, row, r.Path)
	t.text(colQuery, row, r.Query)
	values[int64](t, colStatus)[row] = int64(r.Status)
	if r.IP.IsValid() {
		t.uuid(colIP, row, r.IP.As16())
	} else {
		t.null(colIP, row)
	}
	t.measure(colDuration, row, r.Duration)
	t.measure(colFirstByte, row, r.FirstByte)
	t.measure(colRequestBytes, row, r.RequestBytes)
	t.measure(colResponseBytes, row, r.ResponseBytes)
	values[int64](t, colTried)[row] = int64(r.Tried)
	values[bool](t, colAccepted)[row] = r.Accepted
	values[uint64](t, colRevision)[row] = r.Revision
	var mcp record.MCP
	if r.MCP != nil {
		mcp = *r.MCP
	}
	t.text(colTrace, row, mcp.Trace)
	values[int64](t, colMCPError)[row] = int64(mcp.Error)
}

// appendFindings adds the findings whose ids the file does not have.
func (w *writer) appendFindings(ctx context.Context, shares []share) error {
	var ids []string
	for _, sh := range shares {
		for _, f := range sh.findings {
			ids = append(ids, store.Text(f.ID))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	known, err := w.knownFindings(ctx, ids)
	if err != nil {
		return err
	}
	t, err := openTable(w.native, "findings", findingColumns)
	if err != nil {
		return err
	}
	defer t.close()
	for _, sh := range shares {
		for _, p := range sh.findings {
			f := store.KeptFinding(*p)
			if known[f.ID] {
				continue
			}
			known[f.ID] = true
			row, err := t.row()
			if err != nil {
				return err
			}
			t.text(0, row, f.ID)
			values[int64](t, 1)[row] = int64(f.Request.At)
			values[uint32](t, 2)[row] = f.Request.Node
			values[uint32](t, 3)[row] = f.Request.Seq
			t.uuid(4, row, f.Session)
			t.text(5, row, f.Type)
			values[bool](t, 6)[row] = f.Attack
			t.text(7, row, f.Detail)
		}
	}
	return t.flush()
}

func (w *writer) knownFindings(ctx context.Context, ids []string) (map[string]bool, error) {
	known := map[string]bool{}
	rows, err := w.conn.QueryContext(ctx, "SELECT id FROM findings WHERE id IN (SELECT unnest(CAST(? AS VARCHAR[])))", ids)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		known[id] = true
	}
	return known, rows.Err()
}

var positionColumns = []column{{"log", mapping.TypeVarchar}, {"seq", mapping.TypeUBigInt}}

func (w *writer) appendPositions(shares []share) error {
	t, err := openTable(w.native, "positions", positionColumns)
	if err != nil {
		return err
	}
	defer t.close()
	last := map[string]uint64{}
	for _, sh := range shares {
		last[sh.Log] = sh.Seq
	}
	for log, seq := range last {
		row, err := t.row()
		if err != nil {
			return err
		}
		t.text(0, row, store.Text(log))
		values[uint64](t, 1)[row] = seq
	}
	return t.flush()
}
