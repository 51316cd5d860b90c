package export

import (
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"sojourn/internal/record"
)

const (
	// groupRows and groupBytes bound a row group, which is held in memory until it
	// is full: the fewer there are, the shorter the footer, which is too.
	groupRows  = 100_000
	groupBytes = 32 << 20
	// fixedRowBytes stands for the columns of a row that are numbers, ids or short.
	fixedRowBytes = 400
)

// parquetRow is a request as Parquet holds it: the columns of the API, times as
// timestamps, what is unknown as null.
type parquetRow struct {
	ID            string           `parquet:"id"`
	Session       string           `parquet:"session,dict"`
	Client        string           `parquet:"client,dict"`
	Started       int64            `parquet:"started,timestamp(microsecond)"`
	Duration      *int64           `parquet:"duration_us"`
	FirstByte     *int64           `parquet:"ttfb_us"`
	Application   string           `parquet:"application,dict"`
	Host          string           `parquet:"host,dict"`
	Method        string           `parquet:"method,dict"`
	Path          string           `parquet:"path,dict"`
	Query         string           `parquet:"query"`
	Endpoint      string           `parquet:"endpoint,dict"`
	Status        int32            `parquet:"status"`
	RequestBytes  *int64           `parquet:"request_bytes"`
	ResponseBytes *int64           `parquet:"response_bytes"`
	IP            string           `parquet:"ip,dict"`
	UserAgent     string           `parquet:"user_agent,dict"`
	Country       string           `parquet:"country,dict"`
	Network       string           `parquet:"network,dict"`
	Anonymity     string           `parquet:"anonymity,dict"`
	JA4           string           `parquet:"ja4,dict"`
	User          string           `parquet:"user,dict"`
	Role          string           `parquet:"role,dict"`
	Key           string           `parquet:"key,dict"`
	Point         string           `parquet:"point,dict"`
	Rung          string           `parquet:"rung,dict"`
	Strength      string           `parquet:"strength,dict"`
	Accepted      bool             `parquet:"accepted"`
	Tried         int32            `parquet:"tried"`
	Operation     string           `parquet:"graphql_operation,dict"`
	MCPServer     string           `parquet:"mcp_server,dict"`
	MCPMethod     string           `parquet:"mcp_method,dict"`
	MCPName       string           `parquet:"mcp_name,dict"`
	MCPClient     string           `parquet:"mcp_client,dict"`
	MCPGeneration string           `parquet:"mcp_generation,dict"`
	MCPTrace      string           `parquet:"mcp_trace,dict"`
	MCPError      int64            `parquet:"mcp_error"`
	MCPMore       []parquetMessage `parquet:"mcp_more,list"`
	Context       []parquetValue   `parquet:"context,list"`
	Flags         []string         `parquet:"flags,list"`
	Revision      int64            `parquet:"revision"`
}

type parquetValue struct {
	Name   string `parquet:"name,dict"`
	Value  string `parquet:"value"`
	Hashed bool   `parquet:"hashed"`
}

type parquetMessage struct {
	Method string `parquet:"method,dict"`
	Name   string `parquet:"name,dict"`
	Trace  string `parquet:"trace,dict"`
	Error  int64  `parquet:"error"`
	From   string `parquet:"from,dict"`
}

// parquetWriter writes row groups, each as soon as it is full.
type parquetWriter struct {
	out   *parquet.GenericWriter[parquetRow]
	rows  []parquetRow // reused
	count int          // of the open row group
	bytes int
}

func newParquet(w io.Writer) *parquetWriter {
	return &parquetWriter{out: parquet.NewGenericWriter[parquetRow](w,
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.CreatedBy("sojourn", "1", ""),
		// The page index would grow with every page of every column.
		parquet.DataPageStatistics(false),
	)}
}

// Write implements Writer.
func (p *parquetWriter) Write(requests []record.Request) error {
	p.rows = p.rows[:0]
	for i := range requests {
		p.rows = append(p.rows, parquetRowOf(&requests[i]))
		p.bytes += textBytes(&requests[i])
	}
	if _, err := p.out.Write(p.rows); err != nil {
		return err
	}
	p.count += len(requests)
	if p.count < groupRows && p.bytes < groupBytes {
		return nil
	}
	p.count, p.bytes = 0, 0
	return p.out.Flush()
}

// Close implements Writer: it writes the footer, without which nothing reads the file.
func (p *parquetWriter) Close() error { return p.out.Close() }

func textBytes(r *record.Request) int {
	m := mcpOf(r)
	n := fixedRowBytes + len(r.Path) + len(r.Query) + len(r.Host) + len(r.UserAgent) + len(r.Endpoint) + len(r.Method) +
		len(r.User) + len(r.Role) + len(r.Application) + len(r.Network) + len(r.Key) + len(r.Point) + len(r.Operation) +
		len(m.Server) + len(m.Method) + len(m.Name) + len(m.Client) + len(m.Generation) + len(m.Trace)
	for _, v := range r.Context {
		n += len(v.Name) + len(v.Value)
	}
	for _, more := range m.More {
		n += len(more.Method) + len(more.Name) + len(more.Trace)
	}
	for _, f := range r.Flags {
		n += len(f)
	}
	return n
}

func parquetRowOf(r *record.Request) parquetRow {
	mcp := mcpOf(r)
	row := parquetRow{
		ID: r.ID.String(), Session: r.Session.String(), Client: r.Client.String(), Started: int64(r.Started),
		Duration: nullable(r.Duration), FirstByte: nullable(r.FirstByte), Application: r.Application, Host: r.Host,
		Method: r.Method, Path: r.Path, Query: r.Query, Endpoint: r.Endpoint, Status: int32(r.Status),
		RequestBytes: nullable(r.RequestBytes), ResponseBytes: nullable(r.ResponseBytes), IP: addressText(r.IP),
		UserAgent: r.UserAgent, Country: r.Country, Network: r.Network, Anonymity: r.Anonymity, JA4: r.JA4, User: r.User, Role: r.Role,
		Key: r.Key, Point: r.Point, Rung: string(r.Rung), Strength: string(r.Strength), Accepted: r.Accepted, Tried: int32(r.Tried),
		Operation: r.Operation, MCPServer: mcp.Server, MCPMethod: mcp.Method, MCPName: mcp.Name, MCPClient: mcp.Client,
		MCPGeneration: mcp.Generation, MCPTrace: mcp.Trace, MCPError: int64(mcp.Error), Revision: int64(r.Revision),
	}
	for _, m := range mcp.More {
		row.MCPMore = append(row.MCPMore, parquetMessage{m.Method, m.Name, m.Trace, int64(m.Error), m.From})
	}
	for _, v := range r.Context {
		row.Context = append(row.Context, parquetValue(v))
	}
	for _, f := range r.Flags {
		row.Flags = append(row.Flags, string(f))
	}
	return row
}

func nullable(m record.Measure) *int64 {
	if m.IsZero() {
		return nil
	}
	n := int64(m)
	return &n
}
