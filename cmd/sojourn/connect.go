package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"sojourn/internal/api"
	"sojourn/internal/client"
	"sojourn/internal/record"
	"sojourn/internal/store/duckdb"
)

// readingMemory is the memory of the store's database engine in a command that
// opens the data folder itself.
const readingMemory = "512MB"

// serverFlags say whom a command asks.
type serverFlags struct {
	Data   string `help:"Data folder: finds the running server and its token there, or is opened when none runs. Default: ${default}." default:"./data" type:"path" placeholder:"DIR"`
	Server string `help:"Address of a server elsewhere, such as https://sojourn.example.com." placeholder:"URL"`
	Token  string `help:"Admin token of that server; better set as SOJOURN_TOKEN, which other users of this machine do not see." env:"SOJOURN_TOKEN" placeholder:"TOKEN"`
}

// errNoServer is a data folder that no server runs on.
var errNoServer = errors.New("no server runs")

// connect returns a client of the server, or of the data folder itself when no
// server runs on it: the same API answers, in this process. Call closing when done.
func (f *serverFlags) connect(a *app) (c *client.Client, closing func() error, err error) {
	c, err = f.reach()
	if !errors.Is(err, errNoServer) {
		return c, func() error { return nil }, err
	}
	data, err := openData(f.Data)
	if err != nil {
		return nil, nil, err
	}
	unlock, err := data.lockFor("hub", forCommand)
	if err != nil {
		return nil, nil, err
	}
	logger := slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	days, err := duckdb.Open(a.ctx, duckdb.Config{Dir: data.daysDir(), MemoryLimit: readingMemory, Logger: logger})
	if err != nil {
		unlock()
		return nil, nil, err
	}
	closing = func() error {
		defer unlock()
		return days.Close()
	}
	c, err = inProcess(days, data, logger)
	if err != nil {
		return nil, nil, errors.Join(err, closing())
	}
	return c, closing, nil
}

// with calls do with a client, as connect gives it.
func (f *serverFlags) with(a *app, do func(*client.Client) error) error {
	c, closing, err := f.connect(a)
	if err != nil {
		return err
	}
	return errors.Join(do(c), closing())
}

// withRunning calls do with a client of a running server: some answers are in no
// data folder.
func (f *serverFlags) withRunning(_ *app, do func(*client.Client) error) error {
	c, err := f.reach()
	if errors.Is(err, errNoServer) {
		return fmt.Errorf("no server runs on the data folder %s: start one with `sojourn serve --data %s`", f.Data, f.Data)
	}
	if err != nil {
		return err
	}
	return do(c)
}

// reach returns a client of a running server, or errNoServer.
func (f *serverFlags) reach() (*client.Client, error) {
	if f.Server != "" {
		if f.Token == "" {
			return nil, usageError{fmt.Errorf("--server %s needs its admin token: set SOJOURN_TOKEN, or give --token", f.Server)}
		}
		return client.New(f.Server, f.Token)
	}
	if _, err := os.Stat(f.Data); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no data folder %s: name it with --data, or a server with --server", f.Data)
	}
	data, err := openData(f.Data)
	if err != nil {
		return nil, err
	}
	url, err := data.serverURL()
	if err != nil {
		return nil, err
	}
	token, err := data.adminToken()
	if err != nil {
		return nil, err
	}
	return client.New(url, token)
}

// inProcess returns a client of the API over an opened store. Its credentials
// live as long as the process.
func inProcess(days *duckdb.Store, data *dataFolder, logger *slog.Logger) (*client.Client, error) {
	token, key := rand.Text(), make([]byte, 32)
	rand.Read(key)
	install, err := data.install()
	if err != nil {
		return nil, err
	}
	handler, err := api.New(api.Config{
		Store: days, System: &folderSystem{days: days, data: data, started: time.Now()},
		Care:  &api.CareConfig{Install: install, Backup: days, Erase: eraseFolder(days, data)},
		Ready: func() error { return nil }, Metrics: http.NotFoundHandler(), Console: http.NotFoundHandler(),
		Listen: "localhost:0", Token: token, Key: key, Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	return client.InProcess(handler, token), nil
}

// folderSystem tells the state of a data folder that no server runs on.
type folderSystem struct {
	days    *duckdb.Store
	data    *dataFolder
	started time.Time
}

// System implements api.SystemReader.
func (s *folderSystem) System(ctx context.Context) (record.System, error) {
	days, aside, err := s.days.Status(ctx)
	if err != nil {
		return record.System{}, err
	}
	retention, ok := s.data.retention()
	if !ok {
		retention.Days = defaultRetentionDays
	}
	return record.System{Version: version, Started: record.TimeOf(s.started), Retention: retention,
		Disk: floor{dir: s.data.dir}.status(false), Days: days, SetAside: aside}, nil
}
