package policy

import "fmt"

// ConflictError says that somebody else changed the policy meanwhile.
type ConflictError struct {
	Expected uint64 // the revision that the change was made from
	Current  uint64 // the revision in force
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("the policy has revision %d, not %d: somebody else changed it meanwhile; read it again and repeat the change", e.Current, e.Expected)
}

// NoRevisionError says that a revision is not kept, or never was.
type NoRevisionError struct{ Revision uint64 }

func (e *NoRevisionError) Error() string {
	return fmt.Sprintf("revision %d of the policy is not kept", e.Revision)
}
