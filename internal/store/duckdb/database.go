package duckdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	driverpkg "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// maxConnections is how many queries a day answers at once; more wait.
const maxConnections = 4

// openDatabase opens a day file in a DuckDB instance of its own, so that what
// happens to one day (a bad block, no memory) happens to that day only. The file
// is attached as "day" to an in-memory database: a path may then hold any
// character, and opening a file that replaced another never meets the old one in
// the driver's cache of instances.
func openDatabase(ctx context.Context, path, temp string, memory int64, threads int) (*sql.DB, error) {
	return attach(ctx, path, "", temp, memory, threads)
}

// attach opens a day file with options of ATTACH, such as (READ_ONLY). What does not
// fit in memory spills to a folder of its own below temp, which DuckDB makes and
// removes: two instances would give their files the same names.
func attach(ctx context.Context, path, options, temp string, memory int64, threads int) (*sql.DB, error) {
	settings := url.Values{}
	for name, value := range map[string]string{
		"threads":                      strconv.Itoa(threads),
		"memory_limit":                 strconv.FormatInt(memory>>10, 10) + "KiB",
		"temp_directory":               filepath.Join(temp, filepath.Base(path)+"-"+rand.Text()),
		"checkpoint_threshold":         "1TiB", // checkpoints are ours to place, see checkpoint
		"autoload_known_extensions":    "false",
		"autoinstall_known_extensions": "false",
	} {
		settings.Set(name, value)
	}
	statement := "ATTACH IF NOT EXISTS " + quote(path) + " AS day " + options + "; USE day"
	connector, err := driverpkg.NewConnector(":memory:?"+settings.Encode(), func(c driver.ExecerContext) error {
		_, err := c.ExecContext(context.WithoutCancel(ctx), statement, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// logs returns the names of the logs that DuckDB keeps beside the file at path:
// the one it writes, and those of a checkpoint that a crash ended.
func logs(path string) []string {
	wal := path + walSuffix
	return []string{wal, wal + ".checkpoint", wal + ".recovery"}
}

// createFile makes an empty day file at path: whole, or not at all. A log there
// is that of an earlier file, which a crash kept from going with it; it must not
// be replayed into the new one.
func createFile(ctx context.Context, path, temp string, memory int64) error {
	fresh := path + freshSuffix
	if err := errors.Join(removeDatabase(fresh), removeAll(logs(path)...)); err != nil {
		return err
	}
	db, err := openDatabase(ctx, fresh, temp, memory, 1)
	if err != nil {
		return err
	}
	err = func() error {
		c, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := createTables(ctx, c, "day"); err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, "INSERT INTO meta VALUES (?, false, 0, 0)", int64(format)); err != nil {
			return err
		}
		_, err = c.ExecContext(ctx, "CHECKPOINT day")
		return err
	}()
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// quote returns s as an SQL string. Only paths need it: ATTACH takes no parameters.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// native returns the driver's own handle of a connection, which appends whole
// vectors and is not offered by the driver. It is the first field of its Conn.
func native(c *sql.Conn) (handle mapping.Connection, err error) {
	err = c.Raw(func(dc any) error {
		field := reflect.ValueOf(dc).Elem().FieldByName("conn")
		if !field.IsValid() || field.Type() != reflect.TypeFor[mapping.Connection]() {
			return fmt.Errorf("bug: %T of this version of the driver has no connection to append to", dc)
		}
		handle.Ptr = field.FieldByName("Ptr").UnsafePointer()
		return nil
	})
	return handle, err
}

// removeDatabase removes a file, then its logs.
func removeDatabase(path string) error { return removeAll(append([]string{path}, logs(path)...)...) }

func removeAll(paths ...string) error {
	for _, p := range paths {
		if err := os.Remove(p); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}
