package main

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"time"
)

// writeLog writes n lines of a combined log over the seven days to now: visitors
// come and go, most make a few requests, some make hundreds; paths mix ids, words
// and queries. The same n and day give the same lines.
func writeLog(file string, n int, now time.Time) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	rng := rand.New(rand.NewPCG(7, 11))
	agents := make([]string, 400)
	for i := range agents {
		agents[i] = fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/537.36",
			100+rng.IntN(57), 4000+rng.IntN(3000), rng.IntN(200))
	}
	type visitor struct {
		ip, agent string
		left      int
	}
	visitors := make([]visitor, 3000) // active at once
	end := now.Truncate(24 * time.Hour).Add(-time.Second)
	begin := end.Add(-6*24*time.Hour + time.Second)
	words := []string{"products", "orders", "users", "cart", "search", "login", "stock", "reviews", "images", "static"}
	methods := []string{"GET", "GET", "GET", "GET", "GET", "GET", "POST", "PUT"}
	statuses := []int{200, 200, 200, 200, 200, 200, 200, 304, 302, 404, 403, 500}
	for i := range n {
		v := &visitors[rng.IntN(len(visitors))]
		if v.left == 0 {
			ip := fmt.Sprintf("%d.%d.%d.%d", 1+rng.IntN(222), rng.IntN(256), rng.IntN(256), 1+rng.IntN(254))
			*v = visitor{ip, agents[rng.IntN(len(agents))], 1 + int(math.Exp(rng.NormFloat64()*1.3+2.5))}
		}
		v.left--
		path := fmt.Sprintf("/v2/%s/%d", words[rng.IntN(len(words))], rng.IntN(500_000))
		if rng.IntN(4) == 0 {
			path += fmt.Sprintf("/%s?page=%d&sort=price", words[rng.IntN(len(words))], rng.IntN(30))
		}
		at := begin.Add(time.Duration(float64(i) / float64(n) * float64(end.Sub(begin))))
		fmt.Fprintf(out, "%s - - [%s] \"%s %s HTTP/1.1\" %d %d \"-\" \"%s\"\n", v.ip, at.Format("02/Jan/2006:15:04:05 -0700"),
			methods[rng.IntN(len(methods))], path, statuses[rng.IntN(len(statuses))], rng.IntN(40_000), v.agent)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}
