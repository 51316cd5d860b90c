package point

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

// readXMLText reads a document and returns what the points find, and what is
// wrong with the document.
func readXMLText(tb testing.TB, e *Extractor, text string) (out *Result, reason string) {
	tb.Helper()
	out = new(Result)
	r := out.begin(e, Request, &exchange.Exchange{})
	reason, _ = r.readElements(e.request.step("xml"), []byte(text))
	return out, reason
}

func TestXML(t *testing.T) {
	f := func(text string, pairs ...string) {
		t.Helper()
		var points []string
		for i := 0; i < len(pairs); i += 2 {
			points = append(points, "request.xml"+pairs[i])
		}
		e := mustCompile(t, points...)
		out, reason := readXMLText(t, e, text)
		if reason != "" || len(out.Notes) > 0 {
			t.Errorf("%s: %s %v", text, reason, out.Notes)
		}
		for i := range points {
			got := "nothing"
			for v := range out.Values(i) {
				got = strings.TrimPrefix(got+"|"+string(v.Text), "nothing|")
			}
			if want := pairs[2*i+1]; got != want {
				t.Errorf("%s\n%s: got %q, want %q", text, points[i], got, want)
			}
		}
	}
	f(`<methodCall><methodName>login</methodName><params><param>1</param><param>2</param></params></methodCall>`,
		`["methodCall"]["methodName"]`, "login",
		`["methodCall"]["params"]["param"]`, "1",
		`["methodCall"]["params"]["param"][0]`, "1",
		`["methodCall"]["params"]["param"][1]`, "2",
		`["methodCall"]["params"]["param"][2]`, "nothing",
		`["methodCall"]["params"]["param"][*]`, "1|2",
		`["methodCall"]["params"]`, "nothing",
		`["methodCall"]["params"][*][*]`, "1|2",
		`["methodCall"]["params"][1]["param"]`, "nothing",
		`["methodcall"]["methodName"]`, "nothing",
		`["methodName"]`, "nothing",
		`[*]["methodName"]`, "login",
		`[*][*]`, "login",
		`[*][*][*]`, "1|2")
	// An index counts siblings of one name; without one, the first is meant.
	f(`<a><b>1</b><c>2</c><b><d>3</d></b><c/><b>4<d>5</d><d>6</d></b></a>`,
		`["a"]["b"][*]`, "1|4",
		`["a"]["b"][2]`, "4",
		`["a"]["b"]["d"]`, "nothing",
		`["a"]["b"][1]["d"]`, "3",
		`["a"]["b"][*]["d"]`, "3|5",
		`["a"]["b"][*]["d"][*]`, "3|5|6",
		`["a"]["b"][*]["d"][1]`, "6",
		`["a"]["c"]`, "2",
		`["a"]["c"][1]`, "",
		`["a"][*][*]`, "1|2||4",
		`["a"][*][*]["d"]`, "3|5",
		`["a"][0][*]`, "1|2||4")
	f(`<a x="1" y='2&lt;"' z="a&#9;b	c&#xA;d
e"><b x=">"/><b x="&amp;amp;" /></a>`,
		`["a"].attr["x"]`, "1", `["a"].attr["y"]`, `2<"`, `["a"].attr["z"]`, "a\tb c\nd e", `["a"].attr["X"]`, "nothing",
		`["a"].attr[*]`, "1|2<\"|a\tb c\nd e",
		`["a"]["b"].attr["x"]`, ">", `["a"]["b"][1].attr["x"]`, "&amp;", `["a"]["b"][*].attr["x"]`, ">|&amp;", `["a"]["b"]`, "")
	f(`<s:a xmlns:s="urn:1" xmlns="urn:2" s:k="1" k="2"><b xmlns:s="urn:3" s:k="3" xml:lang="en"><s:c>4</s:c></b><s:b xmlns="">5<d>6</d></s:b></s:a>`,
		`["a"]["b"]["c"]`, "4", `["s:a"]["b"]["s:c"]`, "4", `["{urn:1}a"]["{urn:2}b"]["{urn:3}c"]`, "4",
		`["{urn:2}a"]["b"]["c"]`, "nothing", `["a"]["b"][1]`, "5", `["a"]["{urn:1}b"]`, "5", `["a"]["s:b"]`, "5", `["a"]["{}b"]`, "nothing",
		`["a"]["b"][1]["{}d"]`, "6", `["a"]["b"][1]["{urn:2}d"]`, "nothing", `["x:a"]["b"]`, "nothing",
		`["a"].attr["k"]`, "1", `["a"].attr["s:k"]`, "1", `["a"].attr["{urn:1}k"]`, "1", `["a"].attr["{}k"]`, "2", `["a"].attr["{urn:2}k"]`, "nothing",
		`["a"].attr[*]`, "1|2", `["a"].attr["xmlns"]`, "urn:2", `["a"].attr["xmlns:s"]`, "urn:1", `["a"].attr["s"]`, "nothing",
		`["a"]["b"].attr["{urn:3}k"]`, "3", `["a"]["b"].attr["{http://www.w3.org/XML/1998/namespace}lang"]`, "en")
	f("<?xml version='1.0'?><!-- <a> -->\n<!DOCTYPE a [<!ELEMENT a (#PCDATA)> <!-- ' > ] --> <?p ' > ?> <!ATTLIST a b CDATA '>'>]>\r\n"+
		"<a > 1&lt;&#65;&#x42;<!-- 2 -->\r\n3<?p 4 ?><b>5</b><![CDATA[<&amp;6\r]]> \n</a ><!-- end -->",
		`["a"]`, "1<AB\n3<&amp;6", `["a"]["b"]`, "5")
	f(`<a><b>eyJ4IjoxfQ==</b><c>&lt;d>7&lt;/d></c><c><![CDATA[<d e="8"><d>9</d></d>]]></c></a>`,
		`["a"]["b"].base64.json["x"]`, "1", `["a"]["c"].xml["d"]`, "7", `["a"]["c"][*].xml["d"]["d"]`, "9", `["a"]["c"][1].xml["d"].attr["e"]`, "8")
	f("<é>1</é>", `["é"]`, "1")
	f("<a>  </a>", `["a"]`, "")
}

