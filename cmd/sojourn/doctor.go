package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"syscall"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store/duckdb"
)

// doctorCmd checks a data folder, and mends it.
type doctorCmd struct {
	outputFlags
	Data        string `help:"Data folder. Default: ${default}." default:"./data" type:"path" placeholder:"DIR"`
	Repair      bool   `help:"Mend what can be mended."`
	MinFree     string `help:"Bytes that should be free on the folder's disk. Default: ${default}." default:"1GiB" placeholder:"SIZE"`
	MemoryLimit string `help:"Memory of the store's database engine. Default: ${default}." default:"1GB" placeholder:"SIZE"`

	Only string `hidden:"" help:"Check this day alone, and print what was found: see checkDays."`
}

// Help is shown by --help after the description.
func (doctorCmd) Help() string {
	return `Reads every day as a whole: that its file opens and no block is damaged, that its
requests are there once and refer to nothing that is missing, and that its summaries
agree with them. Looks at secrets, leftovers of crashes, files that were set aside and
free disk. On a folder that is in use it asks the server, and opens nothing. It ends
with 1 when something is wrong.

--repair removes leftovers, makes secrets private, sets days aside that cannot be read
(they are kept, and the day starts anew), makes summaries anew and brings older files
up to date.

Examples:
  sojourn doctor --data ./data
  sojourn doctor --data ./data --repair --json`
}

// doctorReport is what was found.
type doctorReport struct {
	Data     string            `json:"data"`
	Running  bool              `json:"running"` // the server was asked, no file was opened
	Days     []record.DayCheck `json:"days"`
	Troubles []record.Trouble  `json:"troubles"` // of the folder
	Problems int               `json:"problems"` // in all, those that are mended not counted
}

// each calls do with every trouble.
func (r *doctorReport) each(do func(day *record.DayCheck, t *record.Trouble)) {
	for i := range r.Days {
		for j := range r.Days[i].Troubles {
			do(&r.Days[i], &r.Days[i].Troubles[j])
		}
	}
	for i := range r.Troubles {
		do(nil, &r.Troubles[i])
	}
}

// Run checks, mends when asked to, and tells.
func (c *doctorCmd) Run(a *app) error {
	if _, err := os.Stat(c.Data); err != nil {
		return fmt.Errorf("data folder %s: %w", c.Data, err)
	}
	data := &dataFolder{dir: c.Data}
	if c.Only != "" {
		return c.checkOne(a, data)
	}
	r := doctorReport{Data: c.Data, Days: []record.DayCheck{}, Troubles: []record.Trouble{}}
	unlock, err := data.lockFor("hub", forDoctor)
	used := new(inUseError)
	switch {
	case errors.As(err, &used) && used.purpose != "hub":
		return err
	case errors.As(err, &used):
		r.Running = true
	case err != nil && c.Repair:
		return fmt.Errorf("%w; nothing is mended without its lock", err)
	case err != nil:
		r.Troubles = append(r.Troubles, record.Trouble{File: c.Data, Problem: "the folder is not writable: " + err.Error()})
	default:
		defer unlock()
	}
	if r.Running && c.Repair {
		return fmt.Errorf("%w; nothing is mended while it runs", err)
	}
	if err := c.check(a, data, &r); err != nil {
		return err
	}
	if c.Repair {
		if err := c.repair(a, data, &r); err != nil {
			return fmt.Errorf("mending: %w", err)
		}
	}
	r.each(func(_ *record.DayCheck, t *record.Trouble) {
		if !t.Note && !t.Mended {
			r.Problems++
		}
	})
	if err := c.tell(a, &r); err != nil || r.Problems == 0 {
		return err
	}
	return fmt.Errorf("%s with data folder %s", quantity(uint64(r.Problems), "problem"), c.Data)
}

const forDoctor = "doctor"

func (c *doctorCmd) check(a *app, data *dataFolder, r *doctorReport) error {
	room, err := parseFloor(c.MinFree, data.dir)
	if err != nil {
		return usageError{err}
	}
	r.Troubles = append(r.Troubles, checkFolder(data)...)
	if err := room.room(0); err != nil {
		r.Troubles = append(r.Troubles, record.Trouble{Problem: err.Error()})
	}
	if r.Running {
		return c.askServer(a, r)
	}
	days, found, err := duckdb.Look(data.daysDir())
	if err != nil {
		r.Troubles = append(r.Troubles, record.Trouble{File: data.daysDir(), Problem: err.Error()})
	}
	r.Troubles = append(r.Troubles, found...)
	return c.checkDays(a, data, r, days)
}

