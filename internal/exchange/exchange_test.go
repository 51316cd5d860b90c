package exchange

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

func TestFlagOnce(t *testing.T) {
	var x Exchange
	x.Flag(record.FlagUpgraded)
	x.Flag(record.FlagClientGone)
	x.Flag(record.FlagUpgraded)
	want := []record.Flag{record.FlagUpgraded, record.FlagClientGone}
	if diff := cmp.Diff(want, x.Flags); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
}
