package point

// Limits bound the reading of one side of one exchange. Whatever meets one is
// left unread from there on and noted by the limit's name.
type Limits struct {
	Body          int // bytes of a body as it is on the wire that are captured
	Inflated      int // bytes of a body, decompressed
	InflateRatio  int // times its compressed size that a body may grow
	InflateFree   int // bytes that count for no ratio: little text packs well
	Codings       int // content encodings of a body
	Decoded       int // bytes that nested decoding may yield, in all
	Depth         int // nesting of JSON, XML, GraphQL, protobuf
	Members       int // members and elements of one document
	Names         int // names of one side's JSON objects told apart under [*]
	Documents     int // events of a stream
	Cookies       int // cookies of a request or a response
	Parameters    int // parameters of a query or a form
	Segments      int // of a path
	HeaderValues  int // values of header fields that [*] yields
	Tokens        int // of all GraphQL, fragments counted where they are spread
	Aliases       int // of all GraphQL of a request
	Definitions   int // operations and fragments of a GraphQL document
	Variables     int // of a GraphQL operation
	Fields        int // names of top-level fields of a GraphQL operation that are kept
	Operations    int // of a GraphQL batch
	Messages      int // of MCP: of a batch or a stream
	Values        int // values found
	ValueBytes    int // bytes of one value; it is cut there
	ResultBytes   int // bytes of all values
	TokenBytes    int // bytes of all JWTs that values say they stood in
	Notes         int // notes kept; further ones are only counted
	keepAllocated int // bytes that a Result keeps for its next use
}

// DefaultLimits are those of a policy that sets none.
func DefaultLimits() Limits {
	return Limits{
		Body:          64 << 10,
		Inflated:      1 << 20,
		InflateRatio:  100,
		InflateFree:   64 << 10,
		Codings:       4,
		Decoded:       1 << 20,
		Depth:         MaxJSONDepth,
		Members:       200_000,
		Names:         10_000,
		Documents:     10_000,
		Cookies:       4_096,
		Parameters:    4_096,
		Segments:      1_024,
		HeaderValues:  1_024,
		Tokens:        200_000,
		Aliases:       1_000,
		Definitions:   256,
		Variables:     256,
		Fields:        64,
		Operations:    256,
		Messages:      1_000,
		Values:        1_000,
		ValueBytes:    16 << 10,
		ResultBytes:   256 << 10,
		TokenBytes:    64 << 10,
		Notes:         16,
		keepAllocated: 128 << 10,
	}
}

// Limit is the name of a limit.
type Limit string

// The limits by their names, as notes give them.
const (
	LimitBody         Limit = "body"
	LimitInflated     Limit = "inflated"
	LimitInflateRatio Limit = "inflate_ratio"
	LimitCodings      Limit = "codings"
	LimitDecoded      Limit = "decoded"
	LimitDepth        Limit = "depth"
	LimitMembers      Limit = "members"
	LimitNames        Limit = "names"
	LimitDocuments    Limit = "documents"
	LimitCookies      Limit = "cookies"
	LimitCookieBytes  Limit = "cookie_bytes"
	LimitParameters   Limit = "parameters"
	LimitQueryBytes   Limit = "query_bytes"
	LimitPathBytes    Limit = "path_bytes"
	LimitSegments     Limit = "segments"
	LimitHeaderValues Limit = "header_values"
	LimitTokens       Limit = "tokens"
	LimitAliases      Limit = "aliases"
	LimitDefinitions  Limit = "definitions"
	LimitVariables    Limit = "variables"
	LimitFields       Limit = "fields"
	LimitOperations   Limit = "operations"
	LimitMessages     Limit = "messages"
	LimitValues       Limit = "values"
	LimitValueBytes   Limit = "value_bytes"
	LimitResultBytes  Limit = "result_bytes"
	LimitJWTBytes     Limit = "jwt_bytes"
	LimitTokenBytes   Limit = "token_bytes"
)