func TestXMLReasons(t *testing.T) {
	e := mustCompile(t, `request.xml["a"]`, `request.xml["a"].attr["x"]`)
	for text, want := range map[string]string{
		``:                        "there is no element",
		` <!-- a -->`:             "there is no element",
		`a`:                       "text stands outside of the root element",
		`<a>1</a>b`:               "text stands outside of the root element",
		`<![CDATA[x]]><a/>`:       "text stands outside of the root element",
		`<a/><a/>`:                "something stands behind the root element",
		`<a>`:                     "an element does not end",
		`<a>1`:                    "an element does not end",
		`<a><b></a></b>`:          "an element ends that is not the open one",
		`</a>`:                    "an element ends that is not the open one",
		`<`:                       "a tag does not end",
		`<a`:                      "a tag does not end",
		`<a `:                     "a tag does not end",
		`<a/`:                     "a tag does not end",
		`<a></a`:                  "a tag does not end",
		`<a></a b>`:               "expected the name of an element and >",
		`< a>`:                    "expected the name of an element",
		`<1>`:                     "expected the name of an element",
		`<a x>`:                   "expected a value in quotes behind the name of an attribute",
		`<a x=1>`:                 "expected a value in quotes behind the name of an attribute",
		`<a x="1>`:                "a value in quotes does not end",
		`<a x="<">`:               "a value in quotes holds <",
		`<a ,>`:                   "expected an attribute or the end of a tag",
		`<a>]]></a>`:              "text holds ]]>",
		`<!-- a -- b --><a/>`:     "a comment holds --",
		`<!-- a`:                  "a comment does not end",
		`<?a`:                     "a processing instruction does not end",
		`<a><![CDATA[`:            "a CDATA section does not end",
		`<!DOCTYPE a [<!ENTITY `:  "a document type does not end",
		`<!DOCTYPE a "`:           "a document type does not end",
		`<!doctype html><html/>`:  "unknown markup",
		`<a x='1' y="2"/>`:        "",
		`<?xml version="1.0"?><a`: "a tag does not end",
	} {
		if _, got := readXMLText(t, e, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// What is odd, but can be read on, is noted.
func TestXMLNotes(t *testing.T) {
	f := func(text, value string, notes ...Note) {
		t.Helper()
		e := mustCompile(t, `request.xml["a"]["b"]`, `request.xml["a"].attr["x"]`)
		out, _ := readXMLText(t, e, text)
		v, _ := out.First(0)
		if diff := cmp.Diff(notes, out.Notes, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Offset" }, cmp.Ignore())); diff != "" || string(v.Text) != value {
			t.Errorf("%s: got %q\n%s", text, v.Text, diff)
		}
	}
	malformed := Note{Side: Request, Kind: Malformed, Format: "xml", Text: "an entity that XML does not know"}
	limit := func(l Limit) Note { return Note{Side: Request, Kind: LimitHit, Format: "xml", Text: string(l)} }
	f(`<a><b>&nbsp;</b></a>`, "&nbsp;", malformed)
	f(`<a><b>&</b></a>`, "&", malformed)
	f(`<a><b>&#0;&#xD800;&#x110000;&#99999999999999;&#x;</b></a>`, "&#0;&#xD800;&#x110000;&#99999999999999;&#x;", malformed)
	f(`<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a><b>&e;</b></a>`, "&e;", limit(LimitEntities))
	f(`<!DOCTYPE a [<!ENTITY % e SYSTEM "http://example.com/"> %e;]><a><b>1</b></a>`, "1", limit(LimitEntities))
	f(`<a x="1" y="" x="2"><b>1</b></a>`, "1", Note{Side: Request, Kind: Duplicate, Format: "xml", Text: "x"})
	depth := DefaultLimits().Depth
	f(`<a><b>1</b>`+strings.Repeat("<c>", depth-1)+strings.Repeat("</c>", depth-1)+`</a>`, "1")
	f(`<a><b>1</b>`+strings.Repeat("<c>", depth)+strings.Repeat("</c>", depth)+`</a>`, "1", limit(LimitDepth))
	var many strings.Builder
	for range MaxNamespaces + 1 {
		many.WriteString(` xmlns:p="u"`)
	}
	f(`<a`+many.String()+`><b>1</b></a>`, "1", limit(LimitNamespaces))
}

func TestXMLCharsets(t *testing.T) {
	f := func(contentType, body, want string) {
		t.Helper()
		x := &exchange.Exchange{Header: map[string][]string{"Content-Type": {contentType}}, RequestBody: exchange.Body{Bytes: []byte(body)}}
		if got := extract(t, x, `request.xml["a"]`); got != "request.xml[\"a\"] = "+want+"\n" {
			t.Errorf("%s %q: %s", contentType, body, got)
		}
	}
	utf16 := func(text string) string {
		var b []byte
		for _, c := range text {
			b = append(b, byte(c), byte(c>>8))
		}
		return string(b)
	}
	f("application/xml", "<a>\xc3\xa9</a>", `"é"`)
	f("application/xml; charset=iso-8859-1", "<?xml version='1.0' encoding='utf-8'?><a>\xe9</a>", `"é"`)
	f("application/xml; charset=utf-8", "<?xml version='1.0' encoding='iso-8859-1'?><a>\xc3\xa9</a>", `"é"`)
	f("application/xml", "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>", `"é"`)
	f("text/xml", "<?xml version=\"1.0\" encoding = \"windows-1251\" ?><a>\xe9</a>", `"й"`)
	f("application/soap+xml", "\ufeff<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>", `"é"`)
	f("application/xml", utf16("\ufeff<?xml version='1.0' encoding='UTF-16'?><a>é</a>"), `"é"`)
	f("application/xml", utf16("<?xml version='1.0' encoding='UTF-16'?><a>é</a>"), `"é"`)
	f("application/xml", "<?xml version='1.0' encoding='UTF-16'?><a>é</a>", `"é"`)
	f("application/xml", "<?xml version='1.0' encoding='none'?><a>é</a>", `"é"`)
	f("text/plain", " <a>1</a>", `"1"`)
	f("", "<a>1</a>", `"1"`)
	f("text/html", "<a>1</a>", `"1"`)
	x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(`{"a":"<a>"}`)}}
	if got := extract(t, x, `request.xml["a"]`); got != "request.xml[\"a\"] =\n" {
		t.Errorf("JSON as XML: %s", got)
	}
	x = &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(`<a><b>1</b><c>2`), Truncated: true}}
	if got := extract(t, x, `request.xml["a"]["b"]`, `request.xml["a"]["c"]`); got != "request.xml[\"a\"][\"b\"] = \"1\"\nrequest.xml[\"a\"][\"c\"] =\nrequest limit body: body\n" {
		t.Errorf("truncated: %s", got)
	}
}

