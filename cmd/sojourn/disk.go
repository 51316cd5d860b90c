package main

import (
	"fmt"
	"syscall"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// roomEvery is how often it is looked whether a disk that was too full has room.
const roomEvery = time.Second

// floor is how much of the data folder's disk the store leaves free: a disk that is
// full stops the bus and everything else on it, too.
type floor struct {
	dir   string
	least int64 // bytes; 0 for none
}

// parseFloor reads --min-free; 0 is no floor.
func parseFloor(text, dir string) (floor, error) {
	if text == "" || text == "0" {
		return floor{dir: dir}, nil
	}
	least, err := parseSize("--min-free", text)
	return floor{dir, least}, err
}

// free returns what is left to us, in bytes.
func (f floor) free() (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(f.dir, &fs); err != nil {
		return 0, fmt.Errorf("the data folder's disk: %w", err)
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil
}

// room tells why no more may be written, such as so many bytes beside the floor.
// What cannot be found out keeps nobody from writing.
func (f floor) room(bytes int64) error {
	free, err := f.free()
	if err != nil || f.least == 0 || free >= f.least+bytes {
		return nil
	}
	return fmt.Errorf("the disk of %s has %s free, --min-free is %s: free some, lower retention.bytes, or lower --min-free", f.dir, size(free), size(f.least))
}

// roomForCopy tells why there may be no copy of so many bytes: store.NoRoomError.
func (f floor) roomForCopy(bytes int64) error {
	if err := f.room(bytes); err != nil {
		return &store.NoRoomError{Why: fmt.Sprintf("a copy of a day takes %s meanwhile: %v", size(bytes), err)}
	}
	return nil
}

func (f floor) status(paused bool) record.DiskStatus {
	free, _ := f.free()
	return record.DiskStatus{Free: free, MinFree: f.least, Paused: paused}
}
