package main

import (
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"sojourn/internal/api"
	"sojourn/internal/record"
)

// filtersOf parses flags as a command with filters does.
func filtersOf(t *testing.T, args ...string) (url.Values, error) {
	t.Helper()
	var cli struct{ filterFlags }
	addFieldFlags(reflect.ValueOf(&cli).Elem())
	parser, err := kong.New(&cli, kong.WithHyphenPrefixedParameters(true), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return cli.values(), err
}

// TestFilterFlags_AsAPI: each filter of the API has a flag, and asks under its name.
func TestFilterFlags_AsAPI(t *testing.T) {
	document, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Components struct {
			Parameters map[string]struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	args := []string{"--from", "x", "--to", "x", "--session", "x", "--request", "x"}
	for _, f := range fieldFlags() {
		args = append(args, "--"+f.name, "x")
	}
	got, err := filtersOf(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(d.Components.Parameters)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("filters (-API +flags):\n%s", diff)
	}
}

func TestFilterFlags(t *testing.T) {
	for _, tt := range []struct {
		args string
		want url.Values
	}{
		{"--user maria --user=", url.Values{"user": {"maria", ""}}},
		{"--from -24h --status 5xx", url.Values{"from": {"-24h"}, "status": {"5xx"}}},
		{"--not-user-agent curl/*,x", url.Values{"not.user_agent": {"curl/*,x"}}},
		{"--not-has-status 5xx --has-ip ::1", url.Values{"not.has.status": {"5xx"}, "has.ip": {"::1"}}},
		{"--where not.has.status=5xx --where context.tenant=a=b --where user=x --user y", url.Values{"not.has.status": {"5xx"}, "context.tenant": {"a=b"}, "user": {"y", "x"}}},
	} {
		got, err := filtersOf(t, strings.Fields(tt.args)...)
		if err != nil {
			t.Errorf("%s: %v", tt.args, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.args, diff)
		}
	}
	if _, err := filtersOf(t, "--where", "user"); err == nil || !strings.Contains(err.Error(), `"user"`) {
		t.Errorf("a filter without a value: %v", err)
	}
}

func TestQueryOf(t *testing.T) {
	got := queryOf(url.Values{
		"from": {"-24h"}, "session": {"s"}, "status": {"4xx", "5xx"}, "not.user": {""}, "has.ip": {"::1"}, "not.has.role": {"admin"},
		"context": {"tenant=7", "org=1=2", "tenant=8"}, "context.plan": {"pro"},
	})
	want := record.Query{
		From: "-24h", Session: "s",
		Where: []record.Condition{
			{Field: "context.tenant", Values: []string{"7", "8"}}, {Field: "context.org", Values: []string{"1=2"}},
			{Field: "context.plan", Values: []string{"pro"}}, {Field: "user", Not: true, Values: []string{""}}, {Field: "status", Values: []string{"4xx", "5xx"}},
		},
		Has: []record.Condition{{Field: "ip", Values: []string{"::1"}}, {Field: "role", Not: true, Values: []string{"admin"}}},
	}
	byField := func(a, b record.Condition) int { return strings.Compare(a.Field, b.Field) }
	slices.SortFunc(want.Where, byField)
	slices.SortFunc(got.Where, byField)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
}