func TestXMLBombs(t *testing.T) {
	f := func(name, text string, limit Limit, points ...string) {
		t.Helper()
		x := &exchange.Exchange{Header: map[string][]string{"Content-Type": {"application/xml"}}, RequestBody: exchange.Body{Bytes: []byte(text)}}
		testBomb(t, name, x, limit, points...)
	}
	var laughs strings.Builder
	laughs.WriteString(`<!DOCTYPE a [<!ENTITY e0 "ha">`)
	for i := range 1_000 {
		fmt.Fprintf(&laughs, `<!ENTITY e%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&e%d;", i), 10))
	}
	f("billion laughs", laughs.String()+`]><a>&e1000;`+strings.Repeat("&e1000;", 100_000)+"</a>", LimitEntities, `request.xml["a"]`)
	f("elements", strings.Repeat("<a>", 1_000_000), LimitDepth, `request.xml["a"]["a"]`, `request.xml[*][*][*]`)
	f("siblings", "<a>"+strings.Repeat("<b/>", 1_000_000), LimitMembers, `request.xml["a"]["b"][70000]`, `request.xml["a"]["c"]`)
	f("all siblings", "<a>"+strings.Repeat("<b/>", 1_000_000), LimitValues, `request.xml["a"]["b"][*]`, `request.xml[*][*]`)
	f("attributes", "<a"+strings.Repeat(` b=""`, 1_000_000), LimitMembers, `request.xml["a"].attr["b"]`)
	f("all attributes", "<a"+strings.Repeat(` b=""`, 100_000)+"/>", LimitValues, `request.xml["a"].attr[*]`, `request.xml["a"].attr["b"]`)
	f("namespaces", "<a"+strings.Repeat(` xmlns:b="c"`, 50_000)+">"+strings.Repeat("<x:b/>", 100_000), LimitNamespaces, `request.xml["a"]["{c}b"]`, `request.xml["a"]["{d}b"][*]`)
	f("pieces", "<a>"+strings.Repeat("x<b/>", 150_000)+"</a>", LimitValueBytes, `request.xml["a"]`)
	f("references", "<a>"+strings.Repeat("&#65;", 200_000)+"</a>", LimitValueBytes, `request.xml["a"]`)
	f("document in document", "<a>"+strings.Repeat("<b>&lt;c/></b>", 50_000)+"</a>", LimitValues, `request.xml["a"]["b"][*].xml["c"]`)
}

// Points that overlap do not change what any of them finds.
func TestXMLPointsAreIndependent(t *testing.T) {
	const text = `<s:a xmlns:s="u" k="1"><b k="2">3</b><s:b>4<c>5</c></s:b><b><b>6</b><c k="7"/></b></s:a>`
	points := xmlPoints()
	together := mustCompile(t, points...)
	all, _ := readXMLText(t, together, text)
	for i, p := range points {
		alone := mustCompile(t, p)
		one, _ := readXMLText(t, alone, text)
		if diff := cmp.Diff(texts(one, 0), texts(all, i)); diff != "" {
			t.Errorf("%s (-alone +together): %s", p, diff)
		}
	}
}

func texts(out *Result, point int) (all []string) {
	for v := range out.Values(point) {
		all = append(all, string(v.Text))
	}
	return all
}

func xmlPoints() (points []string) {
	for _, keys := range []string{
		`["a"]`, `[*]`, `["a"]["b"]`, `["a"]["b"][1]`, `["a"]["b"][*]`, `["a"][*]["b"]`, `["a"][0][*]`, `["a"]["b"][*]["c"]`, `[*][*]`, `[*]["b"][1]`, `[*][*]["b"]`,
		`["s:a"]["b"][1]`, `["{u}a"]["{}b"]`, `["{u}a"]["{u}b"][*]`, `["a"]["s:b"]`, `["a"]["s:b"]["c"]`, `["a"]["b"]["b"]["b"]`,
	} {
		points = append(points, "request.xml"+keys)
		for _, attribute := range []string{`["k"]`, `[*]`, `["s:k"]`, `["{u}k"]`, `["{}k"]`} {
			points = append(points, "request.xml"+keys+".attr"+attribute)
		}
	}
	return points
}

// FuzzXML holds the scanner against encoding/xml: a tree made of its tokens says
// what the points have to find.
func FuzzXML(f *testing.F) {
	for _, seed := range []string{
		`<a><b>1</b><b k="2">3</b></a>`, `<s:a xmlns:s="u" k="1"><s:b>4<c>5</c></s:b><b><b>6</b></b></s:a>`, `<a xmlns="u">x<![CDATA[y]]>z&lt;&#65;</a>`,
		"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b '>'>]><a>\r\n<!-- --> t </a>", `<a k='&amp;&#x9;' s:k="2"><b/></a>`, `<a><b></a>`,
	} {
		f.Add(seed)
	}
	e := mustCompile(f, xmlPoints()...)
	f.Fuzz(func(t *testing.T, text string) {
		out, reason := readXMLText(t, e, text)
		if len(out.run.xml.open)+len(out.run.xml.matches)+len(out.run.xml.siblings)+len(out.run.xml.prefixes) > 0 {
			t.Fatalf("%q: something stays on the stacks", text)
		}
		for _, n := range out.Notes {
			if n.Kind != Duplicate {
				return
			}
		}
		root, err := xmlTree(text)
		switch {
		case !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && !isBlank(byte(c)) || c == 0xfffe || c == 0xffff }):
			return // characters are not checked
		case err == nil && reason != "" && len(root.children) == 1 && len(trimBlank([]byte(root.text))) == 0 && !strings.Contains(text, "<!"):
			t.Fatalf("%q: %s, and encoding/xml takes it", text, reason)
		case reason != "" || err != nil:
			return
		}
		for i, p := range e.Points() {
			want := root.find(p.Steps[0].Keys)
			if len(p.Steps) == 1 {
				want = slices.DeleteFunc(want, func(x *xmlElement) bool { return x.text == "" && len(x.children) > 0 })
			}
			var found []string
			for _, x := range want {
				if len(p.Steps) == 1 {
					found = append(found, x.text)
				} else {
					found = append(found, x.attribute(p.Steps[1].Keys[0])...)
				}
			}
			got := texts(out, i)
			if len(p.Steps) > 1 {
				for i := range got {
					got[i] = blanks.Replace(got[i])
				}
			}
			slices.Sort(found)
			slices.Sort(got)
			if diff := cmp.Diff(found, got); diff != "" {
				t.Fatalf("%q: %s (-encoding/xml +got):\n%s", text, p, diff)
			}
		}
	})
}

