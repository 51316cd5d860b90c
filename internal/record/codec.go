package record

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// The wire form of records between node and hub is the protocol buffers wire
// format (https://protobuf.dev/programming-guides/encoding/), written by hand:
// a batch is a sequence of length-delimited requests. Field numbers are never
// used again; a reader skips numbers it does not know, so that a node and a hub
// of neighbouring versions understand each other.
const (
	batchRequest = 1

	fieldAt            = 1
	fieldNode          = 2
	fieldSeq           = 3
	fieldSession       = 4
	fieldClient        = 5
	fieldDuration      = 6
	fieldFirstByte     = 7
	fieldApplication   = 8
	fieldHost          = 9
	fieldMethod        = 10
	fieldPath          = 11
	fieldQuery         = 12
	fieldEndpoint      = 13
	fieldStatus        = 14
	fieldRequestBytes  = 15
	fieldResponseBytes = 16
	fieldIP            = 17
	fieldUserAgent     = 18
	fieldKey           = 19
	fieldPoint         = 20
	fieldRung          = 21
	fieldStrength      = 22
	fieldAccepted      = 23
	fieldTried         = 24
	fieldFlag          = 25
	fieldRevision      = 26
	fieldStarted       = 27 // only where it differs from the id's time
	fieldCountry       = 28
	fieldNetwork       = 29
	fieldAnonymity     = 30
	fieldJA4           = 31
	fieldUser          = 32
	fieldRole          = 33
	fieldOperation     = 34
	fieldMCP           = 35
	fieldContext       = 36
	fieldFinding       = 37

	contextName   = 1
	contextValue  = 2
	contextHashed = 3

	findingID     = 1
	findingType   = 2
	findingDetail = 3
	findingAttack = 4

	mcpServer     = 1
	mcpMethod     = 2
	mcpName       = 3
	mcpClient     = 4
	mcpGeneration = 5
	mcpTrace      = 6
	mcpError      = 7 // zigzag: JSON-RPC error codes are mostly negative
	mcpMore       = 8

	moreMethod = 1
	moreName   = 2
	moreTrace  = 3
	moreFrom   = 4
	moreError  = 5 // zigzag
)

// AppendBatch appends the wire form of r, as one member of a batch, to b. Wire
// forms simply follow each other. scratch is reused between calls.
func AppendBatch(b []byte, r *Request, scratch *[]byte) []byte {
	*scratch = appendRequest((*scratch)[:0], r)
	b = protowire.AppendTag(b, batchRequest, protowire.BytesType)
	return protowire.AppendBytes(b, *scratch)
}

// DecodeBatch reads the requests of a batch. What it returns shares no memory
// with b; its strings share one copy of b. With an error it returns the requests
// before the damage.
func DecodeBatch(b []byte) ([]Request, error) {
	b = bytes.Clone(b)
	var out []Request
	err := eachField(b, func(num protowire.Number, v uint64, raw []byte) error {
		if num != batchRequest {
			return nil
		}
		out = append(out, Request{})
		err := decodeRequest(raw, &out[len(out)-1])
		if err != nil {
			out = out[:len(out)-1]
		}
		return err
	})
	return out, err
}

func appendRequest(b []byte, r *Request) []byte {
	str := func(num protowire.Number, s string) { b = appendText(b, num, s) }
	num := func(num protowire.Number, v uint64) {
		if v != 0 {
			b = protowire.AppendTag(b, num, protowire.VarintType)
			b = protowire.AppendVarint(b, v)
		}
	}
	id := func(num protowire.Number, v SessionID) {
		b = protowire.AppendTag(b, num, protowire.BytesType)
		b = protowire.AppendBytes(b, v[:])
	}
	// Absent means unknown, so known values are shifted by one.
	measure := func(n protowire.Number, m Measure) {
		if m >= 0 {
			num(n, uint64(m)+1)
		}
	}
	num(fieldAt, uint64(r.ID.At))
	num(fieldNode, uint64(r.ID.Node))
	num(fieldSeq, uint64(r.ID.Seq))
	if r.Started != r.ID.At {
		num(fieldStarted, uint64(r.Started))
	}
	id(fieldSession, r.Session)
	id(fieldClient, r.Client)
	measure(fieldDuration, r.Duration)
	measure(fieldFirstByte, r.FirstByte)
	str(fieldApplication, r.Application)
	str(fieldHost, r.Host)
	str(fieldMethod, r.Method)
	str(fieldPath, r.Path)
	str(fieldQuery, r.Query)
	str(fieldEndpoint, r.Endpoint)
	num(fieldStatus, uint64(r.Status))
	measure(fieldRequestBytes, r.RequestBytes)
	measure(fieldResponseBytes, r.ResponseBytes)
	if r.IP.IsValid() {
		b = protowire.AppendTag(b, fieldIP, protowire.BytesType)
		b = protowire.AppendBytes(b, r.IP.AsSlice())
	}
	str(fieldUserAgent, r.UserAgent)
	str(fieldKey, r.Key)
	str(fieldPoint, r.Point)
	str(fieldRung, string(r.Rung))
	str(fieldStrength, string(r.Strength))
	num(fieldAccepted, protowire.EncodeBool(r.Accepted))
	num(fieldTried, uint64(r.Tried))
	for _, f := range r.Flags {
		str(fieldFlag, string(f))
	}
	num(fieldRevision, r.Revision)
	str(fieldCountry, r.Country)
	str(fieldNetwork, r.Network)
	str(fieldAnonymity, r.Anonymity)
	str(fieldJA4, r.JA4)
	str(fieldUser, r.User)
	str(fieldRole, r.Role)
	str(fieldOperation, r.Operation)
	if r.MCP != nil {
		b = protowire.AppendTag(b, fieldMCP, protowire.BytesType)
		b = protowire.AppendBytes(b, appendMCP(nil, r.MCP))
	}
	for i := range r.Context {
		b = protowire.AppendTag(b, fieldContext, protowire.BytesType)
		b = protowire.AppendBytes(b, appendValue(nil, &r.Context[i]))
	}
	for i := range r.Findings {
		b = protowire.AppendTag(b, fieldFinding, protowire.BytesType)
		b = protowire.AppendBytes(b, appendFinding(nil, &r.Findings[i]))
	}
	return b
}

