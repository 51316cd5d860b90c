package test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// crashRounds is the variable that says how often TestCrash kills; make crash sets it.
const crashRounds = "SOJOURN_CRASH_ROUNDS"

// TestCrash kills the hub, the node or both at random moments under load: what the
// bus had acknowledged is stored, nothing is stored twice, and in the end every file
// passes the doctor.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds := 3
	if text := os.Getenv(crashRounds); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("%s=%q is not a number of rounds", crashRounds, text)
		}
		rounds = n
	}
	const longest = 700 * time.Millisecond // that a round goes on before the kill
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	up := newUpstream(t, "api")
	data := folder(t)
	s := serve(t, data, "--upstream", up.URL, "--proxy", freeAddress(t))
	acknowledged := 0
	for round := range rounds {
		l := startLoad(t, s.proxy, "crash"+strconv.Itoa(round), true)
		l.reach(t, 30)
		<-time.After(rand.N(longest)) // which moment does not matter, as long as it is another one each time
		hub, node := round%3 != 1, round%3 != 0
		var killedHub, killedNode int
		if node {
			sys, err := s.system()
			if err != nil {
				t.Fatal(err)
			}
			acknowledged += sys.Nodes[0].Recorded
			killedNode = s.kill(t, "node", syscall.SIGKILL)
		}
		if hub {
			killedHub = s.kill(t, "hub", syscall.SIGKILL)
		}
		if node {
			s.replaced(t, "node", killedNode)
		}
		if hub {
			s.replaced(t, "hub", killedHub)
		}
		l.reach(t, 10)
		done, failed := l.finish()
		sys := s.settled(t)
		if !node && len(failed) > 0 {
			t.Errorf("round %d: %d clients noticed that the hub was killed: %v", round, len(failed), first(failed))
		}
		if !node && len(sys.Nodes[0].Lost) > 0 {
			t.Errorf("round %d: lost %v", round, sys.Nodes[0].Lost)
		}
		if n := sys.requests(); n < acknowledged+sys.Nodes[0].Recorded {
			t.Fatalf("round %d: %d requests are stored, the bus had acknowledged %d", round, n, acknowledged+sys.Nodes[0].Recorded)
		}
		if random.IntN(10) == 0 || round == rounds-1 { // reading everything takes longer than the round
			stored := paths(s.requests(t))
			if node {
				done = nil // what the node had not handed over went with it
			}
			checkOnce(t, stored, done)
			if len(stored) != sys.requests() {
				t.Errorf("round %d: %d paths are stored, the days hold %d requests", round, len(stored), sys.requests())
			}
		}
		if t.Failed() {
			return
		}
	}
	s.stop(t)
	r, code := doctor(t, "--data", data)
	if code != 0 {
		t.Errorf("the doctor: %+v", r)
	}
}