// xmlElement is an element in a tree.
type xmlElement struct {
	name       xml.Name // as it is written
	uri        string
	attributes []xml.Attr // as they are written
	uris       []string
	text       string
	children   []*xmlElement
}

// xmlTree makes a tree, the root element in an element without a name.
func xmlTree(text string) (*xmlElement, error) {
	written, resolved := xml.NewDecoder(strings.NewReader(text)), xml.NewDecoder(strings.NewReader(text))
	open := []*xmlElement{{}}
	for {
		full, err := resolved.Token()
		if err == io.EOF {
			return open[0], nil
		}
		if err != nil {
			return nil, err
		}
		// A tag of an empty element is two tokens for one decoder and for the other.
		raw, err := written.RawToken()
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch raw := raw.(type) {
		case xml.StartElement:
			full := full.(xml.StartElement)
			x := &xmlElement{name: raw.Name, uri: full.Name.Space, attributes: slices.Clone(raw.Attr)}
			for _, a := range full.Attr {
				x.uris = append(x.uris, a.Name.Space)
			}
			top.children, open = append(top.children, x), append(open, x)
		case xml.EndElement:
			top.text = string(bytes.Trim([]byte(top.text), " \t\r\n"))
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(raw)
		}
	}
}

func matches(want string, written xml.Name, uri string) bool {
	name := written.Local
	if written.Space != "" {
		name = written.Space + ":" + written.Local
	}
	return want == name || want == written.Local || want == "{"+uri+"}"+written.Local
}

