package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"sojourn/internal/client"
	"sojourn/internal/record"
)

// systemCmd shows the state of the installation.
type systemCmd struct {
	serverFlags
	outputFlags
}

// Run shows the state of the installation.
func (c *systemCmd) Run(a *app) error {
	return show(a, &c.serverFlags, c.JSON, document[record.System]{
		path: "system", print: printSystem,
		ask: func(server *client.Client) (record.System, error) { return server.System(a.ctx) },
	})
}

func diskLine(d record.DiskStatus) string {
	line := size(d.Free) + " free"
	if d.MinFree > 0 {
		line += ", of which " + size(d.MinFree) + " are left alone"
	}
	if d.Paused {
		line += ": requests wait on the bus until there is more"
	}
	return line
}

func printSystem(s *screen, v record.System) error {
	bus := "not reached"
	if v.Bus.Connected {
		bus = fmt.Sprintf("%d batches, %s of %s", v.Bus.Messages, size(int64(v.Bus.Bytes)), size(v.Bus.MaxBytes))
	}
	retention := fmt.Sprintf("%d days", v.Retention.Days)
	if v.Retention.Bytes > 0 {
		retention += ", " + size(v.Retention.Bytes)
	}
	held := ""
	if v.Writer.Held > 0 {
		held = fmt.Sprintf("%d requests whose day does not take them", v.Writer.Held)
	}
	err := printFields(s, []field{
		{"version", v.Version},
		{"started", v.Started.Std().Format(time.RFC3339)},
		{"policy", fmt.Sprintf("revision %d", v.Revision)},
		{"retention", retention},
		{"bus", bus},
		{"writer", fmt.Sprintf("%d stored, %d skipped, %d too old, %d in the future, %d errors", v.Writer.Stored, v.Writer.Skipped, v.Writer.TooOld, v.Writer.Future, v.Writer.Errors)},
		{"writer holds", held},
		{"writer error", v.Writer.Error},
		{"disk", diskLine(v.Disk)},
	})
	if err != nil {
		return err
	}
	for _, n := range v.Nodes {
		fmt.Fprintf(s, "\n%s\n", s.paint("node "+visible(n.Name), bold))
		fields := []field{
			{"proxy", n.Proxy},
			{"exchanges", fmt.Sprintf("%d, %d recorded, %d excluded, %d waiting", n.Exchanges, n.Recorded, n.Excluded, n.Waiting)},
		}
		for _, reason := range slices.Sorted(maps.Keys(n.Lost)) {
			fields = append(fields, field{"lost", fmt.Sprintf("%d: %s", n.Lost[reason], reason)})
		}
		for _, u := range n.Upstreams {
			fields = append(fields, field{"upstream", fmt.Sprintf("%s, %d errors %s", u.URL, u.Errors, u.Error)})
		}
		for _, k := range n.KeySets {
			text := fmt.Sprintf("%s, %d keys", k.Source, k.Keys)
			if k.Error != "" {
				text += ", cannot be read: " + k.Error
			}
			fields = append(fields, field{"key set", text})
		}
		if err := printFields(s, fields); err != nil {
			return err
		}
	}
	for _, f := range v.SetAside {
		fmt.Fprintf(s, "\n%s %s: %s\n", s.paint("set aside", red), visible(f.File), visible(f.Reason))
	}
	if len(v.Days) == 0 {
		return nil
	}
	fmt.Fprintln(s)
	t := &table{screen: s, columns: []column{{title: "DAY"}, {title: "REQUESTS", right: true}, {title: "SIZE", right: true}, {title: "STATE"}}}
	var rows [][]cell
	for _, d := range v.Days {
		state := "open"
		if d.Sealed {
			state = "sealed"
		}
		if d.Error != "" {
			state = "cannot be opened: " + visible(d.Error)
		}
		rows = append(rows, []cell{{text: d.Day.String()}, {text: count(d.Requests)}, {text: size(d.Bytes)}, {text: state}})
	}
	return t.draw(rows)
}
