package point

// xmlStacks hold what is known of the elements that are open, those of a
// document in a value of another one above those of the other.
type xmlStacks struct {
	open     []element
	matches  []matched
	siblings []sibling
	prefixes []prefix
}

// depths are the heights of the stacks.
type depths struct{ open, matches, siblings, prefixes int }

func (x *xmlStacks) depths() depths {
	return depths{len(x.open), len(x.matches), len(x.siblings), len(x.prefixes)}
}

// cut takes everything above d off, and lets go of the document.
func (x *xmlStacks) cut(d depths) {
	clear(x.open[d.open:])
	clear(x.siblings[d.siblings:])
	clear(x.prefixes[d.prefixes:])
	x.open, x.matches = x.open[:d.open], x.matches[:d.matches]
	x.siblings, x.prefixes = x.siblings[:d.siblings], x.prefixes[:d.prefixes]
}

// element is one that is open.
type element struct {
	name   []byte // as it is written
	below  depths // without what belongs to it
	wanted bool   // a point asks for its value
	parent bool   // it has elements in it
	text   []byte // its value so far
	copied bool   // text is its own
}

// matched is a node that an open element is. Behind a name, [*] and indexes
// select among siblings; everywhere else [*] is any element within.
type matched struct {
	node  *node
	named bool
}

// sibling counts the elements of one name in the element that is open, or stands
// for an attribute.
type sibling struct {
	node *node
	n    int
	name []byte // of an attribute, as it is written
}

// prefix is a namespace declaration.
type prefix struct{ prefix, uri []byte }
