package point

import "testing"

func TestCharset(t *testing.T) {
	f := func(declared, text, want string) {
		t.Helper()
		got := []byte(text)
		if e := charsetOf(declared, got); e != nil {
			got = toUTF8(e, got)
		}
		if got = withoutMark(got); string(got) != want {
			t.Errorf("%s %q: got %q, want %q", declared, text, got, want)
		}
	}
	f("", "é", "é")
	f("UTF-8", "é\xff", "é\xff")
	f("utf8", "é", "é")
	f("", "\xef\xbb\xbfé", "é")
	f("latin1", "\xef\xbb\xbfé", "é")
	f("iso-8859-1", "\xe9\x80", "é€")
	f("windows-1251", "\xc6", "Ж")
	f("shift_jis", "\x83\x65", "テ")
	f("gb18030", "\xc4\xe3", "你")
	f("utf-16", "a\x00b\x00", "ab")
	f("utf-16be", "\x00a\x00b", "ab")
	f("", "\xff\xfea\x00", "a")
	f("", "\xfe\xff\x00a", "a")
	f("", "{\x00}\x00", "{}")
	f("", "\x00{\x00}", "{}")
	f("nonsense", "\xe9", "\xe9")
}

func TestIsText(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "a\tb\r\n": true, "é": true, "\x00": false, "a\x1b": false, "\xff": false, "\xc3": true,
	} {
		if got := isText([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzCharset(f *testing.F) {
	f.Add("utf-16", []byte("a\x00"))
	f.Add("big5", []byte("\xa4\xa4"))
	f.Fuzz(func(t *testing.T, declared string, text []byte) {
		if e := charsetOf(declared, text); e != nil && len(toUTF8(e, text)) > 4*len(text)+8 {
			t.Fatalf("%s: %q grows", declared, text)
		}
	})
}