// askServer tells what the server on the folder knows.
func (c *doctorCmd) askServer(a *app, r *doctorReport) error {
	server, err := (&serverFlags{Data: c.Data}).reach()
	if err != nil {
		return err
	}
	s, err := server.System(a.ctx)
	if err != nil {
		r.Troubles = append(r.Troubles, record.Trouble{Problem: "the server does not tell its state: " + err.Error()})
		return nil
	}
	for _, d := range s.Days {
		check := record.DayCheck{Day: d.Day, Requests: d.Requests, Bytes: d.Bytes, Sealed: d.Sealed}
		if d.Error != "" {
			check.Troubles = []record.Trouble{{Problem: "cannot be opened: " + d.Error}}
		}
		r.Days = append(r.Days, check)
	}
	for _, f := range s.SetAside {
		r.Troubles = append(r.Troubles, record.Trouble{File: f.File, Problem: "was set aside: " + f.Reason, Note: true})
	}
	if !s.Bus.Connected {
		r.Troubles = append(r.Troubles, record.Trouble{Problem: "the hub does not reach the bus: is the node running?"})
	}
	if s.Writer.Error != "" {
		r.Troubles = append(r.Troubles, record.Trouble{Problem: "the writer fails: " + s.Writer.Error})
	}
	for _, n := range s.Nodes {
		for reason, lost := range n.Lost {
			r.Troubles = append(r.Troubles, record.Trouble{Problem: fmt.Sprintf("node %s lost %d requests: %s", n.Name, lost, reason), Note: true})
		}
	}
	return nil
}

// checkDays checks days one after the other, each in a process of its own: what a
// damaged file does to the database library happens to that one.
func (c *doctorCmd) checkDays(a *app, data *dataFolder, r *doctorReport, days []record.Day) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bar := newProgressBar(a.stderr)
	defer bar.clear()
	for i, day := range days {
		bar.draw(func(time.Duration) string { return fmt.Sprintf("checking %s, %d of %d", day, i+1, len(days)) })
		cmd := exec.CommandContext(a.ctx, self, "doctor", "--data", data.dir, "--only", day.String(), "--memory-limit", c.MemoryLimit)
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if a.ctx.Err() != nil {
			return a.ctx.Err()
		}
		check := record.DayCheck{Day: day}
		if err == nil {
			err = json.Unmarshal(out, &check)
		}
		if err != nil {
			check.Troubles = append(check.Troubles, unreadable(data, day, err, said.Bytes()))
		}
		r.Days = append(r.Days, check)
	}
	return nil
}

// unreadable is the trouble of a file at which its check ended.
func unreadable(data *dataFolder, day record.Day, err error, said []byte) record.Trouble {
	t := record.Trouble{File: data.path("days/" + day.String() + ".duckdb")}
	first, _, _ := bytes.Cut(bytes.TrimSpace(said), []byte("\n"))
	t.Problem = fmt.Sprintf("its check ended with %v: %s", err, first)
	if crashed(err, said) {
		t.Problem, t.Mend = fmt.Sprintf("reading it crashes the database library (%s)", first), record.MendSetAside
	}
	return t
}

// crashSign is how Go tells that a signal of a crash ended the process.
var crashSign = regexp.MustCompile(`(?m)^(\[signal )?SIG(SEGV|BUS|ABRT|ILL|FPE): `)

// crashed tells whether the library crashed. Any other end of the process, such as
// by the kernel for want of memory, says nothing about the file.
func crashed(err error, said []byte) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return slices.Contains([]syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGABRT, syscall.SIGILL, syscall.SIGFPE}, status.Signal())
	}
	return exit.ExitCode() == exitCrash && crashSign.Match(said)
}

// exitCrash is how the Go runtime exits after a crash.
const exitCrash = 2

func (c *doctorCmd) checkOne(a *app, data *dataFolder) error {
	day, err := record.ParseDay(c.Only)
	if err != nil {
		return err
	}
	check, err := duckdb.Check(a.ctx, duckdb.Config{Dir: data.daysDir(), MemoryLimit: c.MemoryLimit}, day)
	if err != nil {
		return err
	}
	return json.NewEncoder(a.stdout).Encode(check)
}

