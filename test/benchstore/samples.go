package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"
)

// request is what the questions need of a request; the names are the API's.
type request struct {
	ID        string    `json:"id"`
	Session   string    `json:"session"`
	Client    string    `json:"client"`
	Started   time.Time `json:"started"`
	Host      string    `json:"host"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Endpoint  string    `json:"endpoint"`
	IP        string    `json:"ip"`
	UserAgent string    `json:"user_agent"`
	Country   string    `json:"country"`
	Network   string    `json:"network"`
	JA4       string    `json:"ja4"`
	User      string    `json:"user"`
	Role      string    `json:"role"`
	Key       string    `json:"key"`
	Operation string    `json:"graphql_operation"`
	MCP       *struct {
		Server, Method, Name, Client, Generation, Trace string
	} `json:"mcp"`
	Context []struct{ Name, Value string } `json:"context"`
}

type part struct {
	ID       string    `json:"id"`
	Part     string    `json:"part"`
	Started  time.Time `json:"started"`
	Requests int64     `json:"requests"`
}

// samples are values that occur, drawn from all over the data.
type samples struct {
	requests []request
	short    []part // of few requests
	huge     []part // the largest
	from, to time.Time
}

const (
	sampleWindows  = 24
	perWindow      = 12
	shortSession   = 100
	hugeSessions   = 5
	samplesPerPart = 5
)

// takeSamples looks into some hours of the data.
func takeSamples(ctx context.Context, s *server) (*samples, error) {
	v := &samples{}
	var system struct {
		Days []struct {
			Day      string
			Requests int64
		}
	}
	if err := s.read(ctx, "/api/v1/system", &system); err != nil {
		return nil, err
	}
	if len(system.Days) == 0 {
		return nil, errors.New("the store has no days")
	}
	v.from, _ = time.Parse(time.DateOnly, system.Days[len(system.Days)-1].Day)
	v.to = time.Now()
	rng := rand.New(rand.NewPCG(*seed, 3))
	var list struct{ Sessions []part }
	for range sampleWindows {
		from := v.from.Add(time.Duration(rng.Float64() * float64(v.to.Sub(v.from)-time.Hour)))
		q := url.Values{"from": {stamp(from)}, "to": {stamp(from.Add(time.Hour))}, "limit": {fmt.Sprint(perWindow)}}
		if err := s.read(ctx, "/api/v1/sessions?"+q.Encode(), &list); err != nil {
			return nil, err
		}
		for _, p := range list.Sessions {
			if p.Requests < shortSession {
				v.short = append(v.short, p)
			}
			var page struct{ Requests []request }
			if err := s.read(ctx, "/api/v1/sessions/"+p.ID+"/requests?limit="+fmt.Sprint(samplesPerPart)+"&part="+p.Part, &page); err != nil {
				return nil, err
			}
			v.requests = append(v.requests, page.Requests...)
		}
	}
	if err := s.read(ctx, "/api/v1/sessions?sort=requests&limit="+fmt.Sprint(hugeSessions), &list); err != nil {
		return nil, err
	}
	v.huge = list.Sessions
	if len(v.requests) == 0 || len(v.short) == 0 || len(v.huge) == 0 {
		return nil, errors.New("the store has too few requests to draw samples from")
	}
	rng.Shuffle(len(v.requests), func(i, j int) { v.requests[i], v.requests[j] = v.requests[j], v.requests[i] })
	rng.Shuffle(len(v.short), func(i, j int) { v.short[i], v.short[j] = v.short[j], v.short[i] })
	return v, nil
}

func (s *server) read(ctx context.Context, path string, into any) error {
	text, err := s.get(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// of returns the round-th sample that has what is asked for.
func (v *samples) of(round int, get func(*request) string) string {
	n := len(v.requests)
	for i := range n {
		if text := get(&v.requests[(round*37+i)%n]); text != "" {
			return text
		}
	}
	return "none"
}

// parameter returns a value of a context parameter.
func parameter(name string) func(*request) string {
	return func(r *request) string {
		for _, c := range r.Context {
			if c.Name == name {
				return c.Value
			}
		}
		return ""
	}
}