// appendFinding leaves out what a finding has in common with its request.
func appendFinding(b []byte, f *Finding) []byte {
	b = appendText(b, findingID, f.ID)
	b = appendText(b, findingType, f.Type)
	b = appendText(b, findingDetail, f.Detail)
	b = protowire.AppendTag(b, findingAttack, protowire.VarintType)
	return protowire.AppendVarint(b, protowire.EncodeBool(f.Attack))
}

func appendMCP(b []byte, m *MCP) []byte {
	for i, text := range [...]string{m.Server, m.Method, m.Name, m.Client, m.Generation, m.Trace} {
		b = appendText(b, mcpServer+protowire.Number(i), text)
	}
	b = protowire.AppendTag(b, mcpError, protowire.VarintType)
	b = protowire.AppendVarint(b, protowire.EncodeZigZag(int64(m.Error)))
	for i := range m.More {
		b = protowire.AppendTag(b, mcpMore, protowire.BytesType)
		b = protowire.AppendBytes(b, appendMore(nil, &m.More[i]))
	}
	return b
}

func appendMore(b []byte, m *MCPMessage) []byte {
	for i, text := range [...]string{m.Method, m.Name, m.Trace, m.From} {
		b = appendText(b, moreMethod+protowire.Number(i), text)
	}
	b = protowire.AppendTag(b, moreError, protowire.VarintType)
	return protowire.AppendVarint(b, protowire.EncodeZigZag(int64(m.Error)))
}

func appendValue(b []byte, v *Value) []byte {
	b = appendText(b, contextName, v.Name)
	b = appendText(b, contextValue, v.Value)
	b = protowire.AppendTag(b, contextHashed, protowire.VarintType)
	return protowire.AppendVarint(b, protowire.EncodeBool(v.Hashed))
}

func appendText(b []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	b = protowire.AppendTag(b, num, protowire.BytesType)
	return protowire.AppendString(b, s)
}