// repair mends what can be mended, and marks it.
func (c *doctorCmd) repair(a *app, data *dataFolder, r *doctorReport) (err error) {
	cfg := duckdb.Config{Dir: data.daysDir(), MemoryLimit: c.MemoryLimit, Logger: quietly(a)}
	var anew []record.Day // their summaries
	older := false
	r.each(func(day *record.DayCheck, t *record.Trouble) {
		var failed error
		switch t.Mend {
		case record.MendRemove:
			failed = os.RemoveAll(t.File) // of the temporary folder, also folders
		case record.MendMode:
			failed = os.Chmod(t.File, 0o600)
		case record.MendSetAside:
			failed = duckdb.SetAside(cfg, day.Day, t.Problem)
		case record.MendSummaries:
			if !slices.Contains(anew, day.Day) {
				anew = append(anew, day.Day)
			}
			return
		case record.MendMigrate:
			older = true
			return
		default:
			return
		}
		t.Mended = failed == nil
		err = errors.Join(err, failed)
	})
	if err != nil || len(anew) == 0 && !older {
		return err
	}
	days, err := duckdb.Open(a.ctx, cfg)
	if err != nil {
		return err
	}
	for _, day := range anew {
		err = errors.Join(err, days.Resummarize(a.ctx, day))
	}
	_, _, status := days.Status(a.ctx) // opens every day, and so brings it up to date
	if err = errors.Join(err, status, days.Close()); err != nil {
		return err
	}
	return c.again(a, data, r)
}

// again checks the days whose files were changed, and marks what is mended.
func (c *doctorCmd) again(a *app, data *dataFolder, r *doctorReport) error {
	for i := range r.Days {
		before := r.Days[i]
		if !slices.ContainsFunc(before.Troubles, func(t record.Trouble) bool { return t.Mend == record.MendSummaries || t.Mend == record.MendMigrate }) {
			continue
		}
		now := doctorReport{}
		if err := c.checkDays(a, data, &now, []record.Day{before.Day}); err != nil {
			return err
		}
		after := now.Days[0]
		for _, t := range before.Troubles {
			if !slices.ContainsFunc(after.Troubles, func(n record.Trouble) bool { return n.Problem == t.Problem }) {
				t.Mended = true
				after.Troubles = append(after.Troubles, t)
			}
		}
		r.Days[i] = after
	}
	return nil
}

func (c *doctorCmd) tell(a *app, r *doctorReport) error {
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(r)
	}
	s := newScreen(a.stdout)
	if r.Running {
		fmt.Fprintln(a.stderr, "a server runs on the folder: it was asked, no file was opened; stop it for a whole check")
	}
	if len(r.Days) > 0 {
		t := &table{screen: s, columns: []column{{title: "DAY"}, {title: "REQUESTS", right: true}, {title: "SIZE", right: true}, {title: "STATE"}}}
		var rows [][]cell
		for _, d := range r.Days {
			rows = append(rows, []cell{{text: d.Day.String()}, {text: count(d.Requests)}, {text: size(d.Bytes)}, {text: stateOf(d.Troubles)}})
		}
		if err := t.draw(rows); err != nil {
			return err
		}
	}
	r.each(func(day *record.DayCheck, t *record.Trouble) { fmt.Fprintln(s, troubleLine(s, day, t)) })
	if r.Problems == 0 {
		_, err := fmt.Fprintln(s, "nothing is wrong")
		return err
	}
	return nil
}

// stateOf sums up the troubles of a day.
func stateOf(troubles []record.Trouble) string {
	state := "good"
	for _, t := range troubles {
		switch {
		case !t.Note && !t.Mended:
			return "bad"
		case t.Mended:
			state = "mended"
		}
	}
	return state
}

func troubleLine(s *screen, day *record.DayCheck, t *record.Trouble) string {
	what, ink := "problem", red
	if t.Mended {
		what, ink = "mended", dim
	} else if t.Note {
		what, ink = "note", dim
	}
	about := t.File
	if day != nil {
		about = "day " + day.Day.String()
	}
	if about != "" {
		about += ": "
	}
	line := s.paint(what, ink) + "  " + visible(about+t.Problem)
	if t.Mend != "" && !t.Mended && !t.Note {
		line += "; --repair: " + t.Mend
	}
	return line
}
