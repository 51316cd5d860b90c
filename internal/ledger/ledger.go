// Package ledger keeps what people decide and every node must know: small typed
// collections over the bus's maps, each with revisions, compare-and-swap and a
// watch. policy.go is the first of them.
package ledger
