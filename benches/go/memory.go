package main

import (
	"net"
	"sync/atomic"
	"time"
)

func bytesPending(Settings) Sample {
	return bytesIdle(func() { select {} })
}

func bytesSleep(Settings) Sample {
	return bytesIdle(func() { time.Sleep(time.Hour) })
}

func bytesChannel(Settings) Sample {
	return bytesIdle(func() {
		numbers := make(chan uint64, 1)
		<-numbers
	})
}

func bytesIdle(wait func()) Sample {
	const tasks, batchSize = 1_000_000, 1000
	var missing atomic.Int64
	polled := make(chan struct{})
	batch := func() {
		missing.Store(batchSize)
		for range batchSize {
			go func() {
				if missing.Add(-1) == 0 {
					polled <- struct{}{}
				}
				wait()
			}()
		}
		<-polled
	}
	batch()
	before := residentBytes()
	for range tasks / batchSize {
		batch()
	}
	return Sample{"resident B/task": (residentBytes() - before) / tasks}
}

// Go cannot wait for a connection without a buffer to read into: the smallest one has a byte.
func serveIdle() {
	serve(func(connection net.Conn) {
		defer connection.Close()
		if _, err := connection.Write([]byte("!")); err != nil {
			return
		}
		var buffer [1]byte
		for {
			if _, err := connection.Read(buffer[:]); err != nil {
				return
			}
		}
	})
}