// find returns the elements that keys lead to from x.
func (x *xmlElement) find(keys []Key) (found []*xmlElement) {
	if len(keys) == 0 {
		return []*xmlElement{x}
	}
	if keys[0].By == All {
		for _, c := range x.children {
			found = append(found, c.find(keys[1:])...)
		}
		return found
	}
	var same []*xmlElement
	for _, c := range x.children {
		if matches(keys[0].Name, c.name, c.uri) {
			same = append(same, c)
		}
	}
	rest := keys[1:]
	switch {
	case len(rest) > 0 && rest[0].By == All:
		rest = rest[1:]
	case len(rest) > 0 && rest[0].By == ByIndex:
		i := rest[0].Index
		same, rest = same[min(i, len(same)):min(i+1, len(same))], rest[1:]
	default:
		same = same[:min(1, len(same))]
	}
	for _, c := range same {
		found = append(found, c.find(rest)...)
	}
	return found
}

// blanks are not told apart in attributes: encoding/xml does not know any more
// which of them were written as references.
var blanks = strings.NewReplacer("\n", " ", "\t", " ", "\r", " ")

func (x *xmlElement) attribute(k Key) (found []string) {
	for i, a := range x.attributes {
		declaration := a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns"
		value := blanks.Replace(a.Value)
		if k.By == All && !declaration {
			found = append(found, value)
		} else if k.By == ByName && !declaration && matches(k.Name, a.Name, x.uris[i]) {
			return []string{value}
		}
	}
	return found
}

