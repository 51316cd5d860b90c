package ledger

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"sojourn/internal/bus"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "s3cret"

var quiet = slog.New(slog.DiscardHandler)

func openServer(t *testing.T) *bus.Server {
	t.Helper()
	s, err := bus.OpenServer(bus.ServerConfig{Dir: t.TempDir(), Listen: "127.0.0.1:0", Token: token, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func connect(t *testing.T, s *bus.Server) *bus.Conn {
	t.Helper()
	c, err := bus.ConnectTo(s, token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// noMasks is a check as a room would make it.
func noMasks(p *policy.Policy) ([]policy.Warning, error) {
	if len(p.Masks) > 0 {
		return nil, p.Problem("masks", "not executed here")
	}
	return nil, nil
}

func openPolicies(t *testing.T) *Policies {
	t.Helper()
	return NewPolicies(connect(t, openServer(t)), noMasks, quiet)
}

func document(app string) string {
	return "version: 1 # for " + app + "\napplications: [{name: " + app + "}]\n"
}

func put(t *testing.T, p *Policies, expected uint64, document string) record.PolicyRevision {
	t.Helper()
	r, err := p.Put(t.Context(), expected, document, "alice", "because")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPolicies(t *testing.T) {
	p := openPolicies(t)
	before, err := p.Current(t.Context())
	if err != nil || before.Revision != 0 {
		t.Fatalf("before anything was saved: %+v, %v", before, err)
	}
	if _, err := policy.Parse("built-in", []byte(before.Document)); err != nil {
		t.Fatal(err)
	}

	a := put(t, p, 0, document("a"))
	b := put(t, p, a.Revision, document("b"))
	want := record.PolicyRevision{Revision: b.Revision, Author: "alice", Comment: "because", Document: document("b")}
	if diff := cmp.Diff(want, b, cmpopts.IgnoreFields(record.PolicyRevision{}, "Saved")); diff != "" || b.Saved == 0 {
		t.Error(diff, b.Saved)
	}
	for revision, want := range map[uint64]record.PolicyRevision{0: before, a.Revision: a, b.Revision: b} {
		if got, err := p.Get(t.Context(), revision); err != nil || got != want {
			t.Errorf("revision %d: %+v, %v, want %+v", revision, got, err, want)
		}
	}
	if got, err := p.Current(t.Context()); err != nil || got != b {
		t.Errorf("current: %+v, %v", got, err)
	}

	back, err := p.Rollback(t.Context(), b.Revision, a.Revision, "bob")
	if err != nil || back.Document != document("a") || back.Author != "bob" || back.Comment != "back to revision 1" || back.Revision <= b.Revision {
		t.Errorf("rolled back: %+v, %v", back, err)
	}
	a.Document, b.Document, back.Document = "", "", ""
	history, err := p.History(t.Context(), 10)
	if diff := cmp.Diff([]record.PolicyRevision{back, b, a}, history); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if latest, err := p.History(t.Context(), 1); err != nil || len(latest) != 1 || latest[0] != back {
		t.Errorf("the latest one: %v, %v", latest, err)
	}
}

func TestPutRefuses(t *testing.T) {
	p := openPolicies(t)
	first := put(t, p, 0, document("a"))

	conflict := new(policy.ConflictError)
	for _, expected := range []uint64{0, first.Revision + 1} {
		_, err := p.Put(t.Context(), expected, document("b"), "", "")
		if !errors.As(err, &conflict) || *conflict != (policy.ConflictError{Expected: expected, Current: first.Revision}) {
			t.Errorf("expected %d: %v", expected, err)
		}
	}
	for name, doc := range map[string]string{
		"unknown fields": "version: 1\na: 1\nb: 2\n", "what is not executed": "version: 1\nmasks: [{name: x}]\n",
		"no YAML": "\x00", "too large": "version: 1 #" + strings.Repeat("x", policy.MaxDocument),
	} {
		_, err := p.Put(t.Context(), first.Revision, doc, "", "")
		if problem := new(policy.Error); !errors.As(err, &problem) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.Put(t.Context(), first.Revision, document("b"), "", strings.Repeat("x", MaxComment+1)); err == nil {
		t.Error("a comment that is too long is taken")
	}
	none := new(policy.NoRevisionError)
	if _, err := p.Rollback(t.Context(), first.Revision, 99, ""); !errors.As(err, &none) || none.Revision != 99 {
		t.Errorf("rolled back to what is not there: %v", err)
	}
	if got, err := p.Current(t.Context()); err != nil || got != first {
		t.Errorf("something was saved: %+v, %v", got, err)
	}
}

// TestPutTakesTheLargest: whatever a policy may hold fits, and so does a history
// of the largest.
func TestPutTakesTheLargest(t *testing.T) {
	p := openPolicies(t)
	doc := "version: 1 #" + strings.Repeat("\"", policy.MaxDocument-len("version: 1 #"))
	r, err := p.Put(t.Context(), 0, doc, strings.Repeat("<", MaxAuthor), strings.Repeat("\x01", MaxComment))
	if err != nil {
		t.Fatal(err)
	}
	revision := r.Revision
	for range MaxPolicyRevisions + 1 {
		if revision, err = p.kv.Put(t.Context(), policyKey, make([]byte, maxPolicyValue), revision); err != nil {
			t.Fatal(err)
		}
	}
	history, err := p.History(t.Context(), 1000)
	if err != nil || len(history) != MaxPolicyRevisions || history[0].Revision != revision {
		t.Fatalf("%d revisions are kept, want %d: %v", len(history), MaxPolicyRevisions, err)
	}
	if _, err := p.Get(t.Context(), 2); !errors.As(err, new(*policy.NoRevisionError)) {
		t.Errorf("an old one: %v", err)
	}
}

// delivery is a policy as a watch delivers it.
type delivery struct {
	revision uint64
	app      string
}

func watch(t *testing.T, p *Policies) <-chan delivery {
	got := make(chan delivery)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		p.Watch(ctx, func(revision uint64, pol *policy.Policy) {
			d := delivery{revision: revision}
			for _, a := range pol.Applications {
				d.app += a.Name
			}
			select {
			case got <- d:
			case <-ctx.Done():
			}
		})
	}()
	return got
}

// TestWatch: every node gets every policy, also after the bus was away, and never
// one that it does not understand.
func TestWatch(t *testing.T) {
	server := openServer(t)
	p := NewPolicies(connect(t, server), noMasks, quiet)
	nodes := []<-chan delivery{
		watch(t, NewPolicies(connect(t, server), noMasks, quiet)),
		watch(t, NewPolicies(connect(t, server), noMasks, quiet)),
	}
	expect := func(want delivery) {
		t.Helper()
		for i, node := range nodes {
			if got := <-node; got != want {
				t.Fatalf("node %d got %v, want %v", i, got, want)
			}
		}
	}
	expect(delivery{})
	put(t, p, 0, document("a"))
	expect(delivery{1, "a"})

	newer := NewPolicies(connect(t, server), func(*policy.Policy) ([]policy.Warning, error) { return nil, nil }, quiet)
	put(t, newer, 1, "version: 1\nmasks: [{name: x}]\n") // executed by newer nodes alone
	if _, err := p.kv.Put(t.Context(), policyKey, []byte("\x00 of a newer version"), 2); err != nil {
		t.Fatal(err)
	}
	if _, err := p.kv.Put(t.Context(), policyKey, []byte(`{"document":"dmVyc2lvbjogMg=="}`), 3); err != nil { // version: 2
		t.Fatal(err)
	}
	put(t, p, 4, document("b"))
	expect(delivery{5, "b"})

	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	for err := errors.New("not yet"); err != nil && !errors.As(err, new(*policy.ConflictError)); {
		_, err = p.Put(t.Context(), 5, document("c"), "", "")
	}
	expect(delivery{6, "c"})

	history, err := p.History(t.Context(), 10)
	if err != nil || len(history) != 6 || history[3].Revision != 3 {
		t.Errorf("the history has a gap: %v, %v", history, err)
	}
	if _, err := p.Get(t.Context(), 3); err == nil {
		t.Error("a revision in an unknown form is shown")
	}
}