func decodeRequest(b []byte, r *Request) error {
	*r = Request{Duration: Unknown, FirstByte: Unknown, RequestBytes: Unknown, ResponseBytes: Unknown}
	started := false
	err := eachField(b, func(num protowire.Number, v uint64, raw []byte) error {
		switch num {
		case fieldAt:
			r.ID.At = Time(v)
		case fieldNode:
			r.ID.Node = uint32(v)
		case fieldSeq:
			r.ID.Seq = uint32(v)
		case fieldStarted:
			r.Started, started = Time(v), true
		case fieldSession:
			return decodeID(raw, &r.Session)
		case fieldClient:
			return decodeID(raw, &r.Client)
		case fieldDuration:
			r.Duration = Measure(v) - 1
		case fieldFirstByte:
			r.FirstByte = Measure(v) - 1
		case fieldApplication:
			r.Application = text(raw)
		case fieldHost:
			r.Host = text(raw)
		case fieldMethod:
			r.Method = text(raw)
		case fieldPath:
			r.Path = text(raw)
		case fieldQuery:
			r.Query = text(raw)
		case fieldEndpoint:
			r.Endpoint = text(raw)
		case fieldStatus:
			r.Status = int(v)
		case fieldRequestBytes:
			r.RequestBytes = Measure(v) - 1
		case fieldResponseBytes:
			r.ResponseBytes = Measure(v) - 1
		case fieldIP:
			ip, ok := netip.AddrFromSlice(raw)
			if !ok {
				return fmt.Errorf("address of %d bytes", len(raw))
			}
			r.IP = ip
		case fieldUserAgent:
			r.UserAgent = text(raw)
		case fieldKey:
			r.Key = text(raw)
		case fieldPoint:
			r.Point = text(raw)
		case fieldRung:
			r.Rung = Rung(text(raw))
		case fieldStrength:
			r.Strength = Strength(text(raw))
		case fieldAccepted:
			r.Accepted = protowire.DecodeBool(v)
		case fieldTried:
			r.Tried = int(v)
		case fieldFlag:
			if f := text(raw); f != "" {
				r.Flags = append(r.Flags, Flag(f))
			}
		case fieldRevision:
			r.Revision = v
		case fieldCountry:
			r.Country = text(raw)
		case fieldNetwork:
			r.Network = text(raw)
		case fieldAnonymity:
			r.Anonymity = text(raw)
		case fieldJA4:
			r.JA4 = text(raw)
		case fieldUser:
			r.User = text(raw)
		case fieldRole:
			r.Role = text(raw)
		case fieldOperation:
			r.Operation = text(raw)
		case fieldMCP:
			r.MCP = new(MCP)
			return decodeMCP(raw, r.MCP)
		case fieldContext:
			r.Context = append(r.Context, Value{})
			return decodeValue(raw, &r.Context[len(r.Context)-1])
		case fieldFinding:
			r.Findings = append(r.Findings, Finding{})
			return decodeFinding(raw, &r.Findings[len(r.Findings)-1])
		}
		return nil
	})
	if !started {
		r.Started = r.ID.At
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Request, f.Session, f.Started = r.ID, r.Session, r.Started
	}
	return err
}

func decodeFinding(b []byte, f *Finding) error {
	return eachField(b, func(num protowire.Number, v uint64, raw []byte) error {
		switch num {
		case findingID:
			f.ID = text(raw)
		case findingType:
			f.Type = text(raw)
		case findingDetail:
			f.Detail = text(raw)
		case findingAttack:
			f.Attack = protowire.DecodeBool(v)
		}
		return nil
	})
}

// text is raw as a string without a copy: raw lies in DecodeBatch's own clone,
// which nobody writes to.
func text(raw []byte) string { return unsafe.String(unsafe.SliceData(raw), len(raw)) }

func decodeMCP(b []byte, m *MCP) error {
	return eachField(b, func(num protowire.Number, v uint64, raw []byte) error {
		switch num {
		case mcpServer:
			m.Server = text(raw)
		case mcpMethod:
			m.Method = text(raw)
		case mcpName:
			m.Name = text(raw)
		case mcpClient:
			m.Client = text(raw)
		case mcpGeneration:
			m.Generation = text(raw)
		case mcpTrace:
			m.Trace = text(raw)
		case mcpError:
			m.Error = int(protowire.DecodeZigZag(v))
		case mcpMore:
			m.More = append(m.More, MCPMessage{})
			return decodeMore(raw, &m.More[len(m.More)-1])
		}
		return nil
	})
}

func decodeMore(b []byte, m *MCPMessage) error {
	return eachField(b, func(num protowire.Number, v uint64, raw []byte) error {
		switch num {
		case moreMethod:
			m.Method = text(raw)
		case moreName:
			m.Name = text(raw)
		case moreTrace:
			m.Trace = text(raw)
		case moreFrom:
			m.From = text(raw)
		case moreError:
			m.Error = int(protowire.DecodeZigZag(v))
		}
		return nil
	})
}

func decodeValue(b []byte, c *Value) error {
	return eachField(b, func(num protowire.Number, v uint64, raw []byte) error {
		switch num {
		case contextName:
			c.Name = text(raw)
		case contextValue:
			c.Value = text(raw)
		case contextHashed:
			c.Hashed = protowire.DecodeBool(v)
		}
		return nil
	})
}

func decodeID(raw []byte, id *SessionID) error {
	if len(raw) != len(id) {
		return fmt.Errorf("session id of %d bytes", len(raw))
	}
	copy(id[:], raw)
	return nil
}

// eachField calls f for every varint and length-delimited field of b, and skips
// fields of other types.
func eachField(b []byte, f func(num protowire.Number, v uint64, raw []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errBatch(n)
		}
		b = b[n:]
		var v uint64
		var raw []byte
		switch typ {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			raw, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
			num = 0 // of no field of ours
		}
		if n < 0 {
			return errBatch(n)
		}
		b = b[n:]
		if err := f(num, v, raw); err != nil {
			return errors.Join(ErrBatch, err)
		}
	}
	return nil
}

// ErrBatch is returned for bytes that are not a batch of records.
var ErrBatch = errors.New("not a batch of records")

func errBatch(n int) error { return errors.Join(ErrBatch, protowire.ParseError(n)) }
