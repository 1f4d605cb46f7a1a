package main

import (
	"syscall"
	"time"
)

// blockThread puts the thread to sleep, in a system call that Go's scheduler knows of, as of each that may block.
func blockThread(duration time.Duration) {
	left := syscall.NsecToTimespec(int64(duration))
	for syscall.Nanosleep(&left, &left) == syscall.EINTR {
	}
}
