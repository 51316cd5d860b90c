package policy

import "testing"

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Size
		text string
	}{
		{"0", 0, "0"},
		{"1048576", 1 << 20, "1MiB"},
		{"50GiB", 50 << 30, "50GiB"},
		{" 50 gib ", 50 << 30, "50GiB"},
		{"10MB", 10_000_000, "10MB"},
		{"10mb", 10_000_000, "10MB"},
		{"3kB", 3000, "3kB"},
		{"7B", 7, "7"},
		{"2TiB", 2 << 40, "2TiB"},
		{"1TB", 1e12, "1TB"},
		{"1537", 1537, "1537"},
	} {
		got, err := ParseSize(c.in)
		if err != nil || got != c.want || got.String() != c.text {
			t.Errorf("ParseSize(%q) = %d (%s), %v; want %d (%s)", c.in, got, got, err, c.want, c.text)
		}
	}
}

func TestParseSizeRefuses(t *testing.T) {
	for _, in := range []string{"", "GiB", "-1", "1.5GiB", "5 apples", "99999999999999999999", "9000000TiB", "0x10", "1e9"} {
		if got, err := ParseSize(in); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", in, got)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	f.Add("50GiB")
	f.Add("9223372036854775807")
	f.Fuzz(func(t *testing.T, in string) {
		size, err := ParseSize(in)
		if err != nil {
			return
		}
		if again, err := ParseSize(size.String()); err != nil || again != size {
			t.Fatalf("%q is %d, prints %q, which reads %d, %v", in, size, size, again, err)
		}
	})
}
