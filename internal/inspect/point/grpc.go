package point

import (
	"encoding/binary"
	"strings"
)

// Fields go by their numbers, as without a schema there is nothing else: a
// further number leads into a message within. A field that repeats means the
// first; [*] behind its number is all of it. [*] in front is every message of a
// stream instead of the first one that has the field.
//
// Whether a field holds a message, a text or packed numbers is not told by the
// bytes: it is what the point asks for.
var grpcFormat = format{
	name: "grpc", place: inBody | inValue, keys: fieldKeys, apart: true,
	read: readProtobuf, readBody: readGRPC, accepts: acceptsGRPC,
	parts: []*format{{name: "packed", keys: packedKeys}},
}

// fieldKeys is for fields: [1][2], [1][*][2], [*][1].
func fieldKeys(keys []Key) (int, string) {
	const want = "a field number as in [1]"
	for i, k := range keys {
		switch {
		case k.By == ByName, k.By == ByIndex && k.Index == 0:
			return i, want
		case k.By == All && i > 0 && keys[i-1].By == All:
			return i, want
		}
	}
	if len(keys) == 0 || len(keys) == 1 && keys[0].By == All {
		return len(keys), want
	}
	return 0, ""
}

// packedKeys is for the elements of a packed field: [1], [*].
func packedKeys(keys []Key) (int, string) {
	if len(keys) == 0 {
		return 0, "an index or [*]"
	}
	return segmentKeys(keys)
}

// framing says how messages stand in a body.
type framing uint8

const (
	noMessages framing = iota
	oneMessage
	framed     // each behind a prefix of five bytes
	textFramed // the same in base64
)

// framingOf tells it by the media type: gRPC, gRPC-Web, Connect, and what is
// registered for protobuf.
func framingOf(media string) (f framing, declared bool) {
	switch {
	case strings.HasSuffix(media, "+json"):
		return noMessages, true
	case strings.HasPrefix(media, "application/grpc-web-text"):
		return textFramed, true
	case strings.HasPrefix(media, "application/grpc"), media == "application/connect+proto":
		return framed, true
	case media == "application/proto", media == "application/protobuf", media == "application/x-protobuf",
		media == "application/vnd.google.protobuf", media == "application/x-google-protobuf":
		return oneMessage, true
	}
	return noMessages, false
}

// acceptsGRPC takes what is declared to be protobuf, and binary data that is
// frames or a message from its first byte to its last.
func acceptsGRPC(b *body) bool {
	f, declared := framingOf(b.media)
	return f != noMessages || !declared && !isText(b.data) && (isFrames(b.data) || isMessage(b.data))
}

func isFrames(data []byte) bool {
	for len(data) >= prefixBytes {
		size := binary.BigEndian.Uint32(data[1:])
		if data[0]&^flagCompressed != 0 || uint64(size) > uint64(len(data)-prefixBytes) {
			return false
		}
		data = data[prefixBytes+int(size):]
	}
	return len(data) == 0
}

const (
	// prefixBytes is the size of what stands before a message: flags, and its
	// length (gRPC over HTTP/2, "Length-Prefixed-Message").
	prefixBytes = 5

	flagCompressed = 1 << 0
	flagEnd        = 1 << 1 // Connect: the end of a stream, in JSON
	flagTrailers   = 1 << 7 // gRPC-Web: trailers
)

// readGRPC reads a body: one message, or a stream of them.
func readGRPC(r *run, n *node, data []byte) {
	how, declared := framingOf(r.body.media)
	switch {
	case !declared && isFrames(data):
		how = framed
	case how == textFramed:
		data = r.frameText(data)
	}
	if how == framed || how == textFramed {
		r.frames(n, data)
	} else if reason, at := r.protobuf(n, data); reason != "" && !r.body.truncated {
		r.malformed("grpc", at, reason)
	}
}

// frameText decodes the text form of gRPC-Web: pieces of base64, each of which
// may have its padding.
func (r *run) frameText(data []byte) []byte {
	if !r.takeDecoded("grpc", len(data)/4*3) {
		return nil
	}
	begin, all := len(r.scratch), len(data)
	for len(data) > 0 {
		var read int
		if r.scratch, read = appendUnbase64(r.scratch, data); read == 0 {
			if !r.body.truncated {
				r.malformed("grpc", all-len(data), "no base64")
			}
			break
		}
		data = data[read:]
	}
	return r.scratch[begin:len(r.scratch):len(r.scratch)]
}

// frames reads messages one by one.
func (r *run) frames(n *node, data []byte) {
	all := len(data)
	for messages := 0; len(data) > 0; messages++ {
		if messages == r.Documents {
			r.limit("grpc", LimitDocuments)
			return
		}
		if len(data) < prefixBytes {
			r.cutFrame(all - len(data))
			return
		}
		flags, size := data[0], int64(binary.BigEndian.Uint32(data[1:]))
		begin := all - len(data)
		data = data[prefixBytes:]
		whole := size <= int64(len(data))
		frame := data[:min(size, int64(len(data)))]
		data = data[len(frame):]
		switch {
		case flags&^(flagCompressed|flagEnd|flagTrailers) != 0:
			r.malformed("grpc", begin, "a frame has unknown flags")
			return
		case flags&(flagEnd|flagTrailers) != 0:
			continue
		}
		if flags&flagCompressed != 0 {
			var ok bool
			if frame, ok = r.unpackFrame(frame, whole); !ok {
				return
			}
		}
		reason, at := r.protobuf(n, frame)
		if !whole {
			r.cutFrame(begin)
		} else if reason != "" {
			r.malformed("grpc", begin+prefixBytes+at, reason)
		}
	}
}

// cutFrame notes a frame that does not end, which is no wonder in a body that
// was cut.
func (r *run) cutFrame(at int) {
	if !r.body.truncated {
		r.malformed("grpc", at, "a frame does not end")
	}
}

// unpackFrame decompresses a message as the header says. Once one cannot be
// read, the others cannot either.
func (r *run) unpackFrame(data []byte, whole bool) (_ []byte, ok bool) {
	header := r.x.Header
	if r.side == Response {
		header = r.x.ResponseHeader
	}
	name := first(header["Grpc-Encoding"])
	if name == "" {
		name = first(header["Connect-Content-Encoding"])
	}
	c := coding(lower(trim(name)))
	switch c {
	case codingGzip, codingDeflate, codingBrotli, codingZstd:
	case "identity":
		return data, true
	default:
		r.malformed("grpc", -1, "a message is compressed in an unknown way")
		return nil, false
	}
	text, all, err := r.unpackNested("grpc", c, data)
	if err != nil && whole && all {
		r.malformed("grpc", -1, "broken "+string(c))
	}
	return text, len(text) > 0 || all && err == nil
}
