// Package record holds the words everybody shares: a request as it is kept, the
// session and its parts as they are shown, findings, verdicts, and their ids.
//
// It is the leaf of the import graph: every room may import it, it imports none
// of ours. A field has one name everywhere: the Go field, the JSON member of the
// API, the column of the store and the label in the console say the same word.
package record
