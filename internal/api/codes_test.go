package api

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestCodes(t *testing.T) {
	t.Run("Once", func(t *testing.T) {
		var c codes
		text, _ := c.issue(testNow)
		if !c.redeem(text, testNow) || c.redeem(text, testNow) {
			t.Error("a code must work once")
		}
	})
	t.Run("Expires", func(t *testing.T) {
		var c codes
		text, expires := c.issue(testNow)
		if c.redeem(text, expires) {
			t.Error("a code worked at its end")
		}
		if len(c.open) != 0 {
			t.Error("an expired code is still remembered")
		}
	})
	t.Run("WrongKeepsOthers", func(t *testing.T) {
		var c codes
		text, _ := c.issue(testNow)
		if c.redeem("wrong", testNow) || !c.redeem(text, testNow) {
			t.Error("a wrong code must change nothing")
		}
	})
	t.Run("Bounded", func(t *testing.T) {
		var c codes
		first, _ := c.issue(testNow)
		var last string
		for range maxCodes {
			last, _ = c.issue(testNow)
		}
		if len(c.open) != maxCodes || c.redeem(first, testNow) || !c.redeem(last, testNow) {
			t.Errorf("%d codes open; the oldest must make room for the newest", len(c.open))
		}
	})
	t.Run("OnceForAll", func(t *testing.T) {
		var c codes
		text, _ := c.issue(testNow)
		var good atomic.Int32
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if c.redeem(text, testNow) {
					good.Add(1)
				}
			})
		}
		wg.Wait()
		if good.Load() != 1 {
			t.Errorf("one code worked %d times", good.Load())
		}
	})
}
