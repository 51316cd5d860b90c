package point

// gqlMultipart reads the part that holds the operations (GraphQL multipart request
// specification).
func (r *run) gqlMultipart(*node, []byte) {}
