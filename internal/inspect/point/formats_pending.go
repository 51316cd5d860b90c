package point

// Formats of which the grammar stands and the reader does not: Compile refuses
// them. Each moves into a file of its own together with its reader.
var (
	multipartFormat = format{name: "multipart", side: Request, place: inBody, keys: nestedKeys, parts: []*format{
		{name: "filename", keys: noKeys},
	}}
)