func BenchmarkXML(b *testing.B) {
	e := mustCompile(b, `request.xml["Envelope"]["Header"]["Session"].attr["id"]`, `request.xml["Envelope"]["Body"]["Order"]["Item"][*]["Id"]`, `request.xml["Envelope"]["Body"]["Order"]["User"]`)
	data := []byte(typicalXML(2 << 10))
	var out Result
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		r := out.begin(e, Request, nil)
		readXML(r, e.request.step("xml"), data)
	}
	for i := range e.Points() {
		if _, ok := out.First(i); !ok {
			b.Errorf("%s found nothing", e.Points()[i])
		}
	}
}

func BenchmarkXMLLibrary(b *testing.B) {
	data := []byte(typicalXML(2 << 10))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for dec := xml.NewDecoder(bytes.NewReader(data)); ; {
			if _, err := dec.RawToken(); err != nil {
				break
			}
		}
	}
}

// typicalXML is a SOAP message of about so many bytes.
func typicalXML(size int) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:shop">
  <soap:Header><Session id="9f8a7b6c" mustUnderstand="1"/></soap:Header>
  <soap:Body>
    <Order currency="EUR">
      <User>ann@example.com</User>
`)
	for b.Len() < size {
		b.WriteString("      <Item stock=\"4\"><Id>12345</Id><Name>Running shoes &amp; socks</Name><Price>89.95</Price></Item>\n")
	}
	b.WriteString("    </Order>\n  </soap:Body>\n</soap:Envelope>\n")
	return b.String()
}
