package point

// Formats of which the grammar stands and the reader does not: Compile refuses
// them. Each moves into a file of its own together with its reader.
var (
	multipartFormat = format{name: "multipart", side: Request, place: inBody, keys: nestedKeys, parts: []*format{
		{name: "filename", keys: noKeys},
	}}
	grpcFormat = format{name: "grpc", place: inBody, keys: numberKeys}
	mcpFormat  = format{name: "mcp", place: inBody, keys: noKeys, group: true, text: true, documents: true, parts: []*format{
		{name: "method", keys: noKeys},
		{name: "name", keys: noKeys},
		{name: "argument", keys: nestedKeys},
		{name: "meta", keys: nestedKeys},
	}}
)
